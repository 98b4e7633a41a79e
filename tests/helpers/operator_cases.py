"""Operands for operators, of any type and rank, for `single_operators`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tests.helpers.single_operators import SCALE, Case, End, constant, options

SHAPE = (1, 2, 4, 2, 2, 1)  # of the data of a rank: the first so many
UNARY = (
    *("CEIL", "ELU", "FLOOR", "LOG", "LOGISTIC", "RELU", "RELU6", "ROUND", "RSQRT", "SIN", "SQRT", "TANH"),
    *("ABS", "COS", "EXP", "HARD_SWISH", "L2_NORMALIZATION", "LEAKY_RELU", "LOGICAL_NOT", "LOG_SOFTMAX"),
    *("NEG", "SOFTMAX", "SQUARE", "ZEROS_LIKE", "GELU", "SIGN"),
)
BINARY = (
    *("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "FLOOR_DIV", "FLOOR_MOD", "SQUARED_DIFFERENCE"),
    *("LOGICAL_AND", "LOGICAL_OR", "POW"),
)
COMPARING = ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL")
REDUCING = ("SUM", "MEAN", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_ALL", "REDUCE_ANY", "REDUCE_PROD")
# The scale and zero point that the specification fixes for an output.
FIXED = {
    ("SOFTMAX", "int8"): (1 / 256, -128),
    ("LOGISTIC", "int8"): (1 / 256, -128),
    ("TANH", "int8"): (1 / 128, 0),
    ("SOFTMAX", "int16"): (1 / 32768, 0),
    ("LOGISTIC", "int16"): (1 / 32768, 0),
    ("TANH", "int16"): (1 / 32768, 0),
    ("LOG_SOFTMAX", "int8"): (16 / 256, 127),
    ("L2_NORMALIZATION", "int8"): (1 / 128, 0),
}
# Where the name of the options is not that of the operator.
NAMES = {"L2_NORMALIZATION": "L2Norm", "MAXIMUM": "MaximumMinimum", "MINIMUM": "MaximumMinimum"}
BARE = UNARY[:12]  # without options


def cases(types: Sequence[str], ranks: Sequence[int]) -> Iterator[tuple[str, str, int, Case]]:
    """Each operator that `case_of` knows, with each type and rank."""
    for name in vars(schema.BuiltinOperator):
        for dtype in types:
            for rank in ranks:
                case = case_of(name, dtype, rank)
                if case is not None:
                    yield name, dtype, rank, case


def case_of(name: str, dtype: str, rank: int) -> Case | None:
    """Operands of that type and rank for an operator; None for one that is not known here or has none."""
    shape = SHAPE[:rank]
    scale, zero = FIXED.get((name, dtype), (SCALE, 0))
    x, same = End(shape, dtype), End(shape, dtype, scale=scale, zero=zero)
    kind = NAMES.get(name, "".join(word.capitalize() for word in name.split("_")))
    if name in UNARY:
        fields = {"SOFTMAX": {"beta": 1.0}, "LEAKY_RELU": {"alpha": 0.2}}.get(name, {})
        return Case((x,), (same,), None if name in BARE else options(kind, **fields))
    if name in BINARY or name in COMPARING:
        return Case((x, x), (End(shape, "bool") if name in COMPARING else same,), options(kind))
    if name in REDUCING:
        ends = (End((*shape[:-1], 1), dtype),)
        return Case((x, constant([rank - 1])), ends, options("Reducer", keepDims=True))
    return _moving(name, kind, x) or _choosing(name, kind, x) or _weighing(name, x) or _image(name, x)


def _moving(name: str, kind: str, x: End) -> Case | None:
    """Operators that only move numbers."""
    shape, dtype, rank = x.shape, x.dtype, len(x.shape)
    match name:
        case "PAD" | "PADV2" | "MIRROR_PAD":
            wide = End((*shape[:-1], shape[-1] + 1), dtype)
            places = constant([[0, 0]] * (rank - 1) + [[1, 0]])
            more = (End((), dtype, np.zeros((), dtype)),) if name == "PADV2" else ()
            fields = {"mode": 1} if name == "MIRROR_PAD" else {}
            return Case((x, places, *more), (wide,), options(kind.replace("v", "V"), **fields))
        case "CONCATENATION":
            return Case((x, x), (End((*shape[:-1], 2 * shape[-1]), dtype),), options(kind, axis=rank - 1))
        case "RESHAPE":
            flat = (int(np.prod(shape)),)
            chosen = options(kind, newShape=np.array(flat, np.int32))
            return Case((x, constant(flat)), (End(flat, dtype),), chosen)
        case "STRIDED_SLICE":
            zeros, ones = constant([0] * rank), constant([1] * rank)
            return Case((x, zeros, constant(shape), ones), (x,), options(kind))
        case "SLICE":
            return Case((x, constant([0] * rank), constant(shape)), (x,), options(kind))
        case "TRANSPOSE":
            return Case((x, constant(list(range(rank))[::-1])), (End(shape[::-1], dtype),), options(kind))
        case "SPLIT":
            return Case((constant(rank - 1), x), (x,), options(kind, numSplits=1))
        case "SPLIT_V":
            ends = (x, constant([shape[-1]]), constant(rank - 1))
            return Case(ends, (x,), options(kind, numSplits=1))
        case "PACK":
            return Case((x, x), (End((2, *shape), dtype),), options(kind, axis=0, valuesCount=2))
        case "UNPACK":
            return Case((x,), (End(shape[1:], dtype),), options(kind, axis=0, num=1))
        case "SQUEEZE":
            chosen = options(kind, squeezeDims=np.array([0], np.int32))
            return Case((x,), (End(shape[1:], dtype),), chosen)
        case "EXPAND_DIMS":
            return Case((x, constant([0])), (End((1, *shape), dtype),), options(kind))
        case "GATHER":
            return Case((x, constant([0, 0])), (End((*shape[:-1], 2), dtype),), options(kind, axis=rank - 1))
        case "GATHER_ND":
            return Case((x, constant([[0]])), (End((1, *shape[1:]), dtype),), options(kind))
        case "REVERSE_V2":
            return Case((x, constant([rank - 1])), (x,), options(kind))
        case "BROADCAST_TO":
            small = End((*(1 for _ in shape[:-1]), shape[-1]), dtype)
            return Case((small, constant(shape)), (x,), options(kind))
        case "TILE":
            return Case((x, constant([1] * rank)), (x,), options(kind))
        case "DYNAMIC_UPDATE_SLICE":
            return Case((x, x, constant([0] * rank)), (x,), options(kind))
    return None


def _choosing(name: str, kind: str, x: End) -> Case | None:
    """Operators that look at numbers, or change their type."""
    shape, dtype, rank = x.shape, x.dtype, len(x.shape)
    whole = schema.TensorType.INT32
    match name:
        case "SELECT" | "SELECT_V2":
            return Case((End(shape, "bool"), x, x), (x,), options(kind))
        case "FILL":
            return Case((constant(shape), End((), dtype, np.ones((), dtype))), (x,), options(kind))
        case "SHAPE":
            return Case((x,), (End((rank,), "int32"),), options(kind, outType=whole))
        case "ARG_MAX" | "ARG_MIN":
            ends = (End(shape[:-1], "int32"),)
            return Case((x, constant(rank - 1)), ends, options(kind, outputType=whole))
        case "CUMSUM":
            return Case((x, constant(rank - 1)), (x,), options(kind))
        case "CAST" | "DEQUANTIZE":
            return Case((x,), (End(shape, "float32"),), options(kind))
        case "QUANTIZE":
            return Case((x,), (End(shape, "int8"),), options(kind))
    return None


def _weighing(name: str, x: End) -> Case | None:
    """Operators that multiply by weights."""
    shape, dtype, size = x.shape, x.dtype, x.shape[-1]
    output = End((*shape[:-1], 3), dtype, scale=1.0)
    match name:
        case "FULLY_CONNECTED":
            chosen = options("FullyConnected", keepNumDims=True)
            return Case((x, _weights(dtype, 3, size), _bias(dtype, 3)), (output,), chosen)
        case "BATCH_MATMUL" if len(shape) > 1:
            other = End((*shape[:-2], size, 3), dtype)
            return Case((x, other), (output,), options("BatchMatMul"))
        case "EMBEDDING_LOOKUP" if len(shape) == 2:
            return Case((End((2,), "int32"), _weights(dtype, 5, 3, kind=dtype)), (End((2, 3), dtype),))
        case "CONV_2D" if len(shape) == 4:
            chosen = options("Conv2D", strideH=1, strideW=1)
            return Case((x, _weights(dtype, 3, 1, 1, size), _bias(dtype, 3)), (output,), chosen)
        case "DEPTHWISE_CONV_2D" if len(shape) == 4:
            chosen = options("DepthwiseConv2D", strideH=1, strideW=1, depthMultiplier=1)
            ends = (x, _weights(dtype, 1, 1, 1, size), _bias(dtype, size))
            return Case(ends, (End(shape, dtype, scale=1.0),), chosen)
    return None


def _image(name: str, x: End) -> Case | None:
    """Operators on four axes."""
    shape, dtype = x.shape, x.dtype
    if len(shape) != 4:
        return None
    size = constant([2 * shape[1], 2 * shape[2]])
    twice = End((shape[0], 2 * shape[1], 2 * shape[2], shape[3]), dtype)
    match name:
        case "MAX_POOL_2D" | "AVERAGE_POOL_2D" | "L2_POOL_2D":
            chosen = options("Pool2D", strideH=1, strideW=1, filterHeight=1, filterWidth=1)
            return Case((x,), (x,), chosen)
        case "RESIZE_NEAREST_NEIGHBOR":
            return Case((x, size), (twice,), options("ResizeNearestNeighbor"))
        case "RESIZE_BILINEAR":
            return Case((x, size), (twice,), options("ResizeBilinear"))
        case "SPACE_TO_DEPTH":
            small = End((shape[0], shape[1] // 2, shape[2] // 2, 4 * shape[3]), dtype)
            return Case((x,), (small,), options("SpaceToDepth", blockSize=2))
        case "SPACE_TO_BATCH_ND":
            ends = (x, constant([1, 2]), constant([[0, 0], [0, 0]]))
            return Case(
                ends, (End((2, shape[1], shape[2] // 2, shape[3]), dtype),), options("SpaceToBatchND")
            )
        case "BATCH_TO_SPACE_ND":
            ends = (x, constant([1, 1]), constant([[0, 0], [0, 0]]))
            return Case(ends, (x,), options("BatchToSpaceND"))
    return None


def _weights(dtype: str, *size: int, kind: str | None = None) -> End:
    kind = kind or ("int8" if dtype == "int16" else dtype)
    return End(size, kind, np.random.default_rng(0).integers(-20, 20, size).astype(kind))


def _bias(dtype: str, count: int) -> End:
    kind = {"float32": "float32", "int16": "int64"}.get(dtype, "int32")
    return constant(np.zeros(count), kind)
