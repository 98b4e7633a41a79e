"""One conversion: what is asked, what was decided, and what is right, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np

from edge.aliases import Array
from edge.convert.arrangement import Arranger
from edge.convert.keras_model.call_sites import Site
from edge.convert.keras_model.precision import other_precisions
from edge.convert.keras_model.preprocessing import check_inputs, check_layers
from edge.convert.keras_model.signature import Signature, shown_length, signature_of
from edge.convert.material import Material, by_calls, timed_inputs, whole_sequences
from edge.convert.plan import Plan
from edge.convert.quantization.integers import BITS
from edge.convert.request import Request, check_fit
from edge.convert.samples import Samples, check_samples, random_samples, token_kinds
from edge.convert.stages import Stages
from edge.convert.verification.keras_calls import keras_calls
from edge.convert.verification.parity import check_finite, keras_function
from edge.convert.verification.probes import Probe, masked_values, other_values, together
from edge.convert.verification.streaming import LOOKS_FURTHER, is_the_same_by_calls

_WHOLE = "Convert it with lowering='fused' or 'unrolled', for whole sequences."


@dataclass(frozen=True)
class Job:
    """One conversion.

    Attributes:
        model: of Keras.
        request: what the caller asked for.
        plan: the form of each recurrent layer.
        whole: the signature of the model for whole sequences.
        signature: that of the file: one step of each sequence where the plan says so.
        sites: the uses of recurrent layers, with that signature.
        timed: which inputs have an axis of time.
        is_free: whether the model leaves its length open, so that `timed` is known and not guessed.
        material: what to calibrate on, and what Keras and the file are compared on.
        checked_on: what to call that.
        probes: data of other kinds, for a file whose numbers may be too coarse for it.
        expected: the outputs of Keras for what is checked, by name; beyond: for the probes together.
        notes: what was found on the way.
        stage: is told what is being done.
    """

    model: keras.Model
    request: Request
    plan: Plan
    whole: Signature
    signature: Signature
    sites: list[Site]
    timed: list[bool]
    is_free: bool
    material: Material
    checked_on: str
    probes: list[Probe]
    expected: dict[str, Array]
    beyond: dict[str, Array]
    notes: tuple[str, ...] = ()
    stage: Stages = field(default_factory=Stages)

    @property
    def rows(self) -> int:
        """How many sequences the file takes at a time."""
        return self.signature.inputs[0].shape[0] or 1

    @property
    def anew(self) -> set[int]:
        """Sites of layers that start from zeros at every call of a file that goes on."""
        goes_on = self.plan.state != "reset"
        return {site.index for site in self.sites if goes_on and self.plan.resets[site.index]}

    @property
    def steps(self) -> int:
        """How many steps a call has in what Keras and the file are compared on."""
        checked, axis = self.material.checked, 2 if self.material.by_call else 1
        lengths = [array.shape[axis] for array, has in zip(checked, self.timed, strict=True) if has]
        return lengths[0] if lengths else max(a.shape[axis] for a in checked if a.ndim > axis)

    @property
    def is_real(self) -> list[bool]:
        """Which inputs are real numbers."""
        return [np.dtype(spec.dtype).kind == "f" for spec in self.signature.inputs]

    def is_timed(self, output: str) -> bool:
        """Whether an output has an entry for every time step."""
        shape = self.expected[output].shape[1 if self.material.by_call else 0 :]
        return len(shape) > 2 and shape[1] == self.steps

    def run_keras(self, samples: Samples) -> dict[str, Array]:
        """The outputs of Keras by name, for samples like those that are checked."""
        if self.material.by_call:
            return keras_calls(
                self.model, self.signature, samples, self.plan.lowering == "step", self.plan.resets
            )
        return keras_function(self.model, self.whole)(samples)

    def counted(self, outputs: Array) -> Array:
        """Those of the checked outputs that count."""
        return outputs[:, self.material.skipped :] if self.material.by_call else outputs


def prepare(model: keras.Model, request: Request, data: Any) -> Job:
    """Look at the model, decide, and run Keras.

    Raises:
        ValueError: a model, an option or data that cannot be converted.
    """
    check_layers(model)
    own = signature_of(model, data)
    check_inputs(model, own)
    _check_data(request.quantize, data)
    arranger = Arranger(model, own)
    # Whether a sample may have more steps than a call depends on what is arranged.
    samples = None if data is None else _first_look(arranger, request, data)
    length = None if samples is None else shown_length(own, samples)
    plan, whole, signature, sites = vars(arranger.arrange(request, length)).values()
    timed, is_ranged = timed_inputs(own), request.quantize in BITS
    goes_on, rows = plan.state != "reset", signature.inputs[0].shape[0] or 1
    by_call = goes_on and not signature.is_free
    if samples is None:
        samples = random_samples(whole, model)
    elif not by_call:
        samples = check_samples(whole, data)
    steps = next((array.shape[1] for array, has in zip(samples, timed, strict=True) if has), 1)
    if by_call:
        a_call = next((s.shape[1] for s, has in zip(signature.inputs, timed, strict=True) if has), None)
        material = by_calls(samples, timed, a_call or steps, rows, is_ranged)
    else:
        material = whole_sequences(samples, rows, steps, goes_on, is_ranged)
    checked_on = "random input" if data is None else "representative data"
    form = (plan, whole, signature, sites, timed, own.is_free)
    job = Job(model, request, *form, material, checked_on, [], {}, {})
    job = _answered(replace(job, probes=_probes(job)) if request.quantize else job)
    check_fit(request.said.get("labels"), job.expected)
    return replace(job, notes=(*plan.notes, *_further(job, own)))


def _first_look(arranger: Arranger, request: Request, data: Any) -> Samples:
    """The data as one array an input, which may have more steps than a call.

    Raises:
        ValueError, TypeError: it does not fit; where the lengths of inputs differ, the message says how.
    """
    try:
        return check_samples(arranger.whole(request), data, streams=True)
    except ValueError as fault:
        if not isinstance(request.length, int):
            raise
        shown = shown_length(arranger.own, check_samples(arranger.free(request), data))
        if not isinstance(shown, Mapping):
            raise
        raise ValueError(f"{fault} Inputs may have lengths of their own. Use length={shown}.") from None


def _probes(job: Job) -> list[Probe]:
    tokens = token_kinds(job.model, job.signature)
    is_real = [has and not kinds for has, kinds in zip(job.is_real, tokens, strict=True)]
    masks = any(site.masked for site in job.sites)
    padding = masked_values(job.model, is_real, job.timed) if masks else None
    weights = sum(int(np.prod(weight.shape)) for weight in job.model.weights)
    return other_values(job.material, job.steps, weights, is_real, job.timed, tokens, padding)


def _answered(job: Job) -> Job:
    """With what Keras gives: it runs once on all samples of one shape."""
    try:
        outputs = job.run_keras(together([job.material.checked, *(probe.samples for probe in job.probes)]))
    except Exception:
        if not job.probes:
            raise
        return _answered(replace(job, probes=[]))  # if it takes what was given, that is what it is judged by
    count = len(job.material.checked[0])
    expected = {name: value[:count] for name, value in outputs.items()}
    check_finite(expected)
    return replace(job, expected=expected, beyond={name: value[count:] for name, value in outputs.items()})


def _further(job: Job, own: Signature) -> list[str]:
    """A note on a model that looks at more steps than a call of the file has.

    Raises:
        ValueError: if that is one step.
    """
    is_mixed = any(site.index in job.anew and not site.inside for site in job.sites)
    if is_mixed or not (own.is_free and job.material.by_call):
        return []
    if is_the_same_by_calls(job.model, own, job.material.checked, job.timed, job.expected):
        return []
    if job.plan.lowering == "step":
        raise ValueError(f"lowering='step' does not fit: {LOOKS_FURTHER}. {_WHOLE}")
    if job.steps == 1:
        raise ValueError(
            f"A file of one time step does not fit: {LOOKS_FURTHER}. Convert it with state='reset' and "
            "length=..., the number of steps of a sequence."
        )
    return [f"call by call the file gives other results than for whole sequences: {LOOKS_FURTHER}"]


def _check_data(quantize: str | None, data: Any) -> None:
    if data is None and quantize in BITS:
        raise ValueError(
            f"quantize={quantize!r} takes the range of every number from representative_data, and none was "
            'given. Give a few hundred inputs like those in use, or use quantize="dynamic", which needs none.'
        )


def with_precision_note(job: Job) -> Job:
    """The job with a note on how far the model itself is from what it would be in float32, if it is not."""
    policies = other_precisions(job.model)
    if not policies:
        return job
    own = " and ".join(policies)
    said = f"the model computes in {own}, the file as it does in float32, which it is compared with"
    try:
        original = job.run_keras(job.material.checked)
        check_finite(original)
    except ValueError:
        far = "in its own numbers the model gives NaN or infinite values"
    else:
        most = max(float(np.abs(original[n] - job.expected[n]).max()) for n in job.expected)
        far = f"the model as it is differs from that by up to {most:.2g}"
    return replace(job, notes=(*job.notes, f"{said}; {far}"))
