"""Which operators TensorFlow Lite Micro has, on which numbers, to how many axes. Standard library only.

Read in its sources (`micro_mutable_op_resolver.h` and the reference kernels) and tried one by one on the
package `tflite-micro` of October 2026; `tests/edge/inspection/test_micro_operators.py` tries them again. What
is not in the table is not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

_SCALED = ("float32", "int8", "int16")
_WHOLE = ("int32", "int64")
_CAST = ("float32", "int8", "int16", "int32", "uint32", "bool")


class Kernel(NamedTuple):
    """An operator there.

    Attributes:
        types: of its data, each with those that its first output may have then; None: all.
        rank: the most axes of its data and of its outputs.
        data: which operand the types are those of.
        constants: operands that must stand in the file, not be computed.
        operands: how many it takes at most.
    """

    types: Mapping[str, tuple[str, ...]] | None
    rank: int = 6  # `RuntimeShape` has room for no more
    data: int = 0
    constants: tuple[int, ...] = ()
    operands: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain values, fit for JSON."""
        types = None if self.types is None else {each: list(gives) for each, gives in self.types.items()}
        return {**self._asdict(), "types": types, "constants": list(self.constants)}


def _same(*types: str, rank: int = 6, data: int = 0, constants: tuple[int, ...] = ()) -> Kernel:
    """An operator whose output is of the type of its data."""
    return Kernel({each: (each,) for each in types}, rank, data, constants)


def _to(output: str, *types: str, rank: int = 6, data: int = 0) -> Kernel:
    """An operator whose output is of one type whatever its data is."""
    return Kernel(dict.fromkeys(types, (output,)), rank, data)


_SOME = ("float32", "int8")
_COMPARED = ("float32", "int8", *_WHOLE)
_QUANTIZED = {
    "float32": ("int8", "int16"),
    "int8": ("int8", "int16", "uint8"),
    "int16": ("int8", "int16"),
    "int32": ("int8", "int16"),
    "uint8": ("int8",),
}

