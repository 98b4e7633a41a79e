"""All steps by the engine in C++, as one operation that can be differentiated any number of times.

The engine is called through `tf.numpy_function`: one library for every version of TensorFlow, no compilation
at a new shape. It knows the values and the first derivative. Whoever differentiates that again, or forwards,
gets the derivative of the same loops in plain operations (`keras_lstm_plus.whole_sequence.backward`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import tensorflow as tf

from keras_lstm_plus.aliases import Array, Tensor
from keras_lstm_plus.native import Engine, Given, Gradients, Layer, Shown, Task
from keras_lstm_plus.private import carry_tangents, unwatched
from keras_lstm_plus.step import Weights, input_product
from keras_lstm_plus.whole_sequence.backward import backward, gradients
from keras_lstm_plus.whole_sequence.forward import forward
from keras_lstm_plus.whole_sequence.values import Inputs


def run_natively(engine: Engine, layer: Layer, given: Given, training: bool) -> tuple[Tensor | None, ...]:
    """(h of all steps `[batch, time, output]`, or None, the final h, the final c).

    Args:
        training: a gradient will be asked for; else what it needs is computed when it is.
    """
    task = Task.of(engine, layer, given)
    values = [tf.convert_to_tensor(value) for value in given if value is not None]
    # Of what nobody follows no gradient is computed: that of the data that a model is trained with is dear.
    of_x = carry_tangents(values[:1]) or not unwatched(values[0])

    @tf.custom_gradient
    def sequence(*values: Tensor) -> Any:
        shown = _forward(task, training)(*values)
        results = [value for value in shown[:3] if value is not None]

        def gradient(*upstream: Tensor) -> list[Tensor | None]:
            seen = shown if training else _forward(task, True)(*values)
            found = dict(zip(task.wanted(of_x), _derivative(task, of_x, seen, values, upstream), strict=True))
            if not of_x and not tf.executing_eagerly():  # for who asks all the same; else it is never run
                found["x"] = _derivative(task, True, seen, values, upstream)[0]
            return [found.get(name) for name in task.names]

        return results, gradient

    found = sequence(*values)
    return tuple(found) if layer.every_step else (None, *found)


def _derivative(
    task: Task, of_x: bool, shown: Shown, values: Sequence[Tensor], upstream: Sequence[Tensor]
) -> list[Tensor]:
    """The gradient of the values that are numbers, given that of the results."""
    slopes = len(upstream)

    @tf.custom_gradient
    def derivative(*both: Tensor) -> Any:
        found = _backward(task, of_x)(shown, both[:-slopes], both[-slopes:])
        return found, lambda *d: _second_derivative(task, of_x, tf.executing_eagerly())(both, d)

    return list(derivative(*(tf.identity(value) for value in (*values, *upstream))))


def _forward(task: Task, keep: bool) -> Any:
    return _traced(task, "forward", keep) if tf.executing_eagerly() else _call(task, "forward", keep)


def _backward(task: Task, of_x: bool) -> Any:
    return _traced(task, "backward", of_x) if tf.executing_eagerly() else _call(task, "backward", of_x)


@lru_cache(maxsize=256)
def _traced(task: Task, way: str, choice: bool) -> Any:
    """Called eagerly, `tf.numpy_function` copies what it is given."""
    return tf.function(_call(task, way, choice), reduce_retracing=True, autograph=False)


@lru_cache(maxsize=256)
def _call(task: Task, way: str, choice: bool) -> Any:
    return _forward_call(task, choice) if way == "forward" else _backward_call(task, choice)


def _forward_call(task: Task, keep: bool) -> Any:
    def run(*arrays: Array) -> list[Array]:
        shown = task.engine.forward(task.layer, task.given(arrays), keep)
        return [array for array in shown if array is not None]

    def there(*values: Tensor) -> Shown:
        given = task.given(values)
        number = 2 + task.layer.every_step + keep
        found = list(tf.numpy_function(run, values, [tf.float32] * number, stateful=False))
        stash = found.pop() if keep else None
        out = found.pop(0) if task.layer.every_step else None
        (batch, time, _), outputs = given.x.shape, given.h0.shape[-1]
        if out is not None:
            out.set_shape((batch, time, outputs))
        if stash is not None:
            stash.set_shape((None,))
        found[0].set_shape((batch, outputs))
        found[1].set_shape((batch, task.layer.units))
        return Shown(out, found[0], found[1], stash)

    return there


def _backward_call(task: Task, of_x: bool) -> Any:
    every_step = task.layer.every_step

    def run(*arrays: Array) -> list[Array]:
        slopes = arrays[-2 - every_step :]
        out, stash = (arrays[0] if every_step else None), arrays[every_step]
        values = arrays[every_step + 1 : len(arrays) - len(slopes)]
        found = task.engine.backward(
            task.layer,
            task.given(values),
            Shown(out, slopes[-2], slopes[-1], stash),  # of the final states it wants nothing
            slopes if every_step else (None, *slopes),
            of_x,
        )._asdict()
        return [found[name] for name in task.wanted(of_x)]

    def back(shown: Shown, values: Sequence[Tensor], upstream: Sequence[Tensor]) -> list[Tensor]:
        left = [shown.out] * every_step + [shown.stash]
        names = task.wanted(of_x)
        inputs = [*left, *values, *upstream]
        found = list(tf.numpy_function(run, inputs, [tf.float32] * len(names), stateful=False))
        given = task.given(values)
        for name, slope in zip(names, found, strict=True):
            slope.set_shape(getattr(given, name).shape)
        return found

    return back


@lru_cache(maxsize=256)
def _second_derivative(task: Task, of_x: bool, eager: bool) -> Any:
    """The gradient of the values and of `upstream`, given that of the first derivative."""

    def second(both: Sequence[Tensor], upstream: Sequence[Tensor]) -> list[Tensor | None]:
        here = [tf.identity(value) for value in both]  # they may be of another graph
        slopes = 2 + task.layer.every_step
        found = _plain(task, task.given(here[:-slopes]), here[-slopes:])._asdict()
        first = [found[name] for name in task.wanted(of_x)]
        # Not a tape: within what a forward accumulator does, a tape sees nothing.
        return tf.gradients(first, here, list(upstream))

    return tf.function(second, reduce_retracing=True, autograph=False) if eager else second


def _plain(task: Task, given: Given, slopes: Sequence[Tensor]) -> Gradients:
    """The first derivative in operations that TensorFlow can differentiate."""
    spec = task.layer.spec

    def turned(x: Tensor) -> Tensor:
        x = tf.transpose(x, (1, 0, 2))
        return tf.reverse(x, [0]) if task.layer.reversed else x

    x = turned(given.x)
    product = input_product(given.kernel, x, None, len(spec.gates))
    if given.bias is not None:
        product += given.bias
    inputs = Inputs(product, given.h0, given.c0, given.hold_h, given.hold_c, given.masks)
    weights = Weights(None, given.recurrent, None, given.peephole, projection_kernel=given.projection)
    stash, _, _ = forward(spec, inputs, weights)
    d_out = tf.transpose(slopes[0], (1, 0, 2)) if task.layer.every_step else None
    found = backward(spec, inputs, weights, stash, (d_out, slopes[-2], slopes[-1]))
    of_inputs, of_weights = gradients(spec, inputs, weights, stash, found)
    bars = of_inputs.product
    d_x = tf.matmul(bars, given.kernel, transpose_b=True)
    d_x = tf.transpose(tf.reverse(d_x, [0]) if task.layer.reversed else d_x, (1, 0, 2))
    flat = [tf.reshape(value, [-1, value.shape[-1]]) for value in (x, bars)]
    return Gradients(
        d_x,
        tf.matmul(*flat, transpose_a=True),
        of_weights.recurrent_kernel,
        of_inputs.h0,
        of_inputs.c0,
        None if given.bias is None else tf.reduce_sum(bars, axis=[0, 1]),
        of_weights.peephole_kernel,
        of_weights.projection_kernel,
    )
