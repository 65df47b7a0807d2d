"""Writes the report: Markdown, a page that needs nothing else, JSON."""

import base64
import math
import re
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..utils.files import atomic_write
from ..utils.json_files import write_json
from ..utils.markdown import escape_markdown, markdown_table
from .table import WORD_HEADS, Cell, build_table, explain_rows, name_best


@dataclass
class Drawing:
    """A picture of the report.

    Attributes:
        path (Path): Of the PNG, in the folder of the report.
        title (str): Of its section.
        words (str): What it shows.
    """

    path: Path
    title: str
    words: str


def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent, encoding='utf-8'),
        autoescape=lambda name: '.html' in name,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters.update(
        escape_markdown=escape_markdown,
        base64=lambda path: base64.b64encode(path.read_bytes()).decode(),
    )
    return templates


def _markdown_rows(heads: list[str], rows: list[list[Cell]]) -> str:
    return markdown_table(
        list(map(escape_markdown, heads)),
        [
            [f'**{text}**' if best else escape_markdown(text) for text, best in row]
            for row in rows
        ],
        [k for k, head in enumerate(heads) if not k or head in WORD_HEADS],
    )


def _fence(text: str) -> str:
    """Return more backticks than stand together in a text, three at least."""
    return '`' * max(3, 1 + max(map(len, re.findall('`+', text)), default=0))


def _without_nan(value):
    """Return a value for JSON, which knows no NaN."""
    match value:
        case dict():
            return {key: _without_nan(item) for key, item in value.items()}
        case list() | tuple():
            return [_without_nan(item) for item in value]
        case float() if not math.isfinite(value):
            return None
    return value


def write_report(
    folder: Path,
    rows: list[dict],
    remarks: list[str],
    drawings: list[Drawing],
    unseen: list[str],
) -> None:
    """Write report.md, report.html and report.json.

    Args:
        folder (Path): Where.
        rows (list[dict]): See :func:`build_table`.
        remarks (list[str]): What else is to be said, a line each.
        drawings (list[Drawing]): Written already.
        unseen (list[str]): Classes that count as unseen.
    """
    heads, cells = build_table(rows)
    commands = [row['command'] for row in rows if row.get('command')]
    verdict, lines = name_best(rows, unseen), explain_rows(rows, remarks)
    content = dict(
        title='Comparison',
        verdict=verdict,
        heads=heads,
        word_heads=WORD_HEADS,
        rows=cells,
        table=_markdown_rows(heads, cells),
        lines=lines,
        drawings=drawings,
        commands=commands,
        fence=_fence('\n'.join(commands)),
    )
    templates = _templates()
    texts = {
        name: templates.get_template(f'{name}.jinja').render(content)
        for name in ('report.md', 'report.html')
    }
    for name, text in texts.items():
        with atomic_write(folder / name) as file:
            file.write(text.encode())
    report = dict(rows=_without_nan(rows), verdict=verdict, how=lines)
    write_json(folder / 'report.json', report)
