"""What to do about a refusal: other options of `convert` that the same model takes, found by trying them.

Nothing is written down here of which option helps against which reason. The options are tried against the
model, the fewest changes first, so that whoever does as the sentence says is not refused again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any, NamedTuple

from edge.aliases import Length
from edge.convert.request import Request
from edge.targets import STATES, TARGETS, Target, get_target

Changes = dict[str, Any]

# What loses the least comes first.
NUMBERS: dict[str | None, tuple[str | None, ...]] = {
    "int8": ("int16x8", "dynamic", "float16", None),
    "int16x8": ("int8", "dynamic", "float16", None),
    "dynamic": ("float16", None),
    "float16": (None,),
    None: (),
}
_MOST = 3  # ways that a sentence names


class Way(NamedTuple):
    """What to do, as a sentence, and the request that does the first of it."""

    sentence: str
    request: Request


@dataclass(frozen=True)
class Tried:
    """A model on which other options are tried.

    Attributes:
        takes: whether the model is converted for a request.
        length: numbers of time steps to try; None where the model does not leave it free.
        said_length: how to write it.
    """

    takes: Callable[[Request], bool]
    length: Length | None
    said_length: str

    def options(self, request: Request) -> Way | None:
        """Other options for what was refused; None where no option does it."""
        own = _choices(request, request.target, self.length)
        for count in range(1, len(own) + 1):
            found = [changes for changes in _changes(own, count) if self.takes(_changed(request, changes))]
            if found:
                return Way(f"Use {_named(found, self.said_length)}.", _changed(request, found[0]))
        return None

    def target(self, request: Request) -> Way | None:
        """The same with another target."""
        names = dict.fromkeys(("litert", "tflite-runtime", *TARGETS))
        for count in range(5):
            for name in names:
                choices = _choices(request, get_target(name), self.length)
                for changes in _changes(choices, count):
                    changes = {"target": name, **changes}
                    if name != request.target.name and self.takes(_changed(request, changes)):
                        return Way(f"Use {_named([changes], self.said_length)}.", _changed(request, changes))
        return None


def _choices(request: Request, target: Target, length: Length | None) -> dict[str, list[Any]]:
    return {
        "lowering": [form for form in target.lowerings if form != request.lowering],
        "length": [length] if length is not None and request.length is None else [],
        "state": [state for state in STATES if state != request.state],
        "quantize": list(NUMBERS[request.quantize]),
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
