"""`keras_lstm_plus.cudnn` on a TensorFlow that believes in a GPU, with a stand-in for the kernel alone.

The other backends: `tests/helpers/backend_check.py`.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_lstm_plus import VARIANTS, LSTMPlus, LSTMSpec
from keras_lstm_plus.cudnn import may_use_cudnn, run_cudnn
from keras_lstm_plus.recurrence import Call
from tests.helpers import oracle
from tests.helpers.cudnn_kernel import install, outputs, stock
from tests.helpers.layers import randomise, relative

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 6, 4)).astype("float32")
STATES = [RNG.normal(size=(3, 5)).astype("float32") for _ in range(2)]
MASKS = {
    "no mask": None,
    "padded": np.arange(6) < np.array([[6], [2], [4]]),
    "left": np.arange(6) >= np.array([[0], [2], [3]]),
    "empty": np.arange(6) < np.array([[6], [0], [4]]),
}


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return install(monkeypatch)


def layer_with(**options: Any) -> LSTMPlus:
    layer = LSTMPlus(5, **{"return_sequences": True, "return_state": True, **options})
    randomise(layer, 4)
    return layer


def derivatives(layer: keras.layers.RNN, mask: Any, graph: bool) -> list[Any]:
    """The outputs, and the gradients of all that goes in."""

    def run() -> tuple[Any, Any]:
        data = [tf.constant(X), *map(tf.constant, STATES)]
        with tf.GradientTape() as tape:
            tape.watch(data)
            found = keras.tree.flatten(layer(data[0], initial_state=data[1:], mask=mask, training=True))
            loss = tf.add_n([tf.reduce_sum(tf.sin(value + k)) for k, value in enumerate(found)])
        weights = [weight.value for weight in layer.trainable_weights]
        return found, tape.gradient(loss, [*data, *weights])

    return outputs(tf.function(run)() if graph else run())


@pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"go_backwards": True},
        {"return_sequences": False},
        {"zero_output_for_mask": True},
        {"zero_output_for_mask": True, "return_sequences": False},
        {"zero_output_for_mask": True, "go_backwards": True},
    ],
    ids=lambda options: "-".join(options) or "plain",
)
def test_it_is_what_the_loop_computes(
    options: dict[str, Any], mask: str, graph: bool, built: list[str]
) -> None:
    layer = layer_with(**options)
    found = derivatives(layer, MASKS[mask], graph)
    assert bool(built) == (graph or mask in ("no mask", "padded"))  # a graph has both ways in it
    wanted = derivatives(stock(layer), MASKS[mask], False)
    for one, other in zip(found, wanted, strict=True):
        assert relative(one, other) < 2e-6


def test_it_is_the_oracle_and_the_call_is_that_of_keras(
    built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from keras.src import backend

    calls = []

    def noted(*arguments: Any, **more: Any) -> Any:
        calls.append((arguments, more))
        return kernel(*arguments, **more)

    kernel = backend.lstm
    monkeypatch.setattr(backend, "lstm", noted)
    layer = layer_with(return_state=False)
    asking = stock(layer)
    asking.use_cudnn = "auto"
    weights = {name: getattr(layer.cell, name).numpy() for name in ("kernel", "recurrent_kernel", "bias")}
    wanted = oracle.run(LSTMSpec().to_dict(), weights, X, *STATES)["h"]
    for each in (layer, asking):
        assert relative(each(X, initial_state=STATES), wanted) < 1e-6
    (ours, our_names), (theirs, their_names) = calls
    assert len(built) == 2
    assert our_names.keys() == their_names.keys()
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)
    for name, value in our_names.items():
        other = their_names[name]
        same = np.array_equal(value, other) if hasattr(value, "shape") else value == other
        assert same, name


@pytest.mark.parametrize("noise", ["dropout", "weight_drop"])
def test_noise_that_cudnn_need_not_know(noise: str, built: list[str]) -> None:
    layer = layer_with(seed=3, **{noise: 0.4})
    plain = LSTMPlus.from_config({**layer.get_config(), "use_cudnn": False})
    other = plain if noise == "weight_drop" else stock(layer)
    other.build(X.shape)
    other.set_weights(layer.get_weights())
    found = outputs(layer(X, initial_state=STATES, training=True))
    assert built
    for one, theirs in zip(found, outputs(other(X, initial_state=STATES, training=True)), strict=True):
        assert relative(one, theirs) < 1e-6
    assert relative(found[0], layer(X, initial_state=STATES)[0]) > 0.05


def test_what_is_known_of_the_shapes_stays_known(built: list[str]) -> None:
    shapes: list[Any] = []
    layer = layer_with()

    @tf.function(input_signature=[tf.TensorSpec((None, 6, 4))])
    def look(x: Any) -> Any:
        for mask in (None, tf.ones(tf.shape(x)[:2], bool)):
            found = layer(x, mask=mask)
            shapes.append([tuple(value.shape) for value in keras.tree.flatten(found)])
        return x

    look.get_concrete_function()
    assert built
    assert shapes == [[(None, 6, 5), (None, 5), (None, 5)]] * 2


OBSTACLES: dict[str, tuple[dict[str, Any], str]] = {
    "peephole": ({"variant": "peephole"}, "not this 'peephole'"),
    "activation": ({"activation": "relu"}, "with tanh and sigmoid"),
    "of the user": ({"activation": lambda x: tf.tanh(x)}, "with tanh and sigmoid"),
    "gates": ({"recurrent_activation": "hard_sigmoid"}, "with tanh and sigmoid"),
    "no bias": ({"use_bias": False}, "computes the standard LSTM"),
    "projection": ({"projection_units": 2}, "computes the standard LSTM"),
    "clip": ({"cell_clip": 1.0}, "computes the standard LSTM"),
    "zoneout": ({"zoneout_cell": 0.1}, "computes the standard LSTM"),
    "recurrent": ({"recurrent_dropout": 0.1}, "no recurrent_dropout"),
    "unrolled": ({"unroll": True}, "not unrolled"),
    "a mask a gate": ({"dropout": 0.1, "implementation": 1}, "implementation=1 drops other inputs"),
}


@pytest.mark.parametrize("name", OBSTACLES)
def test_what_cudnn_does_not_compute(name: str, built: list[str]) -> None:
    options, words = OBSTACLES[name]
    call = Call(X, STATES, None, True)
    layer = LSTMPlus(5, **options)
    assert not may_use_cudnn(layer, layer.cell, call)
    insisting = LSTMPlus(5, use_cudnn=True, name="mine", **options)
    insisting.build(X.shape)
    with pytest.raises(ValueError, match=words) as refused:
        may_use_cudnn(insisting, insisting.cell, call)
    assert str(refused.value).startswith("mine: use_cudnn=True was asked for, but ")
    # The way out that it names.
    LSTMPlus(5, use_cudnn="auto", **options)(X, training=True)
    assert not built


def test_the_variants_that_cudnn_computes(built: list[str]) -> None:
    layers = {name: LSTMPlus(5, name) for name in VARIANTS}
    assert [name for name, layer in layers.items() if may_use_cudnn(layer, layer.cell)] == ["standard", "np"]


def test_without_a_gpu_nothing_asks_for_it() -> None:
    layer = layer_with()
    call = Call(tf.constant(X), STATES, None, False)
    assert not may_use_cudnn(layer, layer.cell, call)
    insisting = layer_with(use_cudnn=True)
    with pytest.raises(ValueError, match="the tensorflow backend sees no GPU with cuDNN"):
        may_use_cudnn(insisting, insisting.cell, call)
    assert not may_use_cudnn(insisting, insisting.cell)  # the layer alone can be made anywhere


def test_xla_forward_mode_and_use_cudnn_false_keep_the_loop(built: list[str]) -> None:
    layer, refusing = layer_with(), layer_with(use_cudnn=False)
    wanted = outputs(stock(layer)(X))
    refusing(X)
    compiled = outputs(tf.function(lambda: layer(tf.constant(X)), jit_compile=True)())
    x = tf.constant(X)
    with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as accumulator:
        h = layer(x)[0]
    assert accumulator.jvp(h) is not None
    assert not built
    for one, other in zip(compiled, wanted, strict=True):
        assert relative(one, other) < 1e-6


def test_a_library_without_the_kernel(monkeypatch: pytest.MonkeyPatch, built: list[str]) -> None:
    def absent(**given: Any) -> Any:
        raise tf.errors.NotFoundError(None, None, "no kernel")

    monkeypatch.setattr(tf.raw_ops, "CudnnRNNV3", absent)
    layer = layer_with()
    for one, other in zip(outputs(layer(X)), outputs(stock(layer)(X)), strict=True):
        assert relative(one, other) < 1e-6
    insisting = layer_with(use_cudnn=True)
    with pytest.raises(ValueError, match="but the installed cuDNN or backend has no kernel for it"):
        run_cudnn(insisting, insisting.cell, Call(tf.constant(X), [*map(tf.constant, STATES)], None, False))
