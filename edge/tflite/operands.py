"""What every operator needs, as data: operands that must be there, how many outputs, which kind of options.

A kernel written in C++ takes these for granted. One that is not listed here is not checked.
"""

from __future__ import annotations

from typing import NamedTuple


class Needs(NamedTuple):
    """Operands 0 to `operands - 1` must be there, `least` to `most` outputs, options of that number.

    `options` is the number of the schema's union; 0: the operator does without.
    """

    operands: int
    least: int
    most: int
    options: int = 0


_ANY = 1 << 30
_ONE_OUTPUT = {
    1: """ABS AVERAGE_POOL_2D:5 BITCAST BUCKETIZE CAST CEIL COMPLEX_ABS CONCATENATION:10 COS DENSIFY
        DEPTH_TO_SPACE:94 DEQUANTIZE ELU EXP FLOOR GELU:116 HARD_SWISH IMAG L2_NORMALIZATION L2_POOL_2D:5
        LEAKY_RELU:75 LOCAL_RESPONSE_NORMALIZATION:13 LOG LOGICAL_NOT LOGISTIC LOG_SOFTMAX MATRIX_DIAG
        MAX_POOL_2D:5 NEG PACK:59 QUANTIZE RANK READ_VARIABLE REAL RELU RELU6 RELU_0_TO_1 RELU_N1_TO_1
        RESHAPE ROUND RSQRT SHAPE:55 SIGN SIN SOFTMAX:9 SPACE_TO_DEPTH:19 SQRT SQUARE SQUEEZE:30 TANH WHERE
        ZEROS_LIKE ADD_N""",
    2: """ADD ARG_MAX:40 ARG_MIN:57 ATAN2 BATCH_MATMUL:101 BITWISE_XOR BROADCAST_ARGS BROADCAST_TO CONV_2D:1
        CONV_3D:106 CUMSUM:102 DIV EMBEDDING_LOOKUP EQUAL EXPAND_DIMS FILL FLOOR_DIV
        FLOOR_MOD GATHER:23 GATHER_ND GREATER GREATER_EQUAL LESS LESS_EQUAL LOGICAL_AND LOGICAL_OR
        MATRIX_SET_DIAG MAXIMUM MEAN:27 MINIMUM MIRROR_PAD:77 MUL NOT_EQUAL PAD POW PRELU REDUCE_ALL:27
        REDUCE_ANY:27 REDUCE_MAX:27 REDUCE_MIN:27 REDUCE_PROD:27 RESIZE_BILINEAR:15
        RESIZE_NEAREST_NEIGHBOR:74 REVERSE_SEQUENCE:87 REVERSE_V2 RFFT2D RIGHT_SHIFT SEGMENT_SUM
        SQUARED_DIFFERENCE SUB SUM:27 TILE TRANSPOSE""",
    3: """BATCH_TO_SPACE_ND CONV_3D_TRANSPOSE:106
        DEPTHWISE_CONV_2D:2 DYNAMIC_UPDATE_SLICE PADV2 RANGE SCATTER_ND SELECT SELECT_V2
        SLICE SPACE_TO_BATCH_ND TRANSPOSE_CONV:49 UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_MIN
        UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_SUM""",
    4: "ONE_HOT:61 SPARSE_TO_DENSE STRIDED_SLICE:32",
    5: "RNN:7 UNIDIRECTIONAL_SEQUENCE_RNN:31",
}
_OTHERS = {
    "ASSIGN_VARIABLE": Needs(2, 0, 0),
    "CALL_ONCE": Needs(0, 0, 0, 103),
    "FULLY_CONNECTED": Needs(2, 1, 2, 8),
    "IF": Needs(1, 0, _ANY, 92),
    "NON_MAX_SUPPRESSION_V4": Needs(5, 2, 2),
    "NON_MAX_SUPPRESSION_V5": Needs(6, 3, 3),
    "SPLIT": Needs(2, 1, _ANY, 35),
    "SPLIT_V": Needs(3, 1, _ANY, 79),
    "TOPK_V2": Needs(2, 2, 2),
    "UNIQUE": Needs(1, 2, 2, 80),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": Needs(1, 1, 1, 71),
    "UNPACK": Needs(1, 1, _ANY, 64),
    "VAR_HANDLE": Needs(0, 1, 1, 111),
    "WHILE": Needs(0, 0, _ANY, 93),
}


def _needs() -> dict[str, Needs]:
    table = dict(_OTHERS)
    for operands, words in _ONE_OUTPUT.items():
        for word in words.split():
            name, _, options = word.partition(":")
            table[name] = Needs(operands, 1, 1, int(options or 0))
    return table


NEEDS = _needs()

_WITH_OPTIONAL = """
CONV_2D CONV_3D CONV_3D_TRANSPOSE DEPTHWISE_CONV_2D FULLY_CONNECTED TRANSPOSE_CONV
UNIDIRECTIONAL_SEQUENCE_LSTM UNIDIRECTIONAL_SEQUENCE_RNN RNN
"""
_OF_NUMBERS = """
ADD AVERAGE_POOL_2D BATCH_MATMUL CONV_2D CUMSUM DEPTHWISE_CONV_2D DEQUANTIZE DIV FULLY_CONNECTED LOGISTIC
MAX_POOL_2D MAXIMUM MEAN MINIMUM MUL QUANTIZE REDUCE_MAX REDUCE_MIN REDUCE_PROD RELU SOFTMAX SUB SUM TANH
TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM UNIDIRECTIONAL_SEQUENCE_RNN
"""

