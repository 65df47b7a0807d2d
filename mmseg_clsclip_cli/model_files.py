"""The files of a model that are named: found, or refused if they are not there."""

import difflib
import os
import re
from argparse import ArgumentTypeError
from collections.abc import Sequence
from pathlib import Path

from .required_files import require_files

PACKAGE = 'mmseg_clsclip'
# What is measured unless another config is named: ClsCLIP on CLIP ViT-B/16.
MEASURED_CONFIG = 'clsclip/clsclip_vit-b16_pascal-5i-480x480_fold0.py'
RANDOM_WEIGHTS = 'random'  # in place of a checkpoint that is compared
# In place of a checkpoint's file.
NO_CHECKPOINT = ('none', RANDOM_WEIGHTS)
# open_clip's prefixes of a folder in a hub's layout and of a hub's name.
LOCAL_PREFIX, HUB_PREFIX = 'local-dir:', 'hf-hub:'
# A name of the hub, and no file in a folder.
_REPOSITORY = re.compile(
    r'[\w-][\w.-]*/[\w.-]+(?<!\.pt)(?<!\.pth)(?<!\.bin)(?<!\.safetensors)'
)


def configs_folder() -> Path:
    """Return the folder of the project's configs, of its wheel or its checkout.

    Raises:
        FileNotFoundError: If they are in neither.
    """
    root = Path(__file__).parents[1]
    # The former is where OpenMMLab's packages have them in a wheel.
    folders = root / PACKAGE / '.mim' / 'configs', root / 'configs'
    for folder in folders:
        if (folder / '_base_').is_dir():
            return folder
    raise FileNotFoundError(
        f'The configs of {PACKAGE} are neither in {folders[0]} nor in '
        f'{folders[1]}. Install the package from its wheel or, out of a '
        'checkout, by pip install -e .'
    )


def measured_config() -> str:
    """Return what is measured unless another config is named."""
    return str(configs_folder() / MEASURED_CONFIG)


def list_similar_configs(name: str) -> list[str]:
    """Return up to three of the project's configs, from configs/ on, or none.

    Args:
        name (str): What their files' names resemble.
    """
    folder = configs_folder()
    shipped = {
        path.name: path.relative_to(folder).as_posix()
        for path in folder.glob('[!_]*/*.py')
    }
    names = difflib.get_close_matches(name.removesuffix('.py') + '.py', shipped, 3, 0.5)
    return [shipped[one] for one in names]


def find_config(config: str | Path) -> Path:
    """Return a config's file, by its path or by its path among ours.

    Raises:
        FileNotFoundError: If it is neither.
    """
    path = Path(config)
    if not path.is_file():
        path = configs_folder() / str(config).removeprefix('configs/')
    if not path.is_file():
        similar = list_similar_configs(path.name)
        raise FileNotFoundError(
            f'The config {config} is neither there nor in {path.parent}.'
            + f' Of similar names are {", ".join(similar)}.' * bool(similar)
        )
    return path


def describe_missing_config(path: str) -> str:
    """Say that a tool's config is not there, and which of ours may be meant."""
    similar = list_similar_configs(Path(path).name)
    hint = f' {configs_folder()} has {", ".join(similar)}.'
    return f'the config {path} is not there.' + hint * bool(similar)


def check_checkpoint(checkpoint: str) -> None:
    """Refuse a checkpoint that is not there; ``'none'`` and an address pass.

    Raises:
        FileNotFoundError: In mmengine's words, which says it of other paths.
    """
    path = os.path.expanduser(checkpoint)
    if checkpoint != 'none' and '://' not in checkpoint and not os.path.isfile(path):
        raise FileNotFoundError(f'{path} can not be found.')


def check_pairing(config: object, checkpoint: object) -> None:
    """Refuse a checkpoint without a config.

    Raises:
        ValueError: If there is no config.
    """
    if config is None and checkpoint:
        raise ValueError(
            f'{checkpoint}: give the config that it was trained with, too.'
        )


def names_file(clip: str) -> bool:
    """Return whether CLIP's weights are named by a path and not by a tag."""
    return bool(Path(clip).suffix or os.sep in clip)


def names_repository(clip: str) -> bool:
    """Return whether what looks like a path may be meant for a hub."""
    return clip.startswith(HUB_PREFIX) or bool(_REPOSITORY.fullmatch(clip))


def weights_path(clip: str) -> Path:
    """Return the path that CLIP's weights have, if they are named by one."""
    # Path.expanduser raises an error of a user that is not there.
    return Path(os.path.expanduser(clip.removeprefix(LOCAL_PREFIX)))


def missing_weights(clip: str, hint: str = '') -> FileNotFoundError:
    """Return the error of CLIP's weights that are not there."""
    return FileNotFoundError(f'The CLIP weights {clip!r} do not exist.{hint}')


def check_model_files(
    config: str | None, checkpoint: str | None, clip: str | None
) -> None:
    """Refuse a model's files that are not there, as far as the paths tell.

    Raises:
        FileNotFoundError: If one is not there.
        ValueError: If there is a checkpoint without a config.
    """
    check_pairing(config, checkpoint)
    if config:
        find_config(config)
    if checkpoint:
        check_checkpoint(checkpoint)
    if (
        clip
        and names_file(clip)
        and not names_repository(clip)
        and not weights_path(clip).exists()
    ):
        raise missing_weights(clip)


def check_compared_files(
    models: Sequence[Sequence[str]], results: Sequence[tuple[str, str]]
) -> None:
    """Refuse files of a comparison that are not there.

    Args:
        models (Sequence[Sequence[str]]): NAME CONFIG [CHECKPOINT], as far as
            they have these words.
        results (Sequence[tuple[str, str]]): NAME FILE.

    Raises:
        FileNotFoundError: With the first that are not there.
    """
    named = [words[2] for words in models if len(words) > 2]
    require_files([words[1] for words in models if len(words) > 1], 'configs')
    require_files([word for word in named if word not in NO_CHECKPOINT], 'checkpoints')
    require_files([file for _, file in results], 'results')


def folder(text: str) -> Path:
    """Take a folder's path, there or not: the ``type`` of an argparse option.

    Raises:
        ArgumentTypeError: If it is empty, by which the current one would be meant.
    """
    if not text:
        raise ArgumentTypeError("it is empty; write '.' for the current folder")
    return Path(text)


def clip_weights(text: str) -> str:
    """Take CLIP's weights: the ``type`` of an argparse option.

    Raises:
        ArgumentTypeError: If it is empty, by which the default would be fetched.
    """
    if not text:
        raise ArgumentTypeError(
            "it is empty; write a file, a tag of open_clip, or 'none'"
        )
    return text


def config_file(text: str) -> str:
    """Take a config as the tools do: the ``type`` of an argparse option.

    Raises:
        ArgumentTypeError: If it is not there.
    """
    if not os.path.isfile(os.path.expanduser(text)):
        raise ArgumentTypeError(describe_missing_config(text))
    return text


def checkpoint_file(text: str) -> str:
    """Take a checkpoint as the tools do: the ``type`` of an argparse option.

    Raises:
        ArgumentTypeError: If it is not there.
    """
    try:
        check_checkpoint(text)
    except FileNotFoundError as error:
        raise ArgumentTypeError(str(error)) from error
    return text
