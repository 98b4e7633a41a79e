"""Why a recurrent layer cannot take a form in the file: one sentence each; `ways_out` finds what to do."""

from __future__ import annotations

from edge.convert.keras_model.call_sites import OTHER, RNN, Site
from edge.convert.request import Request
from edge.targets import Target
from keras_lstm_plus.spec import OP_ACTIVATIONS, LSTMSpec

LONGEST = 1000  # steps to write out: every one is a dozen operators
RNN_ACTIVATIONS = (*OP_ACTIVATIONS, "linear")  # of the fused SimpleRNN, whose kernel knows one more


def fused_refusal(site: Site, request: Request, state: str) -> str | None:
    """Why this use of a layer cannot become a fused operator; None if it can."""
    target = request.target
    if "fused" not in target.lowerings:
        return f"{target.where} refuses the fused operator, which has variable tensors"
    if site.kind == OTHER:
        return f"there is no fused operator for {type(site.layer.cell).__name__}"
    reason = _variant_refusal(site, target) or _common_refusal(site, request, "fused")
    if reason:
        return reason
    if site.steps is None and not target.free_length:
        return f"{target.where} runs files of a fixed length, and the time axis is free"
    if site.batch is None:
        return "the number of sequences that reach it depends on the length of the input"
    if site.masked and state != "reset":
        return f"it receives a mask, and with state={state!r} the padding would go into the state"
    if site.masked and site.layer.return_state and not keeps_its_state(site, request.quantize):
        return "it receives a mask and gives its state, and the operator runs on over the padding"
    if site.masked and not target.has("TOPK_V2"):
        return f"a mask needs operators that {target.where} lacks"
    return _stateful_refusal(site, state)


def keeps_its_state(site: Site, quantize: str | None) -> bool:
    """Whether the fused operator can be kept from changing its cells at steps that do not count.

    An input more shuts the input gate there and opens the forget gate. A layer norm would norm it away, and
    an integer scale that has room for it has none for the data. A SimpleRNN has no cell.
    """
    if site.spec is None:
        return True
    if site.spec.layer_norm or site.spec.input_gate == "open":  # which nothing shuts
        return False
    return quantize not in ("int8", "int16x8")


def _stateful_refusal(site: Site, state: str) -> str | None:
    if not site.layer.stateful:
        return None
    if site.inside:
        return (
            "stateful=True inside of a TimeDistributed lets its state run on from one time step to the next"
        )
    return "stateful=True asks for a state that goes on from call to call" if state == "reset" else None


def _variant_refusal(site: Site, target: Target) -> str | None:
    if site.kind == RNN:
        activation = site.activation
        if target.fused_variants == "plain":
            return f"{target.where} has no fused operator for a SimpleRNN"
        if activation not in RNN_ACTIVATIONS:
            return f"the fused operator has {', '.join(RNN_ACTIVATIONS)}, not {activation}"
        return None
    spec = site.spec
    assert spec is not None
    if not spec.fusion().possible:
        return spec.fusion().reason
    if target.fused_variants == "plain" and not is_plain(spec):
        return f"{target.where} fuses the standard LSTM alone"
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
        return f"{request.target.where} does not run it"
    if site.steps is None:
        return "writing it out needs a fixed length, and the time axis is free"
    if site.steps > LONGEST:
        return f"{site.steps} steps are too many to write out (at most {LONGEST})"
    if state == "carry":
        return "plain operators keep no state from call to call"
    if state == "explicit" and not site.given_state:
        return _shown_refusal(site) or _common_refusal(site, request, "unrolled")
    return _stateful_refusal(site, state) or _common_refusal(site, request, "unrolled")


def step_refusal(site: Site, request: Request, state: str) -> str | None:
    """Why this use of a layer cannot run one step at a time; None if it can."""
    if "step" not in request.target.lowerings:
        return f"{request.target.where} does not run it"
    if state != "explicit":
        return f"a step has its states as inputs and outputs, not state={state!r}"
    if site.layer.go_backwards:
        return (
            "it reads the sequence from its end (go_backwards, Bidirectional), which a stream does not have"
        )
    if site.given_state:
        return "the model gives it a state to start from, and would do so at every step"
    if site.masked and not site.layer.zero_output_for_mask and not site.shows_its_output:
        return "at a step that is masked it repeats its output, which is none of its states"
    return _shown_refusal(site) or _common_refusal(site, request, "step")


def _shown_refusal(site: Site) -> str | None:
    if not site.states_are_vectors:
        return "its states are images, and those that a file takes are vectors"
    if not site.starts_from_zeros:
        return "it starts from a state of its own, and a file that takes its states starts from zeros"
    return None


def _common_refusal(site: Site, request: Request, form: str) -> str | None:
    target, quantize = request.target, request.quantize
    if quantize not in target.quantize.get(form, ()):
        return f"{target.where} does not run quantize={quantize!r} in this form"
    if form != "fused":
        return None
    if quantize == "int8" and site.spec and site.spec.layer_norm and not target.int8_layer_norm:
        return f"the integer kernel of {target.where} is wrong with a layer norm"
    return quantization_refusal(site, quantize)


def quantization_refusal(site: Site, quantize: str | None) -> str | None:
    """Why the integer kernels of the fused operators do not compute this variant; None if they do."""
    if quantize not in ("dynamic", "int8", "int16x8"):
        return None
    if site.kind == RNN:
        return None if quantize == "dynamic" else "TensorFlow Lite has no integer kernel for a SimpleRNN"
    spec = site.spec
    assert spec is not None
    if spec.recurrence == "diagonal":
        return "TensorFlow Lite's kernels take a diagonal recurrence in float32 alone"
    if quantize == "dynamic":
        return None
    if spec.peephole and (spec.projection_units or 0) > site.units:
        return (
            "TensorFlow Lite's integer kernel is wrong for peepholes with a projection to more than the "
            f"{site.units} cells"
        )
    if spec.candidate_activation != "tanh":
        return f"TensorFlow Lite's integer kernel has tanh alone, not {spec.candidate_activation}"
    if spec.layer_norm and "open" in (spec.input_gate, spec.forget_gate, spec.output_gate):
        return "an open gate has a layer norm of zeros there, to which no integer scale fits"
    return None
