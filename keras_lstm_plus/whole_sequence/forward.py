"""The whole sequence at once, for TensorFlow: what makes `LSTMPlus` train faster than a loop of steps.

W x is one matrix product for all steps, before the loop. The loop keeps what the gradient will need, and the
gradient is derived by hand (`keras_lstm_plus.whole_sequence.backward`): its loop carries dh and dc only, and
the gradient of every weight is one matrix product over all steps after it. Every tensor is time-major,
`[time, batch, ...]`, every operation can be compiled by XLA.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import tensorflow as tf

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.spec import LSTMSpec
from keras_lstm_plus.whole_sequence.activations import SQUASH, normalise, once
from keras_lstm_plus.whole_sequence.backward import Stash, backward, weight_gradients


class Plan(NamedTuple):
    """What a trace of the loop depends on."""

    spec: LSTMSpec
    units: int
    every_step: bool  # h of all steps, or of the last alone
    compiled: bool  # by XLA


def supports(spec: LSTMSpec) -> bool:
    """Whether this path computes `spec`; the portable loop computes them all."""
    return not spec.gate_recurrence and all(name in SQUASH for name in spec.squashes)


def run_sequence(plan: Plan, tensors: dict[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """(h of all steps `[time, batch, output]` or h of the last, final h, final c).

    Args:
        tensors: `product [time, batch, gates * units]` (W x, with the bias in it unless there is a layer
            norm), `h0`, `c0`, `recurrent_kernel`; as the spec has them `bias`, `peephole_kernel`,
            `layer_norm_scale`, `projection_kernel`; and where wanted `hold_h` and `hold_c`
            `[time, batch, 1 or size]` (True: the step before stays) and `recurrent_masks [gates, batch,
            output]` (dropout of h').
    """
    names = tuple(sorted(tensors))
    there, back = _loops(plan, names)

    @tf.custom_gradient
    def sequence(*values: Tensor) -> Any:
        # A tape must not look into the loop: the gradient below is all it needs.
        stash, h, c = there(*(tf.stop_gradient(value) for value in values))

        def gradient(*upstream: Tensor) -> list[Tensor | None]:
            found = back(values, stash, *upstream)
            result = weight_gradients(plan.spec, dict(zip(names, values, strict=True)), stash, found)
            return [once(result[name]) if name in result else None for name in names]

        return (stash.h if plan.every_step else h, h, c), gradient

    return sequence(*(tf.convert_to_tensor(tensors[name]) for name in names))


@lru_cache(maxsize=256)
def _loops(plan: Plan, names: tuple[str, ...]) -> tuple[Any, Any]:
    """The loop forwards and the loop backwards, each traced once a shape."""

    def there(*values: Tensor) -> tuple[Stash, Tensor, Tensor]:
        return forward(plan, dict(zip(names, values, strict=True)))

    def back(values: tuple[Tensor, ...], stash: Stash, d_out: Tensor, d_h: Tensor, d_c: Tensor) -> Any:
        tensors = dict(zip(names, values, strict=True))
        if not plan.every_step:
            d_out, d_h = None, d_h + d_out
        return backward(plan.spec, tensors, stash, d_out, d_h, d_c)

    # Called eagerly, a tf.while_loop is a Python loop; inside a graph a function costs nothing.
    options = {"jit_compile": True} if plan.compiled else {"reduce_retracing": True}
    return tf.function(there, **options), tf.function(back, **options)


def forward(plan: Plan, tensors: dict[str, Tensor]) -> tuple[Stash, Tensor, Tensor]:
    """The loop over time; also what the gradient needs of every step."""
    spec = plan.spec
    product = tensors["product"]
    time = tf.shape(product)[0]
    names = [name for name in Stash._fields if name in _kept(spec, tensors)]

    def arrays(element: Tensor | None = None) -> Any:
        return tf.TensorArray(product.dtype, size=time, element_shape=element)

    read = {"product": arrays().unstack(product)}
    for name in ("hold_h", "hold_c"):
        if name in tensors:
            read[name] = tf.TensorArray(tf.bool, size=time).unstack(tensors[name])

    def body(k: Tensor, h: Tensor, c: Tensor, *kept: Any) -> tuple[Any, ...]:
        now = {name: array.read(k) for name, array in read.items()}
        step = _step(spec, tensors, now["product"], h, c)
        step["h"] = tf.where(now["hold_h"], h, step["h"]) if "hold_h" in now else step["h"]
        step["state"] = tf.where(now["hold_c"], c, step["c"]) if "hold_c" in now else step["c"]
        written = [array.write(k, step[name]) for name, array in zip(names, kept, strict=True)]
        return (k + 1, step["h"], step["state"], *written)

    start = (tf.constant(0), tensors["h0"], tensors["c0"], *(arrays() for _ in names))
    _, h, c, *kept = tf.while_loop(lambda k, *_: k < time, body, start, maximum_iterations=time)
    stacked = {name: array.stack() for name, array in zip(names, kept, strict=True)}
    stash = Stash(**{name: stacked.get(name) for name in Stash._fields})
    return stash, h, c


def _kept(spec: LSTMSpec, tensors: dict[str, Tensor]) -> set[str]:
    """What a step leaves behind for the gradient."""
    kept = {"h", "c", "y", *spec.gates}
    if spec.layer_norm:
        kept.add("total")
    if "hold_c" in tensors:
        kept.add("state")  # where the cell is held, the new cell and the state differ
    return kept


def _step(
    spec: LSTMSpec, tensors: dict[str, Tensor], product: Tensor, h: Tensor, c: Tensor
) -> dict[str, Tensor]:
    """One step; the equations of `keras_lstm_plus.step`, written for few and wide operations."""
    gates = spec.gates
    total = product + recurrent_product(spec, tensors, h)
    values = dict(zip(gates, tf.split(total, len(gates), axis=-1), strict=True))
    sigma, phi = SQUASH[spec.recurrent_activation], SQUASH[spec.candidate_activation]
    step: dict[str, Tensor] = {}

    def finish(gate: str, cell: Tensor) -> Tensor:
        value = values[gate]
        if spec.peephole and gate != "g":
            value += tensors["peephole_kernel"][spec.learned_gates.index(gate)] * cell
        values[gate] = value
        if spec.layer_norm:
            row = gates.index(gate)
            value = normalise(value)[0] * tensors["layer_norm_scale"][row]
            if spec.use_bias:
                value += tf.split(tensors["bias"], len(gates))[row]
        return (phi if gate == "g" else sigma).value(value)

    for gate in gates:
        if gate != "o":
            step[gate] = finish(gate, c)
    f = step.get("f")
    i = 1 - step["f"] if spec.input_gate == "coupled" else step.get("i")
    c = (c if f is None else f * c) + (step["g"] if i is None else i * step["g"])
    if spec.cell_clip is not None:
        c = tf.clip_by_value(c, -spec.cell_clip, spec.cell_clip)
    step["c"] = c
    h = step["y"] = SQUASH[spec.output_activation].value(c)
    if "o" in gates:
        step["o"] = finish("o", c)
        h = step["o"] * h
    if spec.projection_units is not None:
        h = tf.matmul(h, tensors["projection_kernel"])
        if spec.projection_clip is not None:
            h = tf.clip_by_value(h, -spec.projection_clip, spec.projection_clip)
    step["h"] = h
    if spec.layer_norm:
        step["total"] = tf.concat([values[gate] for gate in gates], axis=-1)
    return step


def recurrent_product(spec: LSTMSpec, tensors: dict[str, Tensor], h: Tensor) -> Tensor:
    """R h' for all gates side by side, `[batch, gates * units]`."""
    kernel, gates = tensors["recurrent_kernel"], len(spec.gates)
    if "recurrent_masks" in tensors:
        rows = [h * mask for mask in tf.unstack(tensors["recurrent_masks"], gates)]
    else:
        rows = [h] * gates
    if spec.recurrence == "diagonal":
        return tf.concat(rows, axis=-1) * tf.reshape(kernel, [-1])
    if "recurrent_masks" not in tensors:
        return tf.matmul(h, kernel)
    blocks = tf.split(kernel, gates, axis=-1)
    return tf.concat([tf.matmul(row, block) for row, block in zip(rows, blocks, strict=True)], axis=-1)