MICRO_OPERATORS: dict[str, Kernel] = {
    # one number for each number
    "ABS": _same(*_SCALED),
    "CAST": Kernel(dict.fromkeys(_CAST, _CAST)),
    "CEIL": _same("float32"),
    "COS": _same("float32"),
    "DEQUANTIZE": _to("float32", "int8", "int16", "uint8"),
    "ELU": _same(*_SOME),
    "EXP": _same("float32"),
    "FLOOR": _same("float32"),
    "HARD_SWISH": _same(*_SOME),
    "LEAKY_RELU": _same(*_SCALED),
    "LOG": _same("float32"),
    "LOGICAL_NOT": _same("bool"),
    "LOGISTIC": _same(*_SCALED),
    "NEG": _same("float32"),
    "PRELU": _same(*_SCALED, rank=4),
    "QUANTIZE": Kernel(_QUANTIZED),
    "RELU": _same(*_SCALED),
    "RELU6": _same(*_SCALED),
    "ROUND": _same("float32"),
    "RSQRT": _same(*_SCALED),
    "SIN": _same("float32"),
    "SQRT": _same("float32"),
    "SQUARE": _same("float32"),
    "TANH": _same(*_SCALED),
    "ZEROS_LIKE": _same("float32", "int8", *_WHOLE),
    # of two
    "ADD": _same(*_SCALED, "int32"),
    "ADD_N": _same(*_SOME),
    "DIV": _same("float32", "int8", "int32"),
    "FLOOR_DIV": _same("float32"),
    "FLOOR_MOD": _same("float32"),
    "LOGICAL_AND": _same("bool"),
    "LOGICAL_OR": _same("bool"),
    "MAXIMUM": _same(*_SCALED, *_WHOLE),
    "MINIMUM": _same(*_SCALED, *_WHOLE),
    "MUL": _same(*_SCALED, "int32"),
    "SQUARED_DIFFERENCE": _same(*_SCALED, "int32"),
    "SUB": _same(*_SCALED, "int32"),
    "EQUAL": _to("bool", *_COMPARED, "bool"),
    "NOT_EQUAL": _to("bool", *_COMPARED, "bool"),
    "GREATER": _to("bool", *_COMPARED, "int16"),
    "GREATER_EQUAL": _to("bool", *_COMPARED),
    "LESS": _to("bool", *_COMPARED),
    "LESS_EQUAL": _to("bool", *_COMPARED),
    "SELECT_V2": _same(*_SCALED, data=1),
    # along an axis
    "ARG_MAX": _to("int32", *_SOME),
    "ARG_MIN": _to("int32", *_SOME),
    "CUMSUM": _same(*_SOME),
    "L2_NORMALIZATION": _same(*_SOME, rank=4),
    "LOG_SOFTMAX": _same(*_SOME),
    "MEAN": _same(*_SCALED),
    "REDUCE_ALL": _same("bool"),
    "REDUCE_MAX": _same(*_SOME),
    "REDUCE_MIN": _same(*_SOME),
    "SOFTMAX": Kernel({"float32": ("float32",), "int8": ("int8", "int16"), "int16": ("int16",)}),
    "SUM": _same(*_SCALED),
    # numbers in other places
    "BATCH_TO_SPACE_ND": _same(*_SOME, rank=4),
    "BROADCAST_ARGS": _same("int32", "int64", rank=1),
    "BROADCAST_TO": Kernel(None, rank=5, constants=(1,)),
    "CONCATENATION": _same(*_SCALED, *_WHOLE, "bool")._replace(operands=10),
    "DEPTH_TO_SPACE": _same(*_SOME, rank=4),
    "DYNAMIC_UPDATE_SLICE": _same(*_SCALED, "int32"),
    "EXPAND_DIMS": _same(*_SCALED, rank=7, constants=(1,)),
    "FILL": _same("float32", "int8", "int32", data=1, constants=(0,)),
    "GATHER": _same(*_SOME),
    "GATHER_ND": _same(*_SOME),
    "MIRROR_PAD": _same(*_SOME),
    "PACK": _same(*_SCALED, *_WHOLE, rank=7),
    "PAD": _same(*_SCALED, "int32", rank=5, constants=(1,)),
    "PADV2": _same(*_SCALED, "int32", rank=5, constants=(1,)),
    "RESHAPE": Kernel(None),
    "RESIZE_BILINEAR": _same(*_SOME, rank=4, constants=(1,)),
    "RESIZE_NEAREST_NEIGHBOR": _same(*_SCALED, rank=4, constants=(1,)),
    "REVERSE_V2": _same(*_SCALED, *_WHOLE, "uint8", "bool"),
    "SHAPE": Kernel(dict.fromkeys((*_SCALED, *_WHOLE, "uint8", "bool"), ("int32",))),
    "SLICE": _same(*_SCALED, "int32", "bool", rank=5),
    "SPACE_TO_BATCH_ND": _same(*_SOME, rank=4),
    "SPACE_TO_DEPTH": _same(*_SOME, rank=4),
    "SPLIT": _same(*_SCALED, "int32", data=1, constants=(0,)),
    "SPLIT_V": _same(*_SCALED, "int32", constants=(2,)),
    "SQUEEZE": Kernel(None),
    "STRIDED_SLICE": _same(*_SCALED, "int32", "bool", rank=4, constants=(1, 2, 3)),
    "TRANSPOSE": _same(*_SCALED, rank=5, constants=(1,)),
    "UNPACK": _same(*_SCALED, "int32"),
    # with weights
    "AVERAGE_POOL_2D": _same(*_SCALED, rank=4),
    "BATCH_MATMUL": _same(*_SCALED, rank=5),
    "CONV_2D": _same(*_SCALED, rank=4),
    "DEPTHWISE_CONV_2D": _same(*_SCALED, rank=4),
    "EMBEDDING_LOOKUP": Kernel({"float32": ("float32",), "int8": ("int8", "float32")}, data=1),
    "FULLY_CONNECTED": _same(*_SCALED),
    "L2_POOL_2D": _same("float32", rank=4),
    "MAX_POOL_2D": _same(*_SCALED, rank=4),
    "SVDF": _same(*_SOME, rank=2),
    "TRANSPOSE_CONV": _same(*_SCALED, rank=4, data=2),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _same(*_SCALED, rank=3),
    # programs
    "ASSIGN_VARIABLE": Kernel(None),
    "CALL_ONCE": Kernel(None),
    "IF": Kernel(None),
    "READ_VARIABLE": Kernel(None),
    "VAR_HANDLE": Kernel(None),
    "WHILE": Kernel(None),
}
