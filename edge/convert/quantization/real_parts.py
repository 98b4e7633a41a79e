"""Which operators of a model in integers stay in real numbers.

- What a rounded number would turn into something else: a mask that asks whether a step is padding, a token that
  arrives as a real number. All that leads to it stays real, from the input on.
- What stands at the head of an input that is real: the arithmetic before the first layer. Rounding comes behind
  it, so a normalization sees the numbers as they are, and padding of -99 takes no room in the range.
- What the integer kernels lack, or get wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.convert.edits.joined_states import join_states
from edge.convert.graph import flatbuffer, operators
from edge.convert.graph.wiring import Wiring
from edge.convert.quantization.cell_ranges import recorded
from edge.convert.tracing.draft import Draft
from edge.targets import Target

Operators = list[operators.Operator]

BITS = {"int8": 8, "int16x8": 16}
LOST = 0.05  # of the standard deviation of a feature: more than 8 bits lose anyway
_LOOK_AT = 64  # calls

# They jump where their input hardly changes.
_JUMPS = ("EQUAL", "NOT_EQUAL", "FLOOR", "CEIL", "ROUND", "SIGN", "FLOOR_DIV", "FLOOR_MOD")
# So do these, which are as good as ever on what a layer computes.
_THRESHOLDS = ("GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL")
_RECURRENT = (operators.LSTM, operators.RNN)
_ARITHMETIC = (
    *("ADD", "SUB", "MUL", "DIV", "ABS", "NEG", "SQUARE", "SQRT", "RSQRT", "EXP", "LOG", "POW"),
    *("MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE", "SELECT", "SELECT_V2", "CAST"),
)
_LAYOUT = (
    *("RESHAPE", "TRANSPOSE", "SQUEEZE", "EXPAND_DIMS", "STRIDED_SLICE", "SLICE", "CONCATENATION", "PACK"),
    *("UNPACK", "SPLIT", "SPLIT_V", "TILE", "BROADCAST_TO", "PAD", "REVERSE_V2", "GATHER"),
)
_LIGHT = (
    *_ARITHMETIC,
    *_LAYOUT,
    *_JUMPS,
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
_WRONG_IN_INTEGERS = ("ONE_HOT", "DIV")
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


def keep_real(
    draft: Draft, quantize: str, names: Sequence[str], asked: str | None, target: Target
) -> None:
    """Choose what stays in real numbers.

    Args:
        draft: calibrated.
        quantize: `"int8"` or `"int16x8"`.
        names: of the data that goes in.
        asked: the type of the inputs, if the caller asked for one.
        target: where the file will run.

    Raises:
        ValueError: the caller asked for integers where they would spoil the model.
    """
    model = draft.model
    wiring, data = Wiring(model), [int(i) for i in flatbuffer.graph(model).inputs[: len(names)]]
    reals = {index: name for index, name in zip(data, names, strict=True) if _is_real(model, index)}
    kept = {id(operator) for operator in _exact(wiring, model)}
    head = _head(wiring, model, reals)
    exact = [i for i in reals if any(id(reader) in kept for reader in wiring.readers[i])]
    why = {
        i: "it is looked up or compared with a number, and rounding would make another of it" for i in exact
    }
    if asked != "float32":
        why |= {
            i: f"the model brings it to one scale, and {quantize[3:].split('x')[0]} bits for all features of it as "
            f"it comes lose {lost:.0%} of one of them"
            for i, lost in _lost(
                draft, wiring, head, [i for i in reals if i not in why], BITS[quantize]
            ).items()
            if lost > LOST
        }
    for index, reason in why.items():
        if asked not in (None, "float32"):
            raise ValueError(
                f"input_type={asked!r} does not fit input {reals[index]!r}: {reason}. Use input_type='float32'."
            )
        if asked is None:
            draft.notes.append(f"the inputs stay real numbers (float32), for {reals[index]!r}: {reason}")
    draft.real_ends = bool(why)
    if why or asked == "float32":
        kept |= {id(operator) for operator in _shorn(wiring, model, head, kept)}
    if quantize == "int16x8":
        kept |= {id(operator) for operator in wiring.operators if not _has_16_bits(model, operator)}
    kept |= {id(each) for each in wiring.operators if not _has_integers(model, each, target, BITS[quantize])}
    kept |= {id(operator) for name in _WRONG_IN_INTEGERS for operator in operators.named(model, name)}
    draft.real = [operator for operator in wiring.operators if id(operator) in kept]


def _is_real(model: flatbuffer.Model, index: int) -> bool:
    return flatbuffer.tensor_dtype(model, index).kind == "f"


def _kinds(model: flatbuffer.Model, indices: Sequence[int]) -> set[str]:
    """Of the numbers in these tensors, constants left out."""
    return {
        flatbuffer.tensor_dtype(model, index).kind
        for index in map(int, indices)
        if index != operators.ABSENT and not flatbuffer.is_constant(model, index)
    }


def _exact(wiring: Wiring, model: flatbuffer.Model) -> Operators:
    """Those that jump on numbers which come from the input, and all that lead to them."""
    found: Operators = []
    for operator in wiring.operators:
        name = operators.name_of(model, operator)
        if not _jumps(model, operator, name):
            continue
        above = wiring.above(operator)
        names = {operators.name_of(model, each) for each in above}
        if names.intersection(_RECURRENT):
            continue  # what a layer gives is integer; `compare_integers` knows its zeros
        if name in _THRESHOLDS and not names <= {*_LIGHT, *_THRESHOLDS}:
            continue
        found += above
    return found


def _jumps(model: flatbuffer.Model, operator: operators.Operator, name: str) -> bool:
    if "f" not in _kinds(model, operator.inputs):
        return False
    return name in (*_JUMPS, *_THRESHOLDS) or (name == "CAST" and not _is_real(model, operator.outputs[0]))


def _head(wiring: Wiring, model: flatbuffer.Model, inputs: Sequence[int]) -> Operators:
    """What is computed from these inputs before any weights, but for what is a matter of layout alone."""
    there, found = set(inputs), []
    for operator in wiring.operators:
        reads = wiring.reads(operator)
        if reads and there.issuperset(reads) and operators.name_of(model, operator) in _LIGHT:
            there.update(map(int, operator.outputs))
            found.append(operator)
    return found


def _shorn(wiring: Wiring, model: flatbuffer.Model, head: Operators, kept: set[int]) -> Operators:
    """The head without the layout at its end, which integers do as well."""
    stay: set[int] = set()
    for operator in reversed(head):
        name = operators.name_of(model, operator)
        followed = any(
            id(reader) in stay or id(reader) in kept
            for index in operator.outputs
            for reader in wiring.readers[int(index)]
        )
        if followed or (name not in _LAYOUT and "f" in _kinds(model, operator.outputs)):
            stay.add(id(operator))
    return [operator for operator in head if id(operator) in stay]


def _lost(
    draft: Draft, wiring: Wiring, head: Operators, inputs: Sequence[int], bits: int
) -> dict[int, float]:
    """How much of a feature behind the head is lost where an input is rounded as it comes, by the input."""
    shorn = {id(operator) for operator in _shorn(wiring, draft.model, head, set())}
    ends = [
        int(index)
        for operator in head
        if id(operator) in shorn
        for index in operator.outputs
        if _is_real(draft.model, index)
        and any(id(reader) not in shorn for reader in wiring.readers[int(index)])
    ]
    if not ends or not inputs:
        return {}
    whole = draft.copied()
    join_states(whole)
    calls = draft.calls[:: max(1, len(draft.calls) // _LOOK_AT)]
    wanted = recorded(whole.model, ends, calls)
    places = {index: list(map(int, flatbuffer.graph(draft.model).inputs)).index(index) for index in inputs}
    lost = {}
    for index, place in places.items():
        step = _step(draft.model, index, bits)
        rounded = [
            [np.round(v / step) * step if n == place else v for n, v in enumerate(call)] for call in calls
        ]
        found = recorded(
            whole.model,
            ends,
            [[np.asarray(v, call[n].dtype) for n, v in enumerate(r)] for r, call in zip(rounded, calls)],
        )
        lost[index] = max(_worst_feature(wanted[end], found[end]) for end in ends)
    return lost


def _step(model: flatbuffer.Model, index: int, bits: int) -> float:
    low, high = flatbuffer.get_range(model, index) or (-1.0, 1.0)
    return max(max(high, 0.0) - min(low, 0.0), 1e-9) / (2**bits - 1)


def _worst_feature(wanted: np.ndarray, found: np.ndarray) -> float:
    """The largest error of an entry of the last axis, in its standard deviations."""
    axes = tuple(range(wanted.ndim - 1))
    spread = np.maximum(wanted.std(axis=axes), 0.1 * wanted.std())
    error = np.sqrt(np.mean((found - wanted) ** 2, axis=axes))
    return float(np.max(error / np.maximum(spread, 1e-12)))


def _has_integers(model: flatbuffer.Model, operator: operators.Operator, target: Target, bits: int) -> bool:
    """Whether the target computes an operator of real numbers in integers as well."""
    kernel = (target.operators or {}).get(operators.name_of(model, operator))
    if kernel is None or kernel.types is None or kernel.data >= len(operator.inputs):
        return True
    data = int(operator.inputs[kernel.data])
    return data == operators.ABSENT or not _is_real(model, data) or f"int{bits}" in kernel.types


def _has_16_bits(model: flatbuffer.Model, operator: operators.Operator) -> bool:
    """Whether the quantizer for 16 bits can take it: real numbers in and out, and a kernel for integers."""
    if operators.name_of(model, operator) == "SHAPE":
        return True
    kinds = _kinds(model, [*operator.inputs, *operator.outputs])
    return operators.name_of(model, operator) in _SIXTEEN_BITS and kinds == {"f"}
