"""Where a CLIP's weights lie: a file, a folder, a tag of open_clip, a hub."""

from contextlib import nullcontext
from pathlib import Path

import open_clip
from mmengine.logging import print_log

from mmseg_clsclip_cli.messages import first_few
from mmseg_clsclip_cli.model_files import (
    HUB_PREFIX,
    LOCAL_PREFIX,
    missing_weights,
    names_file,
    names_repository,
    weights_path,
)

from .hub import cache_alone_if_offline

ASSETS = Path(__file__).parents[2] / 'assets'
# `pretrained` of an architecture whose weights lie in the assets.
SHIPPED = 'shipped'
# What open_clip calls the weights in a repository of a hub, the best first.
WEIGHTS_FILES = (
    'open_clip_model.safetensors',
    'open_clip_pytorch_model.safetensors',
    'open_clip_pytorch_model.bin',
)


def find_weights(name: str, pretrained: str) -> tuple[Path, dict]:
    """Return the local file of the weights, fetched if it is a tag's.

    Args:
        name (str): The architecture.
        pretrained (str): See :func:`mmseg_clsclip.load_clip`.

    Returns:
        tuple[Path, dict]: The file, and what open_clip knows of the tag,
        empty for a file.

    Raises:
        ValueError: If there is no such tag, or a hub's name is given.
        FileNotFoundError: If there is no such file, or a folder lacks it.
        ConnectionError: If a tag's weights could not be fetched.
    """
    if pretrained == SHIPPED:
        path = ASSETS / f'{name}.safetensors'
        if path.is_file():
            return path, {}
        raise ValueError(
            f"No weights of {name!r} are shipped; 'shipped' goes "
            "with architecture='shapes-clip'."
        )
    if pretrained.startswith(HUB_PREFIX):
        raise ValueError(
            f'pretrained={pretrained!r} is no file. {explain_hub(pretrained)}'
        )
    path = weights_path(pretrained)
    if path.is_file():
        return path, {}
    tags = open_clip.list_pretrained_tags_by_model(name)
    if pretrained in tags:
        return _fetch(name, pretrained)
    if path.is_dir():
        return _find_in_folder(path), {}
    if names_file(pretrained):
        hint = (
            f' If that is meant for a repository: {explain_hub(pretrained)}'
            if names_repository(pretrained)
            else ''
        )
        raise missing_weights(pretrained, hint)
    raise ValueError(
        f'{name!r} has no pretrained tag {pretrained!r}. Tags: '
        f'{", ".join(tags) or "none"}. A local file or None does as well.'
    )


def _fetch(name: str, tag: str) -> tuple[Path, dict]:
    """Fetch a tag's file; return it and what open_clip knows of it."""
    config = open_clip.get_pretrained_cfg(name, tag)
    hub, url = config.get('hf_hub'), config.get('url')
    # open_clip prefers the hub; by hand an address is easier.
    fetched = f'huggingface.co/{hub}' if hub else url
    print_log(
        f'Fetching the weights {name}/{tag} from {fetched}, '
        'unless they are in the cache.',
        logger='current',
    )
    try:
        with cache_alone_if_offline() if hub else nullcontext():
            return Path(open_clip.download_pretrained(config)), config
    except Exception as error:
        raise ConnectionError(
            f'The weights {tag!r} of {name!r} could not be fetched '
            f'({type(error).__name__}). Get {url or fetched} on a machine with a '
            "network, copy the file here and give its path, as pretrained='/path/"
            "to/that file' in a config or --clip '/path/to/that file'."
        ) from error


def _find_in_folder(folder: Path) -> Path:
    """Return open_clip's file of weights in a folder as a hub has it."""
    for name in WEIGHTS_FILES:
        if (folder / name).is_file():
            return folder / name
    names = first_few(sorted(path.name for path in folder.iterdir()))
    raise FileNotFoundError(
        f'The folder {folder} has none of {", ".join(WEIGHTS_FILES)}, which are '
        f"open_clip's names for a CLIP's weights, but {names or 'nothing'}. Give a "
        "file as it is called; transformers' model.safetensors has other "
        'names for the weights, and its repository often has one of these '
        'files beside it.'
    )


def explain_hub(repository: str) -> str:
    """Explain how to get a CLIP of Hugging Face's hub."""
    repository = repository.removeprefix(HUB_PREFIX) or 'OWNER/NAME'
    for name, tag in open_clip.list_pretrained():
        hub = open_clip.get_pretrained_cfg(name, tag).get('hf_hub', '')
        if hub.rsplit('/', 1)[0] == repository:
            return (
                f'Write architecture={name!r}, pretrained={tag!r}, as '
                f'open_clip calls {repository}; that downloads.'
            )
    return (
        f'Fetch it where there is a network, hf download {repository} '
        "--include 'open_clip*' --local-dir FOLDER, and write "
        f"architecture='{LOCAL_PREFIX}FOLDER'. A repository without such files "
        "has transformers' layout, which is not read; OpenAI's weights "
        "are pretrained='openai' of, for instance, "
        "architecture='ViT-B-16-quickgelu'."
    )


def explain_transformers_layout(name: str) -> str:
    """Explain which file to take in place of one in transformers' layout."""
    hubs = {
        tag: open_clip.get_pretrained_cfg(name, tag).get('hf_hub')
        for tag in open_clip.list_pretrained_tags_by_model(name)
    }
    known = ', '.join(
        f'{tag!r} in {hub.rsplit("/", 1)[0]}' for tag, hub in hubs.items() if hub
    )
    return f'Take {WEIGHTS_FILES[0]} or {WEIGHTS_FILES[-1]} of the same CLIP' + (
        f'; the hub has of {name!r}: {known}.' if known else '.'
    )
