"""Texts of others in Markdown, to be read as they were written."""

import re

# Marks anywhere; underscores, but within a word, where they mean nothing.
_MARKS = re.compile(r'[\\`*\[\]<>|~&$]|(?<![^\W_])_|_(?![^\W_])')
# What would begin a list or a heading.
_START = re.compile(r'^(\d*)([-+=#.)])(?=\S*\s)')


def escape_markdown(text: str) -> str:
    """Return Markdown that shows a text, in one line, in a table too.

    Args:
        text (str): Any, such as the name of a class or of a row.
    """
    line = ' '.join(str(text).split())
    return _START.sub(r'\1\\\2', _MARKS.sub(r'\\\g<0>', line))
