"""What the cells of a decoder draw while training: before its loop, for inside of one JAX cannot draw."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
from keras import ops

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.private import DropoutRNNCell, flat_layers


@contextmanager
def one_noise(cell: Any, inputs: Tensor, training: bool) -> Iterator[None]:
    """Let each cell draw its masks of dropout before the loop, one for all steps, and drop them after it."""
    noisy = [each for each in flat_layers(cell) if isinstance(each, DropoutRNNCell)]
    try:
        if training:
            for each in noisy:
                each.get_dropout_mask(_ones(inputs, each.kernel.shape[0]))
                each.get_recurrent_dropout_mask(_ones(inputs, keras.tree.flatten(each.state_size)[0]))
        yield
    finally:
        for each in noisy:
            each.reset_dropout_mask()
            each.reset_recurrent_dropout_mask()


def zones(cell: Any, targets: Tensor, training: bool) -> dict[str, Tensor]:
    """The masks of zoneout of all steps by name, `[time, batch, size]` each; none where nothing is drawn."""
    if not training:
        return {}
    leading = ops.shape(targets)[:2][::-1]
    drawn = {
        f"{state} of {n}": mask
        for n, each in enumerate(_zoned(cell))
        for state, mask in zip("hc", each.zoneout_masks(leading), strict=True)
    }
    return {name: mask for name, mask in drawn.items() if mask is not None}


@contextmanager
def of_this_step(cell: Any, now: dict[str, Tensor]) -> Iterator[None]:
    """Let each cell take its masks among those of one step."""
    cells = _zoned(cell)
    try:
        for n, each in enumerate(cells):
            if {f"h of {n}", f"c of {n}"} & set(now):
                each.zone = now.get(f"h of {n}"), now.get(f"c of {n}")
        yield
    finally:
        for each in cells:
            each.zone = None


def _zoned(cell: Any) -> list[Any]:
    return [each for each in flat_layers(cell) if getattr(getattr(each, "spec", None), "zoneout", False)]


def _ones(like: Tensor, size: int) -> Tensor:
    return ops.ones((ops.shape(like)[0], size), dtype=like.dtype)
