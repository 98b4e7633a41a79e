"""Checks of what is not public in Keras and TensorFlow; the table is in tests/house/test_private.py."""

from __future__ import annotations

import keras
import tensorflow as tf


def tangents_are_noticed() -> None:
    from keras_lstm_plus.private import carry_tangents

    x = tf.ones(2)
    with tf.autodiff.ForwardAccumulator(x, x):
        assert carry_tangents([x])
    assert not carry_tangents([x])


def a_graph_of_layers_is_known() -> None:
    from keras_lstm_plus.private import is_functional

    x = keras.Input((2,))
    assert is_functional(keras.Model(x, keras.layers.Dense(1)(x)))
    assert not is_functional(keras.Model())


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
