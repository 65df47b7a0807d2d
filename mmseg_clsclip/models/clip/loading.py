"""Loading a CLIP: one door for both towers.

open_clip builds the modules and knows the architectures; this file adds what
a user of config files needs on top: local files in every layout that CLIP
weights come in, a JSON model config of one's own, the weights shipped with
this package, and errors that say what to write instead.
"""

import hashlib
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import open_clip
import torch
from open_clip.model import convert_to_custom_text_state_dict
from safetensors import safe_open
from torch import Tensor, nn

from ...utils.log import warn
from .architecture import (
    build_tokenizer,
    explain_missing_files,
    find_text_repository,
    name_for_checkpoints,
    read_config,
    resolve_architecture,
)
from .pretrained import ASSETS, LOCAL_PREFIX, explain_transformers_layout, find_weights
from .weights import (
    explain_unreadable,
    is_jit_archive,
    is_safetensors,
    read_code,
    read_weights,
)

__all__ = ['ASSETS', 'LoadedCLIP', 'fingerprint', 'load_clip']


class LoadedCLIP(NamedTuple):
    """A CLIP and what is needed to use and to recognise it.

    Attributes:
        model (nn.Module): open_clip's model, float32, eval mode, frozen.
        tokenizer (Callable): Texts to token ids (N, context_length) int64.
        name (str): ``architecture@fingerprint``; checkpoints carry it.
        random (bool): True if no weights were loaded.
        dim (int): Width D of the space that texts and pictures share.
    """

    model: nn.Module
    tokenizer: Callable
    name: str
    random: bool
    dim: int


def load_clip(
    architecture: str = 'ViT-B-16-quickgelu', pretrained: str | None = None
) -> LoadedCLIP:
    """Build an open_clip model and load its weights.

    Args:
        architecture (str): A name out of ``open_clip.list_models()``, the
            small ``'shapes-clip'`` of this package, the path of a JSON
            model config in open_clip's format, or ``'local-dir:FOLDER'`` for
            what a repository of a hub has for open_clip.
        pretrained (str, optional): A file (OpenAI's JIT archive, open_clip's
            ``.pt`` or ``.bin``, ``.safetensors``), a folder with open_clip's
            file, a tag of open_clip (which downloads), ``'shipped'`` for
            ``'shapes-clip'``, or None for random weights drawn from a fixed
            seed; of a ``'local-dir:FOLDER'`` None is what lies in it.
            Defaults to None.

    Returns:
        LoadedCLIP: The frozen model, its tokenizer and its name.

    Raises:
        ValueError: If the architecture or the tag does not exist, if the
            weights cannot be read, are no finite numbers, or belong to
            another architecture or activation.
        FileNotFoundError: If the file does not exist.
        ConnectionError: If a tag's weights, or what a text tower of
            transformers needs, could not be fetched.
    """
    architecture = _read_argument('architecture', architecture)
    name = resolve_architecture(architecture)
    config = open_clip.get_model_config(name)
    if pretrained is None and name.startswith(LOCAL_PREFIX):
        pretrained = name
    hub = find_text_repository(name, config)
    with explain_missing_files(name, hub):
        tokenizer = build_tokenizer(name, config)
    path = None
    if pretrained is None:
        warn(
            f'CLIP {name} has random weights (pretrained=None): it runs, '
            'but its predictions and every score of them mean nothing.'
        )
    else:
        path, tag = find_weights(name, _read_argument('pretrained', pretrained))
        _check_activation(path, name, config, tag)
    with explain_missing_files(name, config['text_cfg'].get('hf_model_name')):
        model = _build_model(name)
    if path is not None:
        _load_weights(model, path, name)
    model.eval().requires_grad_(False)
    return LoadedCLIP(
        model,
        tokenizer,
        f'{name_for_checkpoints(name, config)}@{fingerprint(model)}',
        path is None,
        config['embed_dim'],
    )


def _read_argument(key: str, value: object) -> str:
    """Return an argument of :func:`load_clip`, a text or a path, as a text.

    Raises:
        ValueError: If it is neither, or empty.
    """
    text = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(text, str) or not text.strip():
        raise ValueError(
            f'{key}={value!r} names nothing: write a text or a path, such as '
            "architecture='ViT-B-16-quickgelu' and pretrained='openai' or "
            "'/weights/ViT-B-16.pt', or pretrained=None for random weights."
        )
    return text


