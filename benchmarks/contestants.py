"""Who takes part in a gradient step: each a function without arguments, on the same data and weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from benchmarks.engine_switch import WITHOUT, engine_is_here, without
from benchmarks.turns import Steps
from keras_lstm_plus import LSTMPlus
from keras_lstm_plus.interop import to_torch

KERAS = ("Keras", "Keras, XLA")
OURS = ("LSTMPlus", "LSTMPlus peephole")


def gradient_steps(batch: int, time: int, inputs: int, units: int) -> Steps:
    """Forward, and backward to all weights, of the sum of squares of the outputs `[batch, time, units]`."""
    x = np.random.default_rng(0).normal(size=(batch, time, inputs)).astype("float32")
    standard, peephole = layers(inputs, units)
    plain, compiled = (stock(standard, **options) for options in ({}, {"use_cudnn": False}))
    return {
        "Keras": gradient_step(plain, x),
        "Keras, XLA": gradient_step(compiled, x, jit_compile=True),
        "BlockLSTM": _block_step(standard, x),
        **_torch_step(standard, x),
        **({WITHOUT: without(gradient_step(standard, x))} if engine_is_here() else {}),
        "LSTMPlus": gradient_step(standard, x),
        "LSTMPlus peephole": gradient_step(peephole, x),
    }


def ours(batch: int, time: int, inputs: int, units: int) -> Steps:
    """The same gradient step with this layer alone."""
    x = np.random.default_rng(0).normal(size=(batch, time, inputs)).astype("float32")
    standard, peephole = layers(inputs, units)
    return {"LSTMPlus": gradient_step(standard, x), "LSTMPlus peephole": gradient_step(peephole, x)}


def layers(inputs: int, units: int) -> tuple[LSTMPlus, LSTMPlus]:
    """The standard one and one with peepholes, built."""
    standard = LSTMPlus(units, return_sequences=True)
    peephole = LSTMPlus(units, "peephole", return_sequences=True)
    for layer in (standard, peephole):
        layer.build((None, None, inputs))
    return standard, peephole


def stock(layer: LSTMPlus, **options: Any) -> keras.layers.LSTM:
    """Keras's own with the same weights."""
    other = keras.layers.LSTM(layer.units, return_sequences=True, **options)
    other.build((None, None, layer.cell.kernel.shape[0]))
    other.set_weights(layer.get_weights())
    return other


def gradient_step(
    layer: keras.layers.Layer, x: np.ndarray, jit_compile: bool | None = None
) -> Callable[[], Any]:
    """Gives the gradient of every weight."""
    data = tf.constant(x)

    @tf.function(jit_compile=jit_compile)
    def step(data: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(layer(data, training=True)))
        return tape.gradient(loss, [weight.value for weight in layer.trainable_weights])

    return lambda: [gradient.numpy() for gradient in step(data)]


def _block_step(layer: LSTMPlus, x: np.ndarray) -> Callable[[], Any]:
    """TensorFlow's fused training kernel, whose order of the gates is i, g, f, o.

    The first version of it: for the second, which has Keras's order, TensorFlow 2.21 has registered the
    gradient of the first, and its numbers are wrong.
    """
    units = layer.units
    data = tf.constant(np.swapaxes(x, 0, 1))
    zeros, none = tf.zeros((x.shape[0], units)), tf.zeros((units,))
    kernel = _swapped(tf.concat([layer.cell.kernel.value, layer.cell.recurrent_kernel.value], axis=0))
    bias = _swapped(layer.cell.bias.value)

    @tf.function
    def block(data: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch([kernel, bias])
            h = tf.raw_ops.BlockLSTM(
                seq_len_max=tf.cast(tf.shape(data)[0], tf.int64),
                x=data,
                cs_prev=zeros,
                h_prev=zeros,
                w=kernel,
                wci=none,
                wcf=none,
                wco=none,
                b=bias,
                forget_bias=0.0,
                cell_clip=-1.0,
                use_peephole=False,
            ).h
            loss = tf.reduce_sum(tf.square(h))
        return [_swapped(gradient) for gradient in tape.gradient(loss, [kernel, bias])]

    return lambda: [gradient.numpy() for gradient in block(data)]


def _swapped(value: tf.Tensor) -> tf.Tensor:
    """Its second block and its third in each other's place."""
    i, f, g, o = tf.split(value, 4, axis=-1)
    return tf.concat([i, g, f, o], axis=-1)


def _torch_step(layer: LSTMPlus, x: np.ndarray) -> Steps:
    try:
        import torch
    except ImportError:
        return {}
    lstm = torch.nn.LSTM(x.shape[2], layer.units, batch_first=True)
    lstm.load_state_dict({name: torch.from_numpy(value) for name, value in to_torch(layer).items()})
    data = torch.from_numpy(x)

    def step() -> Any:
        lstm.zero_grad()
        lstm(data)[0].square().sum().backward()
        return [parameter.grad for parameter in lstm.parameters()]

    return {"torch": step}
