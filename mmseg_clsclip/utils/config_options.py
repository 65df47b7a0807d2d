"""Reading configs, and the option --cfg-options of the tools that changes them."""

import os

from mmengine.config import Config

from .config_variables import unread


def read_config(path: str | os.PathLike, options: dict | None = None) -> Config:
    """Read a config and merge values into it.

    Args:
        path (str): Of the config.
        options (dict, optional): Values by dotted keys.

    Raises:
        ValueError: If it is none, or cannot hold the values.
    """
    try:
        cfg = Config.fromfile(path)
    except Exception as error:  # whatever its code can raise
        raise ValueError(
            f'{path} is no config that can be read ({type(error).__name__}: {error}).'
        ) from error
    try:
        cfg.merge_from_dict(options or {})
    except Exception as error:  # as where a number would hold another
        raise ValueError(
            f'{path} cannot take {", ".join(options)} '
            f'({type(error).__name__}: {error}).'
        ) from error
    return cfg


def load_config(path: str | os.PathLike, options: dict | None = None) -> Config:
    """Read a config and merge ``--cfg-options`` into it.

    Args:
        path (str): Of the config.
        options (dict, optional): Values by dotted keys, as DictAction parses them.

    Raises:
        ValueError: If it is no config, or nothing reads one of the options.
    """
    cfg = read_config(path, options)
    problems = unread(cfg) if options else []
    if problems:
        raise ValueError(' '.join(problems))
    return cfg
