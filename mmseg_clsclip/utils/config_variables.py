"""Variables of a config that are overridden or set where nothing reads them."""

import difflib
import inspect
import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config
from mmengine.runner import Runner

from mmseg_clsclip_cli.messages import first_few

# Parts of a config by which data is trained on, tested on and counted.
SECTIONS = [
    f'{split}_{part}'
    for split in ('train', 'val', 'test')
    for part in ('dataloader', 'evaluator')
]
# Other parts that are made of variables, such as data_preprocessor and vis_backends.
PARTS = ['model', 'visualizer']
# What mmengine's Runner reads of a config, and mmseg's tools and inferencer.
READ = {
    *inspect.signature(Runner).parameters,
    'activation_checkpointing',
    'compile',
    'custom_imports',
    'efficient_conv_bn_eval',
    'find_unused_parameters',
    'init_weights_for_test_or_val',
    'model_wrapper_cfg',
    'runner_type',
    'strategy',
    'sync_bn',
    'test_pipeline',
    'tta_model',
    'tta_pipeline',
}


def inherited_files(cfg: Config) -> list[str]:
    """Return a config's file, those that it inherits from, and theirs.

    However ``_base_`` names them: mmengine writes a line with the path of each
    above its text.
    """
    bases = [
        line
        for line in cfg.text.splitlines()
        if line.endswith(('.py', '.json', '.yaml', '.yml')) and os.path.isabs(line)
    ]
    files = [os.path.abspath(cfg.filename), *bases[::-1]] if cfg.filename else []
    return [file for file in dict.fromkeys(files) if os.path.isfile(file)]


def _without_scopes(part: Any) -> Any:
    """Return a part of a config without what mmengine adds to another package's."""
    match part:
        case dict():
            return {k: _without_scopes(v) for k, v in part.items() if k != '_scope_'}
        case list() | tuple():
            return type(part)(map(_without_scopes, part))
    return part


def _same(variable: Any, value: Any) -> bool:
    """Return whether a value is a variable's, or begins with it."""
    match variable, value:
        case str(), str():
            return value == variable or value.startswith(variable.rstrip('/') + '/')
        case dict(), dict():
            return all(
                key in value and _same(variable[key], value[key]) for key in variable
            )
    # A tuple is a list, after a config was written and read.
    texts = {json.dumps(v, default=str, skipkeys=True) for v in (variable, value)}
    return len(texts) == 1


def _is_size(variable: Any) -> bool:
    """Return whether a variable is a height and a width, say."""
    return (
        isinstance(variable, (list, tuple))
        and len(variable) == 2
        and all(type(side) is int for side in variable)
    )


def _is_built(variable: Any) -> bool:
    """Return whether a variable is what something is built of, or a list of such."""
    parts = variable if isinstance(variable, (list, tuple)) else [variable]
    return all(isinstance(part, dict) and 'type' in part for part in parts)


def _places(variable: Any, part: Any, path: str) -> Iterator[str]:
    """Yield the places in a part of a config where a variable's value stands.

    In pipelines, which have their own texts and numbers, only sizes are looked for;
    a pipeline may be a variable itself.
    """
    if _same(variable, part):
        yield path
    inner = (
        part.items()
        if isinstance(part, dict)
        else enumerate(part if isinstance(part, (list, tuple)) else ())
    )
    for key, value in inner:
        if key != 'pipeline' or _is_size(variable):
            yield from _places(variable, value, f'{path}.{key}')
        elif _is_built(variable) and _same(variable, value):
            yield f'{path}.{key}'


class Override(NamedTuple):
    """A variable of the data that a config overrides, and the old value's places.

    Attributes:
        name: Of the variable.
        old: Its value in ``file``.
        new: Its value in the end.
        file: From which the config inherits it.
        was: Where the old value is in use.
        now: Where the new one is.
    """

    name: str
    old: Any
    new: Any
    file: str
    was: set[str]
    now: set[str]

    def describe(self, effect: str) -> str:
        """Return a sentence about what the override does."""
        return (
            f'{self.name}={self.new!r} {effect}: {first_few(sorted(self.was), 2)} '
            f'had {self.old!r} from {self.file} before. Override what stands '
            f'there, or change the variable in a copy of {self.file}.'
        )


def _assigns(file: str, name: str) -> bool:
    """Return whether a config says a variable itself, and does not inherit it."""
    text = Path(file).read_text(encoding='utf-8')
    return re.search(rf'^\W*{re.escape(name)}\b', text, re.MULTILINE) is not None


