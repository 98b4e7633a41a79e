"""A call of a layer as the engine wants it, in `keras.ops` for every backend; and the same step by step."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import ops

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.cell import LSTMPlusCell
from keras_lstm_plus.native import Given, Layer
from keras_lstm_plus.step import Activations, Batch, Weights, input_product, lstm_step

ACTIVATIONS = Activations(keras.activations.sigmoid, keras.activations.tanh, keras.activations.tanh)


def engine_call(
    cell: LSTMPlusCell, batch: Batch, every_step: bool, backwards: bool, threads: int
) -> tuple[Layer, Given]:
    """What the engine is asked to compute, and from what: in float32, to which narrower numbers are widened.

    Args:
        batch: with x as it was given, `[batch, time, features]`; all else in the order of the loop.
        backwards: the loop reads x from its end.
    """
    training = batch.training
    weights = cell.lstm_weights(training)
    masks = cell.get_recurrent_dropout_mask(batch.states[0]) if training and cell.recurrent_dropout else None
    x, kernel = batch.x, weights.kernel
    if batch.dropped is not None:
        x, kernel = _side_by_side(x, batch.dropped, kernel)
    given = Given(
        x,
        kernel,
        weights.recurrent_kernel,
        batch.states[0],
        batch.states[1],
        weights.bias,
        weights.peephole_kernel,
        weights.projection_kernel,
        either(batch.hold.skip, batch.hold.h),
        either(batch.hold.skip, batch.hold.c),
        None if masks is None else ops.stack(masks),
    )
    given = given._replace(
        **{
            name: ops.cast(value, "float32")
            for name, value in given._asdict().items()
            if value is not None and not name.startswith("hold")
        }
    )
    return Layer(cell.spec, cell.units, every_step, backwards, threads), given


def as_the_cell_has_it(cell: LSTMPlusCell, found: Sequence[Tensor]) -> list[Tensor]:
    """The engine's results in the dtype in which the cell computes."""
    return [ops.cast(value, cell.compute_dtype) for value in found]


def why_not_in(dtype: str) -> str | None:
    """Why a layer that computes in this dtype is not for the engine, in a clause; None: it is."""
    wide = keras.backend.standardize_dtype(dtype) not in ("float32", "float16", "bfloat16")
    return f"it computes in {dtype}, the engine in float32" if wide else None


def either(one: Tensor | None, other: Tensor | None) -> Tensor | None:
    """Held by the mask or by zoneout."""
    if one is None or other is None:
        return other if one is None else one
    return ops.logical_or(one, other)


def _side_by_side(x: Tensor, masks: Sequence[Tensor], kernel: Tensor) -> tuple[Tensor, Tensor]:
    """x as each gate sees it, side by side, and the kernel of which each gate's block sees its own alone."""
    blocks = ops.split(kernel, len(masks), axis=-1)
    zero = ops.zeros_like(blocks[0])
    rows = [
        ops.concatenate([block if column == row else zero for column in range(len(masks))], axis=-1)
        for row, block in enumerate(blocks)
    ]
    return ops.concatenate([x * mask[:, None] for mask in masks], axis=-1), ops.concatenate(rows, axis=0)


def by_steps(layer: Layer, given: Given) -> list[Tensor]:
    """What the engine computes, in operations that can be differentiated any number of times.

    Returns:
        h of every step, if it is shown, the final h, the final c.
    """
    spec = layer.spec
    weights = Weights(None, given.recurrent, given.bias, given.peephole, projection_kernel=given.projection)
    masks = None if given.masks is None else [given.masks[gate] for gate in range(len(spec.gates))]
    x = ops.transpose(ops.flip(given.x, axis=1) if layer.reversed else given.x, (1, 0, 2))
    xs = {"product": input_product(given.kernel, x, None, len(spec.gates))}
    xs |= {name: hold for name in ("hold_h", "hold_c") if (hold := getattr(given, name)) is not None}

    def body(old: list[Tensor], now: dict[str, Tensor]) -> tuple[list[Tensor], Tensor]:
        step = lstm_step(spec, weights, ACTIVATIONS, now["product"], old, masks)
        new = [
            ops.where(now[hold], before, after) if hold in now else after
            for hold, before, after in zip(("hold_h", "hold_c"), old, (step.h, step.c), strict=True)
        ]
        return new, new[0]

    (h, c), every = ops.scan(body, [given.h0, given.c0], xs)
    return [*([ops.transpose(every, (1, 0, 2))] * layer.every_step), h, c]
