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

from typing import Any, NamedTuple

import tensorflow as tf

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.spec import LSTMSpec
from keras_lstm_plus.whole_sequence.activations import SQUASH, normalise


class Stash(NamedTuple):
    """What the forward loop kept of every step, `[time, batch, ...]`; None where not needed."""

    h: Tensor
    c: Tensor  # the new cell
    y: Tensor  # phi(c)
    state: Tensor  # the cell that went on, where some were held
    i: Tensor
    f: Tensor
    g: Tensor
    o: Tensor
    total: Tensor  # what a layer norm normalised


class Bars(NamedTuple):
    """What the backward loop found at every step, `[time, batch, ...]`, and at its end `[batch, ...]`."""

    bars: Tensor  # [time, batch, gates * units]
    slopes: Tensor  # the same before a layer norm; None without
    d_projected: Tensor  # dh past the clip; None without a projection
    h0: Tensor
    c0: Tensor


def backward(
    spec: LSTMSpec, tensors: dict[str, Tensor], stash: Stash, d_out: Tensor, d_h: Tensor, d_c: Tensor
) -> Bars:
    """The loop, from the last step to the first.

    Args:
        d_out: gradient of h at every step; None where only the last one was shown.
        d_h, d_c: gradients of the final states.
    """
    time = tf.shape(stash.h)[0]
    read = {name: value for name, value in stash._asdict().items() if value is not None}
    read["previous_c"] = before(tensors["c0"], read.pop("state", stash.c))
    read |= {name: tensors[name] for name in ("hold_h", "hold_c") if name in tensors}
    if d_out is not None:
        read["d_out"] = d_out
    arrays = {name: tf.TensorArray(value.dtype, size=time).unstack(value) for name, value in read.items()}
    names = ["bars"] + ["slopes"] * spec.layer_norm + ["d_projected"] * (spec.projection_units is not None)

    def body(k: Tensor, dh: Tensor, dc: Tensor, *kept: Any) -> tuple[Any, ...]:
        step = _step_back(spec, tensors, {name: array.read(k) for name, array in arrays.items()}, dh, dc)
        written = [array.write(k, step[name]) for name, array in zip(names, kept, strict=True)]
        return (k - 1, step["dh"], step["dc"], *written)

    start = (time - 1, d_h, d_c, *(tf.TensorArray(stash.h.dtype, size=time) for _ in names))
    _, dh, dc, *kept = tf.while_loop(lambda k, *_: k >= 0, body, start, maximum_iterations=time)
    found = {name: array.stack() for name, array in zip(names, kept, strict=True)}
    return Bars(found["bars"], found.get("slopes"), found.get("d_projected"), dh, dc)


def _step_back(
    spec: LSTMSpec, tensors: dict[str, Tensor], now: dict[str, Tensor], dh: Tensor, dc: Tensor
) -> dict[str, Tensor]:
    sigma, phi, out = (SQUASH[name].slope for name in spec.squashes)
    peepholes = dict(zip(spec.learned_gates, _rows(tensors.get("peephole_kernel")), strict=False))
    step: dict[str, Tensor] = {}
    dh = dh + now["d_out"] if "d_out" in now else dh
    held_h, dh = _hold(now.get("hold_h"), dh)
    held_c, dc = _hold(now.get("hold_c"), dc)
    dm = dh
    if spec.projection_units is not None:
        if spec.projection_clip is not None:
            dm = _where_free(now["h"], spec.projection_clip, dm)
        step["d_projected"] = dm
        dm = tf.matmul(dm, tensors["projection_kernel"], transpose_b=True)

    slopes: dict[str, Tensor] = {}
    bars: dict[str, Tensor] = {}

    def finish(gate: str, slope: Tensor) -> Tensor:
        slopes[gate] = slope
        bars[gate] = _norm_back(spec, tensors, now["total"], gate, slope) if spec.layer_norm else slope
        return bars[gate] * peepholes[gate] if gate in peepholes else 0.0

    y, f, g, c = now["y"], now.get("f"), now["g"], now["previous_c"]
    i = now.get("i")
    if spec.input_gate == "coupled":
        i = 1 - now["f"]
    shown = dm
    if "o" in now:
        shown = dm * now["o"]
        dc += finish("o", dm * y * sigma(now["o"]))
    dc += shown * out(y)
    if spec.cell_clip is not None:
        dc = _where_free(now["c"], spec.cell_clip, dc)
    on = dc if f is None else dc * f
    if "i" in now:
        on += finish("i", dc * g * sigma(now["i"]))
    if f is not None:
        on += finish("f", dc * (c - g if spec.input_gate == "coupled" else c) * sigma(f))
    finish("g", dc * phi(g) if i is None else dc * i * phi(g))
    step["bars"] = tf.concat([bars[gate] for gate in spec.gates], axis=-1)
    step["slopes"] = tf.concat([slopes[gate] for gate in spec.gates], axis=-1)
    step["dh"] = held_h + recurrent_back(spec, tensors, step["bars"])
    step["dc"] = held_c + on
    return step


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


