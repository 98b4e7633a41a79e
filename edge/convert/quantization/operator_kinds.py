"""What an operator is to someone who makes integers: a jump, arithmetic, layout, or without a kernel."""

from __future__ import annotations

from collections.abc import Sequence

from edge.convert.graph import flatbuffer, operators
from edge.targets import Target

# They jump where their input hardly changes.
JUMPS = ("EQUAL", "NOT_EQUAL", "FLOOR", "CEIL", "ROUND", "SIGN", "FLOOR_DIV", "FLOOR_MOD")
# So do these, which are as good as ever on what a layer computes.
THRESHOLDS = ("GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL")
RECURRENT = (operators.LSTM, operators.RNN)
_ARITHMETIC = (
    *("ADD", "SUB", "MUL", "DIV", "ABS", "NEG", "SQUARE", "SQRT", "RSQRT", "EXP", "LOG", "POW"),
    *("MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE", "SELECT", "SELECT_V2", "CAST"),
)
LAYOUT = (
    *("RESHAPE", "TRANSPOSE", "SQUEEZE", "EXPAND_DIMS", "STRIDED_SLICE", "SLICE", "CONCATENATION", "PACK"),
    *("UNPACK", "SPLIT", "SPLIT_V", "TILE", "BROADCAST_TO", "PAD", "REVERSE_V2", "GATHER"),
)
LIGHT = (
    *_ARITHMETIC,
    *LAYOUT,
    *JUMPS,
    "REDUCE_ANY",
    "REDUCE_ALL",
    "LOGICAL_AND",
    "LOGICAL_OR",
    "LOGICAL_NOT",
    "SUM",
    "MEAN",
    "REDUCE_MAX",
    "REDUCE_MIN",
)
# The quantizer forgets the scale of the one; XNNPACK refuses to prepare the other.
WRONG_IN_INTEGERS = ("ONE_HOT", "DIV")
# What TensorFlow's quantizer for 16 bits takes and every runtime computes.
_SIXTEEN_BITS = (
    *(
        "ADD",
        "SUB",
        "MUL",
        "MAXIMUM",
        "MINIMUM",
        "LEAKY_RELU",
        "PRELU",
        "LOGISTIC",
        "TANH",
        "SOFTMAX",
        "MEAN",
    ),
    *("FULLY_CONNECTED", "BATCH_MATMUL", "CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"),
    *("AVERAGE_POOL_2D", "MAX_POOL_2D", "REDUCE_MAX", "REDUCE_MIN", "RELU", "RELU6"),
    *("RESHAPE", "TRANSPOSE", "SQUEEZE", "EXPAND_DIMS", "STRIDED_SLICE", "SLICE", "CONCATENATION", "PACK"),
    *("UNPACK", "SPLIT", "SPLIT_V", "PAD", "MIRROR_PAD", "REVERSE_V2", "SHAPE", "QUANTIZE"),
)


def is_real(model: flatbuffer.Model, index: int) -> bool:
    """Whether a tensor holds real numbers."""
    return flatbuffer.tensor_dtype(model, index).kind == "f"


def kinds_of(model: flatbuffer.Model, indices: Sequence[int]) -> set[str]:
    """Of the numbers in these tensors, constants left out."""
    return {
        flatbuffer.tensor_dtype(model, index).kind
        for index in map(int, indices)
        if index != operators.ABSENT and not flatbuffer.is_constant(model, index)
    }


def has_integers(model: flatbuffer.Model, operator: operators.Operator, target: Target, bits: int) -> bool:
    """Whether the target computes an operator of real numbers in integers as well."""
    kernel = (target.operators or {}).get(operators.name_of(model, operator))
    if kernel is None or kernel.types is None or kernel.data >= len(operator.inputs):
        return True
    data = int(operator.inputs[kernel.data])
    return data == operators.ABSENT or not is_real(model, data) or f"int{bits}" in kernel.types


def has_16_bits(model: flatbuffer.Model, operator: operators.Operator) -> bool:
    """Whether the quantizer for 16 bits can take it: real numbers in and out, and a kernel for integers."""
    if operators.name_of(model, operator) == "SHAPE":
        return True
    kinds = kinds_of(model, [*operator.inputs, *operator.outputs])
    return operators.name_of(model, operator) in _SIXTEEN_BITS and kinds == {"f"}
