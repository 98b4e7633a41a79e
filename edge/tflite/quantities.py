"""Whether integers stand for numbers: scales, zero points, and which operators compute with them.

A runtime divides by scales and turns their ratios into shifts; it aborts the process where it cannot.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from edge.tflite.model_file import Graph, Operator
from edge.tflite.reader import DamageError

LIMITS = {
    "int4": (-8, 7), "int8": (-128, 127), "uint8": (0, 255), "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1),
}  # fmt: skip
SMALL = ("int8", "uint8", "int16", "int4")  # where an operator that computes needs a scale
LEAST, LARGEST = 2.0**-100, 2.0**100  # of a scale; ratios of such are numbers that a shift can hold

_SCALED = """
ADD SUB MUL DIV SQUARED_DIFFERENCE CONV_2D DEPTHWISE_CONV_2D TRANSPOSE_CONV FULLY_CONNECTED BATCH_MATMUL
LOGISTIC TANH SOFTMAX LOG_SOFTMAX LEAKY_RELU PRELU HARD_SWISH ELU GELU ABS RSQRT EXP L2_NORMALIZATION RELU
RELU6 RELU_N1_TO_1 MEAN SUM QUANTIZE DEQUANTIZE UNIDIRECTIONAL_SEQUENCE_LSTM UNIDIRECTIONAL_SEQUENCE_RNN SVDF
AVERAGE_POOL_2D EQUAL NOT_EQUAL GREATER GREATER_EQUAL LESS LESS_EQUAL SQRT COS SIN LOG
"""
# Operators that compute with real numbers, and with integers by their scales.
SCALED = frozenset(_SCALED.split())
COMPARISONS = ("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL")
# Those of whose results the runtime takes the exponent of the scale.
SUMS = {"ADD": 20, "SUB": 20}  # bits that it shifts its operands up by


def check_quantization(
    name: str,
    shape: Sequence[int],
    dtype: str,
    scales: Sequence[float],
    zero_points: Sequence[int],
    axis: int,
) -> None:
    """One tensor: no scale, one, or one for each index along an axis; all of them positive numbers."""
    if len(scales) > 1 and not (0 <= axis < len(shape) and shape[axis] in (len(scales), -1)):
        raise DamageError(
            f"tensor {name!r} of shape {_short(shape)} has {len(scales)} scales along axis {axis}"
        )
    if len(zero_points) not in (0, 1, len(scales)):
        raise DamageError(f"tensor {name!r} has {len(scales)} scales and {len(zero_points)} zero points")
    if dtype not in LIMITS:
        return  # nobody asks
    for scale in scales:
        if not (math.isfinite(scale) and LEAST < scale < LARGEST):
            raise DamageError(
                f"tensor {name!r} has the scale {scale:g}, which is no step between two numbers"
            )
    least, largest = LIMITS[dtype]
    if scales and any(not least <= point <= largest for point in zero_points):
        raise DamageError(f"the zero point {max(zero_points, key=abs)} of tensor {name!r} is no {dtype}")


def check_scales_of(operator: Operator, graph: Graph) -> None:
    """Operators that compute have scales for their integers, and scales that go together."""
    if operator.custom or operator.name not in SCALED:
        return
    ends = [graph.tensors[index] for index in (*operator.inputs, *operator.outputs) if index >= 0]
    small = ("int8", "uint8") if operator.name in COMPARISONS else SMALL  # 16 bits are compared as they are
    for tensor in ends:
        if tensor.dtype in small and not tensor.scales:
            raise DamageError(
                f"an operator {operator.name} is to compute with {tensor.name!r}, which has no scale"
            )
    bits = SUMS.get(operator.name)
    if bits is not None and all(tensor.dtype in SMALL for tensor in ends):
        *operands, result = (tensor.scales[0] for tensor in ends)
        shift = 15 if ends[0].dtype == "int16" else bits
        if 2 * max(operands) / (2**shift * result) >= 1:
            raise DamageError(
                f"an operator {operator.name} is to make steps of {result:g} of steps of {max(operands):g}"
            )


def _short(shape: Sequence[int]) -> str:
    return str(list(shape[:16]))
