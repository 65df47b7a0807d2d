"""Which CLIP is built: an architecture of open_clip, by name or config."""

import difflib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import open_clip
from mmengine.logging import print_log

from ...utils.json_files import read_json
from .hub import cache_alone_if_offline
from .pretrained import ASSETS, HUB_PREFIX, LOCAL_PREFIX, explain_hub

# Where the JSON configs lie that are not open_clip's own.
_CONFIG_FOLDERS = {'shapes-clip': ASSETS}
open_clip.add_model_config(ASSETS / 'shapes-clip.json')


def _list_nearest(word: str, names) -> str:
    close = difflib.get_close_matches(word, names, n=4, cutoff=0.4)
    return ', '.join(close or sorted(names)[:8])


def resolve_architecture(architecture: str) -> str:
    """Return the name under which open_clip knows the architecture."""
    if architecture.startswith(HUB_PREFIX):
        raise ValueError(
            f'architecture={architecture!r} is not fetched by '
            f'its name. {explain_hub(architecture)}'
        )
    if architecture.startswith(LOCAL_PREFIX):
        return _resolve_folder(Path(architecture.removeprefix(LOCAL_PREFIX)))
    if not architecture.endswith('.json'):
        if architecture in open_clip.list_models():
            return architecture
        raise ValueError(
            f'open_clip knows no architecture {architecture!r}. Nearest '
            f'names: {_list_nearest(architecture, open_clip.list_models())}. A '
            'model of your own is given by the path of its JSON config, a '
            f"folder as a hub has it by '{LOCAL_PREFIX}FOLDER'."
        )
    path = Path(os.path.expanduser(architecture)).resolve()
    if not path.is_file():
        raise FileNotFoundError(
            f'The CLIP model config {architecture!r} does not exist.'
        )
    config = read_config(path)
    if 'model_cfg' in config and 'embed_dim' not in config:
        raise ValueError(
            f'{path} is the config of a repository; write '
            f"architecture='{LOCAL_PREFIX}{path.parent}'."
        )
    _check_config(path, config)
    known = open_clip.get_model_config(path.stem)
    if known is None:
        open_clip.add_model_config(path)
    elif known != config:
        raise ValueError(
            f'{path} would take the name of another '
            f'architecture, {path.stem!r}; give the file another '
            'name.'
        )
    _CONFIG_FOLDERS[path.stem] = path.parent
    return path.stem


def _resolve_folder(folder: Path) -> str:
    """Return the name under which open_clip knows a folder as a hub has it."""
    folder = Path(os.path.expanduser(folder)).resolve()
    path = folder / 'open_clip_config.json'
    if not path.is_file():
        raise FileNotFoundError(
            f'{folder} has no {path.name}, so it is no folder of open_clip: '
            "take those files of the repository that begin with 'open_clip'."
        )
    config = read_config(path).get('model_cfg')
    if not isinstance(config, dict):
        raise ValueError(
            f'{path} has no model_cfg, which says what open_clip shall build.'
        )
    _check_config(path, config)
    _CONFIG_FOLDERS[f'{LOCAL_PREFIX}{folder}'] = folder
    return f'{LOCAL_PREFIX}{folder}'


def _check_config(path: Path, config: dict) -> None:
    """Refuse a model config without the three parts that open_clip reads."""
    missing = {'embed_dim', 'vision_cfg', 'text_cfg'} - set(config)
    if missing:
        raise ValueError(
            f'{path} lacks {sorted(missing)}; a model config has '
            'embed_dim, vision_cfg and text_cfg, as those in '
            'open_clip/model_configs.'
        )
    for key in ('vision_cfg', 'text_cfg'):
        if not isinstance(config[key], dict):
            raise ValueError(
                f'{path}: {key} is {config[key]!r}; it must be '
                'a dict, as in open_clip/model_configs.'
            )


def read_config(path: Path) -> dict:
    """Read a JSON config.

    Raises:
        ValueError: If it is no JSON, or no dict.
    """
    value = read_json(path)
    if not isinstance(value, dict):
        raise ValueError(f'{path} holds no model config but a {type(value).__name__}.')
    return value


def name_for_checkpoints(name: str, config: dict) -> str:
    """Return what checkpoints call an architecture, wherever it lies."""
    if name.startswith(LOCAL_PREFIX):
        name = next(
            (
                known
                for known in open_clip.list_models()
                if open_clip.get_model_config(known) == config
            ),
            Path(name).name,
        )
    return name.encode('ascii', 'backslashreplace').decode()


def not_navigable(name: str, tower: str) -> ValueError:
    """Return the error of a visual tower whose blocks cannot be entered."""
    why = (
        "whose blocks are timm's, and only open_clip's own are navigated"
        if tower == 'TimmModel'
        else 'which has no [CLS] to navigate with'
    )
    return ValueError(
        f'The visual tower of {name!r} is a {tower}, {why}; use '
        "a ViT of open_clip, for instance 'ViT-B-16-quickgelu'."
    )


def find_text_repository(name: str, config: dict) -> str | None:
    """Return the repository that the text tower or its tokenizer come from.

    Raises:
        ValueError: If it would be fetched for a tower that is of no use.
    """
    text = config['text_cfg']
    hub = text.get('hf_model_name') or text.get('hf_tokenizer_name')
    if hub and 'timm_model_name' in config['vision_cfg']:
        raise not_navigable(name, 'TimmModel')
    if hub and not name.startswith(LOCAL_PREFIX) and not Path(hub).is_dir():
        print_log(
            f'Fetching what the texts of {name} are read by from '
            f'huggingface.co/{hub}, unless it is in the cache.',
            logger='current',
        )
    return hub


@contextmanager
def explain_missing_files(name: str, hub: str | None) -> Iterator[None]:
    """Explain which files are needed if transformers does not find them.

    Raises:
        ConnectionError: With the repository and what to do.
    """
    if not hub:
        yield
        return
    try:
        with nullcontext() if Path(hub).is_dir() else cache_alone_if_offline():
            yield
    except Exception as error:
        place = (
            "The tokenizer's go into the folder of the model, and the path of FOLDER"
            if name.startswith(LOCAL_PREFIX)
            else 'Its path'
        )
        raise ConnectionError(
            f'{name!r} reads texts by transformers, with files of {hub!r} '
            f'that could not be loaded ({type(error).__name__}). Fetch '
            'config.json and the files of the tokenizer where there is a '
            f"network, hf download {hub} --exclude '*.bin' '*.safetensors' "
            f"'*.h5' '*.msgpack' --local-dir FOLDER, and copy FOLDER here. "
            f'{place} goes into a copy of the JSON config of the model, in '
            f'place of {hub!r}. Or take an architecture that needs no hub, '
            "for instance 'ViT-B-16-quickgelu'."
        ) from error


def build_tokenizer(name: str, config: dict) -> Callable:
    """Build open_clip's tokenizer of the model."""
    options = config['text_cfg'].get('tokenizer_kwargs') or {}
    if 'bpe_path' in options:
        # A path in a JSON config is meant relative to that config.
        options = dict(bpe_path=str(_CONFIG_FOLDERS[name] / options['bpe_path']))
    else:
        options = {}
    return open_clip.get_tokenizer(name, **options)
