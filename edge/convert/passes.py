"""The passes of a conversion: each edits the draft, in this order; the reason stands beside each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from edge.convert.edits.fusion import fuse
from edge.convert.edits.joined_states import join_quantized_states, join_states
from edge.convert.edits.known_operators import write_known_operators
from edge.convert.edits.named_ends import add_to_note, name_ends, write_note
from edge.convert.edits.real_ends import make_ends_real
from edge.convert.edits.reset_states import reset_states
from edge.convert.edits.separated_outputs import separate_outputs
from edge.convert.edits.shown_states import show_states
from edge.convert.edits.stable_softplus import steady_softplus
from edge.convert.graph.flatbuffer import drop_unused_buffers, share_equal_buffers
from edge.convert.job import Job
from edge.convert.quantization.calibration import calibrate, gather_calls
from edge.convert.quantization.comparisons import compare_integers
from edge.convert.quantization.even_kernels import even_kernels
from edge.convert.quantization.integers import to_integers
from edge.convert.quantization.kernel_scales import fill_kernels_of_zeros, settle_scales
from edge.convert.quantization.masked_scores import soften_masked_scores
from edge.convert.quantization.real_parts import keep_exponentials, keep_real
from edge.convert.quantization.shared_weights import tie_shared_weights, widen_empty_ranges
from edge.convert.quantization.sixteen_bits import give_headroom, part_buffers, widen_constants
from edge.convert.quantization.weights import weights_to_float16, weights_to_int8
from edge.convert.tracing.draft import Draft
from edge.convert.tracing.export import export
from edge.results.conversion import Calibration, Check, LoweredLayer


class Pass(NamedTuple):
    """One edit of a draft, and why it comes where it stands."""

    edit: Callable[[Draft, Job], None]
    why: str


def run(passes: Sequence[Pass], draft: Draft, job: Job) -> Draft:
    """The draft after all of them."""
    for each in passes:
        each.edit(draft, job)
    return draft


def _export(draft: Draft, job: Job, weights: str | None = None) -> None:
    export(draft, job.model, job.signature, job.plan, job.sites, weights)


def _settle_states(draft: Draft, job: Job) -> None:
    anew = {site.index for site in draft.sites if job.plan.resets[site.index]}
    reset_states(draft, anew)
    if job.plan.state == "explicit":
        show_states(draft, anew)


def _make_ends_real(draft: Draft, job: Job) -> None:
    inputs = draft.real_ends or job.request.input_type == "float32"
    make_ends_real(draft, inputs, job.request.output_type == "float32")


def _keep_real(draft: Draft, job: Job) -> None:
    names = [spec.name for spec in job.signature.inputs]
    keep_real(draft, str(job.plan.quantize), names, job.request.input_type, job.request.target)
    if job.request.output_type in (None, "float32"):
        keep_exponentials(draft)


def _write_note(draft: Draft, job: Job) -> None:
    made = {"state": job.plan.state, "lowering": job.plan.lowering, "quantize": job.plan.quantize}
    layers = [layer._asdict() for layer in lowered_layers(draft, job)]
    said = {"target": job.request.target.name, "layers": layers, **job.request.said}
    write_note(draft, made, said, _timed_inputs(job), [job.is_timed(output) for output in draft.outputs])


def _timed_inputs(job: Job) -> list[bool | None]:
    """Known where the model left its length free; a model of fixed shapes does not say which axis is time."""
    return list(job.timed) if job.is_free else [None] * len(job.timed)


def note_checks(draft: Draft, checks: Sequence[Check], calibration: Calibration | None) -> None:
    """Add to the note of a finished draft what is known when the file has run: how far it is off on data of
    other kinds, and what its ranges come from."""
    ranged = {"calibration": calibration.to_dict()} if calibration else {}
    add_to_note(draft, {**ranged, "checks": [check.to_dict() for check in checks]})


def lowered_layers(draft: Draft, job: Job) -> tuple[LoweredLayer, ...]:
    """The recurrent layers of a draft and what each became."""
    return tuple(
        LoweredLayer(site.layer.name, site.variant, site.units, job.plan.lowerings[site.index])
        for site in draft.sites
    )


_FUSE = Pass(lambda draft, _: fuse(draft), "placeholders become operators while their names are still there")
_SOFTPLUS = Pass(lambda draft, _: steady_softplus(draft), "whatever the numbers are, none is to be infinite")
TO_FLOAT = (Pass(_export, "the model as a graph, which all others edit"), _FUSE, _SOFTPLUS)
_JOIN = Pass(lambda draft, _: join_states(draft), "the quantizers know no bridge from a state to the model")

FINISH = (
    Pass(_settle_states, "states that show are ends of the file, so they come before what is done to ends"),
    Pass(_make_ends_real, "a state goes in and out as the data does, so the states are settled"),
    Pass(lambda draft, _: separate_outputs(draft), "every end has its tensor now, and needs one of its own"),
    Pass(
        lambda draft, job: write_known_operators(draft, job.request.target),
        "no operator comes in after it",
    ),
    Pass(lambda draft, job: name_ends(draft, [s.name for s in job.signature.inputs]), "a name a tensor"),
    Pass(_write_note, "it tells the ends as they are at last"),
    Pass(lambda draft, _: share_equal_buffers(draft.model), "no pass changes a constant any more"),
    Pass(lambda draft, _: drop_unused_buffers(draft.model), "what the passes left behind"),
)

_INTEGERS_8 = (
    Pass(
        lambda draft, job: gather_calls(draft, job.material.calls, job.rows, job.anew),
        "the float model says which states belong to the data",
    ),
    Pass(
        lambda draft, job: even_kernels(draft, len(job.signature.inputs)),
        "what it puts in is calibrated like all else",
    ),
    Pass(lambda draft, _: soften_masked_scores(draft), "calibration is not to see -1e9"),
    Pass(lambda draft, job: calibrate(draft, job.stage), "ranges of the float model as it is"),
    Pass(
        lambda draft, _: tie_shared_weights(draft), "the steps of a layer are one, whatever each of them saw"
    ),
    Pass(lambda draft, _: widen_empty_ranges(draft), "some are empty after that"),
    Pass(_keep_real, "the ranges say what integers would lose"),
    Pass(lambda draft, _: fill_kernels_of_zeros(draft), "the ranges say how large the entry must be"),
)
_QUANTIZE = Pass(lambda draft, job: to_integers(draft, str(job.plan.quantize)), "all ranges are settled")
_IN_INTEGERS = (
    Pass(lambda draft, _: settle_scales(draft), "the quantizer has given all others"),
    Pass(lambda draft, _: join_quantized_states(draft), "operators have the scales that they keep"),
    Pass(lambda draft, _: compare_integers(draft), "no further operator comes in before a comparison"),
)

# What is done to the draft of TO_FLOAT while it is in real numbers: what comes out is judged, to 1e-5.
IN_FLOAT: dict[str | None, tuple[Pass, ...]] = {
    None: (),
    "float16": (),
    "dynamic": (),
    "int8": _INTEGERS_8,
    "int16x8": _INTEGERS_8,
}
# From there to a draft in other numbers, its states joined.
NUMBERS: dict[str | None, tuple[Pass, ...]] = {
    None: (_JOIN,),
    "float16": (
        Pass(lambda draft, job: _export(draft, job, "float16"), "TensorFlow stores all other weights so"),
        _FUSE,
        _SOFTPLUS,
        Pass(lambda draft, _: weights_to_float16(draft), "and those of fused layers are ours to store"),
        _JOIN,
    ),
    "dynamic": (
        Pass(lambda draft, job: _export(draft, job, "int8"), "TensorFlow stores all other weights so"),
        _FUSE,
        _SOFTPLUS,
        Pass(lambda draft, _: weights_to_int8(draft), "and those of fused layers are ours to store"),
        _JOIN,
    ),
    "int8": (_QUANTIZE, *_IN_INTEGERS),
    "int16x8": (
        Pass(lambda draft, _: part_buffers(draft), "the quantizer is next, and writes over what it has read"),
        Pass(lambda draft, _: give_headroom(draft), "all ranges are known, and none is settled after it"),
        _QUANTIZE,
        Pass(lambda draft, _: widen_constants(draft), "the quantizer leaves constants with 8 bits"),
        *_IN_INTEGERS,
    ),
}
