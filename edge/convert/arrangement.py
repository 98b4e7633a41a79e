"""What a request makes of a model: the inputs of the file, the uses of recurrent layers, their forms."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import keras

from edge.aliases import Length
from edge.convert.keras_model.call_sites import Site
from edge.convert.keras_model.signature import Input, Signature
from edge.convert.plan import Plan, RefusedError, decide
from edge.convert.refusals import step_refusal
from edge.convert.request import Request
from edge.convert.tracing.probe import probe
from edge.convert.verification.streaming import LOOKS_FURTHER
from edge.convert.ways_out import NUMBERS, Tried

_TRIED_LENGTH = 20  # time steps, where nobody named a number


@dataclass(frozen=True)
class Arrangement:
    """What a request makes of a model.

    Attributes:
        plan: the form of each recurrent layer.
        whole: the signature of the model for whole sequences.
        signature: that of the file: one step of each sequence where the plan says so.
        sites: the uses of recurrent layers, with that signature.
    """

    plan: Plan
    whole: Signature
    signature: Signature
    sites: list[Site]


@dataclass
class Arranger:
    """Arranges one model for one request after another; what it found out once it keeps.

    Attributes:
        model: of Keras.
        own: its signature as it was built.
    """

    model: keras.Model
    own: Signature
    _probed: dict[tuple[Input, ...], list[Site]] = field(default_factory=dict)
    _failed: set[tuple[Input, ...]] = field(default_factory=set)

    def free(self, request: Request) -> Signature:
        """The signature for as many sequences as the request wants, of any length if the model has it so."""
        return self.own.with_batch(self.own.batch if request.batch == 1 and self.own.batch else request.batch)

    def whole(self, request: Request) -> Signature:
        """The signature for whole sequences."""
        whole = self.free(request)
        whole = whole.with_length(request.length) if request.length else whole
        if request.state == "carry" and whole.is_free and not request.target.free_length:
            return whole.with_length(1)  # a stream comes step by step
        return whole

    def arrange(self, request: Request, length: Length | None = None) -> Arrangement:
        """What the request makes of the model.

        Args:
            request: what is asked for.
            length: of the sequences that the user has shown, to name in a way out.

        Raises:
            ValueError: it cannot be; the message says why and what to do.
        """
        try:
            return self._arranged(request)
        except RefusedError as refusal:
            raise ValueError(self._with_way_out(refusal, request, length)) from None

    def _arranged(self, request: Request) -> Arrangement:
        whole = self.whole(request)
        is_cut = self.own.is_free and not request.length and not whole.is_free  # for a stream
        sites = self._sites_of_a_step(whole) if is_cut else self._sites(whole)
        if sites is None:
            raise RefusedError(
                f"Model {self.model.name!r} cannot be converted for {request.target.name} with state="
                f"{request.state!r}, one step at a time: {LOOKS_FURTHER}."
            )
        if not sites:
            raise ValueError(
                f"Model {self.model.name!r} has no recurrent layer (LSTMPlus, keras.layers.LSTM or "
                "SimpleRNN). Without one, tf.lite.TFLiteConverter converts it."
            )
        plan = decide(request, sites, lambda: self._no_steps(whole))
        if plan.lowering != "step":
            return Arrangement(plan, whole, whole, sites)
        step = whole.with_length(1)
        return Arrangement(plan, whole, step, self._sites(step))

    def _sites(self, signature: Signature) -> list[Site]:
        if signature.inputs not in self._probed:
            self._probed[signature.inputs] = probe(self.model, signature)
        return list(self._probed[signature.inputs])

    def _sites_of_a_step(self, step: Signature) -> list[Site] | None:
        """The same for one step where the model takes more; None if it needs more."""
        if step.inputs not in self._failed:
            try:
                return self._sites(step)
            except Exception:  # whatever layer of Keras or the user's it is that one step does not fit
                self._failed.add(step.inputs)
        return None

    def _no_steps(self, whole: Signature) -> str | None:
        if not whole.is_free:
            shapes = ", ".join(f"{spec.name!r} {list(spec.shape)}" for spec in whole.inputs)
            return f"one step at a time needs a model with a free time axis, and this one has {shapes}"
        return LOOKS_FURTHER if self._sites_of_a_step(whole.with_length(1)) is None else None

    def _with_way_out(self, refusal: RefusedError, request: Request, length: Length | None) -> str:
        """The refusal, and what to do: what speaks against forms that nobody needs then is left out."""
        said = "... (the number of time steps)" if length is None else str(length)
        tried = Tried(self._takes, (length or _TRIED_LENGTH) if self.own.is_free else None, said)
        way = tried.options(request)
        if way is not None:
            form = self._arranged(way.request).plan.lowerings[refusal.site]
            return f"{refusal.up_to(form)} {way.sentence}"
        rebuilt = self._rebuilt(request)
        if rebuilt:
            return f"{refusal} {rebuilt}"
        way = tried.target(request)
        if way is not None:
            return f"{refusal} {way.sentence}"
        return (
            f"{refusal} No form of it runs on any target: replace the layer, or convert the model without it."
        )

    def _rebuilt(self, request: Request) -> str | None:
        """Whether steps would do it, if the time axis were free, and how."""
        if self.own.is_free:
            return None
        sites = [site for site in self._sites(self.whole(request)) if not site.inside]
        for quantize in (request.quantize, *NUMBERS[request.quantize]):
            other = replace(request, quantize=quantize)
            if not any(step_refusal(site, other, "explicit") for site in sites):
                numbers = "" if quantize == request.quantize else f", quantize={quantize!r}"
                return (
                    "Build the model with a free time axis, keras.Input((None, features)), load the weights "
                    f"into it and convert that with lowering='step', state='explicit'{numbers}."
                )
        return None

    def _takes(self, request: Request) -> bool:
        try:
            self._arranged(request)
        except Exception:
            return False
        return True
