"""Run by test_backends.py with KERAS_BACKEND set: the engine, against the loop of steps and the oracle."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from keras_lstm_plus import LSTMPlus, LSTMSpec, recurrence
from keras_lstm_plus.native import find_engine
from keras_lstm_plus.path import Path
from tests.helpers import oracle
from tests.helpers.further_derivatives import jax_derivatives, torch_derivatives
from tests.helpers.layers import randomise
from tests.helpers.training_engine import training_engine

BATCH, TIME, FEATURES, UNITS = 3, 5, 4, 6
RNG = np.random.default_rng(3)
X = RNG.normal(size=(BATCH, TIME, FEATURES)).astype("float32")
ALONG = np.sin(3 * X)
MASK = np.array([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1], [1, 1, 0, 1, 0]], bool)
NOISE = {"dropout": 0.3, "recurrent_dropout": 0.4, "weight_drop": 0.3, "zoneout_output": 0.2, "seed": 5}
SPECS = {
    "standard": LSTMSpec(),
    "everything": LSTMSpec(
        peephole=True, input_gate="coupled", projection_units=3, cell_clip=0.6, projection_clip=0.4
    ),
    "diagonal": LSTMSpec(recurrence="diagonal", peephole=True, output_gate="open"),
}
CALLS: list[tuple[dict[str, Any], Any, bool]] = [
    ({"return_sequences": True}, None, False),
    ({"go_backwards": True, "dropout": 0.3, "seed": 5}, MASK, True),
    ({"return_sequences": True, "zero_output_for_mask": True, **NOISE}, MASK, True),
]
JAX = keras.backend.backend() == "jax"
Function = Callable[[Any], Any]


def layer_of(name: str, **options: Any) -> LSTMPlus:
    layer = LSTMPlus(UNITS, SPECS[name], return_state=True, **options)
    randomise(layer, FEATURES)
    return layer


def both_ways(make: Callable[[], Any]) -> tuple[list[Any], list[Any]]:
    """What it gives with the engine, and with the loop of steps."""
    found = make()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recurrence, "which_path", lambda *_: Path("steps"))
        right = make()
    return found, right


def is_near(found: list[Any], right: list[Any], bound: float = 1e-5) -> None:
    for mine, other in zip(map(numpy_of, found), map(numpy_of, right), strict=True):
        assert np.abs(mine - other).max() <= bound * max(np.abs(other).max(), 1e-3)


def numpy_of(value: Any) -> np.ndarray:
    return np.asarray(ops.convert_to_numpy(value))


def loss_of(shown: list[Any]) -> Any:
    return sum(ops.sum(ops.sin(each + 0.3)) for each in shown)


def check_gradients() -> None:
    """Of x, the states and every weight."""
    for name in SPECS:
        for options, mask, training in CALLS:
            assert layer_of(name).which_path(TIME, training).name == "engine"

            is_near(*both_ways(partial(gradients_of, name, options, mask, training)))


def gradients_of(name: str, options: dict[str, Any], mask: Any, training: bool) -> list[Any]:
    layer = layer_of(name, **options)
    states = [np.full((BATCH, size), 0.3, "float32") for size in layer.cell.state_size]

    def shown(x: Any, states: list[Any]) -> list[Any]:
        return layer(x, initial_state=states, mask=mask, training=training)

    return gradients(layer, shown, [X, *states])


def gradients(layer: LSTMPlus, shown: Any, sources: list[np.ndarray]) -> list[Any]:
    """The results, and the gradient of the sources and the weights."""
    if JAX:
        import jax

        fixed = [variable.value for variable in layer.non_trainable_variables]
        pairs = [*layer.trainable_variables, *layer.non_trainable_variables]

        def run(given: list[Any], weights: list[Any]) -> tuple[Any, Any]:
            new = zip(pairs, [*weights, *fixed], strict=True)
            with keras.StatelessScope(state_mapping=list(new)):
                found = shown(given[0], given[1:])
            return loss_of(found), found

        weights = [variable.value for variable in layer.trainable_variables]
        step = jax.jit(jax.value_and_grad(run, argnums=(0, 1), has_aux=True))
        (_, results), found = step(list(map(ops.convert_to_tensor, sources)), weights)
        return [*results, *found[0], *found[1]]
    import torch

    given = [torch.tensor(source, requires_grad=True) for source in sources]
    results = shown(given[0], given[1:])
    loss_of(results).backward()
    return [
        *(each.detach() for each in results),
        *(each.grad for each in given),
        *(variable.value.grad for variable in layer.trainable_variables),
    ]


def check_against_the_oracle() -> None:
    layer = LSTMPlus(UNITS, "peephole", return_sequences=True)
    weights = randomise(layer, FEATURES)
    h, c = (RNG.normal(size=(BATCH, UNITS)).astype("float32") for _ in range(2))
    found = layer(X, initial_state=[h, c], mask=MASK)
    right = oracle.run(layer.spec.to_dict(), weights, X, h, c, None, MASK)["h"]
    shown = (np.cumsum(MASK, axis=1) > 0)[..., None]
    np.testing.assert_allclose(numpy_of(found), right * shown, atol=1e-5)


def check_further_derivatives() -> None:
    """Of the gradient, forwards, for each sequence: all of it comes from the loop of steps."""
    for name in ("standard", "everything"):
        for derivative in (jax_derivatives if JAX else torch_derivatives)(X, ALONG):
            is_near(*both_ways(partial(derivatives_of, name, derivative)), 1e-4)


def derivatives_of(name: str, derivative: Function) -> list[Any]:
    layer = layer_of(name, go_backwards=True)
    return [derivative(lambda x: layer(x, mask=MASK, training=True)[0])]


def check_fit() -> None:
    """The losses of the other path, along the engine; predict and evaluate too."""

    def fitted() -> list[Any]:
        keras.utils.set_random_seed(1)
        x = np.random.default_rng(0).normal(size=(40, 8, 2)).astype("float32")  # the last batch is smaller
        y = x[:, :3, 0].sum(axis=1)
        both = keras.layers.Bidirectional(LSTMPlus(8, "peephole", return_sequences=True, dropout=0.1))
        layers = [keras.Input((None, 2)), both, LSTMPlus(12, recurrent_dropout=0.1), keras.layers.Dense(1)]
        model = keras.Sequential(layers)
        model.compile(keras.optimizers.Adam(0.01), "mse")
        losses = model.fit(x, y, batch_size=16, epochs=4, verbose=0).history["loss"]
        return [np.array(losses), model.predict(x, verbose=0), np.array(model.evaluate(x, y, verbose=0))]

    assert find_engine()
    found = fitted()
    os.environ["KERAS_LSTM_PLUS_ENGINE"] = "0"
    assert "leave it out to use the engine" in LSTMPlus(4).which_path().reason
    right = fitted()
    del os.environ["KERAS_LSTM_PLUS_ENGINE"]
    is_near(found, right, 1e-4)
    assert found[0][-1] < found[0][0]


def check_path() -> None:
    cases: list[tuple[dict[str, Any], bool, str]] = [
        ({"unroll": True}, True, "unroll=True asks for it"),
        ({"zoneout_cell": 0.1}, False, "zoneout at inference"),
        ({"variant": "layer_norm"}, True, "it has a layer norm"),
        ({"variant": "fgr"}, True, "from gate to gate"),
        ({"dtype": "float64"}, True, "it computes in float64"),
    ]
    for options, training, reason in cases:
        way = LSTMPlus(4, **options).which_path(6, training)
        assert way.name == "steps"
        assert reason in way.reason, way


def check_jax_alone() -> None:
    import jax
    from jax import export

    layer = layer_of("standard", return_sequences=True)
    x = ops.convert_to_tensor(X)
    step = jax.jit(lambda x: layer(x, training=True)[0])
    slope = jax.jit(jax.grad(lambda x: ops.sum(step(x))))
    assert "custom_call @keras_lstm_plus_forward" in step.lower(x).as_text()
    assert "custom_call @keras_lstm_plus_backward" in slope.lower(x).as_text()
    right = numpy_of(step(x))
    for shape in (x, jax.ShapeDtypeStruct(export.symbolic_shape("b, 5, 4"), "float32")):
        exported = export.export(jax.jit(lambda x: layer(x)[0]))(shape)
        assert "custom_call @keras_lstm_plus" not in exported.mlir_module()
        np.testing.assert_allclose(exported.call(x), right, atol=1e-6)
    told: list[Path] = []

    def ask(x: Any) -> Any:
        told.append(layer.which_path())
        return x

    jax.vmap(ask, axis_name="devices")(x)
    keras.distribution.set_distribution(keras.distribution.DataParallel())
    told.append(layer.which_path())
    keras.distribution.set_distribution(None)
    assert [way.name for way in told] == ["steps", "steps"]
    assert "named axis" in told[0].reason
    assert "shared out" in told[1].reason
    jax.clear_caches()
    with pytest.MonkeyPatch.context() as patch:  # the library's own words
        from keras_lstm_plus.other_backends import jax_sequence

        patch.setattr(jax_sequence, "POINTERS", jax_sequence.POINTERS - 8)
        jax_sequence._outline.cache_clear()
        with pytest.raises(Exception, match="called by another version of its package"):
            layer(x)
        jax_sequence._outline.cache_clear()
    jax.clear_caches()
    for size in ((0, 5, 4), (1, 1, 4)):  # no step: Keras's RNN itself has no way through
        empty = jax.grad(lambda x: ops.sum(layer(x)[0] ** 2))(np.ones(size, "float32"))
        assert empty.shape == size


def check_torch_alone() -> None:
    import torch

    layer = layer_of("standard", return_sequences=True)
    x = torch.tensor(X, requires_grad=True)
    turned = torch.tensor(X.swapaxes(0, 1).copy()).swapaxes(0, 1)  # not in C order
    torch.testing.assert_close(layer(turned)[0], layer(x)[0])
    shown = layer(x)[0]
    shown.mul_(2.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        shown.sum().backward()
    layer.trainable = False  # PyTorch does not trace what learns
    traced = torch.jit.trace(lambda x: layer(x)[0], torch.tensor(X), check_trace=False)
    torch.testing.assert_close(traced(torch.tensor(-X)), layer(torch.tensor(-X))[0])
    layer.trainable = True
    told: list[Path] = []

    def ask(x: Any) -> Any:
        told.append(layer.which_path())
        return x.sum()

    torch.func.grad(ask)(torch.tensor(X))
    assert told[0].name == "steps"
    assert "torch.func" in told[0].reason
    for size in ((0, 5, 4), (1, 1, 4)):
        empty = torch.ones(size, requires_grad=True)
        (layer(empty)[0] ** 2).sum().backward()
        assert empty.grad is not None
        assert empty.grad.shape == size


if __name__ == "__main__":
    training_engine()
    check_path()
    check_against_the_oracle()
    check_gradients()
    check_further_derivatives()
    check_fit()
    check_jax_alone() if JAX else check_torch_alone()
    print("ok", keras.backend.backend())
