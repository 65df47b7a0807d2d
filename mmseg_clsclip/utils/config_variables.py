"""Variables of a config that are overridden where nothing reads them."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.config import Config

from .messages import first_few

# Parts of a config by which data is trained on, tested on and counted.
SECTIONS = [
    f'{split}_{part}'
    for split in ('train', 'val', 'test')
    for part in ('dataloader', 'evaluator')
]


def _chain(path: Path) -> Iterator[Path]:
    """Yield a config's file, those that it inherits from, and theirs."""
    if path.suffix != '.py' or not path.is_file():
        return
    yield path
    for node in ast.parse(path.read_text(encoding='utf-8')).body:
        if isinstance(node, ast.Assign) and '_base_' in [
            getattr(target, 'id', None) for target in node.targets
        ]:
            try:
                bases = ast.literal_eval(node.value)
            except ValueError:  # put together in the file
                bases = []
            for base in [bases] if isinstance(bases, str) else bases:
                yield from _chain(path.parent / base)


def _same(variable: Any, value: Any) -> bool:
    """Return whether a value is a variable's, or begins with it."""
    if isinstance(variable, str) and isinstance(value, str):
        return value == variable or value.startswith(variable.rstrip('/') + '/')
    if isinstance(variable, dict) and isinstance(value, dict):
        return all(
            key in value and _same(variable[key], value[key]) for key in variable
        )
    # A tuple is a list, after a config was written and read.
    texts = {json.dumps(v, default=str, skipkeys=True) for v in (variable, value)}
    return len(texts) == 1


def _places(variable: Any, part: Any, path: str) -> Iterator[str]:
    """Yield the places in a part of a config where a variable's value stands."""
    if _same(variable, part):
        yield path
    inner = (
        part.items()
        if isinstance(part, dict)
        else enumerate(part if isinstance(part, (list, tuple)) else ())
    )
    for key, value in inner:
        if key != 'pipeline':
            yield from _places(variable, value, f'{path}.{key}')


def unheeded(cfg: Config) -> list[str]:
    """Return messages about the variables that a config overrides in vain.

    A config reads its own variables, ``train_dataloader = dict(dataset=
    dict(data_root=data_root))``, before another that inherits from it, or
    ``--cfg-options``, gives them other values; those change nothing.

    Args:
        cfg (Config): As it was read from a file, and perhaps changed.

    Returns:
        list[str]: A sentence for each of the data's variables of which the
        old value is in use and the new one is not.
    """
    messages = {}
    final = cfg.to_dict()
    built = {key: final.get(key) for key in SECTIONS}
    files = _chain(Path(cfg.filename)) if cfg.filename else ()
    for file in files:
        before = Config.fromfile(file, import_custom_modules=False).to_dict()
        for name in before.keys() & final.keys() - {*SECTIONS}:
            old, new = before[name], final[name]
            if not (old and isinstance(old, (str, list, tuple, dict))) or (old == new):
                continue
            was, now = (
                {place for key in SECTIONS for place in _places(v, built[key], key)}
                for v in (old, new)
            )
            # 'data/mine' begins with 'data', and is meant where it stands.
            if len(str(new)) > len(str(old)):
                was -= now
            else:
                now -= was
            keys = {place.rpartition('.')[2] for place in was}
            heeded = (
                now
                if not isinstance(new, str)
                else {place for place in now if place.rpartition('.')[2] in keys}
            )
            if was and not heeded:
                messages[name] = (
                    f'{name}={new!r} of {cfg.filename} changes nothing: '
                    f'{first_few(sorted(was), 2)} had {old!r} from {file} before. '
                    'Override what stands there, or change the variable in '
                    f'a copy of {file}.'
                )
    return list(messages.values())
