"""`convert`: one Keras model, one file."""

from __future__ import annotations

import os
from typing import Any

import keras

from edge.convert.graph import flatbuffer, operators
from edge.convert.job import Job, prepare
from edge.convert.keras_model.load import load_keras
from edge.convert.passes import FINISH, NUMBERS, TO_FLOAT, lowered_layers, run
from edge.convert.quantization.softmax import softmax_notes
from edge.convert.request import check_model, check_path, check_request
from edge.convert.target_operators import check_operators
from edge.convert.tracing.draft import Draft
from edge.convert.verification.parity import compare, file_outputs, judge
from edge.convert.verification.streaming import stream_note
from edge.files import written
from edge.results.conversion import ConversionResult


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
            except where the target does not take them, and for inputs that rounding would spoil: what a mask
            is computed from, tokens, what the model normalises. The result has a note then.
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
    request = check_request(
        quantize=quantize,
        state=state,
        lowering=lowering,
        target=target,
        length=length,
        batch=batch,
        input_type=input_type,
        output_type=output_type,
        labels=labels,
        normalization=normalization,
    )
    place = check_path(path)
    model = load_keras(model) if isinstance(model, (str, os.PathLike)) else model
    check_model(model)
    job = prepare(model, request, representative_data)

    draft = run(TO_FLOAT, Draft(), job)
    float_size = _float_size(draft, job) if quantize else None
    run(NUMBERS[quantize], draft, job)
    grain = flatbuffer.output_steps(draft.model)[: len(draft.outputs)]
    run(FINISH, draft, job)
    content = flatbuffer.packed(draft.model)
    check_operators(content, request.target)

    wanted = [job.expected[name] for name in draft.outputs]
    with written(place, content) as beside:
        found = file_outputs(beside, job.checked)
        errors = tuple(compare(*each) for each in zip(draft.outputs, wanted, found, strict=True))
        judged = zip(errors, wanted, grain, strict=True)
        notes = [*job.plan.notes, *draft.notes, *(judge(quantize, *each, job.way_out) for each in judged)]
        if job.plan.state == "carry":
            notes.append(stream_note(beside, job.whole, job.checked))
    return ConversionResult(
        path=place,
        size=len(content),
        float_size=float_size or len(content),
        quantize=quantize,
        lowering=job.plan.lowering,
        state=job.plan.state,
        target=request.target.name,
        layers=lowered_layers(draft, job),
        ops=operators.count(draft.model),
        errors=errors,
        checked_on=job.checked_on,
        notes=tuple(note for note in [*notes, *softmax_notes(draft.model)] if note),
    )


def _float_size(draft: Draft, job: Job) -> int:
    """The bytes of the same model in float32; its arrays are neither copied nor written."""
    return flatbuffer.packed_size(run((*NUMBERS[None], *FINISH), draft.copied(), job).model)
