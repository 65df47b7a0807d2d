"""Loading a CLIP: one door for both towers.

open_clip builds the modules and knows the architectures; this file adds what
a user of config files needs on top: local files in every layout that CLIP
weights come in, a JSON model config of one's own, the weights shipped with
this package, and errors that say what to write instead.
"""
import difflib
import hashlib
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import open_clip
import torch
from mmengine.logging import print_log
from open_clip.model import convert_to_custom_text_state_dict
from safetensors import safe_open
from torch import Tensor, nn

from .files import read_json
from .log import warn
from .weights import is_jit_archive, read_code, read_weights, reading

ASSETS = Path(__file__).parent / 'assets'
# `pretrained` of an architecture whose weights lie in the assets.
SHIPPED = 'shipped'

# Where the JSON configs lie that are not open_clip's own.
_FOLDERS = {'shapes-clip': ASSETS}
open_clip.add_model_config(ASSETS / 'shapes-clip.json')


class LoadedCLIP(NamedTuple):
    """A CLIP and what is needed to use and to recognise it.

    Attributes:
        model (nn.Module): open_clip's model, float32, eval mode, frozen.
        tokenizer (Callable): Texts to token ids (N, context_length) int64.
        name (str): ``architecture@fingerprint``; checkpoints carry it.
        random (bool): True if no weights were loaded.
    """
    model: nn.Module
    tokenizer: Callable
    name: str
    random: bool


def load_clip(architecture: str = 'ViT-B-16-quickgelu',
              pretrained: str | None = None) -> LoadedCLIP:
    """Build an open_clip model and load its weights.

    Args:
        architecture (str): A name out of ``open_clip.list_models()``, the
            small ``'shapes-clip'`` of this package, or the path of a JSON
            model config in open_clip's format.
        pretrained (str, optional): A file (OpenAI's JIT archive, open_clip's
            ``.pt`` or ``.bin``, ``.safetensors``), a tag of open_clip (which
            downloads), ``'shipped'`` for ``'shapes-clip'``, or None for
            random weights drawn from a fixed seed. Defaults to None.

    Returns:
        LoadedCLIP: The frozen model, its tokenizer and its name.

    Raises:
        ValueError: If the architecture or the tag does not exist, if the
            weights cannot be read or belong to another architecture or
            activation.
        FileNotFoundError: If the file does not exist.
        ConnectionError: If a tag's weights could not be fetched.
    """
    name = _resolve_architecture(architecture)
    config = open_clip.get_model_config(name)
    path = None
    if pretrained is None:
        warn(f'CLIP {name} has random weights (pretrained=None): it runs, '
             'but its predictions and every score of them mean nothing.')
    else:
        path, tag = _resolve_weights(name, str(pretrained))
        _check_activation(path, name, config, tag)
    model = _build(name)
    if path is not None:
        _load_weights(model, path, name)
    model.eval().requires_grad_(False)
    return LoadedCLIP(model, _tokenizer(name, config),
                      f'{name}@{fingerprint(model)}', pretrained is None)


