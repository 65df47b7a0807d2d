"""Markdown: tables, and words of others, to be read as they were written."""

import re
from collections.abc import Collection, Iterable, Sequence

from prettytable import PrettyTable, TableStyle

# Marks anywhere; underscores, but within a word, where they mean nothing.
_MARKS = re.compile(r'[\\`*\[\]<>|~&$]|(?<![^\W_])_|_(?![^\W_])')
# What would begin a list or a heading.
_START = re.compile(r'^(\d*)([-+=#.)])(?=\S*\s)')


def escape_markdown(text: str) -> str:
    """Return a text as Markdown that shows it, in one line, in a table too.

    Args:
        text (str): Any, such as the name of a class or of a row.
    """
    line = ' '.join(str(text).split())
    return _START.sub(r'\1\\\2', _MARKS.sub(r'\\\g<0>', line))


def markdown_table(
    heads: Sequence[str], rows: Iterable[Sequence], text_columns: Collection[int] = (0,)
) -> str:
    """Return a Markdown table that is aligned as plain text, too.

    Args:
        heads (Sequence[str]): A head for each column, as Markdown.
        rows (Iterable[Sequence]): The cells of each row, as Markdown. Cells that are
            missing at the end of a row are left empty.
        text_columns (Collection[int]): Columns that are aligned on the left. Numbers
            are aligned on the right.
    """
    table = PrettyTable()
    table.set_style(TableStyle.MARKDOWN)
    # PrettyTable wants heads that differ; Markdown shows no trailing blanks.
    table.field_names = [
        head + ' ' * list(heads[:k]).count(head) for k, head in enumerate(heads)
    ]
    table.align = 'r'
    for k in text_columns:
        table.align[table.field_names[k]] = 'l'
    table.add_rows([[*row, *[''] * (len(heads) - len(row))] for row in rows])
    return table.get_string()
