"""Results of tools/test.py: their figures by name, and how they are read."""

import math
import os
from collections import Counter
from typing import Any

from ..utils.json_files import read_json
from ..utils.keys import PROTOCOL, SEEN_CLASSES
from .protocol import SEEN

# Figures in per cent and the heads of their columns, in order.
FIGURES = dict(
    miou_unseen='mIoU unseen',
    miou_unseen_small='unseen, small',
    miou_unseen_medium='unseen, medium',
    miou_unseen_large='unseen, large',
    miou_seen='mIoU seen',
    fb_iou='FB-IoU',
    mIoU_unseen='mIoU unseen',
    mIoU_seen='mIoU seen',
    hIoU='hIoU',
    mIoU='mIoU',
    mAcc='mAcc',
    aAcc='aAcc',
    pAcc='pAcc',
    object_right='objects right',
    object_missed='objects missed',
    object_as_present='objects as another class there',
    object_as_absent='objects as a class not there',
    background_as_present='background as a class there',
    background_as_absent='background as a class not there',
)
# Shares of errors: the best model has least of them.
ERRORS = (
    'object_missed',
    'object_as_present',
    'object_as_absent',
    'background_as_present',
    'background_as_absent',
)
# Numbers that are no figures: fewer are cheaper, neither better nor worse.
COUNTS = dict(names_asked='names asked')
TIMES = ('time', 'data_time')  # mmengine adds them
AGAIN = 'Run tools/test.py again.'
# Said of a result whose protocol names random weights.
RANDOM = 'random weights'
NOTHING = 'accuracy means NOTHING: the weights are random'


def plain_name(key: str) -> str:
    """Return the name of a figure without the prefix of its metric."""
    return key.rpartition('/')[2]


