"""What a config may say: arguments and options checked by their annotations.

A signature says which values do, down to ranges; :func:`check_registered`
holds every class of ours to it that a config can name. So a wrong value is
refused where it stands, by its name, and not by what it leads to later.
"""

import difflib
import functools
import inspect
import os
import types
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from math import inf
from numbers import Integral, Real
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import mmseg.registry
import numpy as np
from mmengine.config import Config
from mmengine.registry import Registry


class Rule(NamedTuple):
    """What an annotated value must be beside its type.

    Attributes:
        text (str): What to write, for the message.
        holds (Callable): Whether a value of the type does.
    """

    text: str
    holds: Callable[[Any], bool] = lambda value: True


Natural = Annotated[int, Rule('a whole number from 0 up', lambda n: n >= 0)]
Count = Annotated[int, Rule('a whole number from 1 up', lambda n: n >= 1)]
Share = Annotated[float, Rule('a number from 0 to 1', lambda x: 0 <= x <= 1)]
# Of a loss, or of a margin.
Weight = Annotated[float, Rule('a finite number from 0 up', lambda x: 0 <= x < inf)]


def fits(value: Any, kind: Any) -> bool:
    """Whether a value is what an annotation says.

    As lenient as Python where nothing is ambiguous: numpy's numbers are
    numbers, a whole number does for any, 0 and 1 for a truth value, a path
    for a text, whatever can be counted and iterated for a list. A truth value
    is no number, and neither is NaN.
    """
    origin, args = get_origin(kind), get_args(kind)
    if kind is Any:
        return True
    if origin is Annotated:
        return fits(value, args[0]) and all(one.holds(value) for one in args[1:])
    if origin in (Union, types.UnionType):
        return any(fits(value, one) for one in args)
    if origin is Literal:
        return isinstance(value, str) and value in args
    boolean = isinstance(value, (bool, np.bool_))
    if kind is bool:
        return boolean or (isinstance(value, Integral) and value in (0, 1))
    if kind is int:
        return isinstance(value, Integral) and not boolean
    if kind is float:
        return isinstance(value, Real) and not boolean and value == value
    if kind is str:
        return isinstance(value, (str, os.PathLike))
    kind = origin or kind
    if issubclass(kind, Mapping):
        return isinstance(value, (Mapping, Config)) and all(
            fits(part, one)
            for pair in value.items()
            if args
            for part, one in zip(pair, args)
        )
    if kind not in (list, tuple, Sequence):
        return isinstance(value, kind)
    if not isinstance(value, Collection) or isinstance(value, (str, bytes, Mapping)):
        return False
    if kind is tuple:
        return len(value) == len(args) and all(map(fits, value, args))
    return all(fits(part, args[0]) for part in value if args)


def describe(kind: Any) -> str:
    """What to write where an annotation stands."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return args[1].text
    if origin in (Union, types.UnionType):
        return ' or '.join(map(describe, args))
    if origin is Literal:
        return (
            ' or '.join(map(repr, args))
            if len(args) < 3
            else f'one of {", ".join(map(repr, args))}'
        )
    plain = {
        bool: 'True or False',
        int: 'a whole number',
        float: 'a number',
        str: 'a text',
        types.NoneType: 'None',
    }
    if kind in plain:
        return plain[kind]
    kind = origin or kind
    if issubclass(kind, Mapping):
        return 'a dict'
    if kind not in (list, tuple, Sequence):
        return f'a {kind.__name__}'
    number = f' of {len(args)}' if kind is tuple else ''
    return f'a list{number}' + (
        f', of which each is {describe(args[0])}' if args else ''
    )


def check_keys(
    where: str,
    keys: Iterable[str],
    known: Collection[str],
    error: type[Exception] = ValueError,
) -> None:
    """Refuse keys that nothing reads.

    Args:
        where (str): What has the keys, for the message.
        keys (Iterable[str]): Those that are given.
        known (Collection[str]): Those that are read.
        error (type): What to raise.
    """
    for key in keys:
        if key not in known:
            nearest = difflib.get_close_matches(str(key), known, 1)
            said = (
                f'the nearest is {nearest[0]!r}'
                if nearest
                else f'there are {", ".join(sorted(known))}'
            )
            raise error(f'{where} has no {key!r}; {said}.')


def check_values(
    where: str, values: Mapping[str, Any], kinds: Mapping[str, Any]
) -> None:
    """Refuse values that are not what their annotations say.

    Args:
        where (str): What has the values, for the message.
        values (Mapping[str, Any]): By their names.
        kinds (Mapping[str, Any]): Annotations by name; others are free.

    Raises:
        ValueError: With the name, the value, and what to write.
    """
    for name, value in values.items():
        if name in kinds and not fits(value, kinds[name]):
            listed = isinstance(value, str) and fits([value], kinds[name])
            shown = repr(value)
            shown = shown if len(shown) < 100 else f'{shown[:99]}...'
            said = describe(kinds[name])
            if listed and get_origin(kinds[name]) is not Annotated:
                said = f'a list: [{value!r}]'
            raise ValueError(f'{where}: {name}={shown}: write {said}.')


def _is_ours(kind: type) -> bool:
    return kind.__module__.startswith('mmseg_clsclip.')


@functools.cache
def _arguments(kind: type, owner: type) -> tuple[dict[str, Any], bool]:
    """What a constructor takes, and hands on to those it inherits from.

    Args:
        kind (type): What is built.
        owner (type): Itself, or the one of its bases that has the constructor.

    Returns:
        tuple[dict[str, Any], bool]: Annotations by name, and whether these
        are all the names.
    """
    taken: dict[str, Any] = {}
    for base in kind.__mro__[kind.__mro__.index(owner) :]:
        if '__init__' not in vars(base):
            continue
        names = inspect.signature(base.__init__).parameters
        hints = (
            get_type_hints(base.__init__, include_extras=True) if _is_ours(base) else {}
        )
        taken = {**{name: hints.get(name, Any) for name in names}, **taken}
        if all(one.kind != one.VAR_KEYWORD for one in names.values()):
            del taken['self']
            return taken, True
        if not _is_ours(base):
            break  # it takes what it likes
    return taken, False


def checked(owner: type) -> Callable:
    """The constructor of a class, which first looks at what it is given."""
    init = owner.__init__
    signature = inspect.signature(init)

    @functools.wraps(init)
    def construct(self, *args, **kwargs):
        where = type(self).__name__
        kinds, all_known = _arguments(type(self), owner)
        if all_known:
            check_keys(where, kwargs, kinds, TypeError)
        check_values(
            where, {**dict(zip(signature.parameters, (self, *args))), **kwargs}, kinds
        )
        init(self, *args, **kwargs)

    # Some of mmengine's classes look for it with what wraps it left on.
    construct.__signature__ = signature
    construct.checks = True
    return construct


def check_registered() -> None:
    """Check what the constructors of our registered classes are given."""
    for registry in vars(mmseg.registry).values():
        if not isinstance(registry, Registry):
            continue
        for kind in registry.module_dict.values():
            for base in getattr(kind, '__mro__', ()):
                own = vars(base).get('__init__')
                if own and _is_ours(base) and not hasattr(own, 'checks'):
                    base.__init__ = checked(base)
