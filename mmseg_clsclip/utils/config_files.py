"""The configs of this package: their folder, and how others inherit from them.

mmengine's own ``mmseg::...`` is for packages that it knows by name, and finds
them in wheels alone. ``mmseg_clsclip::...`` works once this package is
imported, as in its own tools.
"""

import os
from pathlib import PurePosixPath

from mmengine.config import Config

from mmseg_clsclip_cli.model_files import PACKAGE, configs_folder

PREFIX = f'{PACKAGE}::'
# Private: without it nothing is lost but the prefix.
_mmengines_find = getattr(Config, '_get_cfg_path', None)


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
