"""Models that lie within their file and make no sense: each is refused by name, before a runtime sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema

from edge.convert.graph import flatbuffer
from edge.errors import ModelFileError
from edge.inspection import inspect
from edge.tflite import opcodes, operands, parse
from tests.helpers.device_files import edited, keras_model, model_file, sequences

KINDS = ("reset", "carry", "dynamic", "int8", "int8_carry", "stock", "dense", "dense_int8", "tokens", "multi")
LSTM = "UNIDIRECTIONAL_SEQUENCE_LSTM"


def operator(model: Any, name: str) -> Any:
    """The first operator of that name, in whichever graph."""
    number = opcodes.OPERATORS.index(name)
    for graph in model.subgraphs:
        for each in graph.operators:
            code = model.operatorCodes[each.opcodeIndex]
            if max(code.builtinCode, code.deprecatedBuiltinCode) == number:
                return each
    raise AssertionError(f"there is no {name}")


def operand(model: Any, name: str, place: int) -> Any:
    return model.subgraphs[0].tensors[operator(model, name).inputs[place]]


def change(name: str, field: str, new: Callable[[list[int]], list[int]]) -> Callable[[Any], None]:
    """An edit of the inputs or outputs of an operator."""

    def edit(model: Any) -> None:
        found = operator(model, name)
        setattr(found, field, new(list(getattr(found, field))))

    return edit


def without_options(name: str) -> Callable[[Any], None]:
    def edit(model: Any) -> None:
        operator(model, name).builtinOptionsType, operator(model, name).builtinOptions = 0, None

    return edit


def option(name: str, field: str, value: int) -> Callable[[Any], None]:
    return lambda model: setattr(operator(model, name).builtinOptions, field, value)


def slice_begin(model: Any) -> None:
    model.buffers[operand(model, "SLICE", 1).buffer].data = np.array([0, 99], "<i4").view("u1")


def of_type(name: str, place: int, number: int) -> Callable[[Any], None]:
    return lambda model: setattr(operand(model, name, place), "type", number)


def shape(name: str, place: int, value: list[int]) -> Callable[[Any], None]:
    return lambda model: setattr(operand(model, name, place), "shape", value)


def two_writers(model: Any) -> None:
    graph = model.subgraphs[0]
    graph.operators[-1].outputs = graph.operators[-2].outputs


def unwritten(model: Any) -> None:
    operand(model, "FULLY_CONNECTED", 1).buffer = 0


def overwritten(model: Any) -> None:
    constant = operator(model, "FULLY_CONNECTED").inputs[1]
    model.subgraphs[0].operators[0].outputs = [constant]


def scales(model: Any) -> None:
    operand(model, LSTM, 2).quantization.scale = np.ones(3, "f4")


def zero_points(model: Any) -> None:
    operand(model, LSTM, 2).quantization.zeroPoint = np.zeros(3, "i8")


def nameless(model: Any) -> None:
    model.operatorCodes[0].builtinCode = model.operatorCodes[0].deprecatedBuiltinCode = opcodes.CUSTOM


CASES: list[tuple[str, Callable[[Any], None], str]] = [
    ("reset", change("SLICE", "inputs", lambda old: old[:1]), "SLICE has no operand 1"),
    ("reset", change(LSTM, "inputs", lambda old: [*old[:12], -1, *old[13:]]), "has no operand 12"),
    ("reset", change(LSTM, "inputs", lambda old: old[:5]), f"{LSTM} has no operand 6"),
    ("reset", change("RESHAPE", "inputs", lambda old: [old[0], -1]), "RESHAPE has no operand 1"),
    ("multi", change("CONCATENATION", "inputs", lambda old: [old[0], -1]), "CONCATENATION has no operand 1"),
    ("reset", change(LSTM, "outputs", lambda old: []), f"{LSTM} has 0 outputs"),
    ("stock", change("SPLIT", "outputs", lambda old: [*old, 0]), "into 4 parts has 5 outputs"),
    ("reset", without_options("FULLY_CONNECTED"), "FULLY_CONNECTED has not its options"),
    ("stock", without_options("SPLIT"), "SPLIT has not its options"),
    ("multi", option("CONV_2D", "strideW", 0), "CONV_2D has a stride or a size below 1"),
    ("multi", option("CONV_2D", "dilationHFactor", -1), "CONV_2D has a stride or a size below 1"),
    ("stock", option("WHILE", "bodySubgraphIndex", 7), "WHILE calls graph 7 of 3"),
    ("stock", option("WHILE", "bodySubgraphIndex", 0), "gives 6 values to a graph that takes 1"),
    ("stock", change("WHILE", "inputs", lambda old: old[:-1]), "gives 5 values to a graph that takes 6"),
    ("stateful", option("CALL_ONCE", "initSubgraphIndex", 0), "graph 0 calls itself"),
    ("reset", slice_begin, "SLICE from 99 of 8 is taken of 8"),
    ("reset", of_type(LSTM, 0, 5), "is to compute with what is no number"),
    ("int8", of_type(LSTM, 0, 7), "makes int8 of int16"),
    ("stateful", of_type("READ_VARIABLE", 0, 0), "no resource"),
    ("reset", shape("FULLY_CONNECTED", 1, [5, 9]), "has 160 bytes, it needs 180"),
    ("reset", shape("FULLY_CONNECTED", 1, [5, -8]), r"has the shape \[5, -8\]"),
    ("reset", shape(LSTM, 0, [1, 6]), "has shapes of 2 and of 3 axes"),
    ("reset", shape(LSTM, 0, [1, 1, 7]), r"has the shapes \[1, 1, 7\] and \[-?1, -1, 6\]"),
    ("stock", shape("RESHAPE", 0, [2**20, 2**20, 6]), "is larger than any memory"),
    ("stock", two_writers, "overwrites tensor"),
    ("reset", unwritten, "FULLY_CONNECTED reads tensor .*, which nobody has written"),
    ("reset", overwritten, "SLICE overwrites tensor"),
    ("int8", scales, "has 3 scales along axis 0"),
    ("int8", zero_points, "has 1 scales and 3 zero points"),
    ("multi", nameless, "a custom operator has no name"),
]


@pytest.mark.parametrize(("kind", "edit", "message"), CASES, ids=[case[2] for case in CASES])
def test_a_model_without_sense_is_refused(kind: str, edit: Callable[[Any], None], message: str) -> None:
    parse(edited(kind, lambda model: None))  # the way there and back is none of the reasons
    with pytest.raises(ModelFileError, match=message) as caught:
        parse(edited(kind, edit), "odd.tflite")
    assert str(caught.value).startswith("odd.tflite is cut short or damaged: ")


# -- and all that make sense are taken ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", [*KINDS, "stateful"])
def test_files_that_run_are_taken(kind: str) -> None:
    assert inspect(model_file(kind))["operators"]


SHARED = {
    "Pool2D": "_POOL_2D",
    "Reducer": "REDUCE_ MEAN SUM",
    "SequenceRNN": "_RNN",
    "Conv3D": "CONV_3D_TRANSPOSE",
}


def test_every_operator_of_the_table_has_the_options_of_its_name() -> None:
    kinds = {number: name for name, number in vars(schema.BuiltinOptions).items()}
    for name, needs in operands.NEEDS.items():
        kind = kinds[needs.options].removesuffix("Options")
        if needs.options and kind.lower() != name.replace("_", "").lower():
            assert any(part in name for part in SHARED[kind].split()), (name, kind)


def test_every_operator_of_the_table_is_in_the_schema() -> None:
    assert operands.NEEDS.keys() | operands.WITH_OPTIONAL | operands.OF_NUMBERS <= set(opcodes.OPERATORS)
    options = {
        number: name for name, number in vars(schema.BuiltinOptions).items() if isinstance(number, int)
    }
    for name in ("CONV_2D", "FULLY_CONNECTED", "SPLIT", "WHILE", "CONCATENATION", LSTM):
        assert options[operands.NEEDS[name].options].upper() == name.replace("_", "") + "OPTIONS"


@pytest.mark.parametrize("kind", ["float16", "flex", "int16x8", "dilated"])
def test_files_of_the_stock_converter_are_taken(kind: str) -> None:
    model = keras_model("dense")
    if kind == "flex":  # a loop with lists of tensors
        x = keras.Input((10, 6))
        model = keras.Model(x, keras.layers.LSTM(4)(x))
    elif kind == "dilated":
        x = keras.Input(batch_shape=(1, 9, 6))
        model = keras.Model(x, keras.layers.Cropping1D((1, 1))(keras.layers.Conv1D(2, 2, dilation_rate=2)(x)))
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if kind == "float16":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    elif kind == "int16x8":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([row[None]] for row in sequences(20)[:, 0])
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        ]
    elif kind == "flex":
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
        converter._experimental_lower_tensor_list_ops = False
    file = parse(converter.convert())
    names = {operator.name for operator in file.graphs[0].operators}
    assert {"float16": "DEQUANTIZE", "flex": "FlexTensorListReserve"}.get(kind, next(iter(names))) in names


def test_a_sparse_constant_and_one_in_another_file_are_taken() -> None:
    def sparse(model: Any) -> None:
        weights = operand(model, "FULLY_CONNECTED", 1)
        axis = schema.DimensionMetadataT(format=schema.DimensionType.SPARSE_CSR)
        axis.arraySegmentsType = axis.arrayIndicesType = schema.SparseIndexVector.Int32Vector
        axis.arraySegments, axis.arrayIndices = schema.Int32VectorT([0, 1]), schema.Int32VectorT([0])
        weights.sparsity = schema.SparsityParametersT([0, 1], [], [schema.DimensionMetadataT(0, 5), axis])
        model.buffers[weights.buffer].data = np.zeros(4, "u1")

    def elsewhere(model: Any) -> None:
        weights = operand(model, "FULLY_CONNECTED", 1)
        weights.buffer, weights.externalBuffer = 0, 1

    for edit in (sparse, elsewhere):
        assert parse(edited("dense", edit)).graphs[0].operators


def test_a_vector_of_a_sparse_constant_that_leaves_the_file_is_refused() -> None:
    def sparse(model: Any) -> None:
        order = list(range(0x1234, 0x1234 + 3))
        operand(model, "FULLY_CONNECTED", 1).sparsity = schema.SparsityParametersT(order, [], [])

    content = edited("dense", sparse)
    parse(content)
    vector = np.array([3, 0x1234, 0x1235, 0x1236], "<i4").tobytes()
    assert content.count(vector) == 1
    longer = content.replace(vector, np.array([2**20, 0x1234, 0x1235, 0x1236], "<i4").tobytes())
    with pytest.raises(ModelFileError, match="do not fit into the file"):
        parse(longer)


def test_an_edit_that_keeps_the_sense_is_taken() -> None:
    model = flatbuffer.load(model_file("reset").read_bytes())
    model.subgraphs[0].tensors[0].name = b"another"
    assert parse(flatbuffer.pack(model)).graphs[0].tensors[0].name == "another"
