"""States at the ends of a file: a sequence in pieces gives what the whole gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import edge
from edge.convert import convert
from tests.helpers.keras_models import keras_answer
from tests.helpers.runtimes import Runtime
from tests.helpers.state_models import SAMPLES, Converted, call, check, converter, inputs_of, model_of, slow


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    return converter(tmp_path_factory.mktemp("states"))


@pytest.mark.parametrize(
    ("name", "quantize", "lowering", "length"),
    [
        ("stack", None, "fused", None),
        ("stack", "int8", "fused", None),
        slow("stack", None, "unrolled", 3),
        slow("stack", "int8", "unrolled", 3),
        slow("stack", None, "step", None),
        ("stack", "int8", "step", None),
        ("called_twice", None, "fused", None),
        ("other_cells", None, "unrolled", 2),
        slow("other_cells", "dynamic", "step", None),
    ],
)
def test_chunks_are_the_whole(
    name: str, quantize: str | None, lowering: str, length: int | None, converted: Converted, runtime: Runtime
) -> None:
    """A sequence cut into pieces, each started from the states that the piece before gave."""
    path = converted(name, quantize, "explicit", lowering, length)
    (x,) = inputs_of(name, SAMPLES, (12, 0), 42)
    pieces = {"fused": (5, 1, 4, 2), "unrolled": (length or 1,) * (12 // (length or 1)), "step": (1,) * 12}[
        lowering
    ]
    sizes = [state.input.shape[1] for state in edge.load(path).states]
    states = [np.zeros((SAMPLES, size), np.float32) for size in sizes]
    parts, begin = [], 0
    for size in pieces:
        output, *states = call(runtime, path, [x[:, begin : begin + size], *states])
        parts.append(output)
        begin += size
    assert begin == x.shape[1]
    is_plain_int8 = quantize == "int8" and lowering != "fused"
    limit = 0.10 if is_plain_int8 else 0.03
    check(np.concatenate(parts, axis=1), keras_answer(model_of(name), x)[0], quantize, limit)


def test_a_layer_called_twice_has_two_states(converted: Converted) -> None:
    file = edge.load(converted("called_twice", None, "explicit", "fused", None))
    names = [end.name for state in file.states for end in (state.input, state.output)]
    assert len(set(names)) == len(names) == 8
    assert [state.name for state in file.states] == ["twice_h", "twice_c", "twice_h_1", "twice_c_1"]


def test_what_the_fused_operator_does_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no fused operator for GRUCell.*Use lowering='step'"):
        convert(model_of("other_cells"), tmp_path / "m.tflite", lowering="fused")
