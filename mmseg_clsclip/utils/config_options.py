"""The option --cfg-options of the tools, and the config that it changes."""

import os
from argparse import ArgumentParser

from mmengine.config import Config, DictAction


def add_config_options(
    parser: ArgumentParser, help: str = 'take the place of values in the config'
) -> None:
    """Add mmengine's ``--cfg-options`` to a tool."""
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE', help=help
    )


def load_config(path: str | os.PathLike, options: dict | None = None) -> Config:
    """Read a config and merge ``--cfg-options`` into it.

    Args:
        path (str): Of the config.
        options (dict, optional): Values by dotted keys, as DictAction parses them.
    """
    cfg = Config.fromfile(path)
    cfg.merge_from_dict(options or {})
    return cfg
