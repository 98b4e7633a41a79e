"""The states of an explicit file: inputs and outputs of the graph that belong together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edge.aliases import Array
from edge.runtime.values import check_type, decode, encode
from edge.tflite import State


def zeros(state: State, batch: int) -> Array:
    """The state before the first step, `[batch, size]`, as the file takes it."""
    shape = (batch, *(max(n, 1) for n in state.input.shape[1:]))
    return encode(np.zeros(shape, np.float32), state.input)


def fed_back(state: State, value: Array) -> Array:
    """What the file gave, as it takes it: the same integers where scale and zero point are the same."""
    source, target = state.output, state.input
    alike = (source.dtype, source.scale, source.zero_point) == (target.dtype, target.scale, target.zero_point)
    return value if alike else encode(decode(value, source), target)


def given_states(value: Any, states: Sequence[State], batch: int, file: str) -> list[Array]:
    """The states that a caller gives, checked, as the file takes them; zeros for None.

    Args:
        value: a dictionary by name (one left out is zero), or a list in the order of `states`.
        states: of the file.
        batch: how many rows each must have.
        file: how messages call it.

    Raises:
        ValueError: a name, a number of states or a shape that does not fit, NaN or infinity.
        TypeError: no dictionary and no list, or the wrong kind of numbers.
    """
    if value is None:
        return [zeros(state, batch) for state in states]
    names = ", ".join(repr(state.name) for state in states)
    if not states:
        raise ValueError(
            f'{file} takes no initial state. Convert the model with state="explicit" to give it one.'
        )
    if isinstance(value, Mapping):
        unknown = [repr(name) for name in value if name not in {state.name for state in states}]
        if unknown:
            raise ValueError(f"{file} has no state {', '.join(unknown)}; its states are {names}.")
        given = [value.get(state.name) for state in states]
    elif isinstance(value, (list, tuple)):
        if len(value) != len(states):
            raise ValueError(f"{file} has {len(states)} states ({names}), received {len(value)}.")
        given = list(value)
    else:
        raise TypeError(
            f"{file} takes its states ({names}) as a dictionary or a list, received {type(value).__name__}."
        )
    return [
        zeros(state, batch) if each is None else _checked(each, state, batch, file)
        for state, each in zip(states, given, strict=True)
    ]


def _checked(value: Any, state: State, batch: int, file: str) -> Array:
    array = check_type(value, state.input)
    wanted = (batch, *state.input.shape[1:])
    if array.shape != wanted:
        raise ValueError(
            f"{file}: the state {state.name!r} has shape {list(wanted)} for {batch} rows, "
            f"received {list(array.shape)}."
        )
    return encode(array, state.input)
