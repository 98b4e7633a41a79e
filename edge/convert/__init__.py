"""Keras model -> one `.tflite` file, its recurrent layers in the form that the target runs best.

This half needs TensorFlow and stays on the workstation. `convert` is all of it; each step is a file: `plan`
decides the form of each layer, `trace` exports the model with a placeholder or plain operators for it, `fuse`
puts the fused operators there, `quantize` makes integers, `finish` settles states, ends and metadata, and
`parity` compares Keras with the file. `verify` does so at length, on data and over long streams.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from typing import Any

try:
    import keras
except ImportError as error:
    raise ImportError(
        "edge.convert needs TensorFlow and Keras: pip install 'keras-lstm-plus[train]'. "
        "Running a converted file (edge.load) does not."
    ) from error

import numpy as np

from edge.convert.edits.finish import Ends, finish
from edge.convert.edits.fusion import fuse
from edge.convert.edits.states import join
from edge.convert.graph import flatbuffer, operators
from edge.convert.keras_model.call_sites import Site
from edge.convert.keras_model.load import load_keras
from edge.convert.keras_model.signature import Signature, signature_of
from edge.convert.plan import Plan, decide
from edge.convert.quantization import integers as quantizers
from edge.convert.quantization.quantized import INTEGERS, calibration, quantized
from edge.convert.refusals import Request
from edge.convert.request import (
    check_choice,
    check_count,
    check_labels,
    check_model,
    check_normalization,
    check_path,
    end_types,
)
from edge.convert.samples import Samples, check_samples, evenly, random_samples
from edge.convert.tracing.export import probe, trace
from edge.convert.verification.parity import ConversionError, compare, file_outputs, judge, keras_outputs
from edge.convert.verification.streaming import LOOKS_FURTHER, stream_note
from edge.convert.verification.verifier import verify
from edge.files import written
from edge.results.conversion import ConversionResult, LoweredLayer, OutputError
from edge.results.verification import Verification
from edge.targets import LOWERINGS, QUANTIZE, STATES, get_target

__all__ = [
    "ConversionError",
    "ConversionResult",
    "LoweredLayer",
    "OutputError",
    "Verification",
    "convert",
    "verify",
]

CALIBRATION_SAMPLES = 256
_WHOLE = "Convert it with lowering='fused' or 'unrolled', for whole sequences."
CHECKED_SAMPLES = 100


def convert(
    model: keras.Model | str | os.PathLike[str],
    path: Any,
    quantize: str | None = None,
    representative_data: Any = None,
    state: str | None = None,
    *,
    lowering: str = "auto",
    target: str = "litert",
    length: int | None = None,
    batch: int = 1,
    input_type: str | None = None,
    output_type: str | None = None,
    labels: Any = None,
    normalization: Any = None,
) -> ConversionResult:
    """Write a trained model as a `.tflite` file and check it against Keras.

    Every `LSTMPlus`, `keras.layers.LSTM` and `keras.layers.SimpleRNN`, alone or in a `Bidirectional`, becomes
    one fused operator where the target has it, and plain operators elsewhere.

    Args:
        model: Sequential, functional, or subclassed and called once; or the path of a `.keras` file.
        path: of the file to write, in a folder that exists.
        quantize: None, all in float32; `"float16"`, weights in 16 bits; `"dynamic"`, weights in 8-bit
            integers and all else in float32; `"int8"`, everything in 8-bit integers, the cells of a fused
            LSTM in 16-bit ones; `"int16x8"`, 8-bit weights and 16-bit activations.
        representative_data: inputs like those in use, `[samples, time, features]`; for several inputs a list
            or a dictionary by name. Integers take the ranges of all numbers from it: a few hundred samples
            do. The file is checked on (at most 100 of) them, or else on random input.
        state: `"reset"`, each call of the file starts from zeros; `"carry"`, it goes on where the last call
            ended, for streams; `"explicit"`, the states are inputs and outputs. None: explicit for one step
            at a time, else reset.
        lowering: `"fused"`; `"unrolled"`, written out over a fixed length; `"step"`, one time step with
            the states as inputs and outputs; `"auto"`, the first of them that the target runs and that does
            it.
        target: where the file will run, a row of `edge.targets.TARGETS`.
        length: number of time steps, where the model leaves it free and the file should not.
        batch: number of sequences that the file takes at a time.
        input_type, output_type: of a file in integers, `"float32"`, or `"int8"` / `"int16"`. None: integers,
            except where the target does not take them.
        labels: names of the classes, noted in the file.
        normalization: `{"mean": [...], "std": [...]}`, what the data was normalised with, noted in the file
            for whoever feeds it; the file does not apply it.

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
    check_choice("state", state, (None, *STATES))
    check_choice("lowering", lowering, ("auto", *LOWERINGS))
    check_count("batch", batch, "the number of sequences at a time")
    if length is not None:
        check_count("length", length, "the number of time steps")
    row = get_target(target)
    types = end_types(row, quantize, input_type, output_type)
    note = {"labels": check_labels(labels), "normalization": check_normalization(normalization)}
    place = check_path(path)
    model = load_keras(model) if isinstance(model, (str, os.PathLike)) else model
    check_model(model)

    whole = signature_of(model, representative_data)
    whole = whole.with_batch(whole.batch if batch == 1 and whole.batch else batch)
    whole = whole.with_length(length) if length else whole
    if state == "carry" and whole.is_free and not row.free_length:
        whole = whole.with_length(1)  # a stream comes step by step
    samples, checked_on = _samples(model, whole, quantize, representative_data)

    plan = decide(Request(row, lowering, state, quantize), _sites(model, whole))
    signature = _one_step(whole, plan)
    sites = _sites(model, signature, plan.lowering == "step")
    checked = evenly(samples, CHECKED_SAMPLES)
    expected = keras_outputs(model, whole, checked)

    traced = trace(model, signature, plan, sites)
    fused = fuse(traced.model, traced.sites)
    layers = tuple(
        LoweredLayer(site.layer.name, site.variant, site.units, plan.lowerings[site.index])
        for site in traced.sites
    )
    steps = max(array.shape[1] for array in checked if array.ndim > 1)
    timed = _timed(traced.outputs, expected, steps)
    given = {key: value for key, value in note.items() if value is not None}
    wanted = Ends(
        [spec.name for spec in signature.inputs],
        traced.outputs,
        *types,
        timed,
        {"target": row.name, "layers": [layer._asdict() for layer in layers], **given},
    )
    float_model = copy.deepcopy(traced.model)
    join(float_model, fused)
    float_size = len(finish(copy.deepcopy(float_model), plan, traced, fused, wanted))
    calibrated_on = evenly(samples, CALIBRATION_SAMPLES)
    calls = calibration(float_model, traced, whole, plan, calibrated_on) if quantize in INTEGERS else []
    lowered = quantized(model, signature, plan, traced, fused, calls) if quantize else float_model
    grain = flatbuffer.output_steps(lowered)[: len(traced.outputs)]
    content = finish(lowered, plan, traced, fused, wanted)
    with written(place, content) as draft:
        outputs = [expected[name] for name in traced.outputs]
        pairs = zip(traced.outputs, outputs, file_outputs(draft, checked), strict=True)
        errors = tuple(compare(*pair) for pair in pairs)
        way_out = f"Perhaps {LOOKS_FURTHER}. {_WHOLE}" if plan.lowering == "step" else None
        notes = [judge(quantize, *each, way_out) for each in zip(errors, outputs, grain, strict=True)]
        if plan.state == "carry":
            notes.append(stream_note(draft, whole, checked))
    return ConversionResult(
        path=place,
        size=len(content),
        float_size=float_size,
        quantize=quantize,
        lowering=plan.lowering,
        state=plan.state,
        target=row.name,
        layers=layers,
        ops=operators.count(lowered),
        errors=errors,
        checked_on=checked_on,
        notes=tuple(note for note in [*plan.notes, *notes, *quantizers.notes(lowered)] if note),
    )


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


