"""A file for several sequences at a time: each row gets what it would get alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import keras
import numpy as np
import pytest

import edge
from edge.aliases import Array
from edge.convert import convert
from tests.helpers.keras_models import FEATURES, keras_answer, motion, randomised, recurrent, relative_error
from tests.helpers.runtimes import Runtime

layers = keras.layers

BATCH, STEPS, TOKENS = 3, 9, 20
Converted = Callable[..., Path]


def plain() -> keras.Model:
    """Two variants in a row, and an output with and one without a time axis."""
    x = keras.Input((None, FEATURES), name="x")
    y = recurrent("peephole", 8, return_sequences=True)(x)
    last = recurrent("stock", 6)(y)
    return keras.Model(x, [layers.Dense(3, name="every")(y), layers.Dense(4, name="score")(last)])


def masked() -> keras.Model:
    """Padding differs from row to row, and so does where the steps go that count."""
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    y = layers.Embedding(TOKENS, FEATURES, mask_zero=True)(tokens)
    every = layers.Bidirectional(recurrent("stock", 6, return_sequences=True), merge_mode="ave", name="every")
    return keras.Model(tokens, [every(y), layers.Dense(4, name="score")(recurrent("peephole", 5)(y))])


def stateful() -> keras.Model:
    """A batch that Keras itself fixes, and a state for each row of it."""
    x = keras.Input((None, FEATURES), batch_size=BATCH, name="x")
    y = recurrent("peephole", 6, return_sequences=True, stateful=True, name="first")(x)
    return keras.Model(x, recurrent("stock", 5, stateful=True, name="second")(y))


BUILD = {build.__name__: build for build in (plain, masked, stateful)}
model_of = cache(lambda name: randomised(BUILD[name]()))


def data(name: str, samples: int, length: int, seed: int) -> Array:
    """Sequences; of tokens, with padding on either side, holes, and one row of nothing else."""
    if name != "masked":
        return motion(samples, length, seed)
    rng = np.random.default_rng(seed)
    tokens = rng.integers(1, TOKENS, (samples, length))
    time, row = np.arange(length), np.arange(samples)[:, None]
    kept = [time < length - row % length, time >= row % length, rng.random(tokens.shape) < 0.6]
    tokens = np.where(np.choose(row % 3, kept), tokens, 0)
    tokens[-1] = 0
    return tokens.astype(np.int32)


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    """converted(name, quantize, batch, ...): a fused file, made once for both runtimes."""
    folder = tmp_path_factory.mktemp("batches")

    @cache
    def make(name: str, quantize: str | None = None, batch: int = BATCH, state: str = "reset") -> Path:
        x = data(name, 120 if quantize == "int8" else 2 * BATCH, STEPS, 1)
        path = folder / f"{name}-{quantize}-{batch}-{state}.tflite"
        result = convert(model_of(name), path, quantize, x, state, lowering="fused", batch=batch)
        assert "UNIDIRECTIONAL_SEQUENCE_LSTM" in result.ops
        return result.path

    return make


def calls(runtime: Runtime, path: Path, x: Array, batch: int) -> list[Array]:
    """All outputs for all rows, so many of them a call."""
    found = runtime.run(path, [[x[n : n + batch]] for n in range(0, len(x), batch)])
    return [np.concatenate(each) for each in zip(*found, strict=True)]


@pytest.mark.parametrize("quantize", [None, "dynamic", "int8"])
@pytest.mark.parametrize("name", ["plain", "masked"])
def test_three_at_a_time(name: str, quantize: str | None, converted: Converted, runtime: Runtime) -> None:
    """Twice: the second call knows nothing of the first."""
    x = data(name, 10 * BATCH, STEPS, 2)
    together = calls(runtime, converted(name, quantize), x, BATCH)
    again = calls(runtime, converted(name, quantize), np.concatenate([x[BATCH:], x[:BATCH]]), BATCH)
    for value, other, wanted in zip(together, again, keras_answer(model_of(name), x), strict=True):
        assert value.shape == wanted.shape
        assert wanted.std() > 0.05
        np.testing.assert_array_equal(np.roll(other, BATCH, axis=0), value)
        if quantize is None:
            np.testing.assert_allclose(value, wanted, atol=1e-5)
        else:
            assert relative_error(value, wanted) < 0.03


@pytest.mark.parametrize(("name", "quantize"), [("plain", None), ("plain", "int8"), ("masked", None)])
def test_one_at_a_time_is_the_same(
    name: str, quantize: str | None, converted: Converted, runtime: Runtime
) -> None:
    """Both files were calibrated on the same data."""
    x = data(name, 10 * BATCH, STEPS, 2)
    together = calls(runtime, converted(name, quantize), x, BATCH)
    alone = calls(runtime, converted(name, quantize, 1), x, 1)
    for value, single in zip(together, alone, strict=True):
        if quantize is None:
            np.testing.assert_allclose(value, single, atol=1e-5)
        else:
            assert relative_error(value, single) < 0.02


@pytest.mark.parametrize("name", ["plain", "masked"])
def test_rows_do_not_see_each_other(name: str, converted: Converted, runtime: Runtime) -> None:
    """A row is the same to the last bit, whatever stands beside it."""
    x, other = data(name, BATCH, STEPS, 3), data(name, BATCH, STEPS, 4)
    other[1] = x[1]
    both = runtime.run(converted(name), [[x], [other]])
    for first, second in zip(*both, strict=True):
        np.testing.assert_array_equal(first[1], second[1])
        assert np.abs(first[0] - second[0]).max() > 0.01


@pytest.mark.parametrize("name", ["plain", "masked"])
@pytest.mark.parametrize("rows", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("length", [1, 13])
def test_edge_model_takes_any_number_of_rows(name: str, rows: int, length: int, converted: Converted) -> None:
    x = data(name, rows, length, 5)
    found = edge.load(converted(name)).predict(x)
    for value, wanted in zip(found, keras_answer(model_of(name), x), strict=True):
        assert value.shape == wanted.shape
        np.testing.assert_allclose(value, wanted, atol=1e-5)


def in_keras(pieces: list[Array]) -> list[Array]:
    """The stateful model, fed with one piece after the other."""
    for layer in model_of("stateful").layers[1:]:
        layer.reset_state()
    return [np.asarray(model_of("stateful")(piece)) for piece in pieces]


def test_stateful_with_a_batch_carries_on(converted: Converted, runtime: Runtime) -> None:
    pieces = [motion(BATCH, 4, seed) for seed in (6, 7, 8)]
    path = converted("stateful", None, 1, "carry")
    found = [outputs[0] for outputs in runtime.run(path, [[piece] for piece in pieces])]
    np.testing.assert_allclose(found, in_keras(pieces), atol=1e-5)


def test_stateful_with_a_batch_shows_its_states(converted: Converted, runtime: Runtime) -> None:
    pieces = [motion(BATCH, length, length) for length in (4, 1, 7)]
    path = converted("stateful", state="explicit")
    states = [np.zeros((BATCH, size), np.float32) for size in (6, 6, 5, 5)]
    for piece, wanted in zip(pieces, in_keras(pieces), strict=True):
        ((found, *states),) = runtime.run(path, [[piece, *states]])
        np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_a_batch_that_the_model_fixes(converted: Converted, tmp_path: Path) -> None:
    """Left out it is taken from the model; another one is refused, with the reason."""
    path = converted("stateful", None, 1, "carry")
    assert edge.load(path).inputs[0].shape == (BATCH, -1, FEATURES)
    with pytest.raises(ValueError, match="takes 3 sequences at a time.*batch=2 does not fit.*batch=3"):
        convert(model_of("stateful"), tmp_path / "m.tflite", state="carry", batch=2)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("batch", [0, -1, 1.5, True, "3"])
def test_a_batch_that_is_no_number_of_sequences(batch: object, tmp_path: Path) -> None:
    with pytest.raises((ValueError, TypeError), match="batch"):
        convert(model_of("plain"), tmp_path / "m.tflite", batch=batch)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())