# Those of whose operands one may be left out. (One that is not in `NEEDS` may do as it likes.)
WITH_OPTIONAL = frozenset(_WITH_OPTIONAL.split())
# Those that read their operands as numbers, whatever their type says.
OF_NUMBERS = frozenset(_OF_NUMBERS.split())
NO_NUMBERS = frozenset(("string", "resource", "variant"))

_KEEPERS = """
RESHAPE SQUEEZE EXPAND_DIMS TRANSPOSE SLICE STRIDED_SLICE UNPACK GATHER GATHER_ND PAD TILE REVERSE_V2
REVERSE_SEQUENCE BROADCAST_TO RELU RELU6 RELU_N1_TO_1 RELU_0_TO_1 MAX_POOL_2D AVERAGE_POOL_2D L2_POOL_2D
DEPTH_TO_SPACE SPACE_TO_DEPTH SPACE_TO_BATCH_ND BATCH_TO_SPACE_ND MIRROR_PAD LOGISTIC TANH LOG_SOFTMAX
LEAKY_RELU ELU HARD_SWISH GELU ABS NEG SQRT RSQRT EXP SIN COS LOG FLOOR CEIL ROUND SQUARE ZEROS_LIKE CUMSUM
MEAN SUM REDUCE_PROD REDUCE_MAX REDUCE_MIN REDUCE_ANY REDUCE_ALL RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR
SPLIT_V L2_NORMALIZATION LOCAL_RESPONSE_NORMALIZATION CONV_2D DEPTHWISE_CONV_2D
"""
_OF_TWO = "ADD SUB DIV MAXIMUM MINIMUM POW FLOOR_DIV FLOOR_MOD SQUARED_DIFFERENCE PRELU"
# Operands of one type with each other and with the outputs: a kernel copies as many bytes as one of them has.
ONE_TYPE: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(_KEEPERS.split(), (0,)),
    **dict.fromkeys(_OF_TWO.split(), (0, 1)),
    **dict.fromkeys(("SELECT", "SELECT_V2"), (1, 2)),
    **dict.fromkeys(("SPLIT", "FILL", "SCATTER_ND"), (1,)),
    "DYNAMIC_UPDATE_SLICE": (0, 1),
    "PADV2": (0, 2),
    "ONE_HOT": (2, 3),
}
ALL_ONE_TYPE = ("CONCATENATION", "PACK", "ADD_N")
# Of one type with each other alone.
_PAIRS = "EQUAL NOT_EQUAL GREATER GREATER_EQUAL LESS LESS_EQUAL LOGICAL_AND LOGICAL_OR MUL"
PAIRS = frozenset(_PAIRS.split())

# Of UNIDIRECTIONAL_SEQUENCE_LSTM, beside its input: weights of the forget gate, the cell and the output gate
# from the input and from the last output, their biases, and the two states. The input gate may be coupled.
LSTM_OPERANDS = (2, 3, 4, 6, 7, 8, 13, 14, 15, 18, 19)
LSTM_INPUT_GATE = (1, 5, 12)  # all of them or none

# Operands that an operator keeps from call to call: the variables of a graph. Nobody else may read one that
# no operator has written, for nobody gives it memory.
STATES = {
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (18, 19),
    "LSTM": (18, 19),
    "BIDIRECTIONAL_SEQUENCE_LSTM": (35, 36, 37, 38),
    "UNIDIRECTIONAL_SEQUENCE_RNN": (4,),
    "BIDIRECTIONAL_SEQUENCE_RNN": (4, 8),
    "RNN": (4,),
    "SVDF": (4,),
}

# Numbers in the options of an operator that must be positive: (type of the options, fields).
POSITIVE = {
    1: (1, 2, 4, 5),  # CONV_2D: strides and dilations
    2: (1, 2, 5, 6),  # DEPTHWISE_CONV_2D: the same; its multiplier is not used
    5: (1, 2, 3, 4),  # pooling: strides and window
    19: (0,),  # SPACE_TO_DEPTH: block
    49: (1, 2),  # TRANSPOSE_CONV: strides
    94: (0,),  # DEPTH_TO_SPACE: block
}
# Options of which field 0 is the padding: SAME or VALID.
PADDED = (1, 2, 5, 49, 105)
# Fields whose default is not zero.
ONE_BY_DEFAULT = {(1, 4), (1, 5), (2, 5), (2, 6)}

# Numbers in the options that name a graph.
CALLS = {16: (0,), 92: (0, 1), 93: (0, 1), 103: (0,)}
COMPOSITE, COMPOSITE_FIELD = 21, 1  # in the options of the newest operators

# The number in the options that is the count of outputs.
OUTPUTS = {35: 0, 64: 0, 79: 0}

# The options of GATHER: its axis, and how many axes of a batch have tables of their own.
GATHER = 23
STRIDED_SLICE, SEQUENCE_LSTM, VAR_HANDLE = 32, 71, 111
