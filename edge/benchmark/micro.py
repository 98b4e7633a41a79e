"""Measure files on TensorFlow Lite Micro, the runtime of microcontrollers, as the PyPI package tflite-micro.

It tells whether a chip would take a file, how much memory it needs there, and whether the answers are right.
How fast a chip is it cannot tell: the times are of this computer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from edge.aliases import Array, Progress
from edge.benchmark import machine
from edge.benchmark.figures import compare, statistics
from edge.benchmark.micro_process import CONVERT, NAME, Found
from edge.benchmark.subjects import Subject, default_length, lengths_of, look, noise, several
from edge.benchmark.worker import Worker
from edge.errors import ModelFileError, check_progress
from edge.results.benchmark import BenchmarkResult, Entry
from edge.targets import TARGETS
from edge.tflite import describe

TIMES = (
    "The times are of this computer, not of a microcontroller: TensorFlow Lite Micro's plain kernels ran "
    "here; measure on the chip."
)
ARENA = (
    "The arena was found on this 64-bit computer: a 32-bit chip needs less for the same file, kernels made "
    "for a chip (CMSIS-NN) somewhat more; leave a margin."
)


class MicroWorker(Worker):
    """A process in which TensorFlow Lite Micro runs."""

    home = "edge.benchmark.micro_process"
    busy = "{name} was still busy on TensorFlow Lite Micro"
    ended = "{name} ended the process in which TensorFlow Lite Micro ran it"


def benchmark_on_micro(
    files: Sequence[str | Path],
    *,
    length: int | Sequence[int] | None = None,
    runs: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    limit: float | None = 60.0,
) -> dict[str, Any]:
    """Run files on TensorFlow Lite Micro, on random input.

    Args:
        files: their paths. Their shapes must be fixed: `convert(..., target="microcontroller")` does it.
        length: time steps on which a file for single steps is compared; None: 100. Others fix their own.
        runs: inferences measured for each file; None: half a second's worth, 20 to 1000.
        seed: of the random input.
        progress: is called with files done, files in all, and what is going on.
        limit: seconds after which a file is stopped; None: never.

    Returns:
        Plain data as `edge.results.benchmark` says, with the platform `"microcontroller"`. `arena_bytes` is
        the smallest arena in which the file runs. `error` is against the first file on the Interpreter, and
        one key more, `error_interpreter`, against the same file on the Interpreter: what the other runtime
        alone changes.

    Raises:
        ModelFileError: a file is missing or damaged, TensorFlow Lite Micro refuses it or ends its process, or
            gives NaN.
        ValueError: an argument, or a length that a file does not take.
        ImportError: no tflite-micro, or no Interpreter.

    Example:
        >>> benchmark_on_micro(["model.tflite"])["files"][0]["arena_bytes"]  # doctest: +SKIP
        2736
    """
    if isinstance(files, (str, Path)) or not files:
        raise ValueError("benchmark_on_micro takes a list of at least one path.")
    check_progress(progress)
    if runs is not None:
        several("runs", (runs,))
    if limit is not None and not 0 < limit < math.inf:
        raise ValueError(f"limit must be a positive number or None, received {limit!r}.")
    if find_spec("tflite_micro") is None:
        raise ImportError(
            "TensorFlow Lite Micro is not installed: pip install --pre tflite-micro (for Linux on x86-64, "
            "Python 3.10 to 3.12)."
        )
    lengths = several("length", length, may_be_none=True)
    subjects = [look(path) for path in files]
    for subject in subjects:
        _check_fixed(subject)
    steps = default_length(subjects, lengths)
    found, data = [], []
    for n, subject in enumerate(subjects):
        if progress:
            progress(n, len(subjects), f"running {subject.name}")
        (own,) = lengths_of(subject, lengths, steps)
        rows = next((info.shape[0] for info in subject.inputs if info.shape), None)
        x = noise(subjects, n, rows, steps if subject.by_step else own or 1, seed)
        data.append(x)
        found.append(_run(subject, x, own, runs, limit))
    shapes = [[value.shape for value in x] for x in data]
    return BenchmarkResult(
        platform="microcontroller",
        machine={**machine.describe(), "times": "of this computer, not of a microcontroller"},
        versions=machine.software(**{NAME: str(found[0].runtime.version)}),
        settings={"threads": [1], "lengths": lengths, "runs": runs, "seed": seed, "stream_rate_hz": None},
        warnings=[TIMES, ARENA],
        files=[
            _entry(subject, each, found[0].reference if shape == shapes[0] else None)
            for subject, each, shape in zip(subjects, found, shapes, strict=True)
        ],
    ).to_dict()


def _check_fixed(subject: Subject) -> None:
    """ModelFileError for a file with a free axis, or with an operator that is known not to be there."""
    free = [info for info in subject.inputs if -1 in info.shape]
    if free:
        raise ModelFileError(
            f"{subject.name}: input {free[0]} leaves an axis open, and a microcontroller needs fixed ones; "
            f"convert for it: {CONVERT} --length N."
        )
    # After that: a free length is made of operators that a fixed one does without.
    used = {op.name for graph in subject.interface.file.graphs for op in graph.operators if not op.custom}
    missing = sorted(name for name in used if not TARGETS["microcontroller"].has(name))
    if missing:
        raise ModelFileError(
            f"{subject.name}: TensorFlow Lite Micro has no {' and no '.join(missing)}; convert for it: "
            f"{CONVERT}."
        )


def _run(
    subject: Subject, x: list[Array], length: int | None, runs: int | None, limit: float | None
) -> Found:
    """What a process finds that runs one file."""
    with MicroWorker(subject.path, limit) as worker:
        found: Found = worker.ask("measure", subject.path, x, length, runs)
    if not all(np.isfinite(each).all() for each in found.outputs if each.dtype.kind == "f"):
        raise ModelFileError(_not_a_number(subject.path))
    return found


def _not_a_number(path: str) -> str:
    """Why a file gives NaN: mostly for kernels that are not there, about which the runtime is silent."""
    name = Path(path).name
    graph = describe(path).graph
    mixed = next(
        (
            op.name
            for op in graph.operators
            if op.inputs
            and graph.tensors[op.inputs[0]].dtype == "float32"
            and any(i >= 0 and graph.tensors[i].dtype == "int8" and graph.tensors[i].size for i in op.inputs)
        ),
        None,
    )
    why = (
        f"8-bit weights with real activations (dynamic range) in {mixed}, which has no such kernel there"
        if mixed
        else "an operator whose kernel there does not fit"
    )
    return (
        f"{name} gives NaN on TensorFlow Lite Micro, without an error: {why}. Convert it with "
        f"--quantize int8, int16x8 or none: {CONVERT}."
    )


def _entry(subject: Subject, found: Found, first: list[Array] | None) -> Entry:
    length = 1 if subject.by_step else subject.steps
    median = float(np.median(found.times))
    return Entry(
        path=subject.path,
        name=subject.name,
        size_bytes=found.size,
        runtime=found.runtime,
        threads=1,
        length=length,
        batch=found.batch,
        load_ms=found.load * 1e3,
        first_ms=found.first * 1e3,
        warm_up_ms=statistics(found.warm_up),
        inference_ms=statistics(found.times),
        per_step_us=length and median / length / found.batch * 1e6,
        arena_bytes=found.arena,
        error=None if first is None else compare(found.outputs, first),
        error_interpreter=compare(found.outputs, found.reference),
    )
