"""What to do about a refusal: other options of `convert` that the same model takes, found by trying them.

Nothing is written down here of which option helps against which reason. The options are tried against the
model, the fewest changes first, so that whoever does as the sentence says is not refused again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations, product
from typing import Any

from edge.convert.request import Request
from edge.targets import STATES, TARGETS, get_target

Changes = dict[str, Any]

# What loses the least comes first.
_NUMBERS: dict[str | None, tuple[str | None, ...]] = {
    "int8": ("int16x8", "dynamic", "float16", None),
    "int16x8": ("int8", "dynamic", "float16", None),
    "dynamic": ("float16", None),
    "float16": (None,),
    None: (),
}
_MOST = 3  # ways that a sentence names


def ways_out(
    request: Request, takes: Callable[[Request], bool], length: int, said_length: str, is_free: bool
) -> str | None:
    """A sentence that names other options; None where no option of any target does it.

    Args:
        request: what was refused.
        takes: whether the model is converted for another request.
        length: a number of time steps to try; said_length: how to write it.
        is_free: whether the model leaves the number of time steps free.
    """
    own = _choices(request, length, is_free)
    for count in (1, 2, 3):
        found = [changes for changes in _changes(own, count) if takes(_changed(request, changes))]
        if found:
            return f"Use {_named(found, said_length)}."
    names = [name for name in ("litert", "tflite-runtime", *TARGETS) if name != request.target.name]
    for count in (0, 1, 2):
        for changes in _changes(own, count) if count else iter([{}]):
            for name in dict.fromkeys(names):
                if takes(_changed(request, {**changes, "target": name})):
                    return f"Use {_named([{**changes, 'target': name}], said_length)}."
    return None


def _choices(request: Request, length: int, is_free: bool) -> dict[str, list[Any]]:
    return {
        "lowering": [form for form in request.target.lowerings if form != request.lowering],
        "length": [length] if is_free and request.length is None else [],
        "state": [state for state in STATES if state != request.state],
        "quantize": list(_NUMBERS[request.quantize]),
    }


def _changes(choices: dict[str, list[Any]], count: int) -> Iterator[Changes]:
    for names in combinations(choices, count):
        for values in product(*(choices[name] for name in names)):
            yield dict(zip(names, values, strict=True))


def _changed(request: Request, changes: Changes) -> Request:
    known: dict[str, Any] = {key: get_target(v) if key == "target" else v for key, v in changes.items()}
    return replace(request, **known)


def _named(found: list[Changes], said_length: str) -> str:
    """`lowering='unrolled' or 'step', or state='reset' with length=50`."""
    by_names: dict[tuple[str, ...], list[Changes]] = {}
    for changes in found:
        by_names.setdefault(tuple(changes), []).append(changes)
    phrases = []
    for names, group in by_names.items():
        if len(names) == 1:
            values = [_value(names[0], changes[names[0]], said_length) for changes in group]
            phrases.append(f"{names[0]}={' or '.join(values[:2])}")
        else:
            phrases.append(" with ".join(f"{n}={_value(n, group[0][n], said_length)}" for n in names))
    return ", or ".join(phrases[:_MOST])


def _value(name: str, value: Any, said_length: str) -> str:
    return said_length if name == "length" else repr(value)
