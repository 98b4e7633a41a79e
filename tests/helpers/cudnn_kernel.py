"""cuDNN's kernels computed by a processor: what Keras calls on a GPU, in their layouts and with their habits.

Everything of Keras around the kernel is Keras's own; only the kernel and the look for a GPU are replaced.
"""

from __future__ import annotations

from typing import Any

import keras
import pytest
import tensorflow as tf

from keras_lstm_plus import LSTMPlus


def install(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A TensorFlow with a GPU, to Keras; the list grows by an entry with each kernel that is built."""
    devices = tf.config.list_logical_devices
    built: list[str] = []

    def kernel(**given: Any) -> tuple[Any, ...]:
        built.append(given["rnn_mode"])
        return tensorflow_kernel(**given)

    monkeypatch.setattr(
        tf.config, "list_logical_devices", lambda kind=None: ["GPU:0"] if kind == "GPU" else devices(kind)
    )
    monkeypatch.setattr(tf.raw_ops, "CudnnRNNV3", kernel)
    return built


def tensorflow_kernel(
    input: Any,
    input_h: Any,
    input_c: Any,
    params: Any,
    is_training: bool,
    rnn_mode: str,
    sequence_lengths: Any,
    time_major: bool,
) -> tuple[Any, ...]:
    """`tf.raw_ops.CudnnRNNV3`: batch-major, one layer; zeros beyond the length of a sequence."""
    assert (is_training, rnn_mode, time_major) == (True, "lstm", False)
    units, features = input_h.shape[-1], input.shape[-1]
    sizes = [units * features] * 4 + [units * units] * 4 + [units] * 8
    parts = tf.split(params, sizes)
    w = [tf.reshape(part, (units, features)) for part in parts[:4]]
    r = [tf.reshape(part, (units, units)) for part in parts[4:8]]
    b = [first + second for first, second in zip(parts[8:12], parts[12:], strict=True)]
    h, c = input_h[:, 0], input_c[:, 0]
    shown = []
    for t in range(input.shape[1]):
        i, f, g, o = (
            tf.matmul(input[:, t], w[k], transpose_b=True) + tf.matmul(h, r[k], transpose_b=True) + b[k]
            for k in range(4)
        )
        new_c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        new_h = tf.sigmoid(o) * tf.tanh(new_c)
        inside = (t < sequence_lengths)[:, None]
        h, c = tf.where(inside, new_h, h), tf.where(inside, new_c, c)
        shown.append(tf.where(inside, new_h, tf.zeros_like(new_h)))
    return tf.stack(shown, axis=1), h[:, None], c[:, None], None, None


def jax_kernel(
    x: Any,
    h_0: Any,
    c_0: Any,
    weights: Any,
    seq_lengths: Any,
    input_size: int,
    hidden_size: int,
    num_layers: int,
    dropout: float,
    bidirectional: bool,
) -> Any:
    """`jax.experimental.rnn.lstm`, by the reference that JAX has beside it."""
    from jax.experimental import rnn

    unpacked = rnn.unpack_lstm_weights(weights, input_size, hidden_size, num_layers, bidirectional)
    sizes = (input_size, hidden_size, num_layers, dropout, bidirectional)
    return rnn.lstm_ref(x, h_0, c_0, *unpacked, seq_lengths, *sizes)


def stock(layer: LSTMPlus) -> keras.layers.LSTM:
    """Keras's own layer with the same weights, and its own loop."""
    names = ("return_sequences", "return_state", "go_backwards", "zero_output_for_mask", "dropout", "seed")
    other = keras.layers.LSTM(layer.units, use_cudnn=False, **{name: getattr(layer, name) for name in names})
    other.build((None, None, layer.cell.kernel.shape[0]))
    other.set_weights(layer.get_weights())
    return other


def outputs(result: Any) -> list[Any]:
    """A layer's outputs as arrays."""
    return [keras.ops.convert_to_numpy(value) for value in keras.tree.flatten(result)]
