"""TimeDistributed: the inner layer runs once, all time steps being rows of its batch."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edge.aliases import Array
from edge.convert import convert
from tests.helpers.keras_models import randomised, relative_error
from tests.helpers.runtimes import Runtime

layers = keras.layers
distributed = layers.TimeDistributed


def scores() -> keras.Model:
    x = [keras.Input((None, 6)), layers.LSTM(8, return_sequences=True), distributed(layers.Dense(3))]
    return keras.Sequential(x)


def activities() -> keras.Model:
    """The CNN-LSTM that tutorials on human activities share, in small."""
    parts = [
        layers.Conv1D(8, 3, activation="relu"),
        layers.Conv1D(8, 3, activation="relu"),
        layers.Dropout(0.5),
    ]
    parts += [layers.MaxPooling1D(2), layers.Flatten()]
    behind = [layers.LSTM(16), layers.Dropout(0.5), layers.Dense(10, "relu"), layers.Dense(6)]
    return keras.Sequential([keras.Input((None, 12, 9)), *map(distributed, parts), *behind])


def nested() -> keras.Model:
    """Fixed lengths, a model in it with a TimeDistributed of its own, and one in another."""
    parts = [keras.Input((4, 6)), layers.LSTM(4, return_sequences=True), distributed(layers.Dense(3))]
    normal = distributed(distributed(layers.BatchNormalization()))
    inner = distributed(keras.Sequential(parts))
    return keras.Sequential(
        [keras.Input((3, 4, 6)), inner, normal, distributed(layers.LSTM(6)), layers.LSTM(5)]
    )


def masked() -> keras.Model:
    """A mask for each step of the inner sequence."""
    return keras.Sequential(
        [keras.Input((6, 5, 4)), layers.Masking(), distributed(layers.LSTM(6)), layers.Dense(4)]
    )


def masked_outside() -> keras.Model:
    """A mask that goes past the inner layer."""
    parts = [
        layers.Masking(),
        layers.LSTM(8, return_sequences=True),
        distributed(layers.BatchNormalization()),
    ]
    return keras.Sequential([keras.Input((None, 6)), *parts, layers.LSTM(3)])


MODELS = {f.__name__: f for f in (scores, activities, nested, masked, masked_outside)}
STEPS = 7


@cache
def model_and_data(name: str) -> tuple[keras.Model, Array]:
    model = randomised(MODELS[name]())
    shape = [STEPS if size is None else size for size in model.input_shape[1:]]
    data = np.random.default_rng(3).normal(size=(24, *shape)).astype(np.float32)
    if name == "masked":
        data[:, :, 4:], data[1, 2, :2] = 0, 0
    if name == "masked_outside":
        data[:, 5:], data[1, 1] = 0, 0
    return model, data


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    folder = tmp_path_factory.mktemp("distributed")

    @cache
    def make(name: str, quantize: str | None, batch: int) -> Path:
        model, data = model_and_data(name)
        options: dict[str, Any] = (
            {"length": STEPS} if model.input_shape[1] is None and quantize == "int16x8" else {}
        )
        path = folder / f"{name}-{quantize}-{batch}.tflite"
        convert(model, path, quantize, data, batch=batch, **options)
        return path

    return make


CASES = [
    *((name, None, batch) for name in MODELS for batch in (1, 4)),
    *(("activities", quantize, 1) for quantize in ("float16", "dynamic", "int8", "int16x8")),
    *(("nested", quantize, 4) for quantize in ("int8", "int16x8")),
    *((name, "int8", 4) for name in ("scores", "masked_outside")),
]


@pytest.mark.parametrize(("name", "quantize", "batch"), CASES)
def test_the_file_is_what_keras_computes_step_by_step(
    name: str, quantize: str | None, batch: int, files: Callable[..., Path], runtime: Runtime
) -> None:
    model, data = model_and_data(name)
    x = data[:8]
    wanted = np.asarray(model(x, training=False))  # the time axis is known: Keras calls the layer once a step
    rounds = [[x[start : start + batch]] for start in range(0, len(x), batch)]
    found = np.concatenate([out[0] for out in runtime.run(files(name, quantize, batch), rounds)])
    if quantize is None:
        np.testing.assert_allclose(found, wanted, atol=1e-5)
    else:
        assert relative_error(found, wanted) < 0.06


def test_another_length_than_that_of_the_conversion(files: Callable[..., Path], runtime: Runtime) -> None:
    model, _ = model_and_data("activities")
    x = np.random.default_rng(5).normal(size=(1, 11, 12, 9)).astype(np.float32)
    (found,) = runtime.run(files("activities", None, 1), [[x]])
    np.testing.assert_allclose(found[0], np.asarray(model(x)), atol=1e-5)


def test_an_inner_lstm_is_fused_and_starts_anew_in_a_stream(tmp_path: Path, runtime: Runtime) -> None:
    """Frames of five samples each: the inner state is that of a frame, the outer goes on."""
    x = keras.Input((None, 5, 6))
    y = layers.LSTM(4, return_sequences=True, name="outer")(distributed(layers.LSTM(6, name="inner"))(x))
    model = randomised(keras.Model(x, y))
    data = np.random.default_rng(2).normal(size=(1, 8, 5, 6)).astype(np.float32)
    wanted = np.asarray(model(data))[0]
    for state, lowering in (("carry", "auto"), ("explicit", "step")):
        path = tmp_path / f"{state}.tflite"
        result = convert(model, path, None, data[:, :4], state=state, lowering=lowering)
        assert [layer.name for layer in result.layers] == ["inner", "outer"]
        found = []
        states = [np.zeros((1, 4), np.float32)] * 2
        rounds = [[data[:, step : step + 1]] for step in range(8)]
        if state == "carry":
            found = [out[0][0, 0] for out in runtime.run(path, rounds)]
        else:
            for values in rounds:
                ((output, *states),) = runtime.run(path, [[*values, *states]])
                found.append(output[0, 0])
        np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_a_stateful_layer_inside_is_refused(tmp_path: Path) -> None:
    inner = distributed(layers.LSTM(4, stateful=True, name="inner"))
    model = keras.Sequential([keras.Input((3, 5, 6), batch_size=1), inner])
    with pytest.raises(ValueError, match="'inner'.*stateful=True inside of a TimeDistributed"):
        convert(model, tmp_path / "m.tflite")
