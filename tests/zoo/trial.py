"""One architecture in one form: built, converted, run on other data than it was made with, and judged."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
import numpy as np

import edge
from edge.benchmark.micro import MicroWorker
from edge.benchmark.worker import Worker
from edge.convert import convert
from edge.inspection import inspect
from tests.helpers.other_runtimes import micro
from tests.helpers.ways_out import ways
from tests.zoo.architecture import Inputs
from tests.zoo.inventory import ZOO, Architecture
from tests.zoo.judge import FAULT, OK, REFUSED, WRONG, Trial, error_of, of_exception, shape_words, verdict
from tests.zoo.weights import built, call, model_input, reset

CALIBRATED, JUDGED, STREAMS = 64, 20, 3  # samples
SEED_OF_USE = 77
BATCH = 8  # of `predict`: the last batch is smaller than the others

Answers = list[np.ndarray]


def run_trial(name: str, layer: str, form: str) -> Trial:
    """Build it with the class of `layer`, convert it to `form`, and compare on data in use.

    Args:
        name: of the architecture.
        layer: `"stock"` or `"plus"`.
        form: one of `tests.zoo.slices.FORMS`.
    """
    start = time.perf_counter()
    architecture = ZOO[name]
    try:
        trial = _keras(architecture, layer) if form == "keras" else _file(architecture, layer, form)
    except Exception as error:
        status, words = of_exception(error)
        trial = Trial(status, words=words)
        if status == REFUSED and form != "keras" and ways(words, architecture.steps):
            trial = _by_the_way_out(architecture, layer, form, words)
    return replace(trial, seconds=time.perf_counter() - start)


@lru_cache(maxsize=2)
def model_of(name: str, layer: str) -> keras.Model:
    return built(ZOO[name], layer)


@lru_cache(maxsize=2)
def wanted_of(name: str, longer: bool) -> tuple[Inputs, Answers]:
    """Inputs in use and what the stock model says to them, in eager mode: the oracle."""
    architecture = ZOO[name]
    model = model_of(name, "stock")
    x = architecture.inputs(SEED_OF_USE, STREAMS if architecture.as_stream else JUDGED, longer)
    if architecture.as_stream:
        return x, _keras_stream(model, x)
    return x, [np.asarray(each, np.float32) for each in call(model, x)]


def _keras_stream(model: keras.Model, x: Inputs) -> Answers:
    """What a stateful model says after each step, `[samples, steps, ...]`."""
    collected = []
    for sample in range(len(x[0])):
        reset(model)
        steps = [
            call(model, [array[sample : sample + 1, step : step + 1] for array in x])
            for step in range(x[0].shape[1])
        ]
        collected.append(
            [_stepwise([np.asarray(each) for each in values]) for values in zip(*steps, strict=True)]
        )
    return [np.stack(each) for each in zip(*collected, strict=True)]


def _stepwise(values: list[np.ndarray]) -> np.ndarray:
    """Answers of single steps as one array; whether an answer has a time axis of one or none is the same."""
    return np.stack([value.reshape(-1) for value in values])


def _keras(architecture: Architecture, layer: str) -> Trial:
    """The model itself, in a graph: `predict`, as its user runs it."""
    x, wanted = wanted_of(architecture.name, longer=True)
    model = model_of(architecture.name, layer)
    if architecture.as_stream:
        found = _keras_stream(model, x)
    else:
        given = model_input(x)
        outputs = model.predict(given, batch_size=BATCH, verbose=0)
        found = [np.asarray(each, np.float32) for each in keras.tree.flatten(outputs)]
    error = error_of("float", wanted, found)
    return Trial(verdict("float", error, architecture.exact), error, words=shape_words(wanted, found))


def _by_the_way_out(architecture: Architecture, layer: str, form: str, refusal: str) -> Trial:
    """What comes of doing as the sentence says, which is kept as the words of the trial."""
    try:
        trial = _file(architecture, layer, form, **ways(refusal, architecture.steps)[0])
    except Exception as error:
        return Trial(FAULT, words=f"{refusal} But then: {of_exception(error)[1]}")
    return replace(trial, words=refusal) if trial.status == OK else trial


def _file(architecture: Architecture, layer: str, form: str, **more: Any) -> Trial:
    model = model_of(architecture.name, layer)
    options = {**architecture.options, **more}
    if form == "micro":
        options |= {"target": "microcontroller"}
        if not architecture.as_stream and architecture.longer and "length" not in options:
            options |= {"length": architecture.steps}
    data = architecture.inputs(11, CALIBRATED)
    options = {"quantize": {"float": None, "micro": "int8"}.get(form, form), **options}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{architecture.name}.tflite"
        result = convert(model, path, representative_data=data if len(data) > 1 else data[0], **options)
        lowered = tuple(each.lowering for each in result.layers)
        said: dict[str, Any] = {"lowered": lowered, "notes": result.notes}
        x, wanted = wanted_of(architecture.name, longer=form != "micro" and "length" not in options)
        try:
            return _judged(architecture, form, path, x, wanted, said)
        except Exception as error:  # the file was kept, so whatever happens now is a fault
            return Trial(FAULT, words=f"the file does not run: {of_exception(error)[1]}", **said)


def _judged(
    architecture: Architecture, form: str, path: Path, x: Inputs, wanted: Answers, said: dict[str, Any]
) -> Trial:
    errors, words = {}, ""
    for place, found in _answers(architecture, form, path, x).items():
        errors[place] = error_of(form, wanted, found)
        words = words or shape_words(wanted, found)
    if not errors:  # no such runtime is installed: what the table of targets says of the file
        judged = inspect(path, "microcontroller")["targets"]["microcontroller"]
        reasons = "; ".join(reason["what"] for reason in judged["reasons"])
        return Trial(OK if judged["verdict"] == "ok" else FAULT, words=reasons, **said)
    place, error = max(errors.items(), key=lambda item: item[1])
    status = verdict(form, error, architecture.exact)
    if status == WRONG and not words:
        words = f"off by {error:.2g} on {place}"
    return Trial(status, error, words=words, **said)


def _answers(architecture: Architecture, form: str, path: Path, x: Inputs) -> dict[str, Answers]:
    """What the file says, by runtime."""
    if form == "micro":
        if find_spec("tflite_micro") is None:
            return {}
        if architecture.as_stream:
            return {"tflite-micro": _micro_stream(path, x)}
        with MicroWorker(str(path), 120) as worker:
            return {"tflite-micro": worker.ask("measure", str(path), x, None, 1).outputs}
    model = edge.load(path, runtime="ai-edge-litert")
    if architecture.as_stream:
        return {"ai-edge-litert": _stream(model, x)}
    found = {"ai-edge-litert": _flat(model.predict(x if len(x) > 1 else x[0]))}
    if form == "float" and find_spec("tflite_runtime") is not None:
        with Worker(str(path), 120) as worker:
            worker.ask("load", str(path), 1, "tflite-runtime")
            found["tflite-runtime"] = worker.ask("predict", x)
    return found


def _flat(outputs: Any) -> Answers:
    return list(outputs) if isinstance(outputs, list) else [outputs]


def _stream(model: edge.EdgeModel, x: Inputs) -> Answers:
    collected = []
    for sample in range(len(x[0])):
        stream = model.stream()
        steps = [
            _flat(stream.step([array[sample, step] for array in x] if len(x) > 1 else x[0][sample, step]))
            for step in range(x[0].shape[1])
        ]
        collected.append(
            [_stepwise([np.asarray(each) for each in values]) for values in zip(*steps, strict=True)]
        )
    return [np.stack(each) for each in zip(*collected, strict=True)]


def _micro_stream(path: Path, x: Inputs) -> Answers:
    collected = []
    for sample in range(len(x[0])):
        calls = [
            [array[sample : sample + 1, step : step + 1] for array in x] for step in range(x[0].shape[1])
        ]
        collected.append([_stepwise(list(values)) for values in zip(*micro(path, calls), strict=True)])
    return [np.stack(each) for each in zip(*collected, strict=True)]