def fingerprint(model: nn.Module) -> str:
    """Twelve hexadecimal digits that tell one CLIP's weights from another's.

    At most 64 values of every visual parameter enter, as float16, so that an
    archive stored in half precision is recognised in full precision too.
    """
    digest = hashlib.sha256()
    for key, value in sorted(model.visual.state_dict().items()):
        flat = value.detach().flatten()
        sample = flat[::max(1, len(flat) // 64)][:64].cpu()
        digest.update(key.encode() + sample.half().numpy().tobytes())
    return digest.hexdigest()[:12]


def _build(name: str) -> nn.Module:
    """The model with random weights, each time the same."""
    disabled = logging.root.manager.disable
    # open_clip would warn of random weights, even if others come next.
    logging.disable(max(disabled, logging.WARNING))
    try:
        # The caller's random streams are left alone; torch.manual_seed would
        # set those of the accelerators, too.
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            return open_clip.create_model(name, pretrained_hf=False)
    finally:
        logging.disable(disabled)


def _nearest(word: str, names) -> str:
    close = difflib.get_close_matches(word, names, n=4, cutoff=0.4)
    return ', '.join(close or sorted(names)[:8])


def _resolve_architecture(architecture: str) -> str:
    """The name under which open_clip knows the architecture."""
    if not str(architecture).endswith('.json'):
        if architecture in open_clip.list_models():
            return architecture
        raise ValueError(
            f'open_clip knows no architecture {architecture!r}. Nearest '
            f'names: {_nearest(architecture, open_clip.list_models())}. A '
            'model of your own is given by the path of its JSON config.')
    path = Path(architecture).expanduser().resolve()
    if not path.is_file():
        raise FileNotFoundError(
            f'The CLIP model config {str(architecture)!r} does not exist.')
    config = _read_config(path)
    missing = {'embed_dim', 'vision_cfg', 'text_cfg'} - set(config)
    if missing:
        raise ValueError(f'{path} lacks {sorted(missing)}; a model config has '
                         'embed_dim, vision_cfg and text_cfg, as those in '
                         'open_clip/model_configs.')
    known = open_clip.get_model_config(path.stem)
    if known is None:
        open_clip.add_model_config(path)
    elif known != config:
        raise ValueError(f'{path} would take the name of another '
                         f'architecture, {path.stem!r}; give the file another '
                         'name.')
    _FOLDERS[path.stem] = path.parent
    return path.stem


def _read_config(path: Path) -> dict:
    value = read_json(path)
    if not isinstance(value, dict):
        raise ValueError(f'{path} holds no model config but a '
                         f'{type(value).__name__}.')
    return value


def _resolve_weights(name: str, pretrained: str) -> tuple[Path, dict]:
    """The local file that holds the weights, fetched if it is a tag's.

    The second value is what open_clip knows of the tag; empty for a file.
    """
    if pretrained == SHIPPED:
        path = ASSETS / f'{name}.safetensors'
        if path.is_file():
            return path, {}
        raise ValueError(f"No weights of {name!r} are shipped; 'shipped' goes "
                         "with architecture='shapes-clip'.")
    path = Path(pretrained).expanduser()
    if path.is_file():
        return path, {}
    tags = open_clip.list_pretrained_tags_by_model(name)
    if pretrained not in tags:
        if path.suffix or os.sep in pretrained:
            raise FileNotFoundError(
                f'The CLIP weights {pretrained!r} do not exist.')
        raise ValueError(
            f'{name!r} has no pretrained tag {pretrained!r}. Tags: '
            f"{', '.join(tags) or 'none'}. A local file or None does as well.")
    config = open_clip.get_pretrained_cfg(name, pretrained)
    source = config.get('url') or 'huggingface.co/' + config.get('hf_hub', '')
    print_log(f'Fetching the weights {name}/{pretrained} from {source}, '
              'unless they are in the cache.', logger='current')
    try:
        return Path(open_clip.download_pretrained(config)), config
    except Exception as error:
        raise ConnectionError(
            f'The weights {pretrained!r} of {name!r} could not be fetched '
            f'({type(error).__name__}). Get {source} on a machine with a '
            "network, copy the file here and set pretrained='/path/to/that "
            "file'.") from error


def _uses_quick_gelu(path: Path) -> bool | None:
    """What the file itself says of its activation; None if nothing.

    A JIT archive, as OpenAI's are, holds its code; a safetensors file may say
    it in its header; a snapshot of a hub has ``open_clip_config.json`` beside
    the weights.
    """
    with reading(path):
        archive = is_jit_archive(path)
    if archive:
        code = read_code(path)
        # QuickGELU is x * sigmoid(1.702 * x). A traced archive keeps the
        # number apart from its code, but nothing else in a CLIP is a sigmoid.
        quick, plain = (b'torch.sigmoid(' in code, b'torch.gelu(' in code)
        if quick != plain:
            return quick
    elif path.suffix == '.safetensors':
        with reading(path), safe_open(path, framework='pt') as file:
            stated = (file.metadata() or {}).get('quick_gelu')
        if stated is not None:
            return stated.lower() == 'true'
    beside = path.parent / 'open_clip_config.json'
    if beside.is_file():
        config = _read_config(beside)
        return bool(config.get('model_cfg', config).get('quick_gelu', False))
    return None


def _check_activation(path: Path, name: str, config: dict, tag: dict) -> None:
    """Refuse weights trained with the other activation.

    QuickGELU weights in a GELU model run, and are silently worse.

    Raises:
        ValueError: If the file says that its activation is another.
    """
    ours = bool(config.get('quick_gelu', False))
    theirs = _uses_quick_gelu(path)
    if theirs is None and tag:
        # open_clip marks the tags that need QuickGELU.
        theirs = tag.get('quick_gelu', ours)
    names = {True: 'QuickGELU', False: 'GELU'}
    if theirs is None:
        warn(f'{path.name} does not say which activation it was trained '
             f'with; {name!r} uses {names[ours]}. OpenAI\'s weights need '
             "QuickGELU, that is an architecture ending in '-quickgelu'.")
    elif theirs != ours:
        stem = name.replace('-quickgelu', '')
        other = f'{stem}-quickgelu' if theirs else stem
        advice = (f'Write architecture={other!r}'
                  if other != name and other in open_clip.list_models() else
                  f'Set "quick_gelu": {str(theirs).lower()} in a JSON config '
                  'of another name')
        raise ValueError(
            f'{path} was trained with {names[theirs]}, but architecture '
            f'{name!r} uses {names[ours]}: it would run and be silently '
            f'worse. {advice}.')


def _load_weights(model: nn.Module, path: Path, name: str) -> None:
    """Load a file strictly, in float32.

    Raises:
        ValueError: If the file cannot be read or belongs to another model.
    """
    ours = model.state_dict()
    state = read_weights(path, 4 * sum(map(Tensor.numel, ours.values())))
    if 'positional_embedding' in state and not hasattr(
            model, 'positional_embedding'):
        state = convert_to_custom_text_state_dict(state)
    for key in ('logit_scale', 'logit_bias'):
        # A number or a vector of one, depending on open_clip's version.
        if key in state and key in ours and state[key].numel() == 1:
            state[key] = state[key].reshape(ours[key].shape)
    wrong = [
        f'{key} is {tuple(state[key].shape)}, expected '
        f'{tuple(ours[key].shape)}' for key in ours
        if key in state and state[key].shape != ours[key].shape
    ]
    wrong += [f'{key} is missing' for key in ours if key not in state]
    wrong += [f'{key} is unknown' for key in state if key not in ours]
    if wrong:
        raise ValueError(
            f'{path} is not a {name!r}: {wrong[0]} (the first of {len(wrong)} '
            'differences). Set `architecture` to the model that these weights '
            'belong to.')
    for key, value in state.items():
        _check_numbers(f'{path}: {key}', value, ours[key].is_floating_point())
    model.load_state_dict(state)


def _check_numbers(where: str, value: Tensor, real: bool) -> None:
    """Refuse weights that no one can calculate with.

    Raises:
        ValueError: If they are of another kind, not a number or infinite.
    """
    if value.is_meta or value.layout != torch.strided \
            or value.is_floating_point() != real:
        raise ValueError(
            f'{where} is {value.dtype}, {value.layout}, on '
            f'{value.device.type!r}; a weight is a plain tensor of '
            f'{"floating point numbers" if real else "integers"}.')
    wrong = value.numel() - int(value.float().isfinite().sum())
    if wrong:
        raise ValueError(f'{where} has {wrong} values of {value.numel()} that '
                         'are not finite in float32 (NaN or infinite): the '
                         'file is damaged, or its training went astray.')


def _tokenizer(name: str, config: dict) -> Callable:
    """open_clip's tokenizer of the model."""
    options = config['text_cfg'].get('tokenizer_kwargs') or {}
    if 'bpe_path' in options:
        # A path in a JSON config is meant relative to that config.
        options = dict(bpe_path=str(_FOLDERS[name] / options['bpe_path']))
    else:
        options = {}
    return open_clip.get_tokenizer(name, **options)
