"""A Grid LSTM as a file: written out, or one step at a time; against NumPy on both runtimes."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edge import EdgeModel
from edge.convert import convert, verify
from keras_lstm_plus import GridLSTM
from tests.helpers.grid_oracle import by_hand
from tests.helpers.keras_models import FEATURES, motion, randomised, relative_error
from tests.helpers.runtimes import Runtime

STEPS, UNITS = 5, 20  # so many that the smaller matrices are worth 8 bits
X = motion(3, STEPS, seed=2)
# Blocks with and without weights of their own, the time first or not.
GRIDS: dict[str, dict[str, Any]] = {
    "standard": {"depth": 2},
    "peephole": {"depth": 2, "time_first": False},
    "cifg": {"depth": 3, "tied": True},
}
LIMITS = {None: 1e-5, "dynamic": 0.05, "int8": 0.1, "int16x8": 0.05}


@cache
def build(variant: str, steps: int | None, **options: Any) -> keras.Model:
    grid = GridLSTM(UNITS, variant=variant, return_sequences=True, name="grid", **GRIDS[variant], **options)
    batch = 1 if options.get("stateful") else None
    return randomised(keras.Sequential([keras.Input((steps, FEATURES), batch_size=batch), grid]))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """made(variant, form, quantize): the file, once for both runtimes."""
    folder = tmp_path_factory.mktemp("grids")

    @cache
    def make(variant: str, form: str, quantize: str | None) -> Path:
        model = build(variant, STEPS if form == "unrolled" else None)
        path = folder / f"{variant}_{form}_{quantize}.tflite"
        result = convert(model, path, quantize, motion(64, STEPS), lowering="auto")
        assert (result.lowering, [layer.name for layer in result.layers]) == (form, ["grid"])
        return result.path

    return make


@pytest.mark.parametrize("quantize", LIMITS)
@pytest.mark.parametrize("form", ["unrolled", "step"])
@pytest.mark.parametrize("variant", GRIDS)
def test_a_grid_computes_what_it_should(
    variant: str, form: str, quantize: str | None, made: Any, runtime: Runtime
) -> None:
    path = made(variant, form, quantize)
    wanted = by_hand(build(variant, STEPS if form == "unrolled" else None).layers[0], X)
    if form == "unrolled":
        found = np.concatenate([outputs[0] for outputs in runtime.run(path, [[row[None]] for row in X])])
    else:
        states = [np.zeros((len(X), UNITS), np.float32) for _ in range(2 * GRIDS[variant]["depth"])]
        steps = []
        for step in range(STEPS):  # each from the states that the one before gave
            rounds = [
                [row[None, step : step + 1], *(s[n : n + 1] for s in states)] for n, row in enumerate(X)
            ]
            output, *states = (np.concatenate(part) for part in zip(*runtime.run(path, rounds), strict=True))
            steps.append(output)
        found = np.concatenate(steps, axis=1)
    assert relative_error(found, wanted) < LIMITS[quantize]


def test_a_grid_streams_and_its_stream_is_verified(made: Any) -> None:
    path = made("cifg", "step", None)
    stream = EdgeModel(path).stream()
    found = np.stack([stream.step(step) for step in X[0]])
    np.testing.assert_allclose(found, by_hand(build("cifg", None).layers[0], X[:1])[0], atol=1e-5)
    assert verify(build("cifg", None), path, motion(8, STEPS), drift_steps=200).is_ok


@pytest.mark.parametrize(
    ("options", "reason", "way"),
    [
        ({"lowering": "fused"}, "there is no fused operator for GridLSTMCell", {"lowering": "step"}),
        ({"state": "carry"}, "a step has its states as inputs and outputs", {"state": "explicit"}),
        ({"lowering": "unrolled"}, "the time axis is free", {"lowering": "unrolled", "length": 3}),
    ],
)
def test_a_form_that_cannot_be_names_one_that_can(
    options: dict[str, Any], reason: str, way: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "grid.tflite"
    with pytest.raises(ValueError, match=rf"{reason}.*Use .*{list(way)[-1]}=") as refused:
        convert(build("cifg", None), path, **options)
    assert "\n" not in str(refused.value)
    assert not path.exists()
    assert convert(build("cifg", None), path, **way).errors[0].max_abs < 1e-5
