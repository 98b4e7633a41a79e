"""The gradient of the whole sequence, derived by hand.

With m the unprojected output o*phi(c), and a bar for the gradient of a total W x + R h' + p*c:

    dm  = dh P^T                              (dh itself without a projection)
    ō   = dm * phi(c) * s'(o)
    dc += dm * o * phi'(c) + ō * p_o
    ī   = dc * g * s'(i)      f̄ = dc * c' * s'(f)      ḡ = dc * i * phi'(g)
    dc' = dc * f + ī * p_i + f̄ * p_f
    dh' = ī R_i^T + f̄ R_f^T + ḡ R_g^T + ō R_o^T

Every factor beside dm and dc is known before the loop runs backwards. A coupled gate has
f̄ = dc * (c' - g) * s'(f); an open gate has no bar; a clipped cell has dc = 0; a layer norm passes each bar
through its own gradient.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from keras_lstm_plus.spec import LSTMSpec
from keras_lstm_plus.squash import SQUASH

Tensor = Any

LAYER_NORM_EPSILON = 1e-8  # that of keras_lstm_plus.step


class Stash(NamedTuple):
    """What the forward loop kept of every step, `[time, batch, ...]`; None where not needed."""

    h: Tensor
    c: Tensor  # the new cell
    state: Tensor  # the cell that went on, where some were held
    i: Tensor
    f: Tensor
    g: Tensor
    o: Tensor
    total: Tensor  # what a layer norm normalised


class Factors(NamedTuple):
    """What dc and dm are multiplied by at every step, `[time, batch, ...]`."""

    cell_to_gates: Tensor  # [time, batch, gates but o, units]
    cell_to_cell: Tensor
    output_to_cell: Tensor
    output_to_o: Tensor | None


def backward(
    spec: LSTMSpec,
    every_step: bool,
    tensors: dict[str, Tensor],
    stash: Stash,
    d_out: Tensor,
    d_h: Tensor,
    d_c: Tensor,
) -> dict[str, Tensor]:
    """Gradients by the names of `tensors`."""
    time = tf.shape(stash.h)[0]
    previous_c = _before(tensors["c0"], stash.c if stash.state is None else stash.state)
    factors = _factors(spec, tensors, stash, previous_c)
    read: dict[str, Tensor] = {name: value for name, value in factors._asdict().items() if value is not None}
    read |= {name: tensors[name] for name in ("hold_h", "hold_c") if name in tensors}
    if every_step:
        read["d_out"] = d_out
    else:
        d_h = d_h + d_out
    if spec.projection_clip is not None:
        read["free"] = tf.cast(tf.abs(stash.h) < spec.projection_clip, stash.h.dtype)
    if spec.layer_norm:
        split = _by_gate(spec, stash.total)
        read["normal"], read["inverse"] = normalise(split)
    arrays = {name: tf.TensorArray(value.dtype, size=time).unstack(value) for name, value in read.items()}
    names = ["bars"] + ["slopes"] * spec.layer_norm + ["d_projected"] * (spec.projection_units is not None)

    def body(k: Tensor, dh: Tensor, dc: Tensor, *kept: Any) -> tuple[Any, ...]:
        now = {name: array.read(k) for name, array in arrays.items()}
        step = _step_back(spec, tensors, now, dh, dc)
        written = [array.write(k, step[name]) for name, array in zip(names, kept, strict=True)]
        return (k - 1, step["dh"], step["dc"], *written)

    start = (time - 1, d_h, d_c, *(tf.TensorArray(stash.h.dtype, size=time) for _ in names))
    _, dh, dc, *kept = tf.while_loop(lambda k, *_: k >= 0, body, start, maximum_iterations=time)
    found = {name: array.stack() for name, array in zip(names, kept, strict=True)}
    return {"h0": dh, "c0": dc, **_weights(spec, tensors, stash, previous_c, found, read)}


def _factors(spec: LSTMSpec, tensors: dict[str, Tensor], stash: Stash, previous_c: Tensor) -> Factors:
    sigma, phi = SQUASH[spec.recurrent_activation].slope, SQUASH[spec.candidate_activation].slope
    squashed = SQUASH[spec.output_activation].value(stash.c)
    output_to_cell = SQUASH[spec.output_activation].slope(squashed)
    output_to_o = None
    if stash.o is not None:
        output_to_cell *= stash.o
        output_to_o = squashed * sigma(stash.o)
    i = 1 - stash.f if spec.input_gate == "coupled" else stash.i
    blocks: dict[str, Tensor] = {}
    if stash.i is not None:
        blocks["i"] = stash.g * sigma(stash.i)
    if stash.f is not None:
        value = previous_c - stash.g if spec.input_gate == "coupled" else previous_c
        blocks["f"] = value * sigma(stash.f)
    blocks["g"] = phi(stash.g) if i is None else i * phi(stash.g)
    cell_to_cell = tf.ones_like(stash.c) if stash.f is None else stash.f
    if spec.cell_clip is not None:
        free = tf.cast(tf.abs(stash.c) < spec.cell_clip, stash.c.dtype)
        blocks = {gate: block * free for gate, block in blocks.items()}
        cell_to_cell *= free
    if spec.peephole and not spec.layer_norm:  # with a norm in between they are no mere factors
        for gate, row in zip(spec.learned_gates, tf.unstack(tensors["peephole_kernel"]), strict=True):
            if gate == "o":
                output_to_cell += output_to_o * row
            else:
                cell_to_cell += blocks[gate] * row
    stacked = tf.stack([blocks[gate] for gate in spec.gates if gate != "o"], axis=2)
    return Factors(stacked, cell_to_cell, output_to_cell, output_to_o)


def _step_back(
    spec: LSTMSpec, tensors: dict[str, Tensor], now: dict[str, Tensor], dh: Tensor, dc: Tensor
) -> dict[str, Tensor]:
    step: dict[str, Tensor] = {}
    if "d_out" in now:
        dh += now["d_out"]
    held_h, dh = _hold(now.get("hold_h"), dh)
    held_c, dc = _hold(now.get("hold_c"), dc)
    dm = dh
    if spec.projection_units is not None:
        step["d_projected"] = dh * now["free"] if "free" in now else dh
        dm = tf.matmul(step["d_projected"], tensors["projection_kernel"], transpose_b=True)
    rows = (
        dict(zip(spec.learned_gates, tf.unstack(tensors["peephole_kernel"]), strict=True))
        if (spec.peephole and spec.layer_norm)
        else {}
    )
    slopes_o = bar_o = None
    dc += dm * now["output_to_cell"]
    if "output_to_o" in now:
        slopes_o = bar_o = (dm * now["output_to_o"])[:, None]
        if spec.layer_norm:
            bar_o = _norm_back(spec, tensors, now, slopes_o, slice(len(spec.gates) - 1, None))
        if "o" in rows:
            dc += bar_o[:, 0] * rows["o"]
    slopes = bars = dc[:, None] * now["cell_to_gates"]
    dc *= now["cell_to_cell"]
    if spec.layer_norm:
        bars = _norm_back(spec, tensors, now, slopes, slice(0, slopes.shape[1]))
        for gate, row in rows.items():
            if gate != "o":
                dc += bars[:, spec.gates.index(gate)] * row
    step["bars"] = _join(bars, bar_o)
    if spec.layer_norm:
        step["slopes"] = _join(slopes, slopes_o)
    step["dh"] = held_h + recurrent_back(spec, tensors, step["bars"])
    step["dc"] = held_c + dc
    return step


def _hold(hold: Tensor | None, gradient: Tensor) -> tuple[Tensor, Tensor]:
    """What goes to the step before as it is, and what goes through this step."""
    if hold is None:
        return tf.constant(0, gradient.dtype), gradient
    zero = tf.zeros_like(gradient)
    return tf.where(hold, gradient, zero), tf.where(hold, zero, gradient)


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


def _weights(
    spec: LSTMSpec,
    tensors: dict[str, Tensor],
    stash: Stash,
    previous_c: Tensor,
    found: dict[str, Tensor],
    read: dict[str, Tensor],
) -> dict[str, Tensor]:
    """The gradient of each weight: one product or sum over all steps."""
    bars = found["bars"]
    previous_h = _before(tensors["h0"], stash.h)
    gates = len(spec.gates)
    result = {"product": bars}
    masks = tensors.get("recurrent_masks")
    rows = [previous_h] * gates if masks is None else [previous_h * mask for mask in tf.unstack(masks, gates)]
    if spec.recurrence == "diagonal":
        sums = tf.reduce_sum(tf.concat(rows, axis=-1) * bars, axis=[0, 1])
        result["recurrent_kernel"] = tf.reshape(sums, [gates, -1])
    elif masks is None:
        result["recurrent_kernel"] = _over_time(previous_h, bars)
    else:
        parts = zip(rows, tf.split(bars, gates, axis=-1), strict=True)
        result["recurrent_kernel"] = tf.concat([_over_time(row, bar) for row, bar in parts], axis=-1)
    by_gate = dict(zip(spec.gates, tf.split(bars, gates, axis=-1), strict=True))
    if spec.peephole:
        seen = {"i": previous_c, "f": previous_c, "o": stash.c}
        sums = [tf.reduce_sum(by_gate[gate] * seen[gate], axis=[0, 1]) for gate in spec.learned_gates]
        result["peephole_kernel"] = tf.stack(sums)
    if spec.layer_norm:
        slopes = found["slopes"]
        result["layer_norm_scale"] = tf.reduce_sum(_by_gate(spec, slopes) * read["normal"], axis=[0, 1])
        if spec.use_bias:
            result["bias"] = tf.reduce_sum(slopes, axis=[0, 1])
    if spec.projection_units is not None:
        m = SQUASH[spec.output_activation].value(stash.c)
        m = m if stash.o is None else m * stash.o
        result["projection_kernel"] = _over_time(m, found["d_projected"])
    return result


def normalise(value: Tensor) -> tuple[Tensor, Tensor]:
    """(value with mean 0 and variance 1 over the last axis, 1 / its standard deviation), in value's dtype."""
    wide = tf.cast(value, tf.float32) if value.dtype.size < 4 else value
    centred = wide - tf.reduce_mean(wide, axis=-1, keepdims=True)
    variance = tf.reduce_mean(tf.square(centred), axis=-1, keepdims=True)
    inverse = tf.math.rsqrt(variance + LAYER_NORM_EPSILON)
    return tf.cast(centred * inverse, value.dtype), tf.cast(inverse, value.dtype)


