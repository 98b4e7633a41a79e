"""Is this file still that model? Keras and the file on real data, and over a long time."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from edge.aliases import Array, Progress
from edge.convert.gathered import gathered
from edge.convert.keras_model.load import load_keras
from edge.convert.keras_model.signature import Signature, signature_of
from edge.convert.request import check_model
from edge.convert.samples import Samples, check_samples, random_samples
from edge.convert.verification.drift import drift
from edge.convert.verification.outputs import Scale, check_labels, check_output, tolerance_for
from edge.convert.verification.pairing import Pair, pair_inputs, pair_outputs, run_file
from edge.convert.verification.parity import keras_outputs
from edge.errors import as_count, check_progress
from edge.inspection.overview import inspect
from edge.quiet import muting
from edge.results.verification import Drift, Verification
from edge.runtime.model import EdgeModel
from edge.targets import get_target
from edge.tflite.model_file import ModelFile

BATCH = 256  # samples that go through Keras at a time


@muting
def verify(
    model_or_path: keras.Model | str | os.PathLike[str],
    file: str | os.PathLike[str],
    data: Any = None,
    labels: Any = None,
    drift_steps: int = 100_000,
    target: str | None = None,
    progress: Progress | None = None,
    *,
    tolerance: float | None = None,
) -> Verification:
    """Compare a Keras model with a `.tflite` file, ours or another's.

    Args:
        model_or_path: the model, or its `.keras` file.
        file: the path of the converted file.
        data: inputs, `[samples, time, features]`; for several inputs a list or a dictionary by name; or what
            gives them piece by piece, as for `convert`: at most 1,000 samples are taken. None: random input.
        labels: the right classes, `[samples]` or one-hot, for the accuracy of both; several outputs: a
            dictionary by name.
        drift_steps: how long to let the error accumulate: in one stream, or for a file that starts anew at
            each call and takes sequences of any length, in sequences up to 10,000 steps. 0: not at all.
        target: a row of `edge.targets.TARGETS`: say whether it takes the file, too.
        progress: is called with what is done, what there is to do, and what is going on.
        tolerance: the largest error that is still right: for float and float16 in units of the largest value
            of an output (of 1, if that is larger), for integers the rms error in its standard deviations.
            None: 1e-5, 2e-3 and 3 %.

    Returns:
        What was found; it prints as a summary. An error beyond the tolerance is a result, not an exception.

    Raises:
        ValueError: a model or a file that cannot be read, a file that is not of this model, data or labels
            that do not fit.
        TypeError: data that is no numbers.

    Example:
        >>> x = np.random.default_rng(0).normal(size=(8, 30, 6)).astype("float32")
        >>> verify("exercise.keras", "exercise.tflite", x, drift_steps=0).is_ok
        True
    """
    if as_count(drift_steps) is None and (isinstance(drift_steps, bool) or drift_steps != 0):
        raise ValueError(f"drift_steps is a number of steps, 0 or more; received {drift_steps!r}.")
    if tolerance is not None and not (tolerance >= 0 and math.isfinite(tolerance)):
        raise ValueError(f"tolerance must be a number, 0 or more; received {tolerance!r}.")
    check_progress(progress)
    row = None if target is None else get_target(target)
    report = progress or (lambda done, total, text: None)
    report(0, 0, "loading")
    loaded = EdgeModel(Path(file), runtime="ai-edge-litert", accelerate=False)
    model = model_or_path
    if isinstance(model, (str, os.PathLike)):
        model = load_keras(model)
    check_model(model)
    data, cut = gathered(signature_of(model), data, "data")
    signature = signature_of(model, data)
    order = pair_inputs(signature, loaded)
    samples = _samples(model, signature, loaded, order, data)

    total = len(samples[0])
    report(0, total, "running Keras")
    # A fault of the runtime is an error of the file; what is wrong with the data shows in Keras.
    try:
        answers = keras_outputs(
            model, signature._replace(batch=signature.batch or min(BATCH, total)), samples
        )
    except tf.errors.OpError as error:
        first = str(error.message).strip().splitlines()[0]
        raise ValueError(f"The Keras model does not run on this input: {first[:300]}") from None
    wanted = list(answers.values())
    pair = Pair(model, signature, loaded, order, [], list(answers))
    found = _file_outputs(pair, samples, report)
    pair = pair._replace(outputs=pair_outputs(wanted, found, loaded))
    right = check_labels(labels, answers)

    quantize = loaded.metadata["quantize"] if loaded.metadata else numbers_of(loaded.file)
    allowed = tolerance_for(quantize, tolerance)
    outputs = []
    for name, value, position in zip(pair.names, wanted, pair.outputs, strict=True):
        step = 0.0 if tolerance is not None else loaded.outputs[position].scale or 0.0
        outputs.append(check_output(name, value, found[position], allowed, step, right.get(name)))
    scales = [Scale.of(value) for value in wanted]
    over_time: Drift | str = "not asked for"
    if drift_steps:
        over_time = drift(pair, samples, data is None, drift_steps, allowed, scales, report)
    judged = None if row is None else {"name": row.name, **inspect(Path(file), row.name)["targets"][row.name]}
    return Verification(
        model=model.name,
        path=Path(file),
        size=loaded.file.size,
        quantize=quantize,
        lowering=loaded.lowering,
        state=loaded.state,
        runtime=f"{loaded.runtime.name} {loaded.runtime.version}",
        samples=total,
        checked_on="random input" if data is None else cut or "data",
        outputs=tuple(outputs),
        drift=over_time if isinstance(over_time, Drift) else None,
        drift_note=over_time if isinstance(over_time, str) else over_time.note,
        target=judged,
    )


def numbers_of(file: ModelFile) -> str | None:
    """What `quantize` a file of somebody else's was made with, read off its tensors."""
    tensors = [tensor for graph in file.graphs for tensor in graph.tensors]
    computed = {tensor.dtype for tensor in tensors if tensor.scales and not tensor.size}
    constants = {tensor.dtype for tensor in tensors if tensor.size}
    if "int16" in computed and "int8" not in computed:
        return "int16x8"
    if computed & {"int8", "uint8", "int16"}:
        return "int8"
    if any(tensor.dtype in ("int8", "uint8", "int4") and tensor.scales for tensor in tensors if tensor.size):
        return "dynamic"
    return "float16" if "float16" in constants else None


def _samples(
    model: keras.Model, signature: Signature, file: EdgeModel, order: list[int], data: Any
) -> Samples:
    """The data checked, or random input of the length that the file takes."""
    if data is not None:
        return check_samples(signature, data, "data")
    specs = list(signature.inputs)
    for info, position in zip(file.inputs, order, strict=True):
        if file.lowering != "step":
            fixed = [None if size < 0 else size for size in info.shape[1:]]
            shape = [size or other for size, other in zip(specs[position].shape[1:], fixed, strict=True)]
            specs[position] = specs[position]._replace(shape=(1, *shape))
    return random_samples(signature._replace(inputs=tuple(specs)), model)


def _file_outputs(pair: Pair, samples: Samples, report: Progress) -> list[Array]:
    """The outputs of the file for all samples, a report after every hundred."""
    total, parts = len(samples[0]), []
    rows = max([100, *(info.shape[0] for info in pair.file.inputs if info.shape)])
    for begin in range(0, total, rows):
        report(begin, total, "running the file")
        parts.append(run_file(pair, [array[begin : begin + rows] for array in samples]))
    return [np.concatenate(each) for each in zip(*parts, strict=True)]
