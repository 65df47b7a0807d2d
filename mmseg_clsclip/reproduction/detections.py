"""A detector's file, read before hours are spent."""

import argparse
from collections.abc import Iterable

from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from mmseg_clsclip_cli.config_options import add_config_options

from ..utils.config_options import load_config


def check_detections(
    config: str, proposal_options: list[str], pictures: Iterable[str]
) -> None:
    """Read a detector's boxes as a config of ClsCLIP+ will.

    Args:
        config (str): Of ClsCLIP+.
        proposal_options (list[str]): See :class:`Options`.
        pictures (Iterable[str]): Names, with or without suffix.

    Raises:
        ValueError: If they cannot be read, or are of other pictures.
    """
    parser = argparse.ArgumentParser()
    add_config_options(parser)
    args = parser.parse_args(['--cfg-options', *proposal_options])
    init_default_scope('mmseg')
    try:
        cfg = load_config(config, args.cfg_options)
        MODELS.build(cfg.model.proposals).check_pictures(pictures)
    except (OSError, TypeError, ValueError) as error:
        raise ValueError(
            f'--detections: {error}\nWhat describes the file is given by '
            '--detector-options.'
        ) from error
