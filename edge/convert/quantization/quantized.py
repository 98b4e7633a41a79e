"""A traced model in smaller numbers, by whichever way they need: one value after the other, or calibrated."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from edge.convert.edits.fusion import Fused, fuse
from edge.convert.edits.states import join
from edge.convert.graph import flatbuffer
from edge.convert.keras_model.signature import Signature
from edge.convert.plan import Plan
from edge.convert.quantization import integers
from edge.convert.quantization.calibration import Batches, stepwise, with_states
from edge.convert.samples import Samples, in_batches
from edge.convert.tracing.export import Traced, trace

INTEGERS = {"int8": 8, "int16x8": 16}  # bits of the activations


def calibration(
    float_model: flatbuffer.Model, traced: Traced, whole: Signature, plan: Plan, samples: Samples
) -> Batches:
    sizes = [state.size for state in traced.states]
    if plan.lowering == "step":
        return stepwise(float_model, whole, samples, sizes)
    return with_states(float_model, in_batches(samples, whole.inputs[0].shape[0] or 1), sizes)


def quantized(
    model: keras.Model,
    signature: Signature,
    plan: Plan,
    traced: Traced,
    fused: Sequence[Fused],
    calls: Batches,
) -> flatbuffer.Model:
    """The model in smaller numbers, its states joined; `calls` are what integers are calibrated on."""
    if plan.quantize in INTEGERS:
        data, results, count = len(signature.inputs), len(traced.outputs), len(traced.states)
        states = [(data + n, results + n) for n in range(count)]
        bits = INTEGERS[plan.quantize]
        return integers.quantize_all(traced.model, fused, calls, states, bits)
    # The converter stores the weights of all other layers in fewer bits as it goes.
    small = trace(model, signature, plan, traced.sites, "float16" if plan.quantize == "float16" else "int8")
    fused = fuse(small.model, small.sites)
    narrow = integers.weights_to_float16 if plan.quantize == "float16" else integers.weights_to_int8
    narrow(small.model)
    join(small.model, fused)
    return small.model
