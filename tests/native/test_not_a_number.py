"""NaN and infinity go where the runtime's own kernel sends them, on both runtimes and every instruction set.

In floats they show. With 8-bit weights the kernel rounds them to some 8 bits as it does every number: of most
nothing is seen in the output, of some all, by the place at which they stand in the row.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edge.convert import convert
from keras_lstm_plus import LSTMPlus
from tests.helpers.layers import randomise
from tests.helpers.native_worker import NativeWorker, Ran
from tests.helpers.runtimes import Round

FEATURES = 9
NAN, INFINITE, HUGE = float("nan"), float("inf"), 3e38
# What stands where in the third step. (A row of nothing but zeros and NaN is not here, nor an output of so
# many cells: ai-edge-litert leaves it out if all NaN are in whole quartets, and tflite-runtime does not.)
ROWS: list[dict[int, float]] = [
    *({place: value} for value in (NAN, INFINITE, -INFINITE) for place in (0, 1, 4, 8)),
    dict.fromkeys(range(FEATURES), NAN),
    {**dict.fromkeys(range(FEATURES), 0.0), 3: NAN, 5: 1.0},
    {0: HUGE, 1: -HUGE, 2: HUGE, 3: -HUGE},
    {2: INFINITE, 6: -INFINITE},
]
# The newest infinity, hidden by a NaN behind it, is the largest number there is, or the least: by runtime.
BY_RUNTIME: list[dict[int, float]] = [{2: INFINITE, 7: NAN}, {1: HUGE, 3: NAN}, {0: -INFINITE, 8: NAN}]
# Less and more cells than those whose weights are widened to floats; layers that see all cells at once.
LAYERS: dict[str, dict[str, Any]] = {
    "few": {"units": 7},
    "few_coupled": {"units": 9, "variant": "cifg"},
    "few_projected": {"units": 13, "variant": "peephole", "projection_units": 5},
    "few_normed": {"units": 11, "variant": "peephole+layer_norm"},
    "many": {"units": 35, "variant": "peephole"},
    "many_normed": {"units": 37, "variant": "peephole+layer_norm"},
    "many_projected": {"units": 41, "projection_units": 7},
    "clipped": {"units": 42, "projection_units": 6, "cell_clip": 0.5, "projection_clip": 0.3},
}


def model() -> keras.Model:
    """All of them on one input, with random weights, an output each."""
    inputs = keras.Input((None, FEATURES), name="x")
    outputs = {}
    for seed, (name, options) in enumerate(LAYERS.items()):
        layer = LSTMPlus(return_sequences=True, name=name, **options)
        outputs[name] = layer(inputs)
        randomise(layer, FEATURES, seed=seed, scale=0.3)
    return keras.Model(inputs, outputs)


def explicit() -> keras.Model:
    """One with few cells, and one with many behind it."""
    inputs = keras.Input((None, FEATURES), name="x")
    first = LSTMPlus(19, return_sequences=True, name="few")(inputs)
    return keras.Model(inputs, LSTMPlus(33, return_sequences=True, name="many")(first))


def usual(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(1, 6, FEATURES)).astype(np.float32)


def rounds_with(rows: list[dict[int, float]]) -> list[Round]:
    """A sequence with each of these rows, and behind it one that has nothing of the kind."""
    rounds = []
    for seed, row in enumerate(rows):
        x = usual(seed)
        x[0, 2, list(row)] = list(row.values())
        rounds += [[x], [usual(99)]]
    return rounds


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """converted(quantize, state): the file."""
    folder = tmp_path_factory.mktemp("wild")

    @cache
    def make(quantize: str | None, state: str = "reset") -> Path:
        made = model() if state == "reset" else explicit()
        data = np.concatenate([usual(seed) for seed in range(32)])
        return convert(made, folder / f"{quantize}-{state}.tflite", quantize, data, state=state).path

    return make


def check(quantize: str | None, wanted: Ran, found: Ran) -> None:
    tolerance = 0.02 if quantize else 2e-6
    for call, (plain, ours) in enumerate(zip(wanted.outputs, found.outputs, strict=True)):
        for n, (a, b) in enumerate(zip(plain, ours, strict=True)):
            limit = tolerance * max(1, np.nanmax(np.abs(a[np.isfinite(a)]), initial=0))
            np.testing.assert_allclose(b, a, rtol=0, atol=limit, equal_nan=True, err_msg=f"{call}, {n}")


@pytest.mark.parametrize("quantize", [None, "dynamic"])
def test_in_the_input(
    quantize: str | None, converted: Any, worker: NativeWorker, library: Path, isas: list[str]
) -> None:
    newest = worker.name == "ai-edge-litert"
    rounds = rounds_with([*ROWS, *(BY_RUNTIME if newest else [])])
    wanted = worker.run(converted(quantize), rounds)
    seen = [any(np.isnan(output).any() for output in outputs) for outputs in wanted.outputs]
    assert any(seen)
    assert quantize is None or not all(seen[::2])
    assert not any(seen[1::2])
    for isa in isas:
        ran = worker.run(converted(quantize), rounds, library, isa)
        assert all(layer["taken"] for layer in ran.report["layers"]), ran.report
        check(quantize, wanted, ran)


@pytest.mark.parametrize("quantize", [None, "dynamic"])
def test_in_a_state(
    quantize: str | None, converted: Any, worker: NativeWorker, library: Path, isas: list[str]
) -> None:
    rounds = []
    for which in range(4):
        for value in (NAN, INFINITE, -INFINITE):
            states = [np.full((1, size), 0.2, np.float32) for size in (19, 19, 33, 33)]
            states[which][0, 3] = value
            rounds.append([usual(which), *states])
    wanted = worker.run(converted(quantize, "explicit"), rounds)
    for isa in isas:
        check(quantize, wanted, worker.run(converted(quantize, "explicit"), rounds, library, isa))
