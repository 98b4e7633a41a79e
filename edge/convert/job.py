"""One conversion: what is asked, what was decided, and what is right, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from edge.aliases import Array
from edge.convert.keras_model.call_sites import Site
from edge.convert.keras_model.signature import Signature, signature_of
from edge.convert.plan import Plan, decide
from edge.convert.quantization.integers import BITS
from edge.convert.request import Request
from edge.convert.samples import Samples, check_samples, evenly, random_samples
from edge.convert.tracing.probe import probe
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
    whole = signature_of(model, data)
    whole = whole.with_batch(whole.batch if request.batch == 1 and whole.batch else request.batch)
    whole = whole.with_length(request.length) if request.length else whole
    if request.state == "carry" and whole.is_free and not request.target.free_length:
        whole = whole.with_length(1)  # a stream comes step by step
    samples, checked_on = _samples(model, whole, request.quantize, data)
    signature, sites = whole, _sites(model, whole)
    plan = decide(request, sites)
    if plan.lowering == "step":
        signature = _one_step(whole)
        sites = _sites(model, signature, is_step=True)
    checked = evenly(samples, CHECKED_SAMPLES)
    expected = keras_outputs(model, whole, checked)
    return Job(model, request, plan, whole, signature, sites, samples, checked, checked_on, expected)


def _sites(model: keras.Model, signature: Signature, is_step: bool = False) -> list[Site]:
    try:
        sites = probe(model, signature)
    except Exception:
        if not is_step:
            raise
        raise ValueError(f"lowering='step' does not fit: {LOOKS_FURTHER}. {_WHOLE}") from None
    if not sites:
        raise ValueError(
            f"Model {model.name!r} has no recurrent layer (LSTMPlus, keras.layers.LSTM or SimpleRNN). "
            "Without one, tf.lite.TFLiteConverter converts it."
        )
    return sites


def _one_step(whole: Signature) -> Signature:
    if not whole.is_free:
        raise ValueError(
            "lowering='step' needs a model with a free time axis, keras.Input((None, features)), and this "
            f"one has {', '.join(f'{spec.name!r} {list(spec.shape)}' for spec in whole.inputs)}. Build it "
            "so, load the weights into it and convert that."
        )
    return whole.with_length(1)


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
