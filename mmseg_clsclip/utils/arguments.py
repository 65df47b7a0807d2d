"""Arguments of a config's classes, checked by their annotations.

A signature says which values are valid, down to ranges; :func:`check_registered`
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
    """A condition on values, in an annotation beside the type that they have.

    Attributes:
        text (str): What to write, for the message.
        holds (Callable): Returns whether a value is valid.
    """

    text: str
    holds: Callable[[Any], bool] = lambda value: True


Natural = Annotated[int, Rule('a whole number from 0 up', lambda n: n >= 0)]
Count = Annotated[int, Rule('a whole number from 1 up', lambda n: n >= 1)]
Share = Annotated[float, Rule('a number from 0 to 1', lambda x: 0 <= x <= 1)]
# Of a loss, or of a margin.
Weight = Annotated[float, Rule('a finite number from 0 up', lambda x: 0 <= x < inf)]


def _is_number(value: Any, kind: type) -> bool:
    """Return whether a value is a number, which no truth value and no NaN is."""
    return (
        isinstance(value, kind)
        and not isinstance(value, (bool, np.bool_))
        and value == value
    )


# As lenient as Python where nothing is ambiguous: numpy's numbers are numbers, a
# whole number is a number, 0 and 1 are truth values, a path is a text.
PLAIN = {
    bool: Rule(
        'True or False',
        lambda value: isinstance(value, (Integral, np.bool_)) and value in (0, 1),
    ),
    int: Rule('a whole number', lambda value: _is_number(value, Integral)),
    float: Rule('a number', lambda value: _is_number(value, Real)),
    str: Rule('a text', lambda value: isinstance(value, (str, os.PathLike))),
    types.NoneType: Rule('None', lambda value: value is None),
    Any: Rule('anything'),
}


def fits(value: Any, kind: Any) -> bool:
    """Return whether a value is what an annotation says.

    Args:
        value: Of an argument. Whatever can be counted and iterated is a list,
            but a text.
        kind: An annotation.
    """
    origin, args = get_origin(kind), get_args(kind)
    if kind in PLAIN:
        return PLAIN[kind].holds(value)
    if origin is Annotated:
        return fits(value, args[0]) and all(rule.holds(value) for rule in args[1:])
    if origin in (Union, types.UnionType):
        return any(fits(value, alternative) for alternative in args)
    if origin is Literal:
        return isinstance(value, str) and value in args
    kind = origin or kind
    if issubclass(kind, Mapping):
        return isinstance(value, (Mapping, Config)) and all(
            not args or (fits(key, args[0]) and fits(part, args[1]))
            for key, part in value.items()
        )
    if kind not in (list, tuple, Sequence):
        return isinstance(value, kind)
    if not isinstance(value, Collection) or isinstance(value, (str, bytes, Mapping)):
        return False
    if kind is tuple:
        return len(value) == len(args) and all(map(fits, value, args))
    return all(fits(part, args[0]) for part in value if args)


def describe(kind: Any) -> str:
    """Return what to write where an annotation stands, in words."""
    origin, args = get_origin(kind), get_args(kind)
    if kind in PLAIN:
        return PLAIN[kind].text
    if origin is Annotated:
        return args[1].text
    if origin in (Union, types.UnionType):
        return ' or '.join(map(describe, args))
    if origin is Literal:
        names = list(map(repr, args))
        return ' or '.join(names) if len(names) < 3 else f'one of {", ".join(names)}'
    kind = origin or kind
    if issubclass(kind, Mapping):
        return 'a dict'
    if kind not in (list, tuple, Sequence):
        return f'a {kind.__name__}'
    number = f' of {len(args)}' if kind is tuple else ''
    parts = f', of which each is {describe(args[0])}' if args else ''
    return f'a list{number}{parts}'


def check_keys(
    where: str,
    keys: Iterable[str],
    known: Collection[str],
    error: type[Exception] = ValueError,
) -> None:
    """Raise an error if there are keys that nothing reads.

    Args:
        where (str): What has the keys, for the message.
        keys (Iterable[str]): Keys that are given.
        known (Collection[str]): Keys that are read.
        error (type): What to raise.
    """
    for key in keys:
        if key not in known:
            nearest = difflib.get_close_matches(str(key), known, 1)
            hint = (
                f'the nearest is {nearest[0]!r}'
                if nearest
                else f'there are {", ".join(sorted(known))}'
            )
            raise error(f'{where} has no {key!r}; {hint}.')


def check_values(
    where: str, values: Mapping[str, Any], kinds: Mapping[str, Any]
) -> None:
    """Raise an error if values are not what their annotations say.

    Args:
        where (str): What has the values, for the message.
        values (Mapping[str, Any]): By their names.
        kinds (Mapping[str, Any]): Annotations by name; others are free.

    Raises:
        ValueError: With the name, the value, and what to write.
    """
    for name, value in values.items():
        kind = kinds.get(name, Any)
        if fits(value, kind):
            continue
        text = describe(kind)
        forgot_brackets = isinstance(value, str) and fits([value], kind)
        if forgot_brackets and get_origin(kind) is not Annotated:
            text = f'a list: [{value!r}]'
        shown = repr(value)
        shown = shown if len(shown) < 100 else f'{shown[:99]}...'
        raise ValueError(f'{where}: {name}={shown}: write {text}.')


def _is_ours(kind: type) -> bool:
    return kind.__module__.startswith('mmseg_clsclip.')


class Arguments(NamedTuple):
    """Arguments that a constructor takes, or hands on to those it inherits from.

    Attributes:
        kinds (dict[str, Any]): Annotations by name; others' classes have none.
        are_all (bool): Whether it takes no other name.
    """

    kinds: dict[str, Any]
    are_all: bool


@functools.cache
def _arguments(kind: type, owner: type) -> Arguments:
    """Return the arguments of a constructor.

    Args:
        kind (type): What is built.
        owner (type): Itself, or the one of its bases that has the constructor.
    """
    kinds: dict[str, Any] = {}
    for base in kind.__mro__[kind.__mro__.index(owner) :]:
        if '__init__' not in vars(base):
            continue
        hints = (
            get_type_hints(base.__init__, include_extras=True) if _is_ours(base) else {}
        )
        hands_on = False
        for name, parameter in inspect.signature(base.__init__).parameters.items():
            if parameter.kind is parameter.VAR_KEYWORD:
                hands_on = True
            elif name != 'self':
                kinds.setdefault(name, hints.get(name, Any))
        if not hands_on:
            return Arguments(kinds, are_all=True)
        if not _is_ours(base):
            break  # it takes what it likes
    return Arguments(kinds, are_all=False)


def with_checks(owner: type) -> Callable:
    """Return the constructor of a class, which first checks its arguments."""
    init = owner.__init__
    signature = inspect.signature(init)

    @functools.wraps(init)
    def construct(self, *args, **kwargs):
        where = type(self).__name__
        arguments = _arguments(type(self), owner)
        if hasattr(owner, 'check_names'):  # in words of its own
            owner.check_names(kwargs)
        if arguments.are_all:
            check_keys(where, kwargs, arguments.kinds, TypeError)
        by_name = dict(zip(signature.parameters, (self, *args)))
        check_values(where, {**by_name, **kwargs}, arguments.kinds)
        init(self, *args, **kwargs)

    # Some of mmengine's classes look for it with what wraps it left on.
    construct.__signature__ = signature
    construct.checks = True
    return construct


def check_registered() -> None:
    """Let the constructors of our registered classes check their arguments."""
    for registry in vars(mmseg.registry).values():
        if not isinstance(registry, Registry):
            continue
        for kind in filter(inspect.isclass, registry.module_dict.values()):
            for base in kind.__mro__:
                init = vars(base).get('__init__')
                if init and _is_ours(base) and not hasattr(init, 'checks'):
                    base.__init__ = with_checks(base)
