"""Checks of what is not public in Keras and TensorFlow; the table is in tests/house/test_private.py."""

from __future__ import annotations

import tempfile
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf


def masks_are_reset() -> None:
    from keras_lstm_plus import LSTMPlusCell

    resets = []

    class Cell(LSTMPlusCell):
        def reset_dropout_mask(self) -> None:
            resets.append(self.get_dropout_mask(None))  # what the loop has drawn
            super().reset_dropout_mask()

    keras.layers.RNN(Cell(4, dropout=0.5))(np.ones((2, 3, 5), "float32"), training=True)
    assert [mask.shape for mask in resets] == [(2, 5)]


def layers_within_layers_are_found() -> None:
    from keras_lstm_plus.private import flat_layers

    inner = keras.Sequential([keras.Input((None, 2)), keras.layers.LSTM(2, name="deep")])
    model = keras.Sequential([keras.Input((None, 2)), inner])
    assert {"deep", inner.name, model.name} <= {layer.name for layer in flat_layers(model)}


def xla_is_noticed() -> None:
    from keras_lstm_plus.private import inside_xla

    found = []

    def look(x: tf.Tensor) -> tf.Tensor:
        found.append(inside_xla())
        return x

    tf.function(look)(tf.zeros(1))
    tf.function(look, jit_compile=True)(tf.zeros(1))
    assert found == [False, True]


def tangents_are_noticed() -> None:
    from keras_lstm_plus.private import carry_tangents

    x = tf.ones(2)
    with tf.autodiff.ForwardAccumulator(x, x):
        assert carry_tangents([x])
    assert not carry_tangents([x])


def keras_steps_are_known() -> None:
    from keras_lstm_plus.private import in_keras_step

    found = []

    class Layer(keras.layers.Layer):
        def call(self, x: tf.Tensor) -> tf.Tensor:
            found.append(in_keras_step())
            return x

    model = keras.Sequential([keras.Input((2,)), Layer(), keras.layers.Dense(1)])
    x = tf.ones((4, 2))
    for steps in (1, 2):
        model.compile("sgd", "mse", steps_per_execution=steps)
        found.clear()
        model.fit(x, x[:, :1], batch_size=1, verbose=0)
        model.evaluate(x, x[:, :1], batch_size=1, verbose=0)
        model.predict(x, batch_size=1, verbose=0)
        assert len(found) >= 3
        assert all(found)
    found.clear()
    tf.function(model)(x)
    assert found == [False]


def saving_is_noticed() -> None:
    from keras_lstm_plus.private import being_saved

    found = []

    class Module(tf.Module):
        @tf.function(input_signature=[])
        def look(self) -> tf.Tensor:
            found.append(being_saved())
            return tf.zeros(1)

    tf.saved_model.save(Module(), tempfile.mkdtemp())
    Module().look()
    assert found[0]
    assert not found[-1]


def unwatched_tensors_are_noticed() -> None:
    from keras_lstm_plus.private import unwatched

    x = tf.ones(2)
    assert not unwatched(x)
    with tf.GradientTape() as tape:
        assert unwatched(x)
        tape.watch(x)
        assert not unwatched(x * 2)


def functions_of_torch_are_noticed() -> None:
    torch = pytest.importorskip("torch")
    from keras_lstm_plus.private import inside_functorch

    found: list[bool] = []

    def look(x: Any) -> Any:
        found.append(inside_functorch())
        return x.sum()

    x = torch.ones(2)
    look(x)
    torch.func.grad(look)(x)
    torch.func.jvp(look, (x,), (x,))
    with torch.autograd.forward_ad.dual_level():
        look(x)
    look(x)
    assert found == [False, True, True, True, False]


def a_graph_of_layers_is_known() -> None:
    from keras_lstm_plus.private import is_functional

    x = keras.Input((2,))
    assert is_functional(keras.Model(x, keras.layers.Dense(1)(x)))
    assert not is_functional(keras.Model())


def calls_and_masks_are_found() -> None:
    from keras_lstm_plus.private import calls_behind, mask_of

    tokens, other = keras.Input((3,), dtype="int32", name="a"), keras.Input((3, 2), name="b")
    x = keras.layers.Embedding(5, 2, mask_zero=True, name="table")(tokens)
    y = keras.layers.Add(name="sum")([x, other])
    calls = calls_behind([y])
    assert {call.operation.name for call in calls} == {"table", "sum", "a", "b"}
    (table,) = [call for call in calls if call.operation.name == "table"]
    assert table.arguments.args[0] is tokens
    assert {call.outputs[0].name for call in calls if call.is_input} == {"a", "b"}
    assert tuple(mask_of(x).shape) == (None, 3)
    assert mask_of(other) is None


def what_was_compiled_is_told() -> None:
    from keras_lstm_plus.private import compile_arguments

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    assert compile_arguments(model) == {}
    model.compile("sgd", loss=max)
    assert compile_arguments(model)["loss"] is max


def a_lambda_is_made_again() -> None:
    from keras_lstm_plus.private import trusted

    with trusted():
        keras.layers.Lambda.from_config(keras.layers.Lambda(lambda x: x + 1).get_config())


def an_axis_of_time_is_no_bias() -> None:
    from edge.convert import tf_private

    def operators() -> set[str]:
        add = tf.function(lambda x, y: keras.ops.add(x, y), autograph=False)
        graph = add.get_concrete_function(tf.zeros((1, 5, 5)), tf.zeros((1, 5, 1))).graph
        return {each.type for each in graph.get_operations()}

    with tf_private.plain_addition():
        inside = operators()
    assert "BiasAdd" in operators()
    assert "BiasAdd" not in inside


def cudnn_is_asked_as_keras_asks() -> None:
    from keras.src import backend

    from keras_lstm_plus.private import cudnn_lstm, cudnn_ok

    tanh, sigmoid = keras.activations.tanh, keras.activations.sigmoid
    seen = bool(tf.config.list_logical_devices("GPU"))
    assert cudnn_ok(tanh, sigmoid, False, use_bias=True) == seen
    assert not cudnn_ok(tanh, keras.activations.relu, False, use_bias=True)
    asked: list[set[str]] = []

    def noted(*arguments: object, **names: object) -> None:
        assert len(arguments) == 4
        asked.append(set(names))
        raise NotImplementedError

    kernel, backend.lstm = backend.lstm, noted
    try:
        keras.layers.LSTM(2)(tf.zeros((1, 2, 3)))
        try:
            cudnn_lstm(1, 2, 3, 4)
        except NotImplementedError:
            asked.pop()
    finally:
        backend.lstm = kernel
    names = {"kernel", "recurrent_kernel", "bias", "activation", "recurrent_activation"}
    assert asked == [names | {"return_sequences", "go_backwards", "unroll"}]
