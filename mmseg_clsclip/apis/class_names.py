"""Names as they are written on a command line or a page."""

import re


def split_synonyms(text: str) -> list[str]:
    r"""The names of a class, between commas; a comma of a name is ``\,``."""
    return [name.replace('\\,', ',').strip() for name in re.split(r'(?<!\\),', text)]
