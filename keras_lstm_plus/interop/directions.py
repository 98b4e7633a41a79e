"""Two layers, read in both directions, as one."""

from __future__ import annotations

import keras

from keras_lstm_plus.interop.common import check_built
from keras_lstm_plus.layer import LSTMPlus


def bidirectional(
    forward: LSTMPlus, backward: LSTMPlus, merge_mode: str | None = "concat"
) -> keras.layers.Bidirectional:
    """`keras.layers.Bidirectional` of two built layers, with the weights of both.

    Keras's constructor starts the first of them anew from its config and so forgets its weights; this does
    not. Both are copied.

    Args:
        forward: reads from the start, output `[batch, time, output]` or `[batch, output]`.
        backward: has `go_backwards=True`, as `from_torch(..., reverse=True)` and `from_onnx` give it.
        merge_mode: `"concat"` (as PyTorch and ONNX put the two), `"sum"`, `"mul"`, `"ave"`, or None for both.

    Raises:
        ValueError: a layer is not built, or Keras finds that the two do not go together.

    Example:
        >>> import numpy as np
        >>> forward = LSTMPlus(3, return_sequences=True)
        >>> backward = LSTMPlus(3, return_sequences=True, go_backwards=True)
        >>> x = np.ones((2, 5, 4), "float32")
        >>> one, other = forward(x), backward(x)
        >>> both = bidirectional(forward, backward)(x)
        >>> bool(np.allclose(both[..., :3], one)), bool(np.allclose(both[..., 3:], np.flip(other, axis=1)))
        (True, True)
    """
    for layer in (forward, backward):
        check_built("bidirectional", layer)
    twin = LSTMPlus.from_config(backward.get_config())
    # With a policy of its own it would cast the inputs of two float64 layers to float32.
    joined = keras.layers.Bidirectional(
        forward, merge_mode=merge_mode, backward_layer=twin, dtype=forward.dtype_policy
    )
    for copy, layer in ((joined.forward_layer, forward), (joined.backward_layer, backward)):
        batch = layer.states[0].shape[0] if layer.stateful else None
        copy.build((batch, None, layer.cell.kernel.shape[0]))
        copy.set_weights(layer.get_weights())
    joined.build((None, None, forward.cell.kernel.shape[0]))
    return joined
