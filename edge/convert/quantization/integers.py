"""A calibrated draft in integers: 8-bit weights, activations of 8 or 16 bits, 16-bit cells."""

from __future__ import annotations

from edge.convert import tf_private
from edge.convert.edits.fusion import fused_operators
from edge.convert.graph import flatbuffer
from edge.convert.quantization.cut import Cut
from edge.convert.tracing.draft import Draft, Fused

BITS = {"int8": 8, "int16x8": 16}  # of the activations


def to_integers(draft: Draft, quantize: str) -> None:
    """Hand the draft to TensorFlow's quantizer and take it up again, whose tensors have other numbers.

    The quantizer knows no bridge between a state and the model: for it, what a state starts from is an output
    and what shows a state is an input, until it is done. So it is with what goes to the operators that stay
    real, and comes from them.
    """
    given = [index for layer in draft.fused for index in layer.given]
    shown = [index for layer in draft.fused for index in layer.shown]
    # It would drop an operator of which the model uses the state alone: its output is kept as well.
    own = [layer.operator.outputs[0] for layer in draft.fused]
    names = [flatbuffer.tensor_name(draft.model, index) for index in own]
    cut = Cut(draft, shown, [*given, *own])
    draft.model.signatureDefs = []
    content = flatbuffer.pack(draft.model)
    model = flatbuffer.load(tf_private.quantize_calibrated(content, BITS[quantize]))
    places = cut.joined(model, BITS[quantize])
    draft.model, draft.real = model, []

    found = fused_operators(draft.model)
    draft.fused = [
        Fused(
            layer.site,
            found[name],
            tuple(places[index] for index in layer.given),
            tuple(places[index] for index in layer.shown),
        )
        for name, layer in zip(names, draft.fused, strict=True)
    ]
