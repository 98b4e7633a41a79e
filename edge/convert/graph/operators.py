"""The operators of a `.tflite` model: found, counted, made, put in and taken out."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edge.convert.graph.flatbuffer import (
    Model,
    add_tensor,
    copy_type,
    drop_unused_buffers,
    graph,
    scale_and_zero_point,
    tensor,
    tensor_name,
    tensor_shape,
)

Operator = Any  # schema.OperatorT

LSTM = "UNIDIRECTIONAL_SEQUENCE_LSTM"
RNN = "UNIDIRECTIONAL_SEQUENCE_RNN"
ABSENT = -1  # the index that stands for an operand left out

_OP_NAMES = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}
_ACTIVATIONS = {"linear": "NONE", "tanh": "TANH", "relu": "RELU", "relu6": "RELU6"}


def name_of(model: Model, operator: Operator) -> str:
    """`FULLY_CONNECTED`, ...; for a custom operator its own name."""
    code = model.operatorCodes[operator.opcodeIndex]
    if code.customCode:
        return code.customCode.decode()
    return _OP_NAMES[max(code.builtinCode, code.deprecatedBuiltinCode)]


def count(model: Model) -> dict[str, int]:
    """How often each operator stands in the file, in order of first use."""
    return dict(Counter(name_of(model, op) for part in model.subgraphs for op in part.operators))


def builtin_names() -> set[str]:
    """The operators that the schema knows; any other is custom."""
    return set(_OP_NAMES.values()) - {"CUSTOM"}


def named(model: Model, name: str) -> Iterator[Operator]:
    """The operators of that name, in the order in which they run."""
    return (op for op in list(graph(model).operators) if name_of(model, op) == name)


def replace(model: Model, old: Operator, new: Operator) -> None:
    """Put `new` in the place of `old`."""
    ops = graph(model).operators
    ops[_position(ops, old)] = new


def insert_before(model: Model, anchor: Operator, new: Operator) -> None:
    """Let `new` run just before `anchor`."""
    ops = graph(model).operators
    ops.insert(_position(ops, anchor), new)


def isolate(model: Model, operator: Operator, shape: tuple[int, ...], states: Sequence[int]) -> Model:
    """A model of one LSTM, its input of that shape `[batch, time, features]`; the arrays are shared."""
    alone = copy.copy(model)
    main = copy.copy(graph(model))
    main.tensors = [copy.copy(each) for each in main.tensors]
    main.operators, main.inputs, main.outputs = [operator], [operator.inputs[0]], list(operator.outputs)
    alone.subgraphs, alone.signatureDefs, alone.metadata = [main], [], []
    source = tensor(alone, operator.inputs[0])
    source.shape, source.shapeSignature = np.array(shape, np.int32), None
    for index in states:
        tensor(alone, index).shape = np.array((shape[0], tensor_shape(model, index)[1]), np.int32)
    kept = {*operator.inputs, *operator.outputs}
    for index, other in enumerate(main.tensors):
        other.buffer = other.buffer if index in kept else 0
    drop_unused_buffers(alone)
    return alone


def lstm(
    model: Model,
    inputs: Sequence[int],
    output: int,
    activation: str,
    cell_clip: float = 0.0,
    projection_clip: float = 0.0,
    diagonal: bool = False,
) -> Operator:
    """A fused LSTM: 24 operands, batch-major, `0.0` for no clip."""
    options = schema.UnidirectionalSequenceLSTMOptionsT(
        fusedActivationFunction=getattr(schema.ActivationFunctionType, _ACTIVATIONS[activation]),
        cellClip=cell_clip,
        projClip=projection_clip,
        diagonalRecurrentTensors=diagonal,
    )
    return _operator(model, LSTM, 4 if diagonal else 1, inputs, [output], options)


def rnn(model: Model, inputs: Sequence[int], output: int, activation: str) -> Operator:
    """A fused plain RNN: input, kernel, recurrent kernel, bias, state; batch-major."""
    options = schema.SequenceRNNOptionsT(
        timeMajor=False,
        fusedActivationFunction=getattr(schema.ActivationFunctionType, _ACTIVATIONS[activation]),
    )
    return _operator(model, RNN, 1, inputs, [output], options)


def add_intermediates(model: Model, operator: Operator) -> None:
    """Give a fused LSTM the five tensors in which calibration notes what happens inside: gates i, f, g, o
    before their activation (used with a layer norm), and h before the projection."""
    # TensorFlow Lite Micro refuses another shape than [0].
    names = [f"{LSTM}/intermediate_{position}" for position in range(5)]
    operator.intermediates = [add_tensor(model, name, (0,), np.float32) for name in names]


def slice_of(model: Model, source: int, begin: int, size: int, target: int, version: int) -> Operator:
    """target = source[begin : begin + size], begin and size being tensors."""
    return _operator(model, "SLICE", version, [source, begin, size], [target], schema.SliceOptionsT())


def settle_output_scale(model: Model, operator: Operator, like: int) -> None:
    """Make true what the kernel of `operator` takes for granted: that its output has the scale of `like`.

    If it has another, `operator` writes a new tensor with the scale of `like`, and a QUANTIZE after it turns
    that into the scale which its readers expect.
    """
    target = operator.outputs[0]
    if scale_and_zero_point(model, target) == scale_and_zero_point(model, like):
        return
    name = f"{tensor_name(model, target)}/own_scale"
    own = add_tensor(model, name, tensor_shape(model, target), np.int8)
    tensor(model, own).shapeSignature = tensor(model, target).shapeSignature
    copy_type(model, like, own)
    operator.outputs = [own]
    ops = graph(model).operators
    after = _operator(model, "QUANTIZE", 2, [own], [target], schema.QuantizeOptionsT())
    ops.insert(_position(ops, operator) + 1, after)


def insert_after(model: Model, anchor: Operator, new: Operator) -> None:
    """Let `new` run just after `anchor`."""
    ops = graph(model).operators
    ops.insert(_position(ops, anchor) + 1, new)


def converted(model: Model, name: str, source: int, target: int) -> Operator:
    """target = source in other numbers: a `QUANTIZE` or `DEQUANTIZE`."""
    return plain(model, name, [source], target)


def plain(model: Model, name: str, inputs: Sequence[int], output: int, options: Any = None) -> Operator:
    """One of the operators below, with these options or those that it has by itself."""
    version, own = _PLAIN[name]
    return _operator(model, name, version, inputs, [output], own() if options is None else options)


# For 8-bit integers as for real numbers: the lowest version that takes both.
_PLAIN = {
    "QUANTIZE": (2, schema.QuantizeOptionsT),
    "DEQUANTIZE": (2, schema.DequantizeOptionsT),
    "RESHAPE": (1, schema.ReshapeOptionsT),
    "PAD": (2, schema.PadOptionsT),
    "ADD": (1, schema.AddOptionsT),
    "SUB": (1, schema.SubOptionsT),
    "MUL": (1, schema.MulOptionsT),
    "MINIMUM": (1, schema.MaximumMinimumOptionsT),
    "MAXIMUM": (1, schema.MaximumMinimumOptionsT),
    "CAST": (1, schema.CastOptionsT),
    "REDUCE_MAX": (1, schema.ReducerOptionsT),
    "BROADCAST_TO": (2, schema.BroadcastToOptionsT),
    "STRIDED_SLICE": (2, schema.StridedSliceOptionsT),
    "EQUAL": (2, schema.EqualOptionsT),
    "SELECT_V2": (1, schema.SelectV2OptionsT),
}


class Loose(NamedTuple):
    """An operator on its way from one model to another: the name and version of its kernel go with it."""

    operator: Operator
    name: str
    version: int


def loosened(model: Model, operator: Operator) -> Loose:
    """The operator, independent of the codes of its model."""
    version = model.operatorCodes[operator.opcodeIndex].version
    return Loose(operator, name_of(model, operator), version)


def moved(model: Model, loose: Loose, places: Mapping[int, int]) -> Operator:
    """It as one of `model`, where its tensors stand at other places."""
    new = copy.copy(loose.operator)
    new.opcodeIndex = _operator_code(model, loose.name, loose.version)
    new.inputs = [places[index] if index != ABSENT else ABSENT for index in map(int, new.inputs)]
    new.outputs = [places[index] for index in map(int, new.outputs)]
    return new


def require_version(model: Model, operator: Operator, version: int) -> None:
    """Let `operator` name at least that version of its kernel."""
    code = model.operatorCodes[operator.opcodeIndex]
    if code.version < version:
        name = name_of(model, operator)
        operator.opcodeIndex = _operator_code(model, name, version)


def drop_unused_codes(model: Model) -> None:
    """Leave out the operator codes that no operator uses any more."""
    ops = [op for part in model.subgraphs for op in part.operators]
    kept = sorted({op.opcodeIndex for op in ops})
    for op in ops:
        op.opcodeIndex = kept.index(op.opcodeIndex)
    model.operatorCodes = [model.operatorCodes[index] for index in kept]


def _operator(
    model: Model, name: str, version: int, inputs: Sequence[int], outputs: Sequence[int], options: Any
) -> Operator:
    union = type(options).__name__.removesuffix("T")
    return schema.OperatorT(
        opcodeIndex=_operator_code(model, name, version),
        inputs=list(inputs),
        outputs=list(outputs),
        builtinOptionsType=getattr(schema.BuiltinOptions, union),
        builtinOptions=options,
    )


def _operator_code(model: Model, name: str, version: int) -> int:
    builtin = getattr(schema.BuiltinOperator, name)
    for index, code in enumerate(model.operatorCodes):
        if code.builtinCode == builtin and code.version == version:
            return index
    old = min(builtin, 127)  # the field of the first schema is one byte wide
    model.operatorCodes.append(
        schema.OperatorCodeT(builtinCode=builtin, deprecatedBuiltinCode=old, version=version)
    )
    return len(model.operatorCodes) - 1


def _position(ops: list[Operator], operator: Operator) -> int:
    return next(index for index, other in enumerate(ops) if other is operator)
