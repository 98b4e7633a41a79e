"""The table of the operators of TensorFlow Lite Micro, against TensorFlow Lite Micro."""

from __future__ import annotations

import importlib.util
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from edge.inspection.operators import operator_reasons
from edge.inspection.overview import inspect
from edge.micro_operators import MICRO_OPERATORS
from edge.report.targets import targets_markdown
from edge.targets import TARGETS
from edge.tflite import parse
from tests.helpers.device_files import model_file
from tests.helpers.operator_cases import case_of, cases
from tests.helpers.single_operators import Case, End, constant, input_values, one_operator, options

MICRO = TARGETS["microcontroller"]
needs_micro = pytest.mark.skipif(
    importlib.util.find_spec("tflite_micro") is None,
    reason="tflite-micro is not installed (Linux on x86 only)",
)
TYPES = ("float32", "int8", "int16", "int32", "int64", "uint8", "bool")
# What the kernels do not look at: they compute something for every type, and LiteRT refuses it.
UNCHECKED = {"LOGICAL_AND", "LOGICAL_OR"}
# int8 and int16 work to six axes, float32 ends the process at five: one number is enough for a warning.
CAUTIOUS = {("PRELU", dtype, rank) for dtype in ("int8", "int16") for rank in (5, 6)}

WORKER = """
import os, pickle, sys
import numpy as np
from tflite_micro import runtime

jobs, begin = pickle.load(open(sys.argv[1], "rb")), int(sys.argv[2])
for content, values, outputs in jobs[begin:]:
    word = "runs"
    try:
        interpreter = runtime.Interpreter.from_bytes(content)
        for place, value in enumerate(values):
            interpreter.set_input(np.ascontiguousarray(value), place)
        interpreter.invoke()
        for place in range(outputs):
            interpreter.get_output(place)
    except Exception:
        word = "refuses"
    os.write(1, (word + "\\n").encode())
"""


def on_micro(files: list[Case], contents: list[bytes], tmp_path: Path) -> list[str]:
    """What the runtime does with each file: `runs`, `refuses`, or `ends the process`."""
    jobs = [
        (content, input_values(case), len(case.outputs))
        for case, content in zip(files, contents, strict=True)
    ]
    path = tmp_path / "jobs"
    path.write_bytes(pickle.dumps(jobs))
    found: list[str] = []
    while len(found) < len(jobs):
        command = [sys.executable, "-c", WORKER, str(path), str(len(found))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        found += done.stdout.split("\n")[:-1]
        if len(found) < len(jobs):
            assert done.returncode < 0, done.stderr
            found.append("ends the process")
    return found


def reasons(content: bytes) -> list[str]:
    return [reason.what for reason in operator_reasons(parse(content, "one.tflite"), MICRO)]


@needs_micro
def test_inspect_says_of_each_operator_type_and_rank_what_the_runtime_does(tmp_path: Path) -> None:
    every = [
        ((name, dtype, rank), case)
        for name, dtype, rank, case in cases(TYPES, range(1, 7))
        if name not in UNCHECKED
    ]
    contents = [one_operator(key[0], case) for key, case in every]
    found = on_micro([case for _, case in every], contents, tmp_path)
    assert len(found) > 3000
    assert {"runs", "refuses", "ends the process"} == set(found)
    wrong = [
        (*key, word, why)
        for (key, _), content, word in zip(every, contents, found, strict=True)
        if (word == "runs") != (not (why := reasons(content))) and key not in CAUTIOUS
    ]
    assert wrong == []
    tried = {key[0] for key, _ in every}
    assert len(tried & set(MICRO_OPERATORS)) >= 75  # of 100; the others have states, graphs or filters
    assert {"TILE", "SELECT", "REDUCE_ANY", "GELU"} <= tried - set(MICRO_OPERATORS)


def _cast(source: str, target: str, name: str = "CAST") -> Case:
    return Case((End((1, 2), source),), (End((1, 2), target),), options(name.capitalize()))


def _joined(count: int) -> Case:
    ends = (End((1, 2), "float32"),) * count
    return Case(ends, (End((1, 2 * count), "float32"),), options("Concatenation", axis=1))


def _computed(name: str, place: int) -> Case:
    case = case_of(name, "float32", 4)
    assert case is not None
    free = case.inputs[place]._replace(value=None)
    return case._replace(inputs=(*case.inputs[:place], free, *case.inputs[place + 1 :]))


ODD: list[tuple[str, Case, str | None]] = [
    ("CAST", _cast("int64", "float32"), "its CAST takes .* and bool, not int64"),
    ("CAST", _cast("float32", "int64"), "its CAST of float32 gives .*, not int64"),
    ("CAST", _cast("float32", "bool"), None),
    ("QUANTIZE", _cast("float32", "uint8", "QUANTIZE"), "its QUANTIZE of float32 gives int8 and int16, not"),
    ("QUANTIZE", _cast("uint8", "int8", "QUANTIZE"), None),
    ("CONCATENATION", _joined(10), None),
    ("CONCATENATION", _joined(11), "its CONCATENATION takes 10 tensors at most, here 11"),
    ("STRIDED_SLICE", _computed("STRIDED_SLICE", 1), "operand 1 of its STRIDED_SLICE must be a constant"),
    ("SLICE", _computed("SLICE", 1), None),
    ("TRANSPOSE", _computed("TRANSPOSE", 1), "operand 1 of its TRANSPOSE must be a constant"),
    ("PAD", _computed("PAD", 1), "operand 1 of its PAD must be a constant"),
    (
        "ARG_MAX",
        Case(
            (End((1, 4), "float32"), constant(1)),
            (End((1,), "int64"),),
            options("ArgMax", outputType=4),
        ),
        "its ARG_MAX of float32 gives int32, not int64",
    ),
]


@needs_micro
def test_what_else_an_operator_asks_for(tmp_path: Path) -> None:
    contents = [one_operator(name, case) for name, case, _ in ODD]
    found = on_micro([case for _, case, _ in ODD], contents, tmp_path)
    for (name, _, wanted), content, word in zip(ODD, contents, found, strict=True):
        why = reasons(content)
        assert (word == "runs") == (wanted is None) == (why == []), (name, word, why)
        if wanted is not None:
            with pytest.raises(AssertionError, match=wanted):
                raise AssertionError(why[0])


def test_a_reason_comes_with_a_way_out() -> None:
    case = case_of("GATHER", "int16", 2)
    assert case is not None
    (reason,) = operator_reasons(parse(one_operator("GATHER", case), "x"), MICRO)
    assert reason == (
        "refused",
        "its GATHER takes float32 and int8, not int16",
        "convert with quantize=None or 'int8', or change the layer that needs it",
    )
    case = case_of("TILE", "float32", 2)
    assert case is not None
    (reason,) = operator_reasons(parse(one_operator("TILE", case), "x"), MICRO)
    assert reason.what == "it has no TILE"
    assert "target='microcontroller'" in reason.way_out
    case = case_of("STRIDED_SLICE", "float32", 5)
    assert case is not None
    (reason,) = operator_reasons(parse(one_operator("STRIDED_SLICE", case), "x"), MICRO)
    assert reason.what == "its STRIDED_SLICE takes tensors of 4 axes at most, here one has 5"


def test_files_of_the_other_targets_are_not_judged_by_it() -> None:
    found = inspect(model_file("tokens"))["targets"]
    assert found["litert"]["verdict"] == "ok"
    assert found["microcontroller"]["verdict"] == "refused"


def test_the_table_is_printed() -> None:
    text = targets_markdown()
    for name in MICRO_OPERATORS:
        assert name in text
    assert "STRIDED_SLICE (4)" in text
