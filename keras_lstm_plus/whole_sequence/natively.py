"""A call of a layer, handed to the engine: sequences `[batch, time, ...]` as Keras has them."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.cell import LSTMPlusCell
from keras_lstm_plus.native import Given, Layer, find_engine
from keras_lstm_plus.step import Batch
from keras_lstm_plus.whole_sequence.native_sequence import run_natively
from keras_lstm_plus.whole_sequence.paths import threads
from keras_lstm_plus.whole_sequence.shards import either


def run_by_engine(
    cell: LSTMPlusCell, batch: Batch, every_step: bool, backwards: bool
) -> tuple[Tensor, list[Tensor]]:
    """(h of all steps `[batch, time, output]` or of the last, [h, c]).

    Args:
        batch: with x as it was given, `[batch, time, features]`; all else in the order of the loop.
        backwards: the loop reads x from its end.
    """
    spec, training = cell.spec, batch.training
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
        None if masks is None else tf.stack(masks),
    )
    layer = Layer(spec, cell.units, every_step, backwards, threads())
    out, h, c = run_natively(find_engine(), layer, given, training)
    return (h if out is None else out), [h, c]


def _side_by_side(x: Tensor, masks: Sequence[Tensor], kernel: Tensor) -> tuple[Tensor, Tensor]:
    """x as each gate sees it, side by side, and the kernel of which each gate's block sees its own alone."""
    blocks = tf.split(kernel, len(masks), axis=-1)
    zero = tf.zeros_like(blocks[0])
    rows = [
        tf.concat([block if column == row else zero for column in range(len(masks))], axis=-1)
        for row, block in enumerate(blocks)
    ]
    return tf.concat([x * mask[:, None] for mask in masks], axis=-1), tf.concat(rows, axis=0)
