"""One conversion: what is asked, what was decided, and what is right, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from edge.aliases import Array
from edge.convert.arrangement import Arranger
from edge.convert.keras_model.call_sites import Site
from edge.convert.keras_model.precision import other_precisions
from edge.convert.keras_model.preprocessing import check_inputs, check_layers
from edge.convert.keras_model.signature import Signature, shown_length, signature_of
from edge.convert.plan import Plan
from edge.convert.quantization.integers import BITS
from edge.convert.request import Request
from edge.convert.samples import Samples, check_samples, evenly, random_samples
from edge.convert.verification.parity import keras_outputs
from edge.convert.verification.streaming import LOOKS_FURTHER

CHECKED_SAMPLES = 100
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
        samples: to calibrate on.
        checked: those of them that Keras and the file are compared on; checked_on: what to call them.
        expected: the outputs of Keras for them, by name.
    """

    model: keras.Model
    request: Request
    plan: Plan
    whole: Signature
    signature: Signature
    sites: list[Site]
    samples: Samples
    checked: Samples
    checked_on: str
    expected: dict[str, Array]

    @property
    def by_step(self) -> bool:
        """Whether the file takes one time step at a time."""
        return self.plan.lowering == "step"

    @property
    def way_out(self) -> str | None:
        """What to do about a file that is wrong, where it is not what helps for its numbers."""
        return f"Perhaps {LOOKS_FURTHER}. {_WHOLE}" if self.by_step else None

    def is_timed(self, output: str) -> bool:
        """Whether an output has an entry for every time step."""
        steps = max(array.shape[1] for array in self.checked if array.ndim > 1)
        return self.expected[output].ndim > 2 and self.expected[output].shape[1] == steps


def prepare(model: keras.Model, request: Request, data: Any) -> Job:
    """Look at the model, decide, and run Keras.

    Raises:
        ValueError: a model, an option or data that cannot be converted.
    """
    check_layers(model)
    own = signature_of(model, data)
    check_inputs(model, own)
    arranger = Arranger(model, own)
    samples, checked_on = _samples(model, arranger.whole(request), request.quantize, data)
    length = None if data is None else shown_length(arranger.own, samples)
    plan, whole, signature, sites = vars(arranger.arrange(request, length)).values()
    checked = evenly(samples, CHECKED_SAMPLES)
    expected = keras_outputs(model, whole, checked)
    return Job(model, request, plan, whole, signature, sites, samples, checked, checked_on, expected)


def with_precision_note(job: Job) -> Job:
    """The job with a note on how far the model itself is from what it would be in float32, if it is not."""
    policies = other_precisions(job.model)
    if not policies:
        return job
    own = " and ".join(policies)
    said = f"the model computes in {own}, the file as it does in float32, which it is compared with"
    try:
        original = keras_outputs(job.model, job.whole, job.checked)
    except ValueError:
        far = "in its own numbers the model gives NaN or infinite values"
    else:
        most = max(float(np.abs(original[n] - job.expected[n]).max()) for n in job.expected)
        far = f"the model as it is differs from that by up to {most:.2g}"
    return replace(job, plan=replace(job.plan, notes=(*job.plan.notes, f"{said}; {far}")))


def _samples(
    model: keras.Model, signature: Signature, quantize: str | None, data: Any
) -> tuple[Samples, str]:
    """The input to calibrate and check with, and what to call it."""
    if data is not None:
        return check_samples(signature, data), "representative data"
    if quantize in BITS:
        raise ValueError(
            f"quantize={quantize!r} takes the range of every number from representative_data, and none was "
            'given. Give a few hundred inputs like those in use, or use quantize="dynamic", which needs none.'
        )
    return random_samples(signature, model), "random input"