def is_figure(value: Any) -> bool:
    """Return whether a value is a number, neither NaN nor infinite."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond all floats
        return False


def check_figure(
    name: str, value: Any, source: str | os.PathLike, per_cent: bool = True
) -> None:
    """Raise an error if a value is no figure.

    Args:
        name (str): Of the figure.
        value: Of the figure.
        source (str): The file that it is from.
        per_cent (bool): Whether it is from 0 to 100.

    Raises:
        ValueError: If it is no number, or no percentage.
    """
    shown = str(value)[:20]
    if not is_figure(value):
        raise ValueError(
            f'{source} has no {name} but {shown}, which is no figure. {AGAIN}'
        )
    # A mean of hundreds may be above by its last bits.
    if per_cent and not 0 <= value <= 100.0001:
        raise ValueError(
            f'{source} has a {name} of {shown}: it is in per '
            f'cent, from 0 to 100. {AGAIN}'
        )


def _is_plain(value: Any) -> bool:
    """Return whether it is a number, a text, a truth value, or a list of such."""
    values = value if isinstance(value, list) else [value]
    return not any(isinstance(v, (list, dict)) for v in values)


def check_result(result: dict, source: str | os.PathLike) -> None:
    """Raise an error if a result has invalid figures or an invalid protocol.

    Args:
        result (dict): See :func:`read_result`.
        source (str): The file that it is from.

    Raises:
        ValueError: With the first entry that is wrong, or missing.
    """
    for key in ('figures', 'per_class', PROTOCOL):
        if not isinstance(result.get(key), dict):
            raise ValueError(
                f'{source}: {key} is {str(result.get(key))[:40]}'
                f', not values by name. {AGAIN}'
            )
    for name, value in result['figures'].items():
        check_figure(name, value, source, plain_name(name) in FIGURES)
    for name, value in result['per_class'].items():
        if value is not None:
            check_figure(f'IoU of {name}', value, source)
    for name, value in result[PROTOCOL].items():
        if not _is_plain(value):
            raise ValueError(
                f'{source}: {name} of the protocol is '
                f'{str(value)[:40]}, not a value. {AGAIN}'
            )


def _join_figures(parts: dict[str, dict]) -> dict:
    """Join the figures of several metrics; a prefix stays where names collide.

    Args:
        parts (dict[str, dict]): By prefix.
    """
    count = Counter(name for part in parts.values() for name in part)
    return {
        name if count[name] == 1 or not prefix else f'{prefix}/{name}': value
        for prefix, part in parts.items()
        for name, value in part.items()
    }


def _join_protocols(parts: dict[str, dict], figures: dict[str, dict]) -> dict:
    """Join what several metrics say of a test; a prefix stays where they differ.

    What one alone says is of all, unless another has figures of the same names:
    then it tells them apart.

    Args:
        parts (dict[str, dict]): By prefix.
        figures (dict[str, dict]): Likewise.
    """
    joined = {}
    for prefix, part in parts.items():
        for name, value in part.items():
            plain = not prefix or all(
                other[name] == value
                if name in other
                else figures[prefix].keys().isdisjoint(figures[key])
                for key, other in parts.items()
                if other
            )
            joined[name if plain else f'{prefix}/{name}'] = value
    return joined


def _read(path: str | os.PathLike) -> dict:
    """Return the values of a result by the names in its file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a JSON object.
    """
    try:
        content = read_json(path)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise ValueError(
            f'{path} is no result of tools/test.py, for it is not a whole '
            f'JSON file: {error} A log of training is none; neither is a '
            'folder.'
        ) from error
    if not isinstance(content, dict):
        raise ValueError(
            f'{path} is no result of tools/test.py: it holds a '
            f'{type(content).__name__}, not figures by name.'
        )
    return content


def read_result(path: str | os.PathLike, fresh: bool = False) -> dict:
    """Read a result of tools/test.py.

    mmengine writes "prefix/figure" for a metric with a prefix. Names are
    plain here, unless several metrics have the same.

    Args:
        path (str): Its JSON.
        fresh (bool): Whether it was written just now. Then a figure of
            classes without any pixel, NaN in the file, is left out.

    Returns:
        dict: ``figures`` by name; ``per_class``, of the first metric that has
        it, the IoU or None by class; ``protocol``, {} if no metric names one;
        ``random``, whether the weights were, so that figures mean nothing.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no such file, with what is wrong in it.
    """
    parts: dict[str, dict] = {}
    for key, value in _read(path).items():
        prefix, _, name = key.rpartition('/')
        if name not in TIMES:
            parts.setdefault(prefix, {})[name] = value
    by_prefix: dict[str, dict] = {PROTOCOL: {}, 'per_class': {}}
    for key, values in by_prefix.items():
        for prefix, part in parts.items():
            value = part.pop(key, None)
            if not isinstance(value or {}, dict):
                raise ValueError(
                    f'{path} does not name one {key} but {str(value)[:40]!r}. {AGAIN}'
                )
            values[prefix] = value or {}
    figures_by_prefix = {
        prefix: {
            name: value
            for name, value in part.items()
            if (
                name in FIGURES
                and value is not None
                or isinstance(value, (int, float))
                and not isinstance(value, bool)
            )
            and not (fresh and value != value)
        }
        for prefix, part in parts.items()
    }
    figures = _join_figures(figures_by_prefix)
    per_class = next(filter(None, by_prefix['per_class'].values()), {})
    protocol = _join_protocols(by_prefix[PROTOCOL], figures_by_prefix)
    # Earlier versions counted so in episodes, too, and did not say so.
    if 'size_bounds' in protocol:
        protocol.setdefault(SEEN_CLASSES, SEEN)
    result = dict(
        figures=figures,
        per_class={
            name: None if fresh and value != value else value
            for name, value in per_class.items()
        },
        protocol=protocol,
        random=any(p.get('random_weights') for p in by_prefix[PROTOCOL].values()),
    )
    check_result(result, path)
    if not (figures or fresh):
        raise ValueError(
            f'{path} is no result of tools/test.py: it has no '
            f'figure such as {", ".join(FIGURES)}.'
        )
    return result
