"""The configs of this package: their folder, and how others inherit from them.

mmengine's own ``mmseg::...`` is for packages that it knows by name, and finds
them in wheels alone. ``mmseg_clsclip::...`` works once this package is
imported, as in its own tools.
"""

import difflib
import os
from pathlib import Path, PurePosixPath

from mmengine.config import Config

PACKAGE = __package__.split('.')[0]
PREFIX = f'{PACKAGE}::'
# Private: without it nothing is lost but the prefix.
_mmengines_find = getattr(Config, '_get_cfg_path', None)


def configs_folder() -> Path:
    """Return the folder of the project's configs, of its wheel or its checkout.

    Raises:
        FileNotFoundError: If they are in neither.
    """
    package = Path(__file__).parents[1]
    # The former is where OpenMMLab's packages have them in a wheel.
    folders = package / '.mim' / 'configs', package.parent / 'configs'
    for folder in folders:
        if (folder / '_base_').is_dir():
            return folder
    raise FileNotFoundError(
        f'The configs of {PACKAGE} are neither in {folders[0]} nor in '
        f'{folders[1]}. Install the package from its wheel or, out of a '
        'checkout, by pip install -e .'
    )


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


def find_base(base: str, filename: str) -> tuple[str, str | None]:
    """Return the path and the scope of a base of the config ``filename``.

    Raises:
        FileNotFoundError: If the base does not exist and has the name of one of
            ours: the config is a copy that has left its folder.
    """
    if base.startswith(PREFIX):
        # Without a scope: the classes are mmseg's, and there they are.
        return str(configs_folder() / base[len(PREFIX) :]), None
    path, scope = _mmengines_find(base, filename)
    if scope is None and not os.path.exists(path):
        folder = configs_folder()
        tail = '/'.join(p for p in PurePosixPath(base).parts if p != '..')
        for config in folder.rglob(PurePosixPath(tail).name):
            name = config.relative_to(folder).as_posix()
            if f'/{name}'.endswith(f'/{tail}'):
                raise FileNotFoundError(
                    f'{filename}: its _base_ {base!r} does not exist. In a config '
                    f'of {PACKAGE} that is copied out of its folder write '
                    f"'{PREFIX}{name}'."
                )
    return path, scope


def register_prefix() -> None:
    """Let mmengine find bases that begin with the package's name."""
    if _mmengines_find:
        Config._get_cfg_path = staticmethod(find_base)
