"""What rounding would spoil stays in real numbers: masks, tokens, and what the model normalises."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import edge
from edge.aliases import Array
from edge.convert import convert
from tests.helpers.keras_models import keras_answer, randomised, relative_error, rounds
from tests.helpers.runtimes import Runtime

layers, ops = keras.layers, keras.ops
STEPS, FEATURES, TOKENS, UNITS = 6, 6, 300, 6
MASKED = [(-1.0, "int8"), (0.0, "int8"), (-10.0, "int16x8"), (-99.0, "int8"), (1e9, "int8"), (0.0, "int16x8")]
SCALE = np.array([300, 0.005, 1, 1, 1, 1], np.float32)
MEAN = np.array([1000, 0.01, 0, 0, 0, 0], np.float32)


def sequences(samples: int = 48, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=(samples, STEPS, FEATURES)).astype(np.float32)


def tokens(samples: int = 48, seed: int = 0) -> Array:
    return np.random.default_rng(seed).integers(1, TOKENS, (samples, STEPS))


def padded(value: float, seed: int = 5) -> Array:
    """Sequences with a quiet step, a hundredth of the others, and padding of that value on the right."""
    x = sequences(24, seed)
    x[:, 1] *= 0.003
    for row, length in zip(x, np.random.default_rng(seed).integers(2, STEPS, len(x)), strict=True):
        row[length:] = value
    return x


def model_of(*stack: Any, shape: tuple[int, ...] = (STEPS, FEATURES), dtype: str = "float32") -> keras.Model:
    return randomised(keras.Sequential([keras.Input(shape, dtype=dtype, name="x"), *stack]))


def error_of(runtime: Runtime, path: Path, model: keras.Model, x: Array) -> float:
    found = np.concatenate([outputs[0] for outputs in runtime.run(path, rounds(x))])
    return relative_error(found, keras_answer(model, x)[0])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Path, keras.Model]]:
    """made(kind, quantize, ...): a file and its model, made once for both runtimes."""
    folder = tmp_path_factory.mktemp("real")

    @cache
    def make(kind: Any, quantize: str | None, lowering: str = "auto") -> tuple[Path, keras.Model]:
        build, data = KINDS[kind] if isinstance(kind, str) else (lambda: masked(kind), sequences)
        model = build()
        path = folder / f"{kind}-{quantize}-{lowering}.tflite"
        result = convert(model, path, quantize, data(), lowering=lowering)
        if quantize in ("int8", "int16x8"):
            assert any("stay real numbers" in note for note in result.notes), result.notes
            assert edge.load(path).inputs[0].dtype == np.float32
        return path, model

    return make


def masked(value: float) -> keras.Model:
    return model_of(layers.Masking(value), layers.LSTM(UNITS, return_sequences=True), layers.Dense(3))


def normalised() -> keras.Model:
    return model_of(layers.Normalization(mean=MEAN, variance=SCALE**2), layers.LSTM(UNITS), layers.Dense(3))


def batch_normalised() -> keras.Model:
    model = model_of(layers.BatchNormalization(), layers.LSTM(UNITS), layers.Dense(3))
    model.layers[0].moving_mean.assign(MEAN)
    model.layers[0].moving_variance.assign(SCALE**2)
    return model


KINDS: dict[str, tuple[Callable[[], keras.Model], Callable[..., Array]]] = {
    "tokens": (
        lambda: model_of(layers.Embedding(TOKENS, 8), layers.LSTM(UNITS), shape=(STEPS,)),
        lambda seed=0: tokens(seed=seed).astype(np.float32),
    ),
    "cast": (
        lambda: model_of(
            layers.Reshape((STEPS,)),
            layers.Lambda(lambda x: ops.cast(x, "int32")),
            layers.Embedding(TOKENS, 8, mask_zero=True),
            layers.LSTM(UNITS),
            shape=(STEPS, 1),
        ),
        lambda seed=0: tokens(seed=seed).astype(np.float32)[..., None],
    ),
    "one_hot": (
        lambda: model_of(
            layers.Lambda(lambda x: ops.one_hot(ops.cast(x, "int32"), TOKENS)),
            layers.LSTM(UNITS),
            shape=(STEPS,),
        ),
        lambda seed=0: tokens(seed=seed).astype(np.float32),
    ),
    "normalised": (normalised, lambda seed=0: sequences(seed=seed) * SCALE + MEAN),
    "batch_normalised": (batch_normalised, lambda seed=0: sequences(seed=seed) * SCALE + MEAN),
}


@pytest.mark.parametrize(("value", "quantize"), MASKED)
def test_padding_that_no_sample_had(
    value: float, quantize: str, made: Callable[..., Any], runtime: Runtime
) -> None:
    """Calibrated without padding; the value need not be on any grid, and a quiet step is no padding."""
    path, model = made(value, quantize)
    assert error_of(runtime, path, model, padded(value)) < 0.03


@pytest.mark.parametrize(
    ("kind", "quantize"),
    [
        ("tokens", "int8"),
        ("tokens", "int16x8"),
        ("tokens", "dynamic"),
        ("cast", "int8"),
        ("one_hot", "int8"),
        ("one_hot", "int16x8"),
        ("normalised", "int8"),
        ("normalised", "int16x8"),
        ("batch_normalised", "int8"),
        ("batch_normalised", "int16x8"),
    ],
)
def test_tokens_and_features_of_all_sizes(
    kind: str, quantize: str, made: Callable[..., Any], runtime: Runtime
) -> None:
    path, model = made(kind, quantize)
    assert error_of(runtime, path, model, KINDS[kind][1](seed=3)) < 0.03


@pytest.mark.parametrize("quantize", ["int8", "int16x8"])
def test_masks_of_all_origins(quantize: str, tmp_path: Path) -> None:
    """Behind a layer, made by hand, by thresholds; for layers without a fused operator."""
    x = keras.Input((STEPS, FEATURES), name="x")
    inner = layers.Masking(0.0)(layers.Dense(4, activation="relu", use_bias=False)(x))
    by_hand = ops.any(ops.not_equal(x, 0.0), -1)
    loud = ops.sum(ops.abs(x), -1) > 1e-6
    model = randomised(
        keras.Model(
            x,
            [
                layers.LSTM(UNITS, name="inner")(inner),
                layers.GRU(UNITS, name="by_hand")(x, mask=by_hand),
                layers.SimpleRNN(UNITS, name="loud")(x, mask=loud),
                layers.Bidirectional(layers.LSTM(UNITS, return_sequences=True), name="both")(x, mask=by_hand),
            ],
        )
    )
    convert(model, tmp_path / "m.tflite", quantize, sequences(), lowering="unrolled")
    new = padded(0.0)
    found = edge.load(tmp_path / "m.tflite").predict(new)
    for name, value, wanted in zip(model.output_names, found, keras_answer(model, new), strict=True):
        assert relative_error(np.asarray(value), wanted) < 0.05, name


@pytest.mark.parametrize(
    ("model", "data", "reason"),
    [
        (lambda: masked(-1.0), sequences, "compared with a number"),
        (KINDS["tokens"][0], KINDS["tokens"][1], "looked up"),
        (normalised, KINDS["normalised"][1], "brings it to one scale.*of one of them"),
    ],
)
def test_integers_that_were_asked_for_are_refused(
    model: Callable[[], keras.Model], data: Callable[[], Array], reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "m.tflite"
    with pytest.raises(ValueError, match=f"input_type='int8' does not fit input 'x': .*{reason}.*'float32'"):
        convert(model(), path, "int8", data(), input_type="int8")
    assert not list(tmp_path.iterdir())
    result = convert(model(), path, "int8", data(), input_type="float32")  # the way out
    assert result.errors[0].relative < 0.03
    assert not any("real" in note for note in result.notes)  # it was asked for


def test_features_of_one_size_stay_integers(tmp_path: Path) -> None:
    model = model_of(
        layers.Rescaling(1 / 255), layers.Normalization(mean=0.5, variance=0.1), layers.LSTM(UNITS)
    )
    data = np.random.default_rng(0).integers(0, 256, (48, STEPS, FEATURES)).astype(np.float32)
    result = convert(model, tmp_path / "m.tflite", "int8", data)
    assert edge.load(result.path).inputs[0].dtype == np.int8
    assert result.errors[0].relative < 0.05


def test_a_state_that_goes_on_behind_a_normalization(tmp_path: Path) -> None:
    x = keras.Input((None, FEATURES), name="x")
    y = layers.Normalization(mean=MEAN, variance=SCALE**2)(x)
    model = randomised(keras.Model(x, layers.LSTM(UNITS, return_sequences=True)(y)))
    model.layers[1].mean, model.layers[1].variance = MEAN[None, None], (SCALE**2)[None, None]
    data = KINDS["normalised"][1]()
    choices: list[dict[str, Any]] = [{"state": "carry"}, {"lowering": "step"}]
    for options in choices:
        convert(model, tmp_path / "m.tflite", "int8", data, **options)
        stream = edge.load(tmp_path / "m.tflite").stream()
        row = KINDS["normalised"][1](seed=3)[:1]
        found = np.stack([np.asarray(stream.step(step)).reshape(-1) for step in row[0]])
        assert relative_error(found, keras_answer(model, row)[0][0]) < 0.15


def test_steps_that_were_padding_in_every_sample(tmp_path: Path) -> None:
    """Nothing was seen there; other data has something, and the steps of a layer are one."""
    model = model_of(layers.Masking(0.0), layers.SimpleRNN(UNITS, go_backwards=True))
    data = sequences()
    data[:, 4:] = 0
    result = convert(model, tmp_path / "m.tflite", "int8", data)
    new = sequences(seed=4)
    assert relative_error(np.asarray(edge.load(result.path).predict(new)), keras_answer(model, new)[0]) < 0.1