def _norm_back(
    spec: LSTMSpec, tensors: dict[str, Tensor], now: dict[str, Tensor], slopes: Tensor, rows: slice
) -> Tensor:
    """Gradient of the normalised totals `[batch, rows, units]` from that of the squashed value's argument."""
    normal, inverse = now["normal"][:, rows], now["inverse"][:, rows]
    scaled = slopes * tensors["layer_norm_scale"][rows]
    mean = tf.reduce_mean(scaled, axis=-1, keepdims=True)
    along = tf.reduce_mean(scaled * normal, axis=-1, keepdims=True)
    return inverse * (scaled - mean - normal * along)


def _by_gate(spec: LSTMSpec, value: Tensor) -> Tensor:
    """`[time, batch, gates * units]` as `[time, batch, gates, units]`."""
    return tf.stack(tf.split(value, len(spec.gates), axis=-1), axis=2)


def _join(bars: Tensor, bar_o: Tensor | None) -> Tensor:
    rows = tf.unstack(bars, axis=1) + ([] if bar_o is None else [bar_o[:, 0]])
    return tf.concat(rows, axis=-1)


def _before(first: Tensor, values: Tensor) -> Tensor:
    """The value that each step started from."""
    return tf.concat([first[None], values[:-1]], axis=0)


def _over_time(a: Tensor, b: Tensor) -> Tensor:
    """Sum over time and batch of the outer products, as one matrix product."""
    return tf.matmul(tf.reshape(a, [-1, a.shape[-1]]), tf.reshape(b, [-1, b.shape[-1]]), transpose_a=True)


@tf.custom_gradient
def once(value: Tensor) -> Any:
    """The value; a second derivative, which a hand-derived first one would get wrong, is refused."""

    def refuse(*_: Tensor) -> None:
        raise NotImplementedError(
            "LSTMPlus: the second derivative of the whole-sequence path is not defined; "
            "set unroll=True, whose plain operations can be differentiated any number of times."
        )

    return tf.identity(value), refuse
