"""Which operators of a model in integers stay in real numbers.

- What a rounded number would turn into something else: a mask that asks whether a step is padding, a token
  that comes as a real number. All that leads to it stays real, from the input on.
- What stands at the head of an input that is real: the arithmetic before the first layer. Rounding comes
  behind it, so a normalization sees the numbers as they are, and padding of -99 takes no room in the range.
- What lies between an exponential and its logarithm, a softplus: no steps hold both ends of that.
- What the integer kernels lack, or get wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

from edge.convert.edits.stable_softplus import is_of_softplus
from edge.convert.graph import flatbuffer, operators
from edge.convert.graph.wiring import Wiring
from edge.convert.quantization.integers import BITS
from edge.convert.quantization.operator_kinds import (
    JUMPS,
    LAYOUT,
    LIGHT,
    RECURRENT,
    THRESHOLDS,
    WRONG_IN_INTEGERS,
    has_16_bits,
    has_integers,
    is_real,
    kinds_of,
)
from edge.convert.quantization.rounded_inputs import lost_by_rounding
from edge.convert.tracing.draft import Draft
from edge.targets import Target

Operators = list[operators.Operator]

LOST = 0.05  # of the standard deviation of a feature: more than 8 bits lose anyway
_ANOTHER = "it is looked up or compared with a number, and rounding would make another number of it"


def keep_real(draft: Draft, quantize: str, names: Sequence[str], asked: str | None, target: Target) -> None:
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
    reals = {index: name for index, name in zip(data, names, strict=True) if is_real(model, index)}
    bits = BITS[quantize]
    kept = {id(operator) for operator in _exact(wiring, model)}
    head = _head(wiring, model, list(reals))
    exact = [i for i in reals if any(id(reader) in kept for reader in wiring.readers[i])]
    why = dict.fromkeys(exact, _ANOTHER)
    if asked != "float32":  # the head is real then in any case
        others = [index for index in reals if index not in why]
        for index, lost in lost_by_rounding(draft, _ends(wiring, model, head), others, bits).items():
            if lost > LOST:
                why[index] = (
                    f"the model brings it to one scale, and {bits} bits for all its features as they come "
                    f"lose {min(lost, 1.0):.0%} of one of them"
                )
    for index, reason in why.items():
        if asked not in (None, "float32"):
            raise ValueError(
                f"input_type={asked!r} does not fit input {reals[index]!r}: {reason}. Use "
                "input_type='float32'."
            )
        if asked is None:
            draft.notes.append(f"the inputs stay real numbers (float32), for {reals[index]!r}: {reason}")
    draft.real_ends = bool(why)
    if why or asked == "float32":
        kept |= {id(operator) for operator in _shorn(wiring, model, head, kept)}
    if quantize == "int16x8":
        kept |= {id(operator) for operator in wiring.operators if not has_16_bits(model, operator)}
    logs = operators.named(model, "LOG")
    kept |= {id(each) for log in logs for each in _from_exponential(wiring, model, log)}
    kept |= {id(each) for each in wiring.operators if is_of_softplus(model, each)}
    kept |= {id(each) for each in wiring.operators if not has_integers(model, each, target, bits)}
    kept |= {id(operator) for name in WRONG_IN_INTEGERS for operator in operators.named(model, name)}
    draft.real = [operator for operator in wiring.operators if id(operator) in kept]


def _exact(wiring: Wiring, model: flatbuffer.Model) -> Operators:
    """Those that jump on numbers which come from the input, and all that lead to them."""
    found: Operators = []
    for operator in wiring.operators:
        name = operators.name_of(model, operator)
        if not _jumps(model, operator, name):
            continue
        above = wiring.above(operator)
        names = {operators.name_of(model, each) for each in above}
        if names.intersection(RECURRENT):
            continue  # what a layer gives is integer; `compare_integers` knows its zeros
        if name in THRESHOLDS and not names <= {*LIGHT, *THRESHOLDS}:
            continue
        found += above
    return found


def _from_exponential(wiring: Wiring, model: flatbuffer.Model, operator: operators.Operator) -> Operators:
    """The operators from an EXP to this one, if sums alone are between them."""
    name = operators.name_of(model, operator)
    if name == "EXP":
        return [operator]
    if name not in ("LOG", "ADD", "SUM", "RESHAPE"):
        return []
    makers = [wiring.maker[index] for index in wiring.reads(operator) if index in wiring.maker]
    found = [each for maker in makers for each in _from_exponential(wiring, model, maker)]
    return [*found, operator] if found else []


def keep_exponentials(draft: Draft) -> None:
    """Let every output that is an exponential be real, and the layer before it.

    Calibration seldom sees the largest of them, and what is cut off there is most of the number.
    """
    model = draft.model
    wiring, known = Wiring(model), {id(operator) for operator in draft.real}
    for name, index in zip(draft.outputs, map(int, flatbuffer.graph(model).outputs), strict=False):
        maker = wiring.maker.get(index)
        if maker is None or operators.name_of(model, maker) != "EXP" or wiring.readers[index]:
            continue
        flatbuffer.tensor(model, index).quantization = None  # without a range it is not rounded
        draft.real += [each for each in _last_layer(wiring, model, maker) if id(each) not in known]
        draft.notes.append(f"output {name!r} stays a real number (float32): it is an exponential")


def _last_layer(wiring: Wiring, model: flatbuffer.Model, operator: operators.Operator) -> Operators:
    """An operator and what leads to it, up to a product with weights, if nobody else reads that."""
    found = [operator]
    while operators.name_of(model, found[-1]) in ("EXP", "ADD", "RESHAPE"):
        reads = [index for index in wiring.reads(found[-1]) if is_real(model, index)]
        if len(reads) != 1 or reads[0] not in wiring.maker or len(wiring.readers[reads[0]]) > 1:
            break
        maker = wiring.maker[reads[0]]
        if operators.name_of(model, maker) not in ("ADD", "RESHAPE", "FULLY_CONNECTED"):
            break
        found.append(maker)
    return found


def _jumps(model: flatbuffer.Model, operator: operators.Operator, name: str) -> bool:
    if "f" not in kinds_of(model, operator.inputs):
        return False
    return name in (*JUMPS, *THRESHOLDS) or (name == "CAST" and not is_real(model, operator.outputs[0]))


def _head(wiring: Wiring, model: flatbuffer.Model, inputs: Sequence[int]) -> Operators:
    """What is computed from these inputs before any weights, but for what is a matter of layout alone."""
    there, found = set(inputs), []
    for operator in wiring.operators:
        reads = wiring.reads(operator)
        if reads and there.issuperset(reads) and operators.name_of(model, operator) in LIGHT:
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
        if followed or (name not in LAYOUT and "f" in kinds_of(model, operator.outputs)):
            stay.add(id(operator))
    return [operator for operator in head if id(operator) in stay]


def _ends(wiring: Wiring, model: flatbuffer.Model, head: Operators) -> list[int]:
    """The real tensors in which the arithmetic of the head ends."""
    shorn = _shorn(wiring, model, head, set())
    inside = {id(operator) for operator in shorn}
    made = [int(index) for operator in shorn for index in operator.outputs]
    return [
        index
        for index in made
        if is_real(model, index) and any(id(reader) not in inside for reader in wiring.readers[index])
    ]
