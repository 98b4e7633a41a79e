"""From a layer's call to the whole-sequence path and back: dropout, masks, direction, layout."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_lstm_plus.cell import LSTMPlusCell
from keras_lstm_plus.sequence import Plan, run_sequence, supports
from keras_lstm_plus.step import input_product

Tensor = Any

__all__ = ["run_layer", "supports"]


def run_layer(
    cell: LSTMPlusCell,
    sequences: Tensor,
    states: list[Tensor],
    mask: Tensor | None,
    *,
    training: bool,
    every_step: bool,
    go_backwards: bool,
    zero_output_for_mask: bool,
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """What `keras.layers.RNN.inner_loop` returns: last output, all outputs `[batch, time, output]`, states.

    Without `every_step` the second is the last output too: the caller does not look at it.
    """
    x = tf.transpose(sequences, [1, 0, 2])
    keep = None if mask is None else tf.transpose(tf.cast(mask, tf.bool), [1, 0])[..., None]
    if go_backwards:
        x = tf.reverse(x, [0])
        keep = None if keep is None else tf.reverse(keep, [0])
    tensors = {
        "product": _product(cell, x, training),
        "h0": tf.convert_to_tensor(states[0]),
        "c0": tf.convert_to_tensor(states[1]),
    }
    weights = cell.lstm_weights()._asdict()
    inside = {"kernel"} if cell.spec.layer_norm else {"kernel", "bias"}
    tensors |= {name: value for name, value in weights.items() if value is not None and name not in inside}
    if training and cell.recurrent_dropout:
        tensors["recurrent_masks"] = tf.stack(cell.get_recurrent_dropout_mask(states[0]))
    if keep is not None:
        tensors |= {"hold_h": ~keep, "hold_c": ~keep}
    h, last_h, last_c = run_sequence(Plan(cell.spec, every_step), tensors)
    if keep is not None:
        h = _as_keras_shows_it(h, keep, every_step, zero_output_for_mask)
    if not every_step:
        return h, h, [last_h, last_c]
    return h[-1], tf.transpose(h, [1, 0, 2]), [last_h, last_c]


def _product(cell: LSTMPlusCell, x: Tensor, training: bool) -> Tensor:
    """W x of every step, with its bias unless a layer norm comes first."""
    weights = cell.lstm_weights()
    masks = cell.get_dropout_mask(x[0]) if training and cell.dropout else None
    if masks is not None and not isinstance(masks, list):
        x, masks = x * masks, None
    product = input_product(weights.kernel, x, masks, len(cell.spec.gates))
    return product if weights.bias is None or cell.spec.layer_norm else product + weights.bias


def _as_keras_shows_it(h: Tensor, keep: Tensor, every_step: bool, zero: bool) -> Tensor:
    """A masked step shows the output before it, zeros if there is none yet, or zeros always if so asked."""
    if not every_step:
        # The last step is what counts; with `zero` it alone.
        shown = keep[-1] if zero else tf.reduce_any(keep, axis=0)
    else:
        shown = keep if zero else tf.cumsum(tf.cast(keep, tf.int32), axis=0) > 0
    return tf.where(shown, h, tf.zeros_like(h))
