"""The config that the option --cfg-options of the tools changes."""

import os

from mmengine.config import Config


def load_config(path: str | os.PathLike, options: dict | None = None) -> Config:
    """Read a config and merge ``--cfg-options`` into it.

    Args:
        path (str): Of the config.
        options (dict, optional): Values by dotted keys, as DictAction parses them.
    """
    cfg = Config.fromfile(path)
    cfg.merge_from_dict(options or {})
    return cfg
