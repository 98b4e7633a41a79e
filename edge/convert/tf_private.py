"""The functions of TensorFlow and Keras that are not public: all of them are called here and nowhere else.

Checked with TensorFlow 2.21 and Keras 3.15. When a new version breaks conversion, look at this file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import repeat
from typing import Any

import keras
import numpy as np
import tensorflow as tf

# numpy.add of Keras's backend: what `keras.ops.add`, the layer `Add` and the biases of all layers call.
from keras.src.backend import numpy as keras_numpy

# Calibrator: runs a float model and keeps the least and largest value of every tensor. TFLiteConverter uses
#   it as we do, except that it never resets the state of an LSTM between two samples.
# mlir_quantize: the integer quantizer behind TFLiteConverter, which offers no way to feed it a flatbuffer.
# TFLiteSavedModelConverterV2: what TFLiteConverter.from_saved_model makes after it has loaded the model once
#   to look for a signature, which ours has.
from tensorflow.lite.python.convert import mlir_quantize
from tensorflow.lite.python.lite import TFLiteSavedModelConverterV2
from tensorflow.lite.python.optimize.calibrator import Calibrator

from edge.quiet import quiet


def convert_saved_model(folder: str, weights: str | None = None) -> bytes:
    """The SavedModel as a flatbuffer, custom operators left as they are.

    `weights`: `"int8"` or `"float16"`, how to store those of all operators but the custom ones.
    """
    converter = TFLiteSavedModelConverterV2(folder, {tf.saved_model.SERVING}, ["serving_default"])
    converter.allow_custom_ops = True
    if weights == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if weights is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        # One scale a row makes FULLY_CONNECTED version 12, which tflite-runtime 2.14 does not have.
        converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    with quiet():
        return bytes(converter.convert())


def calibrate(
    content: bytes, samples: Iterable[Sequence[np.ndarray]], resets: Iterable[bool] | None = None
) -> bytes:
    """The float model with the range of every tensor over `samples` written into it.

    `resets` says for each sample whether the state of an LSTM starts from zeros; None: for all. TensorFlow's
    own loop never does so: over samples that do not follow upon each other the cell then grows and grows, and
    its range with it.
    """
    calibrator = Calibrator(content)._calibrator
    prepared = False
    for sample, reset in zip(samples, repeat(True) if resets is None else resets, strict=False):
        if reset or not prepared:
            # Prepare allocates the tensors anew, which zeroes the state and keeps the ranges.
            calibrator.Prepare([list(value.shape) for value in sample])
            prepared = True
        calibrator.FeedTensor(list(sample))
    return bytes(calibrator.Calibrate())


def quantize_calibrated(content: bytes, bits: int = 8) -> bytes:
    """A calibrated model with 8-bit weights and activations of 8 or 16 bits, inputs and outputs included."""
    if bits == 16:
        return _quantize_to_16_bits(content)
    with quiet():
        return bytes(
            mlir_quantize(
                content,
                fully_quantize=True,
                input_data_type=tf.int8,
                output_data_type=tf.int8,
                disable_per_channel_for_dense_layers=True,  # see convert_saved_model
            )
        )


def _quantize_to_16_bits(content: bytes) -> bytes:
    """By TensorFlow's older quantizer, as TFLiteConverter does: the newer one has no 16-bit activations."""
    int16, int64 = np.dtype(np.int16).num, np.dtype(np.int64).num
    calibrated = Calibrator(content)._calibrator  # fed with nothing, it keeps the ranges of the file
    # Inputs, outputs; no operator left in float; activations, biases; one scale a matrix.
    return bytes(calibrated.QuantizeModel(int16, int16, False, int16, int64, False, True))


@contextmanager
def plain_addition() -> Iterator[None]:
    """Let Keras add what it would take for a bias where it is none.

    It does so with every second operand that has one axis of several entries: of one sequence at a time,
    `[1, time, 1]`, that is the time. TensorFlow's converter fails on it, or adds along another axis.
    """
    original = keras_numpy.add

    def add(x1: Any, x2: Any) -> Any:
        shapes: list[Any] = [getattr(x, "shape", ()) for x in (x1, x2)]
        if min(map(len, shapes)) < 2 or shapes[1][-1] != 1:
            return original(x1, x2)
        dtype = keras.backend.result_type(x1.dtype, x2.dtype)
        return tf.add(tf.cast(x1, dtype), tf.cast(x2, dtype))

    keras_numpy.add = add
    try:
        yield
    finally:
        keras_numpy.add = original


@contextmanager
def scratch() -> Iterator[str]:
    """The name of an empty folder for what TensorFlow writes, gone with all that is in it at the end.

    Raises:
        OSError: TensorFlow could not write there. (It raises errors of its own kind, with its own insides.)
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            yield folder
        except tf.errors.OpError as error:
            message = str(error.message)
            if folder not in message:
                raise
            reason = message.partition(folder)[2].partition("; ")[2].partition(" [Op:")[0] or message
            raise OSError(
                f"The folder for temporary files, {tempfile.gettempdir()}, does not take what TensorFlow "
                f"writes: {reason}. Make room there, or name another folder in the variable TMPDIR."
            ) from None
