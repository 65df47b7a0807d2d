"""The file of JSON lines, a test each, that the tables are made of."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..evaluation.results import check_figure
from .rows import WHOLE_VOCABULARY, fingerprints, whole_tests_of

# In the order of the tables' columns: of one name a sample, and of the whole
# vocabulary.
FIGURES = ('miou_unseen', 'miou_seen', 'miou_unseen_small', 'fb_iou')
WHOLE_FIGURES = ('mIoU', 'mIoU_seen', 'mIoU_unseen', 'hIoU', 'names_asked')
# By which a row is ahead: of one name unseen classes, of all names the harmonic
# mean of seen and unseen ones, as generalized zero-shot tables have it.
JUDGED_BY, WHOLE_JUDGED_BY = 'miou_unseen', 'hIoU'
RUN_KEYS = ('row', 'fold', 'seed', 'iterations', 'config')
MADE_AGAIN = 'Delete it; its run will be made again.'


def parse_line(text: bytes, place: str) -> dict:
    """Read a line of figures.

    Args:
        text (bytes): Of the line.
        place (str): The file and the number of the line.

    Raises:
        ValueError: If it is none, with what is wrong.
    """
    try:
        line = json.loads(text)
        run = {key: line[key] for key in RUN_KEYS}
    except (RecursionError, ValueError) as error:
        raise ValueError(
            f'{place} is no whole line of JSON ({error}). {MADE_AGAIN}'
        ) from error
    except (KeyError, TypeError) as error:
        raise ValueError(
            f'{place} is no line of figures: it has no {error}. {MADE_AGAIN}'
        ) from error
    if not all(isinstance(value, (int, str)) for value in run.values()):
        raise ValueError(f'{place} is of {run}, which is no run. Delete it.')
    for key in (*FIGURES, *WHOLE_FIGURES):
        if key in line:
            check_figure(key, line[key], place)
    return line


def read_lines(path: Path, iterations: int, own: Mapping[str, Path] = {}) -> list[dict]:
    """Read the lines that still hold: of this length and today's configs.

    Args:
        path (Path): Of the file, which need not be there yet.
        iterations (int): Of a training.
        own (Mapping[str, Path]): Configs of further rows, by their names.

    Raises:
        ValueError: If a line is none.
    """
    text = path.read_bytes() if path.exists() else b''
    lines = [
        parse_line(line, f'{path}:{number}')
        for number, line in enumerate(text.splitlines(), 1)
    ]
    current = fingerprints(own)
    kept = [
        line
        for line in lines
        if line['config'] == current.get(line['row'])
        and line['iterations'] in (iterations, 0)
    ]
    for line in kept:
        figure = WHOLE_JUDGED_BY if WHOLE_VOCABULARY in line['row'] else JUDGED_BY
        if figure not in line:
            raise ValueError(
                f'{path}: a line of {line["row"]}, fold {line["fold"]}, '
                f'seed {line["seed"]} has no {figure}. {MADE_AGAIN}'
            )
    return kept


def judged_tests(test: str) -> dict[str, str]:
    """Return the figure that each question is judged by, by the test that asks it.

    Args:
        test (str): Of :func:`tests_of`, which asks for one name.
    """
    return {test: JUDGED_BY, **dict.fromkeys(whole_tests_of(test), WHOLE_JUDGED_BY)}


def round_figures(metrics: Mapping[str, float], keys: Iterable[str]) -> dict:
    """Return those of a test's figures that it has, in hundredths."""
    return {key: round(metrics[key], 2) for key in keys if key in metrics}


def append_lines(path: Path, lines: list[dict]) -> None:
    """Add lines of figures to a file, at once.

    Where an earlier run was killed before its last line was whole, that stays
    a line of its own, which :func:`read_lines` names.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    text = ''.join(json.dumps(line) + '\n' for line in lines)
    with path.open('ab+') as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - 1))
        cut_short = file.read() not in (b'', b'\n')
        file.write(('\n' * cut_short + text).encode())
