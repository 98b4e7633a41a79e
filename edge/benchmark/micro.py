"""Measure files on TensorFlow Lite Micro, the runtime of microcontrollers, as the PyPI package tflite-micro.

It tells whether a chip would take a file, how much memory it needs there, and whether the answers are right.
How fast a chip is it cannot tell: the times are of this computer.
"""

from __future__ import annotations

import math
import os
import pickle
import platform
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from edge.aliases import Array, Progress
from edge.benchmark import machine
from edge.benchmark import subjects as samples
from edge.benchmark.figures import compare, statistics
from edge.benchmark.micro_process import NAME, Request
from edge.benchmark.subjects import Subject
from edge.errors import ModelFileError
from edge.results.benchmark import SCHEMA
from edge.targets import TARGETS
from edge.tflite import describe
from edge.version import __version__

CONVERT = "python -m edge convert --target microcontroller"
TIMES = (
    "The times are of this computer, not of a microcontroller: TensorFlow Lite Micro's plain kernels ran "
    "here; measure on the chip."
)
ARENA = (
    "The arena was found on this 64-bit computer: a 32-bit chip needs less for the same file, kernels made "
    "for a chip (CMSIS-NN) somewhat more; leave a margin."
)


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
    if runs is not None and not (isinstance(runs, int) and not isinstance(runs, bool) and runs > 0):
        raise ValueError(f"runs must be a positive integer or None, received {runs!r}.")
    if limit is not None and not 0 < limit < math.inf:
        raise ValueError(f"limit must be a positive number or None, received {limit!r}.")
    if find_spec("tflite_micro") is None:
        raise ImportError(
            "TensorFlow Lite Micro is not installed: pip install --pre tflite-micro (for Linux on x86-64, "
            "Python 3.10 to 3.12)."
        )
    lengths: list[Any] = list(length) if isinstance(length, (list, tuple)) else [length]
    subjects = [samples.look(path) for path in files]
    for subject in subjects:
        _check_fixed(subject)
    steps = samples.default_length(subjects, lengths)
    found, data = [], []
    for n, subject in enumerate(subjects):
        if progress:
            progress(n, len(subjects), f"running {subject.name}")
        (own,) = samples.lengths_of(subject, lengths, steps)
        rows = next((info.shape[0] for info in subject.inputs if info.shape), None)
        x = samples.noise(subjects, n, rows, steps if subject.by_step else own or 1, seed)
        data.append(x)
        found.append(_run(Request(subject.path, x, own, runs), limit))
    shapes = [[value.shape for value in x] for x in data]
    return {
        "schema": SCHEMA,
        "platform": "microcontroller",
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": {**machine.describe(), "times": "of this computer, not of a microcontroller"},
        "versions": {"edge": __version__, "python": platform.python_version(), NAME: found[0]["version"]},
        "settings": {"threads": [1], "lengths": lengths, "runs": runs, "seed": seed, "stream_rate_hz": None},
        "warnings": [TIMES, ARENA],
        "files": [
            _entry(subject, request, result, found[0]["reference"] if shape == shapes[0] else None)
            for subject, request, result, shape in zip(subjects, data, found, shapes, strict=True)
        ],
    }


def _check_fixed(subject: Subject) -> None:
    """ModelFileError for a file with a free axis, or with an operator that is known not to be there."""
    lacks = set(TARGETS["microcontroller"].lacks)
    missing = sorted({op.name for graph in subject.interface.file.graphs for op in graph.operators} & lacks)
    if missing:
        raise ModelFileError(
            f"{subject.name}: TensorFlow Lite Micro has no {' and no '.join(missing)}; convert for it: "
            f"{CONVERT}."
        )
    free = [info for info in subject.inputs if -1 in info.shape]
    if free:
        raise ModelFileError(
            f"{subject.name}: input {free[0]} leaves an axis open, and a microcontroller needs fixed ones; "
            f"convert for it: {CONVERT} --length N."
        )


def _run(request: Request, limit: float | None) -> dict[str, Any]:
    """The answer of a process that runs one file."""
    name = Path(request.path).name
    paths = os.pathsep.join(filter(None, (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH"))))
    with tempfile.TemporaryFile() as messages:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "edge.benchmark.micro_process"],
                input=pickle.dumps(tuple(request)),
                stdout=subprocess.PIPE,
                stderr=messages,
                timeout=limit,
                env={**os.environ, "PYTHONPATH": paths},
            )
        except subprocess.TimeoutExpired:
            raise ModelFileError(
                f"{name} was still busy on TensorFlow Lite Micro after {limit:g} s and was stopped; if it is "
                "just slow, give it more time (--limit)."
            ) from None
        try:
            error, result = pickle.loads(done.stdout)
        except (EOFError, pickle.UnpicklingError):
            messages.seek(0)
            raise ModelFileError(_obituary(name, done.returncode, messages.read())) from None
    if error is not None:
        hint = "" if "microcontroller" in error else f" Convert it for a microcontroller: {CONVERT}."
        raise ModelFileError(f"{error if name in error else f'{name}: {error}'.rstrip('.') + '.'}{hint}")
    if not all(np.isfinite(each).all() for each in result["outputs"] if each.dtype.kind == "f"):
        raise ModelFileError(_not_a_number(request.path))
    answer: dict[str, Any] = result
    return answer


def _obituary(name: str, code: int, messages: bytes) -> str:
    cause = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    last = messages.decode("utf-8", "replace").strip().splitlines()[-1:]
    words = f"; its last words: {last[0]}" if last else ""
    return f"{name} ended the process in which TensorFlow Lite Micro ran it ({cause}){words}."


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


def _entry(
    subject: Subject, x: list[Array], result: dict[str, Any], first: list[Array] | None
) -> dict[str, Any]:
    length = 1 if subject.by_step else subject.steps
    median = float(np.median(result["times"]))
    return {
        "path": subject.path,
        "name": subject.name,
        "group": None,
        "size_bytes": result["size"],
        "runtime": {"name": NAME, "version": result["version"]},
        "threads": 1,
        "length": length,
        "batch": result["batch"],
        "load_ms": result["load"] * 1e3,
        "init_ms": None,
        "first_ms": result["first"] * 1e3,
        "warm_up_ms": statistics(result["warm_up"]),
        "inference_ms": statistics(result["times"]),
        "per_step_us": length and median / length / result["batch"] * 1e6,
        "peak_memory_mb": None,
        "added_memory_mb": None,
        "arena_bytes": result["arena"],
        "error": None if first is None else compare(result["outputs"], first),
        "error_interpreter": compare(result["outputs"], result["reference"]),
        "accuracy": None,
        "stream": None,
        "operators": None,
    }
