"""Keras against the file, on the same input."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import edge
from edge.convert.keras_model.call_sites import recurrent_layers
from edge.convert.keras_model.signature import Signature, run, tensor_specs
from edge.convert.samples import Samples, in_batches
from edge.results.conversion import OutputError
from edge.results.spread import spread_of
from keras_lstm_plus.private import replaced

KerasFunction = Callable[[Samples], dict[str, np.ndarray]]


class ConversionError(RuntimeError):
    """The file does not compute what the Keras model computes; it was not kept.

    Its message says how far it is off, and names numbers that were tried and do.

    Example:
        >>> issubclass(ConversionError, RuntimeError)
        True
    """


def keras_outputs(model: keras.Model, signature: Signature, samples: Samples) -> dict[str, np.ndarray]:
    """The outputs of the Keras model by name, for all samples, `[samples, ...]` each, all states from zero.

    Raises:
        ValueError: an output is NaN or infinite.
    """
    outputs = keras_function(model, signature)(samples)
    check_finite(outputs)
    return outputs


def keras_function(model: keras.Model, signature: Signature, is_free: bool = False) -> KerasFunction:
    """What gives the outputs of the Keras model by name for samples, `[samples, ...]` each, states from zero.

    Args:
        is_free: whether it is traced once for any number of sequences and steps, and not for each.
    """

    def infer(*tensors: Any) -> dict[str, Any]:
        return run(model, signature, tensors)

    free = [spec._replace(shape=(signature.batch, *spec.shape[1:])) for spec in signature.inputs]
    specs = tensor_specs(signature._replace(inputs=tuple(free))) if is_free else None
    traced = tf.function(infer, autograph=False, input_signature=specs)
    # Layers with stateful=True start from zeros too, and their states are left alone.
    keeping = [layer for layer in recurrent_layers(model) if layer.stateful]

    def outputs(samples: Samples) -> dict[str, np.ndarray]:
        total, parts = len(samples[0]), []
        with replaced(keeping, "stateful", lambda _: False):
            for batch in in_batches(samples, signature.batch or total):
                tensors = [tf.constant(array) for array in batch]
                # TensorFlow warns of every new function that is called directly.
                function = traced.get_concrete_function(*([] if is_free else tensors))
                parts.append({name: np.asarray(value) for name, value in function(*tensors).items()})
        return {name: np.concatenate([part[name] for part in parts])[:total] for name in parts[0]}

    return outputs


def check_finite(outputs: Mapping[str, np.ndarray]) -> None:
    """Refuse what the Keras model gives with a ValueError, if an output is NaN or infinite."""
    for name, value in outputs.items():
        if not np.isfinite(value).all():
            raise ValueError(
                f"Output {name!r} of the Keras model is NaN or infinite on the input it is checked with: the "
                "training went wrong, or the input is far from what the model was trained on."
            )


def file_outputs(path: Path, samples: Samples) -> list[np.ndarray]:
    """The outputs of the file for all samples, each sample starting from a state of zeros."""
    given = samples if len(samples) > 1 else samples[0]
    # Samples are what Keras takes: normalized already where the file notes a normalization.
    model = edge.load(path, runtime="ai-edge-litert", accelerate=False)
    outputs = model.predict(given, normalized=True)
    return outputs if isinstance(outputs, list) else [outputs]


def compare(name: str, wanted: np.ndarray, found: np.ndarray, spread: float | None = None) -> OutputError:
    """The error of one output: `wanted` of Keras, `found` of the file.

    Args:
        spread: what the error is measured in; None: the standard deviation of `wanted`.

    Raises:
        ConversionError: they differ in shape.
    """
    if wanted.shape != found.shape:
        raise ConversionError(
            f"The file was not kept: its output {name!r} has the shape {list(found.shape)}, that of Keras "
            f"{list(wanted.shape)}. A model that fixes its batch size does that; leave the batch axis free."
        )
    difference = found.astype(np.float64) - wanted
    rms, unit = float(np.sqrt(np.mean(difference**2))), spread or spread_of(wanted)
    single = float(np.sqrt((difference**2).mean(axis=-1).max()))
    return OutputError(name, float(np.abs(difference).max()), rms, rms / unit, single / unit)
