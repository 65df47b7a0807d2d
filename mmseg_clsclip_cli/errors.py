"""Errors in a line: some are written for whoever asked, the others are not."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

# What is given is invalid, and the text says so.
REQUEST_ERRORS = (OSError, ValueError)


@contextmanager
def told_plainly(tool: str) -> Iterator[None]:
    """End a program with the reason where what it was asked for cannot be.

    Args:
        tool (str): Its name, which comes before.
    """
    try:
        yield
    except REQUEST_ERRORS as error:
        sys.exit(f'{tool}: {error}')


def join_lines(text: object) -> str:
    """Return a text in one line."""
    return ' '.join(str(text).split())


def describe_setup_error(error: Exception) -> str:
    """Return in one line why there is no model, with the kind of a rare error."""
    known = isinstance(error, (ImportError, *REQUEST_ERRORS))
    return join_lines(error if known else f'{type(error).__name__}: {error}')


def describe_failure(path: str, error: Exception) -> str:
    """Return why a picture has no result, its path first."""
    reason = describe_picture_error(error)
    return reason if reason.startswith(path) else f'{path}: {reason}'


def describe_picture_error(error: Exception) -> str:
    """Return why a picture has no result."""
    reason = str(error) or type(error).__name__
    if isinstance(error, REQUEST_ERRORS):
        return reason
    return f'cannot be segmented ({reason})'
