"""Keras against the file, on the same input."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

import edge
from edge.convert.keras_model.call_sites import recurrent_layers
from edge.convert.keras_model.signature import Signature, run
from edge.convert.samples import Samples, in_batches
from edge.results.conversion import OutputError
from keras_lstm_plus.private import replaced


class Limits(NamedTuple):
    """Up to `usual` an error is not worth a word, past `broken` the file is not kept."""

    usual: float
    broken: float


# Largest error, in units of the largest value of the output (of 1 where that is smaller). Another order of
# summation gives 1e-6, which a long sequence through an unstable LSTM multiplies; a wrong gate gives 1e-2.
FLOAT = Limits(1e-5, 1e-4)
# Root of the mean squared error, in standard deviations of the output. 8 bits give 1 to 3 %; a wrong range or
# kernel gives 20 % and more.
INTEGER = Limits(0.03, 0.15)
# As for float: 16 bits hold three decimal digits.
FLOAT16 = Limits(2e-3, 2e-2)


class ConversionError(RuntimeError):
    """The file does not compute what the Keras model computes; it was not kept."""


def keras_outputs(model: keras.Model, signature: Signature, samples: Samples) -> dict[str, np.ndarray]:
    """The outputs of the Keras model by name, for all samples, `[samples, ...]` each, all states from zero.

    Raises:
        ValueError: an output is NaN or infinite.
    """

    @tf.function(autograph=False)
    def infer(*tensors: Any) -> dict[str, Any]:
        return run(model, signature, tensors)

    total = len(samples[0])
    parts = []
    # Layers with stateful=True start from zeros too, and their states are left alone.
    keeping = [layer for layer in recurrent_layers(model) if layer.stateful]
    with replaced(keeping, "stateful", lambda _: False):
        for batch in in_batches(samples, signature.batch or total):
            tensors = [tf.constant(array) for array in batch]
            # TensorFlow warns of every new function that is called directly.
            computed = infer.get_concrete_function(*tensors)(*tensors)
            parts.append({name: np.asarray(value) for name, value in computed.items()})
    outputs = {name: np.concatenate([part[name] for part in parts])[:total] for name in parts[0]}
    for name, value in outputs.items():
        if not np.isfinite(value).all():
            raise ValueError(
                f"Output {name!r} of the Keras model is NaN or infinite on the input it is checked with: the "
                "training went wrong, or the input is far from what the model was trained on."
            )
    return outputs


def file_outputs(path: Path, samples: Samples) -> list[np.ndarray]:
    """The outputs of the file for all samples, each sample starting from a state of zeros."""
    given = samples if len(samples) > 1 else samples[0]
    # Samples are what Keras takes: normalized already where the file notes a normalization.
    outputs = edge.load(path, runtime="ai-edge-litert").predict(given, normalized=True)
    return outputs if isinstance(outputs, list) else [outputs]


def compare(name: str, wanted: np.ndarray, found: np.ndarray) -> OutputError:
    """The error of one output: `wanted` of Keras, `found` of the file.

    Raises:
        ConversionError: they differ in shape.
    """
    if wanted.shape != found.shape:
        raise ConversionError(
            f"The file was not kept: its output {name!r} has the shape {list(found.shape)}, that of Keras "
            f"{list(wanted.shape)}. A model that fixes its batch size does that; leave the batch axis free."
        )
    difference = found.astype(np.float64) - wanted
    rms = float(np.sqrt(np.mean(difference**2)))
    # An output that is the same for all input is measured by its size.
    spread = float(wanted.std()) or float(np.abs(wanted).max()) or 1.0
    return OutputError(name, float(np.abs(difference).max()), rms, rms / spread)


def judge(
    quantize: str | None, error: OutputError, wanted: np.ndarray, step: float, way_out: str | None = None
) -> str | None:
    """A note on an error that is larger than usual; None for a usual one.

    Args:
        quantize: as in `convert`.
        error: of one output.
        wanted: that output of Keras.
        step: the distance of two neighbouring values of the output of the file; 0 for real numbers.
        way_out: what to do about an error that is too large, if it is not what helps for these numbers.

    Raises:
        ConversionError: an error so large that the file is useless.
    """
    if quantize in (None, "float16"):
        limits, size = (
            FLOAT if quantize is None else FLOAT16,
            error.max_abs / max(1.0, float(np.abs(wanted).max())),
        )
        found, usual = f"up to {error.max_abs:.2g}", f"{limits.usual:g}"
    else:
        limits, size = INTEGER, error.relative
        found, usual = f"{error.relative:.1%} of its standard deviation", f"{limits.usual:.0%}"
    sentence = f"output {error.name!r} differs from Keras by {found}"
    # A comparison with NaN is False, so NaN is the last to be dealt with.
    if size <= limits.usual:
        return None
    if size <= limits.broken:
        return f"{sentence}; usual is less than {usual}"
    if error.rms <= step:  # the probabilities of a classifier that knows nothing yet are a few steps apart
        return f"{sentence}, which is less than its step of {step:.2g} in the file: it hardly varies"
    raise ConversionError(f"The file was not kept: {sentence}. {way_out or _WAY_OUT[quantize]}")


_WAY_OUT = {
    None: "This is a fault of the converter; please report the model.",
    "float16": "16 bits hold numbers up to 65,504; look for larger weights, or convert without quantize.",
    "int16x8": 'Give representative_data that looks like the data in use, or use quantize="dynamic".',
    "dynamic": "8 bits hold no weights of very different size in one matrix: convert without quantize, or "
    "train with a weight constraint.",
    "int8": "Give representative_data that looks like the data in use, bring the inputs to one scale, or use "
    'quantize="dynamic", where the weights alone are integers.',
}
