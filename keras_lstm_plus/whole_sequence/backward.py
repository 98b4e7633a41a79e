"""The gradient of the whole sequence, derived by hand.

With m the unprojected output o*phi(c), y = phi(c), and a bar for the gradient of a total W x + R h' + p*c:

    dm  = dh P^T                              (dh itself without a projection)
    ō   = dm * y * s'(o)
    dc += dm * o * phi'(c) + ō * p_o
    ī   = dc * g * s'(i)      f̄ = dc * c' * s'(f)      ḡ = dc * i * phi'(g)
    dc' = dc * f + ī * p_i + f̄ * p_f
    dh' = ī R_i^T + f̄ R_f^T + ḡ R_g^T + ō R_o^T

A coupled gate has f̄ = dc * (c' - g) * s'(f); an open gate has no bar; a clipped cell has dc = 0; a layer norm
passes each bar through its own gradient. The loop does no more than this: the gradient of every weight is one
matrix product or sum over all steps after it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.spec import LSTMSpec
from keras_lstm_plus.step import Weights
from keras_lstm_plus.whole_sequence.activations import SQUASH, normalise
from keras_lstm_plus.whole_sequence.values import Bars, Inputs, Moment, Stash


def backward(
    spec: LSTMSpec, inputs: Inputs, weights: Weights, stash: Stash, upstream: tuple[Tensor, Tensor, Tensor]
) -> Bars:
    """The loop, from the last step to the first.

    Args:
        upstream: gradient of h at every step, None where only the last one was shown; of the final h; of the
            final c.
    """
    d_out, d_h, d_c = upstream
    time = tf.shape(stash.h)[0]
    previous_c = before(inputs.c0, _went_on(stash))
    seen = Moment(stash._replace(state=None), previous_c, inputs.hold_h, inputs.hold_c, d_out)
    arrays = _each(lambda value: tf.TensorArray(value.dtype, size=time).unstack(value), seen)

    def body(k: Tensor, dh: Tensor, dc: Tensor, *kept: Any) -> tuple[Any, ...]:
        step = _step_back(spec, inputs, weights, _each(lambda array: array.read(k), arrays), dh, dc)
        written = [array.write(k, getattr(step, name)) for name, array in zip(names, kept, strict=True)]
        return (k - 1, step.dh, step.dc, *written)

    names = ["bars"] + ["slopes"] * spec.layer_norm + ["d_projected"] * (spec.projection_units is not None)
    start = (time - 1, d_h, d_c, *(tf.TensorArray(stash.h.dtype, size=time) for _ in names))
    _, dh, dc, *kept = tf.while_loop(lambda k, *_: k >= 0, body, start, maximum_iterations=time)
    found = {name: array.stack() for name, array in zip(names, kept, strict=True)}
    return Bars(found["bars"], found.get("slopes"), found.get("d_projected"), dh, dc)


def _each(read: Callable[[Any], Any], moment: Moment) -> Moment:
    """`read` of everything that there is."""
    return tf.nest.map_structure(lambda value: None if value is None else read(value), moment)


def _went_on(stash: Stash) -> Tensor:
    """The cell that each step left."""
    return stash.c if stash.state is None else stash.state


def _step_back(spec: LSTMSpec, inputs: Inputs, weights: Weights, now: Moment, dh: Tensor, dc: Tensor) -> Bars:
    sigma, phi, out = (SQUASH[name].slope for name in spec.squashes)
    peepholes = dict(zip(spec.learned_gates, _rows(weights.peephole_kernel), strict=False))
    step = now.stash
    dh = dh if now.d_out is None else dh + now.d_out
    held_h, dh = _hold(now.hold_h, dh)
    held_c, dc = _hold(now.hold_c, dc)
    d_projected, dm = None, dh
    if spec.projection_units is not None:
        if spec.projection_clip is not None:
            dm = _where_free(step.h, spec.projection_clip, dm)
        d_projected = dm
        dm = tf.matmul(dm, weights.projection_kernel, transpose_b=True)

    slopes: dict[str, Tensor] = {}
    bars: dict[str, Tensor] = {}

    def finish(gate: str, slope: Tensor) -> Tensor:
        slopes[gate] = slope
        bars[gate] = _norm_back(spec, weights, step.total, gate, slope) if spec.layer_norm else slope
        return bars[gate] * peepholes[gate] if gate in peepholes else 0.0

    y, f, g, c = step.y, step.f, step.g, now.previous_c
    i = 1 - step.f if spec.input_gate == "coupled" else step.i
    shown = dm
    if step.o is not None:
        shown = dm * step.o
        dc += finish("o", dm * y * sigma(step.o))
    dc += shown * out(y)
    if spec.cell_clip is not None:
        dc = _where_free(step.c, spec.cell_clip, dc)
    on = dc if f is None else dc * f
    if step.i is not None:
        on += finish("i", dc * g * sigma(step.i))
    if f is not None:
        on += finish("f", dc * (c - g if spec.input_gate == "coupled" else c) * sigma(f))
    finish("g", dc * phi(g) if i is None else dc * i * phi(g))
    joined = _side_by_side(spec, bars)
    back = recurrent_back(spec, weights.recurrent_kernel, inputs.recurrent_masks, joined)
    unscaled = _side_by_side(spec, slopes) if spec.layer_norm else None
    return Bars(joined, unscaled, d_projected, held_h + back, held_c + on)


def _side_by_side(spec: LSTMSpec, by_gate: dict[str, Tensor]) -> Tensor:
    return tf.concat([by_gate[gate] for gate in spec.gates], axis=-1)


def _rows(matrix: Tensor | None) -> list[Tensor]:
    return [] if matrix is None else tf.unstack(matrix)


def _where_free(value: Tensor, bound: float, gradient: Tensor) -> Tensor:
    """Nothing passes where the value was clipped."""
    return gradient * tf.cast(tf.abs(value) < bound, gradient.dtype)


def _hold(hold: Tensor | None, gradient: Tensor) -> tuple[Tensor, Tensor]:
    """What goes to the step before as it is, and what goes through this step."""
    if hold is None:
        return tf.constant(0, gradient.dtype), gradient
    zero = tf.zeros_like(gradient)
    return tf.where(hold, gradient, zero), tf.where(hold, zero, gradient)


def _norm_back(spec: LSTMSpec, weights: Weights, total: Tensor, gate: str, slope: Tensor) -> Tensor:
    """Gradient of a gate's total `[batch, units]` from that of its normalised, scaled value."""
    row = spec.gates.index(gate)
    normal, inverse = normalise(tf.split(total, len(spec.gates), axis=-1)[row])
    scaled = slope * weights.layer_norm_scale[row]
    mean = tf.reduce_mean(scaled, axis=-1, keepdims=True)
    along = tf.reduce_mean(scaled * normal, axis=-1, keepdims=True)
    return inverse * (scaled - mean - normal * along)


