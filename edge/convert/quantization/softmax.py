"""What 8 bits do to the probabilities of many classes."""

from __future__ import annotations

from edge.convert.graph import flatbuffer, operators

# An 8-bit softmax has a fixed step of 1/256: with so many classes little but zeros is left.
MANY_CLASSES = 50


def softmax_notes(model: flatbuffer.Model) -> list[str]:
    """What the user of a quantized file should know about its softmax."""
    found = []
    for operator in operators.named(model, "SOFTMAX"):
        index = operator.outputs[0]
        classes = flatbuffer.tensor_shape(model, index)[-1]
        quantization = flatbuffer.scale_and_zero_point(model, index)
        if quantization and quantization[0] >= 1 / 256 and classes > MANY_CLASSES:
            found.append(
                f"the softmax over {classes} classes is rounded to steps of 1/256, so most probabilities are "
                "0; end the model before the softmax and apply it to the outputs of the file"
            )
    return found
