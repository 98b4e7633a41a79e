"""The grid: variants x lowerings x states x quantization x runtimes, a row a cell.

A cell that is refused is a row too: it must be refused, in one sentence with a way out. By default some of
the grid runs, all of it with `-m slow`.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.convert import ConversionError, convert
from tests.helpers import conversion_grid
from tests.helpers.conversion_grid import Cell
from tests.helpers.keras_models import relative_error
from tests.helpers.runtimes import Runtime

SOME = set(conversion_grid.some())
MARKED = [
    pytest.param(cell, id=str(cell), marks=() if cell in SOME else pytest.mark.slow)
    for cell in conversion_grid.everything()
]
# Plain operators have no 16-bit cell beside 8-bit activations, as the fused one has; "int16x8" has.
PLAIN_INT8 = 0.10
PLAIN_NORM = 0.15  # a mean and a variance in 8 bits, too; past this `convert` keeps no file

model_of = cache(conversion_grid.build)


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """converted(cell): the file, made once for both runtimes."""
    folder = tmp_path_factory.mktemp("grid")

    @cache
    def make(cell: Cell) -> Path:
        options: dict[str, Any] = {"lowering": cell.lowering, "state": cell.state}
        if cell.lowering == "unrolled":
            options["length"] = conversion_grid.STEPS
        path = folder / f"{cell}.tflite"
        result = convert(
            model_of(cell.variant), path, cell.quantize, conversion_grid.sequences(1, 256), **options
        )
        assert (result.lowering, result.state) == (cell.lowering, cell.state)
        return result.path

    return make


@pytest.mark.parametrize("cell", MARKED)
def test_cell(cell: Cell, converted: Any, runtime: Runtime) -> None:
    if cell.refused:
        with pytest.raises(ValueError, match=r"\. Use ") as error:
            converted(cell)
        assert "\n" not in str(error.value)
        return
    if cell.may_be_too_coarse and is_too_coarse(cell, converted):
        return
    x = conversion_grid.sequences(2)
    model = model_of(cell.variant)
    given = conversion_grid.starts(model)
    from_zero = [np.zeros_like(state) for state in given]
    run = {"reset": at_once, "carry": carried, "explicit": stepwise if cell.lowering == "step" else explicit}
    found = run[cell.state](runtime, converted(cell), x, given)
    wanted = conversion_grid.answer(model, x, given if cell.state == "explicit" else from_zero)
    if cell.state != "explicit":
        wanted = wanted[:1]
    for value, right in zip(found, wanted, strict=True):
        check(cell, value, right)


def is_too_coarse(cell: Cell, converted: Any) -> bool:
    """Whether the file is not kept for its numbers, and the sentence says what to do."""
    try:
        converted(cell)
    except ConversionError as error:
        if not re.search(r"differs from Keras by .*\. (Use quantize=|Give representative_data)", str(error)):
            raise
        return True
    return False


def check(cell: Cell, found: np.ndarray, wanted: np.ndarray) -> None:
    assert wanted.std() > 0.05  # there is something to be wrong about
    largest = np.abs(found - wanted).max() / max(1.0, np.abs(wanted).max())
    if cell.quantize is None:
        assert largest <= 1e-5
    elif cell.quantize == "float16":
        assert largest <= 2e-3
    else:
        plain = PLAIN_NORM if "layer_norm" in cell.variant else PLAIN_INT8
        is_plain_int8 = cell.quantize == "int8" and cell.lowering != "fused"
        assert relative_error(found, wanted) <= (plain if is_plain_int8 else 0.03)


def at_once(runtime: Runtime, path: Path, x: np.ndarray, given: Any) -> list[np.ndarray]:
    """Every sample in one call; the second call must know nothing of the first."""
    return [np.concatenate([outputs[0] for outputs in runtime.run(path, [[row[None]] for row in x])])]


def carried(runtime: Runtime, path: Path, x: np.ndarray, given: Any) -> list[np.ndarray]:
    """Every sample in two calls, on an interpreter of its own."""
    rows = []
    for row in x:
        parts = [[row[None, :3]], [row[None, 3:6]]]
        rows.append(np.concatenate([outputs[0] for outputs in runtime.run(path, parts)], axis=1))
    rest = [runtime.run(path, [[row[None]]])[0][0][:, 6:] for row in x]
    return [np.concatenate([np.concatenate(rows), np.concatenate(rest)], axis=1)]


def explicit(runtime: Runtime, path: Path, x: np.ndarray, given: list[np.ndarray]) -> list[np.ndarray]:
    """Every sample in one call, from a state of its own."""
    rounds = [[row[None], *(state[n : n + 1] for state in given)] for n, row in enumerate(x)]
    return [np.concatenate(outputs) for outputs in zip(*runtime.run(path, rounds), strict=True)]


def stepwise(runtime: Runtime, path: Path, x: np.ndarray, given: list[np.ndarray]) -> list[np.ndarray]:
    """All samples step by step, each step started from what the one before gave."""
    outputs, states = [], given
    for step in range(x.shape[1]):
        rounds = [[row[None, step : step + 1], *(s[n : n + 1] for s in states)] for n, row in enumerate(x)]
        output, *states = (np.concatenate(parts) for parts in zip(*runtime.run(path, rounds), strict=True))
        outputs.append(output)
    return [np.concatenate(outputs, axis=1), *states]
