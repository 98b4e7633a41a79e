"""What a decoder is called with, looked at before Keras stumbles over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

Shape = tuple[int | None, ...]


def check_ranks(name: str, targets: Shape, memory: Shape) -> None:
    """Targets `[batch, time, features]` and memory `[batch, positions, features]`, or a ValueError."""
    for what, shape, axis in (("targets", targets, "time"), ("memory", memory, "positions")):
        if len(shape) != 3 or shape[-1] is None:
            raise ValueError(
                f"{name}: {what} must be [batch, {axis}, features] with a known number of features, received "
                f"the shape {tuple(shape)}."
            )


def check_call(
    layer: Any, targets: Any, memory: Any, initial_state: Any, targets_mask: Any, memory_mask: Any
) -> None:
    """Raise a ValueError where masks, states or a loop that is to be written out do not fit."""
    check_ranks(layer.name, targets.shape, memory.shape)
    _check_mask(f"{layer.name}: the mask of the targets", targets.shape, targets_mask)
    _check_mask(f"{layer.name}: the mask of the memory", memory.shape, memory_mask)
    if initial_state is not None:
        _check_states(layer.name, layer.cell, keras.tree.flatten(initial_state))
    if layer.unroll and targets.shape[1] is None:
        raise ValueError(
            f"{layer.name}: unroll=True writes out as many steps as the targets have, and nobody knows here "
            "how many those are. Build the model with keras.Input((steps, features)), or leave unroll out."
        )


def _check_mask(what: str, shape: Shape, mask: Any) -> None:
    if mask is None:
        return
    pairs = zip(mask.shape, shape, strict=False)
    if len(mask.shape) != 2 or any(None not in pair and pair[0] != pair[1] for pair in pairs):
        raise ValueError(
            f"{what} has the shape {tuple(mask.shape)}, and must be that of the first two axes "
            f"of {tuple(shape)}."
        )


def _check_states(name: str, cell: Any, states: Sequence[Any]) -> None:
    sizes, own = [state.shape[-1] for state in states], cell.cell_state_sizes
    if sizes not in (own, cell.state_size):
        raise ValueError(
            f"{name}: initial_state has the sizes {sizes}, the cell has {own}. The states of a Bidirectional "
            "encoder are made one by join_states(states), for a cell twice as wide; give others a Dense "
            "layer each that brings them to these sizes."
        )