def fingerprint(model: nn.Module) -> str:
    """Return twelve hexadecimal digits that tell CLIPs' weights apart.

    At most 64 values of every visual parameter enter, as float16, so that an
    archive stored in half precision is recognised in full precision too. Two CLIPs
    that differ in the text tower alone are not told apart.
    """
    digest = hashlib.sha256()
    for key, value in sorted(model.visual.state_dict().items()):
        flat = value.detach().flatten()
        sample = flat[:: max(1, len(flat) // 64)][:64].cpu()
        digest.update(key.encode() + sample.half().numpy().tobytes())
    return digest.hexdigest()[:12]


def _build_model(name: str) -> nn.Module:
    """Build the model with random weights, each time the same."""
    disabled = logging.root.manager.disable
    # open_clip would warn of random weights, even if others come next.
    logging.disable(max(disabled, logging.WARNING))
    try:
        # The caller's random streams are left alone; torch.manual_seed would
        # set those of the accelerators, too.
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            return open_clip.create_model(name, load_weights=False, pretrained_hf=False)
    finally:
        logging.disable(disabled)


def _uses_quick_gelu(path: Path) -> bool | None:
    """Return what a file says of its activation, None if nothing.

    A JIT archive, as OpenAI's are, holds its code; a safetensors file may say
    it in its header; a snapshot of a hub has ``open_clip_config.json`` beside
    the weights.
    """
    with explain_unreadable(path):
        archive = is_jit_archive(path)
    if archive:
        code = read_code(path)
        # QuickGELU is x * sigmoid(1.702 * x). A traced archive keeps the
        # number apart from its code, but nothing else in a CLIP is a sigmoid.
        quick, plain = (b'torch.sigmoid(' in code, b'torch.gelu(' in code)
        if quick != plain:
            return quick
    elif is_safetensors(path):
        with explain_unreadable(path), safe_open(path, framework='pt') as file:
            stated = (file.metadata() or {}).get('quick_gelu')
        if stated is not None:
            return stated.lower() == 'true'
    beside = path.parent / 'open_clip_config.json'
    if beside.is_file():
        config = read_config(beside)
        config = config.get('model_cfg', config)
        if not isinstance(config, dict):
            raise ValueError(f'{beside}: model_cfg is {config!r}, no dict.')
        return bool(config.get('quick_gelu', False))
    return None


def _check_activation(path: Path, name: str, config: dict, tag: dict) -> None:
    """Refuse weights trained with the other activation.

    QuickGELU weights in a GELU model run, and are silently worse.

    Raises:
        ValueError: If the file says that its activation is another.
    """
    built = bool(config.get('quick_gelu', False))
    trained = _uses_quick_gelu(path)
    if trained is None and tag:
        # open_clip marks the tags that need QuickGELU.
        trained = tag.get('quick_gelu', built)
    names = {True: 'QuickGELU', False: 'GELU'}
    if trained is None:
        warn(
            f'{path.name} does not say which activation it was trained '
            f"with; {name!r} uses {names[built]}. OpenAI's weights need "
            "QuickGELU, that is an architecture ending in '-quickgelu'."
        )
    elif trained != built:
        stem = name.replace('-quickgelu', '')
        other = f'{stem}-quickgelu' if trained else stem
        advice = (
            f'Write architecture={other!r}'
            if other != name and other in open_clip.list_models()
            else f'Set "quick_gelu": {str(trained).lower()} in a JSON config '
            'of another name'
        )
        raise ValueError(
            f'{path} was trained with {names[trained]}, but architecture '
            f'{name!r} uses {names[built]}: it would run and be silently '
            f'worse. {advice}.'
        )


def _load_weights(model: nn.Module, path: Path, name: str) -> None:
    """Load a file strictly, in float32.

    Raises:
        ValueError: If the file cannot be read or belongs to another model.
    """
    expected = model.state_dict()
    state = read_weights(path, 4 * sum(map(Tensor.numel, expected.values())))
    foreign = [key for key in state if key.startswith(('vision_model.', 'text_model.'))]
    if foreign:
        raise ValueError(
            f"{path} has transformers' names for its weights, such as "
            f'{foreign[0]}; open_clip has others. '
            f'{explain_transformers_layout(name)}'
        )
    if 'positional_embedding' in state and not hasattr(model, 'positional_embedding'):
        state = convert_to_custom_text_state_dict(state)
    for key in ('logit_scale', 'logit_bias'):
        # A number or a vector of one, depending on open_clip's version.
        if key in state and key in expected and state[key].numel() == 1:
            state[key] = state[key].reshape(expected[key].shape)
    differences = [
        f'{key} is {tuple(state[key].shape)}, expected {tuple(expected[key].shape)}'
        for key in expected
        if key in state and state[key].shape != expected[key].shape
    ]
    differences += [f'{key} is missing' for key in expected if key not in state]
    differences += [f'{key} is unknown' for key in state if key not in expected]
    if differences:
        raise ValueError(
            f'{path} is not a {name!r}: {differences[0]} (the first of '
            f'{len(differences)} differences). Set `architecture` to the model '
            'that these weights belong to.'
        )
    for key, value in state.items():
        _check_numbers(f'{path}: {key}', value, expected[key].is_floating_point())
    model.load_state_dict(state)


def _check_numbers(where: str, value: Tensor, real: bool) -> None:
    """Refuse weights that no one can calculate with.

    Raises:
        ValueError: If they are of another kind, not a number or infinite.
    """
    if (
        value.is_meta
        or value.layout != torch.strided
        or value.is_floating_point() != real
    ):
        raise ValueError(
            f'{where} is {value.dtype}, {value.layout}, on '
            f'{value.device.type!r}; a weight is a plain tensor of '
            f'{"floating point numbers" if real else "integers"}.'
        )
    wrong = value.numel() - int(value.float().isfinite().sum())
    if wrong:
        raise ValueError(
            f'{where} has {wrong} values of {value.numel()} that '
            'are not finite in float32 (NaN or infinite): the '
            'file is damaged, or its training went astray.'
        )
