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
    found = conversion_grid.run_file(cell, runtime, converted(cell), x, given)
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
