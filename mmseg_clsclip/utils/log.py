"""warn: what a user should read in the log of a run."""

import logging

from mmengine.logging import print_log


def warn(message: str) -> None:
    """Write a warning into the log of the run, or to the terminal."""
    print_log(message, logger='current', level=logging.WARNING)