def recurrent_back(spec: LSTMSpec, kernel: Tensor, masks: Tensor | None, bars: Tensor) -> Tensor:
    """dh' of the bars `[batch, gates * units]`."""
    if spec.recurrence == "full" and masks is None:
        return tf.matmul(bars, kernel, transpose_b=True)
    gates = len(spec.gates)
    by_gate = tf.split(bars, gates, axis=-1)
    if spec.recurrence == "diagonal":
        parts = [bar * row for bar, row in zip(by_gate, tf.unstack(kernel), strict=True)]
    else:
        blocks = tf.split(kernel, gates, axis=-1)
        parts = [tf.matmul(bar, block, transpose_b=True) for bar, block in zip(by_gate, blocks, strict=True)]
    if masks is not None:
        parts = [part * mask for part, mask in zip(parts, tf.unstack(masks, gates), strict=True)]
    return tf.add_n(parts)


def gradients(
    spec: LSTMSpec, inputs: Inputs, weights: Weights, stash: Stash, found: Bars
) -> tuple[Inputs, Weights]:
    """The gradient of everything that has one, in its place."""
    bars, gates, masks = found.bars, len(spec.gates), inputs.recurrent_masks
    by_gate = dict(zip(spec.gates, tf.split(bars, gates, axis=-1), strict=True))
    h = before(inputs.h0, stash.h)
    rows = [h] * gates if masks is None else [h * mask for mask in tf.unstack(masks, gates)]
    if spec.recurrence == "diagonal":
        sums = tf.reduce_sum(tf.concat(rows, axis=-1) * bars, axis=[0, 1])
        recurrent = tf.reshape(sums, [gates, -1])
    elif masks is None:
        recurrent = _over_time(h, bars)
    else:
        parts = [_over_time(row, bar) for row, bar in zip(rows, by_gate.values(), strict=True)]
        recurrent = tf.concat(parts, axis=-1)
    result = Weights(None, recurrent)
    if spec.peephole:
        c = before(inputs.c0, _went_on(stash))
        seen = {"i": c, "f": c, "o": stash.c}
        sums = [tf.reduce_sum(by_gate[gate] * seen[gate], axis=[0, 1]) for gate in spec.learned_gates]
        result = result._replace(peephole_kernel=tf.stack(sums))
    if spec.layer_norm:
        slopes, totals = (tf.split(value, gates, axis=-1) for value in (found.slopes, stash.total))
        normal = [normalise(total)[0] for total in totals]
        sums = [tf.reduce_sum(a * b, axis=[0, 1]) for a, b in zip(slopes, normal, strict=True)]
        result = result._replace(layer_norm_scale=tf.stack(sums))
        if spec.use_bias:
            result = result._replace(bias=tf.reduce_sum(found.slopes, axis=[0, 1]))
    if spec.projection_units is not None:
        m = stash.y if stash.o is None else stash.y * stash.o
        result = result._replace(projection_kernel=_over_time(m, found.d_projected))
    return Inputs(bars, found.dh, found.dc), result


def before(first: Tensor, values: Tensor) -> Tensor:
    """The value that each step started from."""
    return tf.concat([first[None], values[:-1]], axis=0)


def _over_time(a: Tensor, b: Tensor) -> Tensor:
    """Sum over time and batch of the outer products, as one matrix product."""
    return tf.matmul(tf.reshape(a, [-1, a.shape[-1]]), tf.reshape(b, [-1, b.shape[-1]]), transpose_a=True)