def _one_step(whole: Signature, plan: Plan) -> Signature:
    """The signature of the file: one step of each sequence where the plan says so."""
    if plan.lowering != "step":
        return whole
    if not whole.is_free:
        raise ValueError(
            "lowering='step' needs a model with a free time axis, keras.Input((None, features)), and this "
            f"one has {', '.join(f'{spec.name!r} {list(spec.shape)}' for spec in whole.inputs)}. Build it "
            "so, load the weights into it and convert that."
        )
    return whole.with_length(1)


def _timed(outputs: Sequence[str], expected: dict[str, np.ndarray], steps: int) -> list[bool]:
    """Of each output, whether it has an entry for every time step."""
    return [expected[name].ndim > 2 and expected[name].shape[1] == steps for name in outputs]


def _samples(
    model: keras.Model, signature: Signature, quantize: str | None, data: Any
) -> tuple[Samples, str]:
    """The input to calibrate and check with, and what to call it."""
    if data is not None:
        return check_samples(signature, data), "representative data"
    if quantize in INTEGERS:
        raise ValueError(
            f"quantize={quantize!r} takes the range of every number from representative_data, and none was "
            'given. Give a few hundred inputs like those in use, or use quantize="dynamic", which needs none.'
        )
    return random_samples(signature, model), "random input"
