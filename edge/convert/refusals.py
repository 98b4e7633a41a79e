"""Why a recurrent layer cannot take a form in the file: one sentence each, which ends with a way out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edge.convert.keras_model.call_sites import OTHER, RNN, Site
from edge.convert.request import Request
from edge.targets import Target
from keras_lstm_plus.spec import OP_ACTIVATIONS, LSTMSpec

LONGEST = 1000  # steps to write out: every one is a dozen operators
_PLAIN = "use lowering='unrolled' or 'step'"


def fused_refusal(site: Site, request: Request, state: str) -> str | None:
    """Why this use of a layer cannot become a fused operator; None if it can."""
    target = request.target
    if "fused" not in target.lowerings:
        return f"{target.where} refuses the fused operator (it has variable tensors); use lowering='unrolled'"
    if site.kind == OTHER:
        cell = type(site.layer.cell).__name__
        return f"there is no fused operator for {cell}; use an LSTM, or lowering='unrolled' or 'step'"
    reason = _variant_refusal(site, target) or _common_refusal(site, request, "fused")
    if reason:
        return reason
    if site.steps is None and not target.free_length:
        return f"{target.where} runs files of a fixed length; give length=..., the number of time steps"
    if site.batch is None:
        return "the number of sequences that reach it is not known; give the model a fixed shape there"
    if site.masked and state != "reset":
        return (
            f"it receives a mask, and with state={state!r} the padding would go into the state; "
            "use state='reset', lowering='unrolled' or a model without a mask"
        )
    if site.masked and site.layer.return_state:
        return (
            "it receives a mask and gives its state, and the operator runs on over the padding; "
            "use lowering='unrolled'"
        )
    if site.masked and not target.has("TOPK_V2"):
        return f"a mask needs operators that {target.where} lacks; use lowering='unrolled'"
    if site.layer.stateful and state == "reset":
        return "stateful=True asks for a state that goes on; use state='carry' or state='explicit'"
    return None


def _variant_refusal(site: Site, target: Target) -> str | None:
    if site.kind == RNN:
        activation = site.layer.cell.activation.__name__
        if target.fused_variants == "plain":
            return f"{target.where} has no fused operator for a SimpleRNN; {_PLAIN}"
        if activation not in OP_ACTIVATIONS:
            return f"the fused operator has {', '.join(OP_ACTIVATIONS)}, not {activation}; {_PLAIN}"
        return None
    spec = site.spec
    assert spec is not None
    if not spec.fusion().possible:
        return f"{spec.fusion().reason}; {_PLAIN}"
    if target.fused_variants == "plain" and not is_plain(spec):
        return f"{target.where} fuses the standard LSTM alone; {_PLAIN}"
    return None


def is_plain(spec: LSTMSpec) -> bool:
    """Whether it is the standard LSTM, which every runtime with the fused operator has."""
    return (
        not (spec.peephole or spec.layer_norm or spec.projection_units)
        and spec.input_gate == "learned"
        and spec.recurrence == "full"
        and spec.candidate_activation == "tanh"
    )


def unrolled_refusal(site: Site, request: Request, state: str) -> str | None:
    """Why this use of a layer cannot be written out; None if it can."""
    if "unrolled" not in request.target.lowerings:
        return f"{request.target.where} does not run it; use {_either(request.target.lowerings)}"
    if site.steps is None:
        return "writing it out needs a fixed length; give length=..., the number of time steps"
    if site.steps > LONGEST:
        return f"{site.steps} steps are too many to write out (at most {LONGEST}); use lowering='step'"
    if state == "carry":
        return "plain operators keep no state from call to call; use state='explicit'"
    if site.layer.stateful and state == "reset":
        return "stateful=True asks for a state that goes on; use state='explicit'"
    return _common_refusal(site, request, "unrolled")


def step_refusal(site: Site, request: Request, state: str) -> str | None:
    """Why this use of a layer cannot run one step at a time; None if it can."""
    if "step" not in request.target.lowerings:
        return f"{request.target.where} does not run it; use {_either(request.target.lowerings)}"
    if state != "explicit":
        return f"a step has its states as inputs and outputs, not state={state!r}; use state='explicit'"
    if site.layer.go_backwards:
        return (
            "it reads the sequence from its end (go_backwards, Bidirectional), which a stream does not have; "
            "use lowering='fused' or 'unrolled'"
        )
    if site.given_state:
        return (
            "the model gives it a state to start from, and would do so at every step; use lowering='fused' "
            "or 'unrolled'"
        )
    return _common_refusal(site, request, "step")


def _common_refusal(site: Site, request: Request, form: str) -> str | None:
    if site.layer.compute_dtype != "float32":
        return (
            f"it computes in {site.layer.compute_dtype}; rebuild the model with the dtype policy 'float32', "
            "load the weights into it and convert that"
        )
    if request.quantize not in request.target.quantize.get(form, ()):
        known = request.target.quantize.get(form, ())
        return (
            f"{request.target.where} does not run quantize={request.quantize!r} in this form; "
            f"use {_either(known)}"
        )
    if form != "fused":
        return None
    if (
        request.quantize == "int8"
        and site.spec
        and site.spec.layer_norm
        and not request.target.int8_layer_norm
    ):
        return (
            f"the integer kernel of {request.target.where} is wrong with a layer norm; use "
            "quantize='dynamic', or lowering='unrolled' or 'step'"
        )
    return quantization_refusal(site, request.quantize)


def quantization_refusal(site: Site, quantize: str | None) -> str | None:
    """Why the integer kernels of the fused operators do not compute this variant; None if they do."""
    if quantize not in ("dynamic", "int8", "int16x8"):
        return None
    ways = "use quantize=None or 'float16', or lowering='unrolled' or 'step'"
    if site.kind == RNN:
        if quantize == "dynamic":
            return None
        return f"TensorFlow Lite has no integer kernel for a SimpleRNN; use quantize='dynamic', or {ways[4:]}"
    spec = site.spec
    assert spec is not None
    if spec.recurrence == "diagonal":
        return f"TensorFlow Lite's kernels take a diagonal recurrence in float32 alone; {ways}"
    if quantize == "dynamic":
        return None
    ways = f"use quantize='dynamic', or {ways[4:]}"
    if spec.peephole and (spec.projection_units or 0) > site.units:
        return (
            "TensorFlow Lite's integer kernel is wrong for peepholes with a projection to more than the "
            f"{site.units} cells; {ways}"
        )
    if spec.candidate_activation != "tanh":
        return f"TensorFlow Lite's integer kernel has tanh alone, not {spec.candidate_activation}; {ways}"
    if spec.layer_norm and "open" in (spec.input_gate, spec.forget_gate, spec.output_gate):
        return f"an open gate has a layer norm of zeros there, to which no integer scale fits; {ways}"
    return None


def _either(choices: Sequence[Any]) -> str:
    return " or ".join(map(repr, choices))
