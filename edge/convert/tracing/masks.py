"""A mask around an operator that has none.

The steps that count are moved to the front, in their order; the operator runs over all; and each step of the
result is fetched from where its own went. What comes after the last step that counts runs on padding and is
never fetched. That is exact for padding on either side and for holes in the middle.
"""

from __future__ import annotations

import tensorflow as tf

from keras_lstm_plus.aliases import Tensor


def packed(x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """The sequences with the steps that count at their front.

    Args:
        x: `[batch, time, features]`.
        mask: `[batch, time]`, True for a step that counts.

    Returns:
        x in its new order, and for each step how many that count there are up to it, less one: where the
        newest of them went, `[batch, time]`, -1 before the first.
    """
    steps = tf.shape(x)[1] if x.shape[1] is None else x.shape[1]
    position = tf.cumsum(tf.cast(mask, tf.int32), axis=1) - 1
    time = tf.range(steps)
    # Sorted by time, those that do not count behind those that do.
    order = tf.math.top_k(-tf.where(mask, time, time + steps), k=steps).indices
    return _gather(x, order), position


def closed(x: Tensor, position: Tensor, value: float) -> Tensor:
    """Packed sequences with one more feature: 0 where a step counts, `value` where not, the rest 0."""
    steps = tf.shape(x)[1] if x.shape[1] is None else x.shape[1]
    counts = (tf.range(steps) <= position[:, -1:])[..., None]
    flag = tf.where(counts, 0.0, value)
    return tf.concat([tf.where(counts, x, 0.0), flag], axis=2)


def unpacked(y: Tensor, position: Tensor, shown: Tensor) -> Tensor:
    """The outputs of every step in the old order, zeros where not `shown`."""
    return tf.where(shown[..., None], _gather(y, tf.maximum(position, 0)), 0.0)


def last(y: Tensor, position: Tensor, shown: Tensor) -> Tensor:
    """The output of the last step that counts, `[batch, output]`; zeros where not `shown[:, -1]`."""
    return unpacked(y, position[:, -1:], shown[:, -1:])[:, 0]


def _gather(x: Tensor, order: Tensor) -> Tensor:
    if x.shape[0] == 1:
        return tf.gather(x, order[0], axis=1)
    return tf.gather(x, order, axis=1, batch_dims=1)
