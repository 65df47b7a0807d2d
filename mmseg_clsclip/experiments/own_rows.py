"""Rows of configs that are not the project's, in its study of Shapes-5i."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from .rows import ROWS, TRAINING_FREE, config_of, tests_of

# What a row must have as all others have it. How a picture is prepared, trained on
# and asked for is the method's own.
SAME_FOR_ALL = (
    'train_cfg.type',
    'train_dataloader.batch_size',
    'train_dataloader.dataset',
    'test_dataloader.dataset',
    'test_evaluator',
)


def read_own_rows(rows: Iterable[tuple[str, str]]) -> dict[str, Path]:
    """Check rows that are none of the page's.

    Args:
        rows (Iterable[tuple[str, str]]): Names, and files of configs for fold 0.

    Returns:
        dict[str, Path]: Configs by name.

    Raises:
        ValueError: If a name is taken, or a config is none of the study.
    """
    taken = {name for row in ROWS for name in tests_of(row)}
    own: dict[str, Path] = {}
    for name, file in rows:
        if not name.strip():
            raise ValueError(f'--row {name!r} {file}: a row has a name.')
        if name in taken or name in own:
            raise ValueError(
                f'--row {name!r} {file}: there is a row of that name. Write another.'
            )
        own[name] = Path(file)
        try:
            _check_config(own[name])
        except ValueError as error:
            raise ValueError(f'--row {name!r} {file}: {error}') from error
    return own


def is_training_free(row: str, own: Mapping[str, Path]) -> bool:
    """Return whether a row is tested as it is."""
    if row in own:
        return Config.fromfile(own[row]).get('train_dataloader') is None
    return row in TRAINING_FREE


def _check_config(path: Path) -> None:
    """Refuse a config whose figures would not belong beside the others.

    Raises:
        ValueError: With the key, and what stands there in the study.
    """
    if not path.is_file():
        raise ValueError('there is no such file.')
    try:
        config = Config.fromfile(path)
    except Exception as error:  # whatever a Python file can raise
        raise ValueError(
            f'it cannot be read, {type(error).__name__}: {error} '
            '(Python must find what custom_imports names, as by PYTHONPATH.)'
        ) from error
    trained = config.get('train_dataloader') is not None
    if not trained and config.get('model', {}).get('type') == 'ZoomIn':
        raise ValueError(
            'ZoomIn has no training of its own. Test it with a checkpoint of the '
            'model in it: tools/test.py CONFIG CHECKPOINT.'
        )
    study = Config.fromfile(config_of('ClsCLIP'))
    for key in SAME_FOR_ALL:
        if key.startswith('train') and not trained:
            continue
        here, there = (dict(_leaves(key, _find(c, key))) for c in (config, study))
        for leaf in {**there, **here}:
            if here.get(leaf) != there.get(leaf):
                raise ValueError(
                    f'{leaf} is {here.get(leaf)!r}, and in the study '
                    f'{there.get(leaf)!r}: figures of other data, batches or '
                    'metrics do not belong beside it. Inherit from '
                    "'mmseg_clsclip::shapes/clsclip_shapes-5i_fold0.py'."
                )


def _find(config: Config, key: str) -> Any:
    """Return what stands at a dotted key, None if nothing does."""
    value: Any = config
    for part in key.split('.'):
        value = value.get(part) if isinstance(value, (dict, Config)) else None
    return value


def _leaves(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Give the dotted keys of nested values, without a data set's pipeline."""
    if not isinstance(value, dict):
        yield key, value
        return
    for name, part in value.items():
        if name != 'pipeline':
            yield from _leaves(f'{key}.{name}', part)
