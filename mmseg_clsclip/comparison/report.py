"""Writes the report: Markdown, a page that needs nothing else, JSON."""

import base64
import json
import math
import re
from html import escape
from pathlib import Path

from ..utils.files import atomic_write
from ..utils.markdown import escape_markdown
from .table import WORDS, explain, shown, table, verdict

TITLE = 'Comparison'
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; background: #fff;
  max-width: 80rem; margin: 2rem auto; padding: 0 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums;
  font-size: .85rem; }
th, td { padding: .3rem .5rem; text-align: right;
  border-bottom: 1px solid #ddd; vertical-align: top; }
th { vertical-align: bottom; font-weight: 600; }
th:first-child, td:first-child, .words { text-align: left; }
td { white-space: nowrap; }
td.words, td.error { white-space: normal; min-width: 8rem; }
td.error { color: #a00; text-align: left; overflow-wrap: anywhere; }
img { max-width: 100%; height: auto; }
p.small, li { color: #555; font-size: .9rem; }
code { font-size: .85rem; overflow-wrap: anywhere; }
"""


def _markdown(
    heads: list[str],
    cells: list[list[str]],
    said: str,
    lines: list[str],
    drawings: list[tuple],
    commands: list[str],
) -> str:
    def row(texts: list[str]) -> str:
        texts = [
            f'**{text}**' if best else escape_markdown(text)
            for text, best in shown(texts, heads)
        ]
        return f'| {" | ".join(texts + [""] * (len(heads) - len(texts)))} |'

    parts = [
        f'# {TITLE}',
        escape_markdown(said),
        '\n'.join([row(heads), '|---' * len(heads) + '|', *map(row, cells)]),
        '\n'.join(f'- {escape_markdown(line)}' for line in lines),
    ]
    for name, title, words in drawings:
        parts += [f'## {title}', f'{escape_markdown(words)}.', f'![{title}]({name})']
    if commands:
        text = '\n'.join(commands)
        longest = max(map(len, re.findall('`+', text)), default=0)
        fence = '`' * max(3, longest + 1)
        parts += ['## Run by', f'{fence}\n{text}\n{fence}']
    return '\n\n'.join(parts) + '\n'


def _cell(cell: tuple[str, bool], kind: str = '') -> str:
    text, best = escape(cell[0]), cell[1]
    return f'<td{kind}>{f"<b>{text}</b>" if best else text}</td>'


def _html(
    heads: list[str],
    cells: list[list[str]],
    said: str,
    lines: list[str],
    drawings: list[tuple],
    commands: list[str],
    out: Path,
) -> str:
    def row(texts: list[str]) -> str:
        found = shown(texts, heads)
        if len(texts) < len(heads):  # one that failed
            kind = f' class="error" colspan="{len(heads) - 1}"'
            return f'<tr>{_cell(found[0])}{_cell(found[1], kind)}</tr>'
        return f'<tr>{"".join(map(_cell, found, kinds))}</tr>'

    kinds = [' class="words"' if head in WORDS else '' for head in heads]
    parts = [
        f'<h1>{TITLE}</h1>',
        f'<p>{escape(said)}</p>',
        '<div class="wide"><table><thead><tr>',
        *(f'<th{kind}>{escape(head)}</th>' for head, kind in zip(heads, kinds)),
        '</tr></thead><tbody>',
        *map(row, cells),
        '</tbody></table></div>',
        '<ul>',
        *(f'<li>{escape(line)}</li>' for line in lines),
        '</ul>',
    ]
    for name, title, words in drawings:
        code = base64.b64encode((out / name).read_bytes()).decode()
        parts += [
            f'<h2>{escape(title)}</h2>',
            f'<p class="small">{escape(words)}.</p>',
            f'<img alt="{escape(title)}" src="data:image/png;base64,{code}">',
        ]
    if commands:
        parts += [
            '<h2>Run by</h2><ul>',
            *(f'<li><code>{escape(line)}</code></li>' for line in commands),
            '</ul>',
        ]
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f'<title>{TITLE}</title><style>{STYLE}</style></head><body>\n'
        + '\n'.join(parts)
        + '\n</body></html>\n'
    )


def _finite(value):
    """For JSON, which knows no NaN."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write(
    out: Path,
    rows: list[dict],
    how: list[str],
    drawings: list[tuple[str, str, str]],
    unseen: list[str],
) -> None:
    """Write report.md, report.html and report.json.

    Args:
        out (Path): Where.
        rows (list[dict]): See :func:`table`.
        how (list[str]): What else is to be said, a line each.
        drawings (list[tuple]): Name of the PNG in ``out``, title, words.
        unseen (list[str]): Classes that count as unseen.
    """
    heads, cells = table(rows)
    said, lines = verdict(rows, unseen), explain(rows, how)
    commands = [row['command'] for row in rows if row.get('command')]
    texts = {
        'report.md': _markdown(heads, cells, said, lines, drawings, commands),
        'report.html': _html(heads, cells, said, lines, drawings, commands, out),
        'report.json': json.dumps(
            dict(rows=_finite(rows), verdict=said, how=lines), indent=1
        ),
    }
    for name, text in texts.items():
        with atomic_write(out / name) as file:
            file.write(text.encode())
