"""Numbers as the tools' options take them: the ``type`` of an argparse option."""

from argparse import ArgumentTypeError


def count(text: str) -> int:
    """Read a whole number above 0.

    Raises:
        ArgumentTypeError: If it is none.
    """
    return _read_whole(text, 1, 'above 0')


def count_or_zero(text: str) -> int:
    """Read a whole number, 0 or more.

    Raises:
        ArgumentTypeError: If it is none.
    """
    return _read_whole(text, 0, 'from 0')


def positive(text: str) -> float:
    """Read a number above 0, which may be infinite.

    Raises:
        ArgumentTypeError: If it is none.
    """
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not number > 0:
        raise ArgumentTypeError(f'{text!r} is no number above 0')
    return number


def _read_whole(text: str, least: int, range_in_words: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise ArgumentTypeError(f'{text!r} is no whole number {range_in_words}')
    return number
