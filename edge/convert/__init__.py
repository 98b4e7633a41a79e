"""Keras model -> one `.tflite` file, its LSTMs as fused operators.

This half needs TensorFlow and stays on the workstation. `convert` is all of it; each step is a file: `trace`
exports the model with a placeholder for each LSTM, `fuse` puts the operator there, `quantize` makes integers,
`state` decides what is remembered from call to call, `verify` compares Keras with the file.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any

try:
    import keras
    import tensorflow as tf
except ImportError as error:
    raise ImportError(
        "edge.convert needs TensorFlow and Keras: pip install 'keras-lstm-plus[train]'. "
        "Running a converted file (edge.load) does not."
    ) from error

from edge.convert import flatbuffer, operators
from edge.convert import quantize as quantizers
from edge.convert.fuse import fuse
from edge.convert.layers import LSTMCall
from edge.convert.request import check_choice, check_model, check_path
from edge.convert.result import ConversionResult, LoweredLayer, OutputError
from edge.convert.samples import Samples, check_samples, evenly, random_samples
from edge.convert.signature import Signature, signature_of
from edge.convert.state import reset_states
from edge.convert.store import written
from edge.convert.trace import trace
from edge.convert.verify import ConversionError, compare, file_outputs, judge, keras_outputs
from edge.version import __version__

__all__ = ["ConversionError", "ConversionResult", "LoweredLayer", "OutputError", "convert"]

QUANTIZE = (None, "dynamic", "int8")
STATES = ("reset", "carry")
METADATA = "keras_lstm_plus"
CHECKED_SAMPLES = 100


def convert(
    model: keras.Model,
    path: Any,
    quantize: str | None = None,
    representative_data: Any = None,
    state: str = "reset",
) -> ConversionResult:
    """Write a trained model as a `.tflite` file and check it against Keras.

    Every `LSTMPlus` and `keras.layers.LSTM` becomes one `UNIDIRECTIONAL_SEQUENCE_LSTM` operator. The file
    takes one sequence at a time, `[1, time, features]`, of any length if the model does. (A subclassed model
    keeps the shape of its first call: make that `model(keras.Input((None, features)))`.)

    Args:
        model: Sequential, functional, or subclassed and called once.
        path: of the file to write, in a folder that exists.
        quantize: None, all in float32; `"dynamic"`, weights in 8-bit integers and all else in float32;
            `"int8"`, everything in 8-bit integers, inputs and outputs too, and the cells in 16-bit ones.
        representative_data: inputs like those in use, `[samples, time, features]`; for several inputs a list
            or a dictionary by name. `"int8"` takes the ranges of all numbers from it: a few hundred samples
            do. The file is checked on (at most 100 of) them, or else on random input.
        state: `"reset"`, each call of the file starts from zeros; `"carry"`, it goes on where the last call
            ended, for streams.

    Returns:
        What was done and how large the error is; it prints as a summary.

    Raises:
        ValueError: a model, an option or data that cannot be converted; the message says why and what to do.
        TypeError: no Keras model, no path, data that is no numbers.
        OSError: the file cannot be written there.
        ConversionError: the file did not compute what Keras computes; nothing is left at `path`, or what was
            there before.

    Example:
        >>> import keras, tempfile
        >>> model = keras.Sequential([keras.Input((None, 6)), keras.layers.LSTM(8), keras.layers.Dense(3)])
        >>> result = convert(model, tempfile.mkdtemp() + "/model.tflite")
        >>> result.ops["UNIDIRECTIONAL_SEQUENCE_LSTM"], result.errors[0].max_abs < 1e-5
        (1, True)
    """
    check_choice("quantize", quantize, QUANTIZE)
    check_choice("state", state, STATES)
    check_model(model)
    target = check_path(path)
    signature = signature_of(model, representative_data)
    samples, checked_on = _samples(model, signature, quantize, representative_data)

    traced = trace(model, signature)
    _check_variants(traced.calls, quantize)
    checked = evenly(samples, CHECKED_SAMPLES)
    expected = keras_outputs(model, signature, checked)

    fuse(traced.model, traced.calls)
    float_model = copy.deepcopy(traced.model)
    if quantize == "dynamic":
        small = trace(model, signature, int8_weights=True)
        fuse(small.model, small.calls)
        lowered = quantizers.quantize_weights(small.model)
    elif quantize == "int8":
        lowered = quantizers.quantize_all(traced.model, samples)
    else:
        lowered = traced.model

    layers = tuple(LoweredLayer(call.layer, call.spec.name, call.units, "fused") for call in traced.calls)
    inputs = [spec.name for spec in signature.inputs]
    metadata = _metadata(state, quantize, layers, inputs, traced.outputs)
    content = _pack(lowered, state, inputs, traced.outputs, metadata)
    float_size = len(_pack(float_model, state, inputs, traced.outputs, metadata))

    with written(target, content) as draft:
        wanted = [expected[name] for name in traced.outputs]
        pairs = zip(traced.outputs, wanted, file_outputs(draft, checked), strict=True)
        errors = tuple(compare(*pair) for pair in pairs)
        steps = flatbuffer.output_steps(lowered)
        notes = [judge(quantize, *each) for each in zip(errors, wanted, steps, strict=True)]
    notes += quantizers.notes(lowered)
    return ConversionResult(
        path=target,
        size=len(content),
        float_size=float_size,
        quantize=quantize,
        state=state,
        layers=layers,
        ops=operators.count(lowered),
        errors=errors,
        checked_on=checked_on,
        notes=tuple(note for note in notes if note),
    )


def _pack(
    model: flatbuffer.Model, state: str, inputs: Sequence[str], outputs: Sequence[str], metadata: bytes
) -> bytes:
    """The finished file: states settled, inputs and outputs named, metadata in it. Edits `model`."""
    if state == "reset":
        reset_states(model)
    flatbuffer.name_ends(model, inputs, outputs)
    flatbuffer.add_metadata(model, METADATA, metadata)
    flatbuffer.drop_unused_buffers(model)
    return flatbuffer.pack(model)


def _metadata(
    state: str,
    quantize: str | None,
    layers: Sequence[LoweredLayer],
    inputs: Sequence[str],
    outputs: Sequence[str],
) -> bytes:
    content = {
        "format": 1,
        "version": __version__,
        "state": state,
        "quantize": quantize,
        "layers": [layer._asdict() for layer in layers],
        "inputs": inputs,
        "outputs": outputs,
        "versions": {"tensorflow": tf.__version__, "keras": keras.__version__},
    }
    return json.dumps(content, ensure_ascii=False).encode()


def _samples(
    model: keras.Model, signature: Signature, quantize: str | None, data: Any
) -> tuple[Samples, str]:
    """The input to calibrate and check with, and what to call it."""
    if data is not None:
        return check_samples(signature, data), "representative data"
    if quantize == "int8":
        raise ValueError(
            'quantize="int8" takes the range of every number from representative_data, and none was given. '
            'Give a few hundred inputs like those in use, or use quantize="dynamic", which needs none.'
        )
    return random_samples(signature, model), "random input"


def _check_variants(calls: Sequence[LSTMCall], quantize: str | None) -> None:
    for call in calls:
        reason = quantizers.refusal(call.spec, quantize)
        if reason:
            ways = "None" if quantizers.refusal(call.spec, "dynamic") else '"dynamic" or None'
            raise ValueError(
                f"Layer {call.layer!r} cannot be converted with quantize={quantize!r}: {reason}. "
                f"Use quantize={ways}."
            )
