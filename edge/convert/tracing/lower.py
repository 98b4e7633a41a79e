"""A use of a recurrent layer in the graph that is being recorded: a placeholder, or plain operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from edge.convert.keras_model.call_sites import OTHER, Site, first_states
from edge.convert.tracing import masks
from edge.convert.tracing.plain_operators import run_plain
from keras_lstm_plus.aliases import Tensor

_MARK = (
    'name: "{0}" attr {{ key: "tfl_fusable_op" value {{ b: true }} }} '
    'attr {{ key: "id" value {{ s: "{0}" }} }}'
)


class Lowered(NamedTuple):
    """All outputs `[batch, time, output]`, the last `[batch, output]`, and the states after the last step."""

    every: Tensor
    last: Tensor
    states: list[Tensor]


def fused_call(site: Site, wide: Site, x: Tensor, states: Sequence[Tensor] | None, mask: Tensor) -> Lowered:
    """A placeholder for the fused operator.

    It takes the sequences and, where the model gives them, the states; it gives the outputs and, where the
    layer gives them, the states. `wide` is the site with the sizes that the operator has.
    """
    layer = site.layer
    if layer.go_backwards:
        x = tf.reverse(x, [1])
        mask = None if mask is None else tf.reverse(mask, [1])
    position = None
    if mask is not None:
        x, position = masks.packed(x, mask)
    if wide.closing:
        x = masks.closed(x, position, wide.closing_input)
    given = [_filled(state, size) for state, size in zip(states or (), wide.state_sizes, strict=False)]
    y, *final = _placeholder(wide)(x, *given)
    if wide.state_sizes != site.state_sizes:
        y = y[:, :, : site.output_units]
        final = [state[:, :size] for state, size in zip(final, site.state_sizes, strict=False)]
    if position is None:
        return Lowered(y, y[:, -1], final)
    if layer.return_state:  # the operator gives h after the padding, and c as `closed` has kept it
        first = states[0] if states else tf.zeros_like(y[:, 0])
        final[0] = tf.where(position[:, -1:] >= 0, masks.last(y, position, position >= 0), first)
    shown = mask if layer.zero_output_for_mask else position >= 0
    if layer.return_sequences:
        return Lowered(masks.unpacked(y, position, shown), None, final)
    return Lowered(None, masks.last(y, position, shown), final)


def _filled(state: Tensor, size: int) -> Tensor:
    missing = size - state.shape[1]
    return tf.pad(state, ((0, 0), (0, missing))) if missing else state


def _placeholder(site: Site) -> Any:
    width = site.output_units

    @tf.function(experimental_implements=_MARK.format(site.placeholder), autograph=False)
    def stand_in(x: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        # Only the shapes count: [batch, time, output], then [batch, size] a state.
        y = tf.repeat(x[:, :, :1], width, axis=2)
        if not site.layer.return_state:
            return (y,)
        return (y, *(tf.repeat(x[:, 0, :1], size, axis=1) for size in site.state_sizes))

    return stand_in


def plain_call(
    site: Site, x: Tensor, states: Sequence[Tensor] | None, mask: Tensor, is_step: bool
) -> Lowered:
    """Plain operators: written out over the length of `x`, or one step of a stream."""
    layer = site.layer
    if layer.go_backwards:
        x = tf.reverse(x, [1])
        mask = None if mask is None else tf.reverse(mask, [1])
    if states is None and site.kind == OTHER:
        states = first_states(layer, keras.ops.shape(x)[0])
    elif states is None:
        states = [tf.zeros((tf.shape(x)[0], size), x.dtype) for size in site.state_sizes]
    # In a stream the output before this step is the h that the last step left; else there is none.
    outputs, final = run_plain(site, x, list(states), mask, states[0] if is_step else None)
    every = tf.stack(outputs, axis=1) if layer.return_sequences else None
    return Lowered(every, outputs[-1], final)
