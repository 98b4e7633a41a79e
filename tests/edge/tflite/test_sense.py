"""What a runtime takes for granted: scales, types, variables, slices, resources. Each ended a process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.convert.graph import flatbuffer
from edge.errors import ModelFileError
from edge.tflite import describe, opcodes, parse
from tests.edge.tflite.test_checks import LSTM, change, of_type, operand, operator, option
from tests.helpers.device_files import model_file
from tests.helpers.explicit_files import FILES, explicit_file

Edit = Callable[[Any], None]


def scale(name: str, place: int, value: float) -> Edit:
    def edit(model: Any) -> None:
        operand(model, name, place).quantization.scale = np.array([value], "f4")

    return edit


def zero_point(name: str, place: int, value: int) -> Edit:
    def edit(model: Any) -> None:
        operand(model, name, place).quantization.zeroPoint = np.array([value], "i8")

    return edit


def without_scale(name: str, place: int) -> Edit:
    return lambda model: setattr(operand(model, name, place), "quantization", None)


def result(name: str) -> Callable[[Any], Any]:
    return lambda model: model.subgraphs[0].tensors[operator(model, name).outputs[0]]


def result_type(name: str, number: int) -> Edit:
    return lambda model: setattr(result(name)(model), "type", number)


def variable(name: str, place: int) -> Edit:
    """A computed operand is called a variable, and nobody computes it."""

    def edit(model: Any) -> None:
        graph, index = model.subgraphs[0], operator(model, name).inputs[place]
        graph.tensors[index].isVariable = True
        graph.operators = [each for each in graph.operators if index not in each.outputs]

    return edit


def row_of_nothing(model: Any) -> None:
    graph, index = model.subgraphs[0], operator(model, "FULLY_CONNECTED").inputs[0]
    graph.tensors[index].shape, graph.tensors[index].shapeSignature = [1, 0], None
    graph.operators = [each for each in graph.operators if index not in each.outputs]


def constant_variable(model: Any) -> None:
    model.subgraphs[0].tensors[operator(model, "FULLY_CONNECTED").inputs[1]].isVariable = True


def loop_type(model: Any) -> None:
    model.subgraphs[0].tensors[operator(model, "WHILE").outputs[2]].type = INT16


def standing_still(model: Any) -> None:
    buffer = model.buffers[operand(model, "STRIDED_SLICE", 3).buffer]
    buffer.data = np.zeros_like(buffer.data)


def begins(value: int) -> Edit:
    """The last bound of a STRIDED_SLICE that is not masked."""

    def edit(model: Any) -> None:
        found = operator(model, "STRIDED_SLICE")
        buffer = model.buffers[operand(model, "STRIDED_SLICE", 1).buffer]
        begin = np.frombuffer(bytes(buffer.data), "<i4").copy()
        begin[next(n for n in range(len(begin)) if not found.builtinOptions.beginMask >> n & 1)] = value
        buffer.data = begin.view("u1")

    return edit


def unassigned(model: Any) -> None:
    graph = model.subgraphs[1]
    number = opcodes.OPERATORS.index("ASSIGN_VARIABLE")
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    graph.operators = [each for each in graph.operators if codes[each.opcodeIndex] != number]


def assigned_otherwise(model: Any) -> None:
    graph = model.subgraphs[0]
    graph.tensors[operator(model, "READ_VARIABLE").outputs[0]].shape = [1, 3]


INT16, INT32, FLOAT16, BOOL = 7, 2, 1, 6
CASES: list[tuple[str, str, Edit, str]] = [
    ("a scale of zero", "int8", scale(LSTM, 2, 0.0), "has the scale 0, which is no step"),
    ("a negative scale", "int8", scale(LSTM, 0, -0.1), "has the scale -0.1, which is no step"),
    ("no scale but NaN", "dense_int8", scale("FULLY_CONNECTED", 0, np.nan), "has the scale nan"),
    ("an infinite scale", "dense_int8", scale("FULLY_CONNECTED", 0, np.inf), "has the scale inf"),
    ("a scale of no number", "dense_int8", scale("FULLY_CONNECTED", 0, 1e-45), "has the scale 1.4.*e-45"),
    ("a zero point beyond int8", "int8", zero_point(LSTM, 0, 128), "zero point 128 of tensor .* is no int8"),
    ("a zero point beyond int16", "int8", zero_point(LSTM, 19, -(2**15) - 1), "-32769 of .* is no int16"),
    ("a sum without a scale", "unrolled_int8", without_scale("ADD", 0), "is to compute .* has no scale"),
    ("a product without a scale", "dense_int8", without_scale("FULLY_CONNECTED", 0), "has no scale"),
    ("scales of no proportion", "unrolled_int8", scale("ADD", 0, 1e20), "ADD is to make steps of"),
    ("weights of another type", "reset", of_type(LSTM, 3, INT32), "LSTM of float32 has weights of int32"),
    ("peepholes of another type", "int8", of_type(LSTM, 9, FLOAT16), "has peepholes of float16, not int16"),
    ("biases of another type", "int8", of_type(LSTM, 13, 0), "has biases of float32, not int32"),
    ("a cell state of another type", "int8_carry", of_type(LSTM, 19, FLOAT16), "a cell state of float16"),
    ("a hybrid of two kinds", "dynamic", of_type(LSTM, 6, 3), "has weights of int8, not uint8"),
    ("a reshape to another type", "stock", result_type("RESHAPE", INT16), "RESHAPE is to make one of"),
    ("a sum of two types", "stateful", of_type("ADD", 0, FLOAT16), "to make one of|type"),
    ("a loop that changes types", "stock", loop_type, "WHILE and graph 2, .*, have different types"),
    ("a variable that nobody keeps", "reset", variable("FULLY_CONNECTED", 0), "which nobody has written"),
    ("a variable with a constant", "reset", constant_variable, "variable and has a value that is constant"),
    ("a row of no elements", "reset", row_of_nothing, "FULLY_CONNECTED reads tensor .*nobody has written"),
    ("a slice from before the start", "int16x8", begins(-400), "STRIDED_SLICE from -400 is taken of"),
    ("a slice from nowhere", "int16x8", begins(-(2**31)), "STRIDED_SLICE begins at -2147483648"),
    ("a slice by its length", "batch_reset", option("STRIDED_SLICE", "offset", 1), "from -1 of 0 is taken"),
    ("a slice of other axes", "int16x8", option("STRIDED_SLICE", "newAxisMask", 1), "STRIDED_SLICE of shape"),
    ("a slice that stands still", "int16x8", standing_still, "STRIDED_SLICE has a stride of 0"),
    ("a padding of no kind", "cnn_int8", option("DEPTHWISE_CONV_2D", "padding", 7), "padding of no kind"),
    ("a filter without a bias", "cnn_int8", change("DEPTHWISE_CONV_2D", "inputs", lambda old: old[:2]),
     "DEPTHWISE_CONV_2D has no operand 2"),
    ("a variable that nobody assigned", "stateful", unassigned, "is read, and nobody has assigned it"),
    ("a variable of another shape", "stateful", assigned_otherwise, r"is read as float32 \[1, 3\]"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "edit", "words"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_what_ended_a_process_is_one_sentence(kind: str, edit: Edit, words: str) -> None:
    content = (explicit_file(kind) if kind in FILES else model_file(kind)).read_bytes()
    parse(content)  # the file itself is taken
    model = flatbuffer.load(content)
    edit(model)
    with pytest.raises(ModelFileError, match=words) as caught:
        parse(flatbuffer.pack(model), "odd.tflite")
    assert str(caught.value).startswith("odd.tflite is cut short or damaged: ")
    assert "\n" not in str(caught.value)


def test_a_boolean_with_a_scale_is_a_boolean(tmp_path: Path) -> None:
    def boolean(model: Any) -> None:
        model.subgraphs[0].tensors[model.subgraphs[0].inputs[0]].type = BOOL

    model = flatbuffer.load(model_file("dense_int8").read_bytes())
    boolean(model)
    path = tmp_path / "bool.tflite"
    path.write_bytes(flatbuffer.pack(model))
    (info,) = describe(path).inputs
    assert (info.dtype, info.scale) == (np.dtype(bool), None)
