"""Layers and inputs that no TensorFlow Lite file can have, told from the model before anything is tried."""

from __future__ import annotations

import keras

from edge.convert.keras_model.call_sites import recurrent_layers
from edge.convert.keras_model.signature import Signature
from keras_lstm_plus.private import flat_layers

_L = keras.layers
_TABLES = tuple(
    getattr(_L, name)
    for name in ("StringLookup", "IntegerLookup", "TextVectorization", "Hashing", "HashedCrossing")
    if hasattr(_L, name)
)


def check_layers(model: keras.Model) -> None:
    """Refuse a layer that looks words or numbers up in a table, or hashes them.

    Raises:
        ValueError: there is one; the message says how to convert what comes behind it.
    """
    for layer in flat_layers(model):
        if isinstance(layer, _TABLES):
            raise ValueError(
                f"Layer {layer.name!r} ({type(layer).__name__}) makes numbers of words or keys with a table "
                "or a hash, which a TensorFlow Lite file does not have. Run it before the file, and convert "
                f"{part_behind(model, layer)}."
            )


def check_inputs(model: keras.Model, signature: Signature) -> None:
    """Refuse an input that is no dense array of numbers in float32 or of integers.

    Raises:
        ValueError: there is one; the message says what to build instead.
    """
    for spec, tensor in zip(signature.inputs, keras.tree.flatten(signature.structure), strict=True):
        found = None
        if spec.dtype == "string":
            found = "text", "numbers: run the layers that read it before the file, and convert those behind"
        elif getattr(tensor, "sparse", False):
            found = "sparse", "dense: keras.Input(..., sparse=False), and load the weights into that model"
        elif getattr(tensor, "ragged", False):
            found = "ragged", "dense: keras.Input(..., ragged=False), padded and masked"
        elif spec.dtype in ("float16", "bfloat16", "float64"):
            found = (
                spec.dtype,
                "float32: keras.Input(..., dtype='float32'), and load the weights into that model",
            )
        if found:
            raise ValueError(
                f"Input {spec.name!r} of model {model.name!r} is {found[0]}, which no TensorFlow Lite file "
                f"for small devices takes. Make it {found[1]}."
            )


def part_behind(model: keras.Model, layer: keras.layers.Layer) -> str:
    """How to get the model that begins behind a layer, as a phrase."""
    if _has(model, layer):
        return f"the part behind it: keras.Model(model.get_layer({layer.name!r}).output, model.outputs)"
    return "the model behind it, built without it"


def without(model: keras.Model, layer: keras.layers.Layer) -> str:
    """How to convert a model without a layer before or behind its recurrent layers: a sentence."""
    recurrent = [n for n, each in enumerate(model.layers) if recurrent_layers(each)]
    if not _has(model, layer) or recurrent_layers(layer) or not recurrent:
        return "Replace that layer."
    place = next(n for n, each in enumerate(model.layers) if each is layer)
    if place > recurrent[-1]:
        return (
            "Replace that layer, or run it behind the file and convert the part before it: "
            f"keras.Model(model.inputs, model.get_layer({layer.name!r}).input)."
        )
    if place < recurrent[0]:
        return f"Replace that layer, or run it before the file and convert {part_behind(model, layer)}."
    return "Replace that layer."


def _has(model: keras.Model, layer: keras.layers.Layer) -> bool:
    return any(each is layer for each in model.layers) and bool(getattr(model, "outputs", None))
