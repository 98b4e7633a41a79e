"""Values with types out of plain data: a dataclass is its own schema.

The annotation of a field says what may stand there: a dataclass or a TypedDict (an object), a list, `| None`
(may be unknown), or `Annotated[type, Rule]`. Every key must be there, but for those that a class names in
`MAY_LACK`, and those that a TypedDict does not require; keys that nobody knows are passed over.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields
from functools import cache
from types import UnionType
from typing import Annotated, Any, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints, is_typeddict

T = TypeVar("T")


class Rule(NamedTuple):
    """What holds of a value, and how a sentence calls such a value."""

    holds: Callable[[Any], bool]
    words: str


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_OBJECT = Rule(lambda value: isinstance(value, dict), "an object")
_LIST = Rule(lambda value: isinstance(value, list), "a list")

Text = Annotated[str, Rule(lambda value: isinstance(value, str) and value != "", "a text")]
Number = Annotated[float, Rule(lambda value: _is_number(value) and value >= 0, "a number that is not negative")]
Count = Annotated[int, Rule(lambda value: _is_whole(value) and value > 0, "a positive integer")]
Whole = Annotated[int, Rule(lambda value: _is_whole(value) and value >= 0, "an integer that is not negative")]
Share = Annotated[float, Rule(lambda value: _is_number(value) and 0 <= value <= 1, "a number from 0 to 1")]
Object = Annotated[dict[str, Any], _OBJECT]


def made(kind: type[T], value: Any, name: str) -> T:
    """A dataclass from plain data; `name` is what messages call the data.

    Raises:
        ValueError: the first thing that is not as it must be, where, and what was found instead.
    """
    found: T = _made(kind, value, "", name)
    return found


@cache
def shape(kind: Any) -> dict[str, Any]:
    """The keys of an object that are looked at, with what may stand at each."""
    hints = get_type_hints(kind, include_extras=True)
    known = kind.__required_keys__ if is_typeddict(kind) else {field.name for field in fields(kind)}
    return {key: inner for key, inner in hints.items() if key in known}


def _made(kind: Any, value: Any, where: str, name: str) -> Any:
    if get_origin(kind) in (Union, UnionType):
        return None if value is None else _made(get_args(kind)[0], value, where, name)
    if get_origin(kind) is list:
        _require(value, _LIST, where, name)
        return [_made(get_args(kind)[0], each, f"{where}[{n}]", name) for n, each in enumerate(value)]
    if not hasattr(kind, "__metadata__"):
        _require(value, _OBJECT, where, name)
        return _object(kind, value, where, name)
    _require(value, kind.__metadata__[0], where, name)
    return value


def _object(kind: Any, value: dict[str, Any], where: str, name: str) -> Any:
    inner = {}
    for key, its_kind in shape(kind).items():
        if key in value:
            inner[key] = _made(its_kind, value[key], f"{where}.{key}".lstrip("."), name)
        elif key not in getattr(kind, "MAY_LACK", ()):
            raise ValueError(f"{name}: {where or 'it'} has no {key!r}; None says that it is not known.")
    return {**value, **inner} if is_typeddict(kind) else kind(**inner)


def _require(value: Any, rule: Rule, where: str, name: str) -> None:
    if not rule.holds(value):
        found = repr(value)
        raise ValueError(
            f"{name}: {where} must be {rule.words}, received {found[:60] + '...' if len(found) > 60 else found}."
        )
