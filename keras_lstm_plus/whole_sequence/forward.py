"""The loop forwards.

W x is one matrix product for all steps, before the loop. The loop keeps what the gradient will need, and the
gradient is derived by hand (`keras_lstm_plus.whole_sequence.backward`): its loop carries dh and dc only, and
the gradient of every weight is one matrix product over all steps after it. Every operation can be compiled by
XLA, and differentiated again.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.spec import LSTMSpec
from keras_lstm_plus.step import Weights, recurrent_product
from keras_lstm_plus.whole_sequence.activations import SQUASH, normalise
from keras_lstm_plus.whole_sequence.values import Inputs, Stash


def supports(spec: LSTMSpec) -> bool:
    """Whether this path computes `spec`; the portable loop computes them all."""
    return not spec.gate_recurrence and all(name in SQUASH for name in spec.squashes)


def forward(spec: LSTMSpec, inputs: Inputs, weights: Weights) -> tuple[Stash, Tensor, Tensor]:
    """The loop over time: what the gradient needs of every step, the final h, the final c."""
    product = inputs.product
    time = tf.shape(product)[0]
    names = _kept(spec, inputs)
    products = tf.TensorArray(product.dtype, size=time).unstack(product)
    holds_h, holds_c = (
        None if hold is None else tf.TensorArray(tf.bool, size=time).unstack(hold)
        for hold in (inputs.hold_h, inputs.hold_c)
    )

    def body(k: Tensor, h: Tensor, c: Tensor, *kept: Any) -> tuple[Any, ...]:
        step = _step(spec, inputs, weights, products.read(k), h, c)
        step = step._replace(
            h=step.h if holds_h is None else tf.where(holds_h.read(k), h, step.h),
            state=step.c if holds_c is None else tf.where(holds_c.read(k), c, step.c),
        )
        written = [array.write(k, getattr(step, name)) for name, array in zip(names, kept, strict=True)]
        return (k + 1, step.h, step.state, *written)

    arrays = [tf.TensorArray(product.dtype, size=time) for _ in names]
    start = (tf.constant(0), inputs.h0, inputs.c0, *arrays)
    _, h, c, *kept = tf.while_loop(lambda k, *_: k < time, body, start, maximum_iterations=time)
    return Stash(**{name: array.stack() for name, array in zip(names, kept, strict=True)}), h, c


def _kept(spec: LSTMSpec, inputs: Inputs) -> list[str]:
    """What a step leaves behind for the gradient."""
    names = ["h", "c", "y", *spec.gates]
    if spec.layer_norm:
        names.append("total")
    if inputs.hold_c is not None:
        names.append("state")  # where the cell is held, the new cell and the state differ
    return names


def _step(spec: LSTMSpec, inputs: Inputs, weights: Weights, product: Tensor, h: Tensor, c: Tensor) -> Stash:
    """One step; the equations of `keras_lstm_plus.step`, written for few and wide operations."""
    gates = spec.gates
    masks = None if inputs.recurrent_masks is None else tf.unstack(inputs.recurrent_masks, len(gates))
    total = product + recurrent_product(spec, weights.recurrent_kernel, h, masks)
    values = dict(zip(gates, tf.split(total, len(gates), axis=-1), strict=True))
    sigma, phi = SQUASH[spec.recurrent_activation], SQUASH[spec.candidate_activation]
    open_: dict[str, Tensor] = {}

    def finish(gate: str, cell: Tensor) -> Tensor:
        value = values[gate]
        if spec.peephole and gate != "g":
            value += weights.peephole_kernel[spec.learned_gates.index(gate)] * cell
        values[gate] = value
        if spec.layer_norm:
            row = gates.index(gate)
            value = normalise(value)[0] * weights.layer_norm_scale[row]
            if spec.use_bias:
                value += tf.split(weights.bias, len(gates))[row]
        return (phi if gate == "g" else sigma).value(value)

    for gate in gates:
        if gate != "o":
            open_[gate] = finish(gate, c)
    f = open_.get("f")
    i = 1 - open_["f"] if spec.input_gate == "coupled" else open_.get("i")
    c = (c if f is None else f * c) + (open_["g"] if i is None else i * open_["g"])
    if spec.cell_clip is not None:
        c = tf.clip_by_value(c, -spec.cell_clip, spec.cell_clip)
    h = y = SQUASH[spec.output_activation].value(c)
    if "o" in gates:
        open_["o"] = finish("o", c)
        h = open_["o"] * h
    if spec.projection_units is not None:
        h = tf.matmul(h, weights.projection_kernel)
        if spec.projection_clip is not None:
            h = tf.clip_by_value(h, -spec.projection_clip, spec.projection_clip)
    total = tf.concat([values[gate] for gate in gates], axis=-1) if spec.layer_norm else None
    return Stash(h, c, y, total=total, **open_)
