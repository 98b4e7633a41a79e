"""What a quantized file does on data of other kinds than it was checked on, and what it was calibrated on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from edge.aliases import Array
from edge.convert.job import Job
from edge.convert.material import filled
from edge.convert.samples import Samples
from edge.convert.verification import probes
from edge.convert.verification.file_calls import file_calls
from edge.convert.verification.parity import KerasFunction, file_outputs, keras_function
from edge.convert.verification.probes import Probe
from edge.results.conversion import Calibration, Check, InputRange
from edge.results.spread import spread_of

FEW = 4  # sequences


def run_file(path: Path, job: Job, samples: Samples) -> Sequence[Array]:
    """The outputs of a file for samples like those that are checked."""
    return file_calls(path, samples) if job.material.by_call else file_outputs(path, samples)


def calibration_of(job: Job) -> Calibration:
    """Where the ranges come from."""
    material = job.material
    inputs = tuple(
        InputRange(spec.name, float(array.min()), float(array.max()))
        for spec, array, is_real in zip(job.signature.inputs, material.calls, job.is_real, strict=True)
        if is_real
    )
    return Calibration(material.used, material.held_out, material.steps, inputs)


def checks_of(
    path: Path, job: Job, names: Sequence[str], found: Sequence[Array], size: int
) -> tuple[list[Check], list[str]]:
    """The errors of a file on data of other kinds, and notes on such as it does not take.

    Args:
        path: of the file.
        job: that it was made for.
        names: of its outputs; found: those outputs on what is checked.
        size: of the file, in bytes.
    """
    usual = {name: spread_of(job.expected[name]) for name in names}
    checks: list[Check] = []
    notes = []
    lengths = _other_lengths(job, size)
    run_keras = _of_any_length(job) if lengths else job.run_keras
    for probe in chain(*lengths):
        if any(check.kind == probe.kind for check in checks):
            continue
        try:
            wanted = run_keras(probe.samples)
        except Exception:
            continue  # the model takes none of that length: a table of positions ends, a kernel is longer
        try:
            answers = run_file(path, job, probe.samples)
        except ValueError as error:
            notes.append(
                f"sequences of {probe.steps:,} steps, which the model takes, the file does not: {error}"
            )
            continue
        checks += probes.check([probe], {name: wanted[name] for name in names}, answers, usual)
    if job.material.by_call and job.material.checked[0].shape[1] > 1:
        # Of a stream the first call is looked at once more: among all the others it hardly counts.
        first = Probe("shorter", job.steps, [array[:, :1] for array in job.material.checked])
        wanted = {name: job.expected[name][:, :1] for name in names}
        checks += probes.check([first], wanted, [each[:, :1] for each in found], usual)
    if job.probes:
        answers = run_file(path, job, probes.together([probe.samples for probe in job.probes]))
        checks += probes.check(job.probes, {name: job.beyond[name] for name in names}, answers, usual)
    return checks, notes


def _other_lengths(job: Job, size: int) -> list[list[Probe]]:
    """Sequences of other lengths, where the file takes any; of each list the first that tells anything will
    do."""
    is_free, steps = job.signature.is_free, job.steps
    lists = [probes.longer(job.material, steps, job.timed, size, is_free)]
    if is_free and not job.material.by_call:
        lists.append(probes.shorter(job.material, steps, job.timed))
    return [each for each in lists if each]


def _of_any_length(job: Job) -> KerasFunction:
    """What gives the outputs of Keras: traced once for all lengths, where that is the model that it was."""
    rows = job.whole.batch or (FEW if job.steps != FEW else FEW - 1)
    # With a free axis of time, layers of Keras may take the batch for it: it is not to be as long by chance.
    if job.material.by_call or rows == job.steps:
        return job.run_keras
    few = [filled(array, rows)[:rows] for array in job.material.checked]
    try:
        function = keras_function(job.model, job.whole, is_free=True)
        found = function(few)
    except Exception:
        return job.run_keras
    right = {name: filled(value, rows)[:rows] for name, value in job.expected.items()}
    same = all(
        value.shape == right[name].shape and np.allclose(value, right[name], rtol=1e-4, atol=1e-4)
        for name, value in found.items()
    )
    return function if same else job.run_keras
