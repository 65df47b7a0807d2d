"""The config that the option --cfg-options of the tools changes."""

import os

from mmengine.config import Config

from .config_variables import unread


def load_config(path: str | os.PathLike, options: dict | None = None) -> Config:
    """Read a config and merge ``--cfg-options`` into it.

    Args:
        path (str): Of the config.
        options (dict, optional): Values by dotted keys, as DictAction parses them.

    Raises:
        ValueError: If nothing reads one of them.
    """
    cfg = Config.fromfile(path)
    cfg.merge_from_dict(options or {})
    problems = unread(cfg) if options else []
    if problems:
        raise ValueError(' '.join(problems))
    return cfg
