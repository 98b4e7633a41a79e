"""Whether a file runs on each target, and if not, why and what to do: a file against rows of `targets`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from edge.inspection.operators import Reason, operator_reasons
from edge.inspection.recurrent import Recurrent, operator_numbers
from edge.targets import Target
from edge.tflite import ModelFile
from edge.tflite.variables import variables

ORDER = ("note", "slow", "refused")
# Operators with weights, and which operand is their data.
WITH_WEIGHTS = {
    "FULLY_CONNECTED": 0,
    "CONV_2D": 0,
    "DEPTHWISE_CONV_2D": 0,
    "BATCH_MATMUL": 0,
    "TRANSPOSE_CONV": 2,
}
STATIC = ("compiled-model", "microcontroller")  # all memory is laid out before the first call


class Verdict(NamedTuple):
    """Whether a file runs on a target: `"ok"`, `"slow"` or `"refused"`, and why, the gravest reason first."""

    word: str
    reasons: tuple[Reason, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON: `verdict` and `reasons`."""
        return {"verdict": self.word, "reasons": [reason._asdict() for reason in self.reasons]}


def verdict(file: ModelFile, target: Target, layers: Sequence[Recurrent], state: str) -> Verdict:
    """Whether the target takes the file. *Refused* is also what a runtime computes wrongly without a word.

    Args:
        file: its structure.
        target: what shall run it.
        layers: what `recurrent_operators` found in it.
        state: what becomes of the state: `"none"`, `"reset"`, `"carry"` or `"explicit"`.
    """
    reasons = [
        *operator_reasons(file, target),
        *_forms(file, target, layers),
        *_numbers(file, target, layers),
        *_ends(file, target),
        *_state(target, state),
    ]
    reasons = sorted(dict.fromkeys(reasons), key=lambda reason: -ORDER.index(reason.weight))
    worst = reasons[0].weight if reasons else "note"
    return Verdict("ok" if worst == "note" else worst, tuple(reasons))


def _forms(file: ModelFile, target: Target, layers: Sequence[Recurrent]) -> Iterator[Reason]:
    others = " or ".join(f"lowering={form!r}" for form in target.lowerings if form != "fused")
    is_fused = any(layer.form == "fused" for layer in layers)
    if "fused" not in target.lowerings and (is_fused or variables(file.graphs[0])):
        yield Reason(
            "refused", "it takes no variable tensors, in which a fused operator keeps its state", others
        )
    for layer in layers:
        if layer.form == "fused" and target.fused_variants == "plain":
            if layer.kind == "RNN":
                yield Reason("refused", "it has no fused operator for a simple RNN", others)
            elif layer.extras and "fused" in target.lowerings:
                what = f"its fused operator has no {' and no '.join(layer.extras)}"
                yield Reason("refused", what, others)
        if layer.form == "loop":
            way = layer.way_out if "fused" in target.lowerings else others
            yield Reason("slow", f"{layer} runs as a loop, one turn for each step", way)


def _numbers(file: ModelFile, target: Target, layers: Sequence[Recurrent]) -> Iterator[Reason]:
    graph = file.graphs[0]
    for layer in layers:
        known = target.quantize.get("fused", ())
        if layer.form == "fused" and "fused" in target.lowerings and layer.numbers not in known:
            dynamic = layer.numbers == "dynamic"
            what = (
                "its LSTM with 8-bit weights and real activations does not work (it may return NaN)"
                if dynamic
                else f"its fused operator does not take {layer.numbers or 'float32'} numbers"
            )
            yield Reason("refused", what, f"convert with {_choices(known)}")
        if layer.numbers == "int8" and "layer norm" in layer.extras and not target.int8_layer_norm:
            what = "its integer kernel is wrong with a layer norm"
            yield Reason("refused", what, "convert with quantize='dynamic', or a model without layer norm")
        if layer.state_zero_point and target.symmetric_state:
            what = f"the hidden state has zero point {layer.state_zero_point}; it computes wrongly but with 0"
            yield Reason("refused", what, f"edge.convert.convert(..., target={target.name!r})")
    plain = next((target.quantize[form] for form in ("unrolled", "step") if form in target.quantize), None)
    if plain is None:
        return
    halves = any(tensor.dtype == "float16" and tensor.size for each in file.graphs for tensor in each.tensors)
    known = (*plain, *target.quantize.get("fused", ()))
    if halves and "float16" not in known:
        yield Reason("refused", "it does not take float16 constants", f"convert with {_choices(plain)}")
    for operator in graph.operators:
        data = WITH_WEIGHTS.get(operator.name)
        if data is not None and len(operator.inputs) > data and operator.inputs[data] >= 0:
            numbers = operator_numbers(graph, operator, data)
            if numbers not in known:
                what = f"its {operator.name} does not take quantize={numbers!r}"
                yield Reason("refused", what, f"convert with {_choices(plain)}")


def _ends(file: ModelFile, target: Target) -> Iterator[Reason]:
    graph = file.graphs[0]
    if not target.free_length:
        is_free = any(-1 in graph.tensors[index].shape[1:] for index in graph.inputs)
        if is_free and not target.page_sets_length:
            what = "the length is free, and it runs the length in the file alone, which is 1"
            yield Reason("refused", what, "convert with length=...")
        elif target.name in STATIC and any(
            -1 in tensor.shape[1:] for each in file.graphs for tensor in each.tensors
        ):
            what = "sizes inside of the graph are only known while it runs"
            yield Reason("refused", what, "convert with length=... and without loops")
        elif is_free:
            what = "the length is free, and it cannot resize: the page of serve writes a length into the file"
            yield Reason("note", what, "for a program of your own, convert with length=...")
    ends = {graph.tensors[index].dtype for index in (*graph.inputs, *graph.outputs)}
    quantized = any(graph.tensors[index].scales for index in (*graph.inputs, *graph.outputs))
    if not target.integer_ends and quantized and ends & {"int8", "uint8", "int16"}:
        way = "convert with input_type='float32', output_type='float32'"
        yield Reason("refused", "it takes no 8- or 16-bit integers in and out", way)


def _state(target: Target, state: str) -> Iterator[Reason]:
    if state == "carry" and not target.can_reset:
        what = "the state goes on from call to call and nothing there resets it: one stream for ever"
        yield Reason("note", what, "convert with state='reset' for sequences, state='explicit' for streams")


def _choices(known: Sequence[str | None]) -> str:
    return "quantize=" + " or ".join(repr(each) for each in known)