def _norm_back(spec: LSTMSpec, tensors: dict[str, Tensor], total: Tensor, gate: str, slope: Tensor) -> Tensor:
    """Gradient of a gate's total `[batch, units]` from that of its normalised, scaled value."""
    row = spec.gates.index(gate)
    normal, inverse = normalise(tf.split(total, len(spec.gates), axis=-1)[row])
    scaled = slope * tensors["layer_norm_scale"][row]
    mean = tf.reduce_mean(scaled, axis=-1, keepdims=True)
    along = tf.reduce_mean(scaled * normal, axis=-1, keepdims=True)
    return inverse * (scaled - mean - normal * along)


def recurrent_back(spec: LSTMSpec, tensors: dict[str, Tensor], bars: Tensor) -> Tensor:
    """dh' of the bars `[batch, gates * units]`."""
    kernel, masks = tensors["recurrent_kernel"], tensors.get("recurrent_masks")
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


def weight_gradients(
    spec: LSTMSpec, tensors: dict[str, Tensor], stash: Stash, found: Bars
) -> dict[str, Tensor]:
    """The gradient of each weight and of W x, by the names of `tensors`."""
    bars, gates = found.bars, len(spec.gates)
    by_gate = dict(zip(spec.gates, tf.split(bars, gates, axis=-1), strict=True))
    result = {"product": bars, "h0": found.h0, "c0": found.c0}
    h = before(tensors["h0"], stash.h)
    masks = tensors.get("recurrent_masks")
    rows = [h] * gates if masks is None else [h * mask for mask in tf.unstack(masks, gates)]
    if spec.recurrence == "diagonal":
        sums = tf.reduce_sum(tf.concat(rows, axis=-1) * bars, axis=[0, 1])
        result["recurrent_kernel"] = tf.reshape(sums, [gates, -1])
    elif masks is None:
        result["recurrent_kernel"] = _over_time(h, bars)
    else:
        parts = [_over_time(row, bar) for row, bar in zip(rows, by_gate.values(), strict=True)]
        result["recurrent_kernel"] = tf.concat(parts, axis=-1)
    if spec.peephole:
        c = before(tensors["c0"], stash.c if stash.state is None else stash.state)
        seen = {"i": c, "f": c, "o": stash.c}
        sums = [tf.reduce_sum(by_gate[gate] * seen[gate], axis=[0, 1]) for gate in spec.learned_gates]
        result["peephole_kernel"] = tf.stack(sums)
    if spec.layer_norm:
        slopes, totals = (tf.split(value, gates, axis=-1) for value in (found.slopes, stash.total))
        normal = [normalise(total)[0] for total in totals]
        sums = [tf.reduce_sum(a * b, axis=[0, 1]) for a, b in zip(slopes, normal, strict=True)]
        result["layer_norm_scale"] = tf.stack(sums)
        if spec.use_bias:
            result["bias"] = tf.reduce_sum(found.slopes, axis=[0, 1])
    if spec.projection_units is not None:
        m = stash.y if stash.o is None else stash.y * stash.o
        result["projection_kernel"] = _over_time(m, found.d_projected)
    return result


def before(first: Tensor, values: Tensor) -> Tensor:
    """The value that each step started from."""
    return tf.concat([first[None], values[:-1]], axis=0)


def _over_time(a: Tensor, b: Tensor) -> Tensor:
    """Sum over time and batch of the outer products, as one matrix product."""
    return tf.matmul(tf.reshape(a, [-1, a.shape[-1]]), tf.reshape(b, [-1, b.shape[-1]]), transpose_a=True)
