"""A slice of the grid of conversions on Arm: files made here, run there, against Keras and NumPy."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edge.convert import convert
from keras_lstm_plus import LSTMPlus
from tests.helpers import conversion_grid
from tests.helpers.conversion_grid import Cell
from tests.helpers.keras_models import randomised, relative_error
from tests.pi.conftest import There

CELLS = [
    Cell("peephole", "fused", "reset", None),
    Cell("standard", "fused", "carry", None),
    Cell("layer_norm", "fused", "explicit", None),
    Cell("peephole+cifg+layer_norm", "fused", "reset", "float16"),
    Cell("projection", "fused", "explicit", "float16"),
    Cell("peephole", "fused", "carry", "dynamic"),
    Cell("layer_norm", "fused", "reset", "dynamic"),
    Cell("simple_rnn", "fused", "reset", "dynamic"),
    Cell("peephole", "fused", "reset", "int8"),
    Cell("stock", "fused", "carry", "int8"),
    Cell("cifg", "fused", "explicit", "int8"),
    Cell("zoneout", "unrolled", "reset", None),
    Cell("standard", "unrolled", "explicit", "int8"),
    Cell("peephole", "unrolled", "reset", "int16x8"),
    Cell("gru", "step", "explicit", None),
    Cell("standard", "step", "explicit", "dynamic"),
    Cell("peephole", "step", "explicit", "int8"),
    Cell("projection", "step", "explicit", "int16x8"),
]
FLOAT, FLOAT16, INTEGER = 1e-4, 3e-3, 0.03  # 32-bit Arm has errors to 1.4e-5, x86 to 3e-7
PLAIN_INT8 = 0.10  # as everywhere: plain operators have no 16-bit cell beside 8-bit activations

model_of = lru_cache(conversion_grid.build)


@pytest.fixture(scope="session")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """converted(cell): the file, made once for all machines."""
    folder = tmp_path_factory.mktemp("files")

    @lru_cache
    def make(cell: Cell) -> Path:
        path = folder / f"{cell}.tflite"
        length = conversion_grid.STEPS if cell.lowering == "unrolled" else None
        options: dict[str, Any] = {"lowering": cell.lowering, "state": cell.state, "length": length}
        convert(
            model_of(cell.variant),
            path,
            cell.quantize,
            conversion_grid.sequences(1, 256),
            target="tflite-runtime",
            **options,
        )
        return path

    return make


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_cell(cell: Cell, converted: Any, there: There) -> None:
    path, model, x = converted(cell), model_of(cell.variant), conversion_grid.sequences(2, 8)
    given = conversion_grid.starts(model, len(x))
    if cell.state == "carry":
        given = [np.zeros_like(state) for state in given]
        found = [there.ask("stream", path, x)["outputs"]]
    elif cell.state == "reset":
        given = [np.zeros_like(state) for state in given]
        found = there.ask("predict", path, x)["outputs"]
    else:
        answer = there.ask("predict", path, x, states=[state.tolist() for state in given])
        found = [[*answer["outputs"], *answer["states"]]]
    wanted = conversion_grid.answer(model, x, given)
    for run in found:
        for value, right in zip(run, wanted if cell.state == "explicit" else wanted[:1], strict=True):
            check(cell, np.array(value), right)


def check(cell: Cell, found: np.ndarray, wanted: np.ndarray) -> None:
    assert found.shape == wanted.shape
    assert wanted.std() > 0.05  # there is something to be wrong about
    if cell.quantize in (None, "float16"):
        largest = np.abs(found - wanted).max() / max(1.0, np.abs(wanted).max())
        assert largest <= (FLOAT if cell.quantize is None else FLOAT16)
    else:
        is_plain_int8 = cell.quantize == "int8" and cell.lowering != "fused"
        assert relative_error(found, wanted) <= (PLAIN_INT8 if is_plain_int8 else INTEGER)


def test_steps_of_an_explicit_file_are_a_stream(converted: Any, there: There) -> None:
    path, x = converted(Cell("gru", "step", "explicit", None)), conversion_grid.sequences(3, 2)
    model = model_of("gru")
    wanted = conversion_grid.answer(
        model, x, [np.zeros_like(state) for state in conversion_grid.starts(model, len(x))]
    )
    found = np.array(there.ask("stream", path, x)["outputs"][0])
    np.testing.assert_allclose(found, wanted[0], atol=FLOAT)


@pytest.mark.parametrize("quantize", [None, "dynamic", "int8"])
def test_masks(quantize: str | None, there: There, tmp_path: Path) -> None:
    inputs = keras.Input((None, conversion_grid.FEATURES), name="x")
    masked = keras.layers.Masking()(inputs)
    h = LSTMPlus(8, "peephole", return_sequences=True, name="first")(masked)
    model = randomised(keras.Model(inputs, LSTMPlus(6, name="last")(h)))
    x = conversion_grid.sequences(4, 12)
    for row, length in zip(x, [7, 3, 1, 5] * 3, strict=True):
        row[length:] = 0  # what Masking passes over
    path = tmp_path / "masked.tflite"
    convert(model, path, quantize, x, target="tflite-runtime")
    wanted = np.asarray(model(x))
    assert np.abs(wanted - np.asarray(model(np.where(x == 0, 1, x)))).max() > 0.1  # the padding would matter
    for found in there.ask("predict", path, x)["outputs"]:
        if quantize is None:
            np.testing.assert_allclose(found[0], wanted, atol=FLOAT)
        else:
            assert relative_error(np.array(found[0]), wanted) <= INTEGER


def test_the_process_there_has_numpy_and_a_runtime_only(there: There, device_half: Path) -> None:
    known = there.ask("about")
    assert known["machine"] == there.machine.machine
    assert Path(known["edge"]).parent == device_half / "edge"
    assert not {"tensorflow", "keras", "flatbuffers", "typer", "rich", "keras_lstm_plus"} & set(
        known["modules"]
    )
    assert not (device_half / "edge" / "convert").exists()
