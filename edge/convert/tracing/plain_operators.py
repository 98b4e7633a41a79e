"""A recurrent layer in plain operators: written out over a fixed length, or one step of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from edge.convert.keras_model.call_sites import Site, cell_step
from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.step import Activations, Weights, lstm_step, next_states


def run_plain(
    site: Site, x: Tensor, states: Sequence[Tensor], mask: Tensor, before: Tensor | None
) -> tuple[list[Tensor], list[Tensor]]:
    """The outputs of all steps, each `[batch, output]`, and the states after the last.

    Args:
        site: what to compute.
        x: `[batch, time, features]`, its length known.
        states: to start from.
        mask: `[batch, time]` or None; a step that does not count leaves the state and repeats the output.
        before: the output to repeat where no step has counted yet; None: zeros.
    """
    step = _lstm(site, x) if site.spec else _any_cell(site, x)
    outputs = []
    for time in range(x.shape[1]):
        output, new = step(time, states)
        if mask is not None:
            before = tf.zeros_like(output) if before is None else before
            output = _chosen(mask[:, time], output, before)
            new = [_chosen(mask[:, time], *pair) for pair in zip(new, states, strict=True)]
            before = output
            if site.layer.zero_output_for_mask:
                output = _chosen(mask[:, time], output, tf.zeros_like(output))
        outputs.append(output)
        states = new
    return outputs, list(states)


def _chosen(counts: Tensor, new: Tensor, old: Tensor) -> Tensor:
    """`new` in the rows that count, `[batch]`, and `old` in the others."""
    for _ in new.shape[1:]:
        counts = counts[..., None]
    return tf.where(counts, new, old)


def _lstm(site: Site, x: Tensor) -> Any:
    """The step of an LSTM of any variant; W x + b of all steps is one product before the first."""
    cell, spec = site.layer.cell, site.spec
    assert spec is not None
    if isinstance(cell, keras.layers.LSTMCell):
        functions = Activations(cell.recurrent_activation, cell.activation, cell.activation)
    else:
        functions = cell.activations
    weights = Weights(**{name: tf.constant(value) for name, value in site.weights().items()})
    product = ops.matmul(x, weights.kernel)
    if weights.bias is not None and not spec.layer_norm:  # which has its bias behind the norm
        product, weights = product + weights.bias, weights._replace(bias=None)
    # One step is no sequence to cut: it keeps the number of operators down.
    rows = [product[:, 0]] if x.shape[1] == 1 else tf.unstack(product, axis=1)

    def step(time: int, states: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        done = lstm_step(spec, weights, functions, rows[time], states)
        new = next_states(spec, done, states)
        return new[0], new

    return step


def _any_cell(site: Site, x: Tensor) -> Any:
    cell = site.layer.cell
    return lambda time, states: cell_step(cell, x[:, time], states)