def _overrides(cfg: Config) -> dict[str, Override]:
    """Return the overridden variables of which the old value is in use."""
    found = {}
    final = _without_scopes(cfg.to_dict())
    built = {key: final.get(key) for key in (*SECTIONS, *PARTS)}
    for file in inherited_files(cfg):
        before = Config.fromfile(file, import_custom_modules=False).to_dict()
        before = _without_scopes(before)
        for name in before.keys() & final.keys() - built.keys():
            old, new = before[name], final[name]
            if not (old and isinstance(old, (str, list, tuple, dict))):
                continue
            if name in found and _assigns(found[name].file, name):
                continue
            if _same(old, new) and _same(new, old):
                continue
            keys = built if _is_built(old) else SECTIONS
            was, now = (
                {place for key in keys for place in _places(v, built[key], key)}
                for v in (old, new)
            )
            # 'data/mine' begins with 'data', and is meant where it stands.
            if len(str(new)) > len(str(old)):
                was -= now
            else:
                now -= was
            if isinstance(new, str):
                keys = {place.rpartition('.')[2] for place in was}
                now = {place for place in now if place.rpartition('.')[2] in keys}
            if was:
                found[name] = Override(name, old, new, file, was, now)
    return found


def unread(cfg: Config, alike: bool | None = None) -> list[str]:
    """Return messages about parts that nothing reads, as of a misspelt option.

    What stands in the config's file may be a variable of its author's, and what is
    found again in another part was put there.

    Args:
        cfg (Config): As it was read from a file, and changed.
        alike (bool, optional): Those alone that resemble what is known, or the others;
            a hook of somebody's may read these. Defaults to both.

    Returns:
        list[str]: A sentence for each part that is new and that nothing knows.
    """
    if not cfg.filename or not os.path.isfile(cfg.filename):
        return []
    known = READ | Config.fromfile(cfg.filename, import_custom_modules=False).keys()
    messages = []
    for name in sorted(cfg.keys() - known):
        value = cfg[name]
        if (isinstance(value, (str, list, tuple)) or _is_built(value)) and any(
            any(_places(value, cfg.get(key), key)) for key in (*SECTIONS, *PARTS)
        ):
            continue
        inside = [
            f'{part}.{name}'
            for part, value in cfg.items()
            if isinstance(value, dict) and name in value
        ]
        nearest = inside or difflib.get_close_matches(name, known)
        if alike in (None, bool(nearest)):
            messages.append(
                f'{name} is no part of {cfg.filename}, and nothing reads it.'
                + (f' Nearest: {", ".join(nearest)}.' if nearest else '')
            )
    return messages


def _in_vain(cfg: Config) -> dict[str, str]:
    """Return a sentence for each variable of which only the old value is in use."""
    return {
        name: override.describe(f'of {cfg.filename} changes nothing')
        for name, override in _overrides(cfg).items()
        if not override.now
    }


def vain_options(cfg: Config, options: Iterable[str]) -> list[str]:
    """Return messages about options of a prediction that change nothing.

    Args:
        cfg (Config): As it was read from a file, with the options in it.
        options (Iterable[str]): Dotted keys.
    """
    # What a prediction reads itself.
    names = {option.partition('.')[0] for option in options} - {'test_pipeline'}
    vain = _in_vain(cfg)
    return unread(cfg) + [vain[name] for name in vain if name in names]


def unheeded(cfg: Config) -> list[str]:
    """Return messages about the variables that a config overrides in vain.

    A config reads its own variables, ``train_dataloader = dict(dataset=
    dict(data_root=data_root))``, before another that inherits from it, or
    ``--cfg-options``, gives them other values; those change nothing.

    Args:
        cfg (Config): As it was read from a file, and perhaps changed.

    Returns:
        list[str]: A sentence for each of the data's variables of which the
        old value is in use and the new one is not, and what of :func:`unread`
        resembles a part that is known.
    """
    return unread(cfg, alike=True) + [*_in_vain(cfg).values()]


def heeded_in_part(cfg: Config) -> list[str]:
    """Return messages about variables whose new value reaches one split alone.

    It may be meant, as for a test on other data.

    Args:
        cfg (Config): As it was read from a file, and perhaps changed.

    Returns:
        list[str]: A sentence for each variable of which one split has the
        new value and another one the old, and what of :func:`unread` is like nothing.
    """
    messages = unread(cfg, alike=False)
    for override in _overrides(cfg).values():
        new, old = (
            {
                place.partition('_')[0]
                for place in places
                if place.startswith(tuple(SECTIONS))
            }
            for places in (override.now, override.was)
        )
        if new and old - new:
            splits = ' and '.join(sorted(new))
            messages.append(
                override.describe(f'of {cfg.filename} reaches {splits} alone')
            )
    return messages
