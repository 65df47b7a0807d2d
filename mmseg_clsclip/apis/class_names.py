"""Names as they are written on a command line or a page."""

import re


def split_synonyms(text: str) -> list[str]:
    r"""Split the names of a class at commas; a comma of a name is ``\,``."""
    return [name.replace('\\,', ',').strip() for name in re.split(r'(?<!\\),', text)]
