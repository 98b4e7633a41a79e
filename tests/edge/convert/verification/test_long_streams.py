"""A stream that runs for days: no drift, no growing memory, and a reset that is exact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edge
from edge.convert import convert
from tests.helpers import oracle
from tests.helpers.keras_models import FEATURES, motion, randomised
from tests.helpers.layers import relative

UNITS = 8
CHUNK = 10_000

STEPS = [20_000, pytest.param(1_000_000, marks=pytest.mark.slow)]
# float: a difference of rounding does not grow; integers: that of their steps does not either.
FILES = [("carry", None), ("carry", "dynamic"), ("carry", "int8"), ("explicit", None), ("explicit", "int8")]
LIMITS = {None: 2e-6, "dynamic": 0.03, "int8": 0.06}  # largest difference, rms in standard deviations


@pytest.fixture(scope="module")
def layer_and_weights() -> tuple[Any, dict[str, np.ndarray]]:
    import keras

    from keras_lstm_plus import LSTMPlus

    x = keras.Input((None, FEATURES))
    layer = LSTMPlus(UNITS, "peephole", return_sequences=True, name="memory")
    model = randomised(keras.Model(x, layer(x)))
    for weight in model.weights:  # a cell that can latch for ever is no stream that integers could follow
        weight.assign(0.6 * weight)
    names = layer.spec.weight_shapes(FEATURES, UNITS)
    return model, {name: np.asarray(getattr(layer.cell, name), np.float64) for name in names}


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize(("state", "quantize"), FILES)
def test_a_long_stream(
    tmp_path: Path, layer_and_weights: Any, state: str, quantize: str | None, steps: int
) -> None:
    model, weights = layer_and_weights
    options = model.get_layer("memory").spec.to_dict()
    path = tmp_path / "m.tflite"
    convert(model, path, quantize, motion(64, 40), state)
    stream = edge.load(path).stream()
    rng = np.random.default_rng(0)
    first = rng.normal(size=(CHUNK, FEATURES)).astype(np.float32)
    h = c = np.zeros((1, UNITS))
    errors, memory = [], []
    x = first
    for _ in range(steps // CHUNK):
        found = np.stack([stream.step(row) for row in x])
        seen = oracle.run(options, weights, x[None].astype(np.float64), h, c)
        h, c = seen["h"][:, -1], seen["c"][:, -1]
        errors.append(error(found, seen["h"][0], quantize))
        memory.append(resident_mb())
        x = rng.normal(size=(CHUNK, FEATURES)).astype(np.float32)
    assert max(errors) < LIMITS[quantize]
    assert max(memory[len(memory) // 2 :]) - memory[0] < 8  # MiB; the first chunk has filled every cache
    stream.reset()
    again = np.stack([stream.step(row) for row in first[:50]])
    fresh = edge.load(path).stream()
    np.testing.assert_array_equal(again, np.stack([fresh.step(row) for row in first[:50]]))


def error(found: np.ndarray, wanted: np.ndarray, quantize: str | None) -> float:
    if quantize is None:
        return relative(found, wanted)
    return float(np.sqrt(np.mean((found - wanted) ** 2)) / wanted.std())


def resident_mb() -> float:
    """What this process holds now, in MiB; 0 where the system does not say."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
