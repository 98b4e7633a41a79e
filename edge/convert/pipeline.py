"""`convert`: one Keras model, one file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras

from edge.aliases import Progress
from edge.convert import stages
from edge.convert.gathered import gathered
from edge.convert.job import prepare, with_precision_note
from edge.convert.keras_model.load import load_keras
from edge.convert.keras_model.precision import in_float32
from edge.convert.keras_model.signature import signature_of
from edge.convert.making import made, other_numbers
from edge.convert.raw_errors import in_words
from edge.convert.request import check_model, check_path, check_request
from edge.convert.stages import Stages
from edge.convert.verification.judgement import CoarseError, advice
from edge.convert.verification.parity import ConversionError
from edge.quiet import muting
from edge.results.conversion import ConversionResult


@muting
def convert(
    model: keras.Model | str | os.PathLike[str],
    path: Any,
    quantize: str | None = None,
    representative_data: Any = None,
    state: str | None = None,
    *,
    lowering: str = "auto",
    target: str = "litert",
    length: int | Mapping[str, int] | None = None,
    batch: int = 1,
    input_type: str | None = None,
    output_type: str | None = None,
    labels: Any = None,
    normalization: Any = None,
    progress: Progress | None = None,
) -> ConversionResult:
    """Write a trained model as a `.tflite` file and check it against Keras.

    Every `LSTMPlus`, `keras.layers.LSTM` and `keras.layers.SimpleRNN`, alone or in a `Bidirectional`, becomes
    one fused operator where the target has it, and plain operators elsewhere.

    Args:
        model: Sequential, functional, or subclassed and called once; or the path of a `.keras` file.
        path: of the file to write, in a folder that exists.
        quantize: None, all in float32; `"float16"`, weights in 16 bits; `"dynamic"`, weights in 8-bit
            integers and all else in float32, the fastest on a processor; `"int8"`, everything in 8-bit
            integers, the cells of a fused LSTM in 16-bit ones: for chips that compute in integers (on a
            processor it is fast with the native engine, or unrolled); `"int16x8"`, 8-bit weights and 16-bit
            activations.
        representative_data: inputs like those in use, `[samples, time, features]`; for several inputs a list
            or a dictionary by name; or what gives them piece by piece, as `fit` takes it: a generator, a
            `tf.data.Dataset`, a `PyDataset`, of which at most 1,000 samples are taken. Integers take the
            ranges of all numbers from it: a few hundred samples do, and every fifth is held out to check the
            file on. Other files are checked on (at most 100 of) them, or else on random input. A file that
            goes on from call to call is calibrated and checked along streams: samples of as many steps as a
            call are one stream in their order, longer ones are a stream each.
        state: `"reset"`, each call of the file starts from zeros; `"carry"`, it goes on where the last call
            ended, for streams; `"explicit"`, the states are inputs and outputs. None: explicit for one step
            at a time, else reset.
        lowering: `"fused"`; `"unrolled"`, written out over a fixed length; `"step"`, one time step with
            the states as inputs and outputs; `"auto"`, the first of them that the target runs and that does
            it.
        target: where the file will run, a row of `edge.targets.TARGETS`.
        length: number of time steps, where the model leaves it free and the file should not; where inputs are
            of different lengths, a number for each by its name: `{"source": 14, "target": 11}`.
        batch: number of sequences that the file takes at a time.
        input_type, output_type: of a file in integers, `"float32"`, or `"int8"` / `"int16"`. None: integers,
            except where the target does not take them, and for inputs that rounding would spoil: what a mask
            is computed from, tokens, what the model normalises. The result has a note then.
        labels: names of the classes, noted in the file.
        normalization: `{"mean": [...], "std": [...]}`, what the data was normalised with, noted in the file.
            `edge.load(path).predict`, its streams and the page in a browser apply it to what they are given;
            the graph in the file does not.
        progress: is called as each stage begins with how many are done, how many there are, and which it is:
            `lambda done, total, stage: print(f"{done}/{total} {stage}")`. None: nothing is said.

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
    stage = Stages(progress, quantize)
    stage.begin(stages.READING)
    model = load_keras(model) if isinstance(model, (str, os.PathLike)) else model
    check_model(model)
    stage.begin(stages.KERAS)
    with in_words(model):
        data, note = gathered(signature_of(model), representative_data)
        with in_float32(model):
            job = prepare(model, request, data)
        job = replace(with_precision_note(job), stage=stage)
        with in_float32(model):
            try:
                result = made(job, place)
            except CoarseError as error:
                refused = str(error)
            else:
                return replace(result, notes=(*result.notes, note)) if note else result
            # The traceback, with all that the attempt held in memory, is gone.
            lowering = job.plan.lowering
            del job
            stage.begin(stages.OTHERS)
            way = other_numbers(model, request, data, lowering)
            raise ConversionError(f"{refused} {advice(quantize, way)}")
