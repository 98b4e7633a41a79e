"""The fused part of the grid of conversions on the engine: both runtimes, every instruction set here.

A file each, as `convert` writes it, judged by the same oracle as the grid without the engine.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from edge.convert import convert
from tests.helpers import conversion_grid
from tests.helpers.conversion_grid import Cell
from tests.helpers.native_worker import NativeWorker
from tests.helpers.runtimes import RUNTIMES, Round

SOME = set(conversion_grid.some())
MARKED = [
    pytest.param(cell, id=str(cell), marks=() if cell in SOME else pytest.mark.slow)
    for cell in conversion_grid.everything()
    if cell.lowering == "fused" and not cell.refused and cell.variant != "simple_rnn"
]
LEFT_ALONE = {("peephole+projection", "int8")}  # where the runtime's own kernel is wrong
SAMPLES = 5

model_of = cache(conversion_grid.build)


class OnEngine(NamedTuple):
    """A runtime with the engine, or without one."""

    worker: NativeWorker
    library: Path | None = None
    isa: str = ""
    taken: bool = True

    def run(self, path: Any, rounds: list[Round]) -> list[Round]:
        ran = self.worker.run(path, rounds, self.library, self.isa, real=True)
        if self.library:
            assert ran.report["isa"] == self.isa
            assert [layer["taken"] for layer in ran.report["layers"]] == [self.taken], ran.report
        return ran.outputs


@pytest.mark.parametrize("cell", MARKED)
def test_cell(cell: Cell, tmp_path: Path, start_worker: Any, library: Path, isas: list[str]) -> None:
    model, path = model_of(cell.variant), tmp_path / "cell.tflite"
    convert(model, path, cell.quantize, conversion_grid.sequences(1, 256), state=cell.state)
    x = conversion_grid.sequences(2, SAMPLES)
    given = conversion_grid.starts(model, SAMPLES)
    from_zero = [np.zeros_like(state) for state in given]
    wanted = conversion_grid.answer(model, x, given if cell.state == "explicit" else from_zero)
    taken = (cell.variant, cell.quantize) not in LEFT_ALONE
    for runtime in RUNTIMES:
        if importlib.util.find_spec(runtime.replace("-", "_")) is None:
            continue
        worker = start_worker(runtime)
        kernel = conversion_grid.run_file(cell, OnEngine(worker), path, x, given)
        for isa in isas:
            engine = OnEngine(worker, library, isa, taken)
            found = conversion_grid.run_file(cell, engine, path, x, given)
            for ours, theirs, right in zip(found, kernel, wanted, strict=False):
                check(cell, ours, theirs, right)


def check(cell: Cell, ours: np.ndarray, theirs: np.ndarray, right: np.ndarray) -> None:
    """Against Keras, and in 8 bits against the runtime's kernel, too."""
    assert right.std() > 0.05  # there is something to be wrong about
    if cell.quantize == "int8":
        np.testing.assert_array_equal(ours, theirs)
    elif cell.quantize == "dynamic":
        errors = [float(np.sqrt(np.mean((each - right) ** 2))) for each in (ours, theirs)]
        assert errors[0] <= 1.1 * errors[1] + 1e-5, errors
    else:
        limit = 1e-5 if cell.quantize is None else 2e-3
        assert np.abs(ours - right).max() <= limit * max(1.0, np.abs(right).max())
