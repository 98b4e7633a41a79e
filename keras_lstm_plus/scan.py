"""`keras.ops.scan` for TensorFlow, told the number of steps: without it XLA has no gradient."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from keras_lstm_plus.aliases import Tensor


def scan(
    body: Callable[[list[Tensor], dict[str, Tensor]], tuple[list[Tensor], list[Tensor]]],
    states: list[Tensor],
    xs: dict[str, Tensor],
    like: list[Tensor] | None = None,
) -> tuple[list[Tensor], list[Tensor]]:
    """Apply `body(states, now) -> (states, outputs)` to each step of `xs`, `[time, ...]` each.

    Args:
        like: as many tensors as there are outputs, of their types and shapes; None: the states.

    Returns:
        The last states, and the outputs of all steps, `[time, ...]` each.
    """
    first = next(iter(xs.values()))
    time = first.shape[0] if first.shape[0] is not None else tf.shape(first)[0]
    states = [tf.convert_to_tensor(state) for state in states]
    history = [
        tf.TensorArray(each.dtype, time, element_shape=each.shape, clear_after_read=False)
        for each in (states if like is None else like)
    ]

    def step(k: Tensor, old: list[Tensor], kept: list[Tensor]) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        new, shown = body(old, {name: value[k] for name, value in xs.items()})
        return k + 1, list(new), [array.write(k, value) for array, value in zip(kept, shown, strict=True)]

    start = (tf.constant(0), states, history)
    _, last, kept = tf.while_loop(lambda k, *_: k < time, step, start, maximum_iterations=time)
    return last, [array.stack() for array in kept]
