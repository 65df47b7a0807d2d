"""The configs of this package as ``_base_`` of configs that lie elsewhere.

mmengine's own ``mmseg::...`` is for packages that it knows by name, and finds
them in wheels alone. What stands here works once this package is imported, as
in its own tools.
"""

import os
from pathlib import PurePosixPath

from mmengine.config import Config

from .files import configs_folder

PACKAGE = __package__.split('.')[0]
PREFIX = f'{PACKAGE}::'
# Private: without it nothing is lost but what stands here.
_theirs = getattr(Config, '_get_cfg_path', None)


def find_base(base: str, filename: str) -> tuple[str, str | None]:
    """Path of a base and its scope, of a config in ``filename``.

    Raises:
        FileNotFoundError: If it is none, and one of ours by its name: the
            config is a copy that has left its folder.
    """
    if base.startswith(PREFIX):
        # Without a scope: the classes are mmseg's, and there they are.
        return str(configs_folder() / base[len(PREFIX) :]), None
    path, scope = _theirs(base, filename)
    if scope is None and not os.path.exists(path):
        folder = configs_folder()
        tail = '/'.join(p for p in PurePosixPath(base).parts if p != '..')
        for ours in folder.rglob(PurePosixPath(tail).name):
            name = ours.relative_to(folder).as_posix()
            if f'/{name}'.endswith(f'/{tail}'):
                raise FileNotFoundError(
                    f'{filename}: its _base_ {base!r} is not there. A config '
                    f'of {PACKAGE} that is copied out of its folder names '
                    f"its bases so: '{PREFIX}{name}'."
                )
    return path, scope


def register() -> None:
    """Let mmengine find bases so."""
    if _theirs:
        Config._get_cfg_path = staticmethod(find_base)
