"""How fast, how large and how exact: several files side by side in one run.

Each file has a process of its own (`edge.worker`). The measurements go round between the files in short
turns, so that what else happens on the machine meets all of them alike.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

from edge import board
from edge.tensors import TensorInfo
from edge.version import __version__
from edge.worker import Worker

Array = np.ndarray
Progress = Callable[[int, int, str], None]

SCHEMA = 1
ROUNDS = 10
WARM_UP_SECONDS, WARM_UP_LEAST = 0.3, 3
SECONDS, LEAST, MOST = 2.0, 50, 1000  # time and runs a file gets unless `runs` is given
SEQUENCES = 4  # on which outputs are compared
LENGTH = 100  # of a sequence where the file leaves it open


def benchmark(
    paths: Sequence[str | Path],
    threads: int = 1,
    length: int | None = None,
    runs: int | None = None,
    runtime: str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Measure files side by side on random input.

    Args:
        paths: of the files; outputs are compared with those of the first.
        threads: how many the kernels may use.
        length: steps in a sequence, for files with a free time axis. None: as another of the files fixes it,
            else 100.
        runs: inferences measured for each file. None: two seconds' worth, at least 50, at most 1000.
        runtime: `"ai-edge-litert"`, `"tflite-runtime"` or None for the best installed.
        seed: of the random input, the same for all files that take the same shape.
        progress: is called with inferences done, inferences in all, and what is going on.

    Returns:
        Plain data, ready for JSON: `machine`, `versions`, `settings`, `warnings`, and `files`, for each file
        a dictionary of

        - `size_bytes`;
        - `load_ms` (read, check, build the interpreter), `init_ms` (allocate), `first_ms`;
        - `warm_up_ms` and `inference_ms`: avg, std, min, p5, median, p95, max and count, of the graph alone,
          without Python's share of `predict`; `per_step_us`, from the median;
        - `peak_memory_mb` of the process and `added_memory_mb`, what came with the file; None where the
          system does not say;
        - `error` against the first file: `max_abs`, the largest difference, and `relative`, the root mean
          square difference over the standard deviation of the first file's output; None where shapes differ.

    Raises:
        ModelFileError: a file is missing, damaged, or ends the process that runs it.
        ValueError: an argument or a length that a file does not take.
        ImportError: no runtime.

    Example:
        >>> result = benchmark(["float.tflite", "int8.tflite"], length=50)  # doctest: +SKIP
        >>> result["files"][1]["inference_ms"]["median"]  # doctest: +SKIP
        0.113
    """
    if isinstance(paths, (str, Path)) or not paths:
        raise ValueError("benchmark takes a list of at least one path.")
    for name, value in (("threads", threads), ("length", length), ("runs", runs)):
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not (whole and value > 0) and (value is not None or name == "threads"):  # type: ignore[operator]
            raise ValueError(f"{name} must be a positive integer, received {value!r}.")
    report = progress or (lambda done, total, text: None)
    machine = board.describe()
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(str(path))) for path in paths]
        loads = []
        for worker, path in zip(workers, paths, strict=True):
            report(0, 0, f"loading {worker.name}")
            loads.append(worker.ask("load", str(path), threads, runtime))
        steps = _length([load["inputs"] for load in loads], [worker.name for worker in workers], length)
        data = _inputs([load["inputs"] for load in loads], steps or 1, seed)
        starts = [_start(worker, steps or 1, x, report) for worker, x in zip(workers, data, strict=True)]
        counts = [runs or _runs(start["warm_up"]) for start in starts]
        durations = _measure(workers, counts, report)
        report(sum(counts), sum(counts), "comparing outputs")
        outputs = [worker.ask("predict", x) for worker, x in zip(workers, data, strict=True)]
        memory = [worker.ask("memory") for worker in workers]
    same = [_shapes(x) == _shapes(data[0]) for x in data]
    files = [
        {
            "path": str(path),
            "name": worker.name,
            "size_bytes": load["size"],
            "runtime": {"name": load["runtime"][0], "version": load["runtime"][1]},
            "load_ms": load["seconds"] * 1e3,
            "init_ms": start["init"] * 1e3,
            "first_ms": start["first"] * 1e3,
            "warm_up_ms": statistics(start["warm_up"]),
            "inference_ms": statistics(times),
            "per_step_us": _per_step(times, load["inputs"], steps),
            "peak_memory_mb": used["peak"],
            "added_memory_mb": used["added"],
            "error": compare(output, outputs[0]) if alike else None,
        }
        for path, worker, load, start, times, used, output, alike in zip(
            paths, workers, loads, starts, durations, memory, outputs, same, strict=True
        )
    ]
    return {
        "schema": SCHEMA,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": {**machine, "temperature_after_c": board.temperature_c()},
        "versions": {"edge": __version__, "python": platform.python_version(), "numpy": np.__version__},
        "settings": {"threads": threads, "length": steps, "seed": seed},
        "warnings": board.warnings(machine),
        "files": files,
    }


def statistics(seconds: Sequence[float]) -> dict[str, float]:
    """What people want to know of durations: milliseconds, and their count."""
    times = np.asarray(seconds) * 1e3
    low, p5, median, p95, high = (float(value) for value in np.percentile(times, [0, 5, 50, 95, 100]))
    return {
        "avg": float(times.mean()),
        "std": float(times.std()),
        "min": low,
        "p5": p5,
        "median": median,
        "p95": p95,
        "max": high,
        "count": len(times),
    }


def compare(outputs: list[Array], reference: list[Array]) -> dict[str, float] | None:
    """How far outputs are from those of the reference; None where they cannot be compared.

    `max_abs` is the largest difference, `relative` the root mean square difference over the standard
    deviation of the reference; of several outputs the worst counts.
    """
    if _shapes(outputs) != _shapes(reference):
        return None
    largest, relative = 0.0, 0.0
    for mine, theirs in zip(outputs, reference, strict=True):
        a, b = mine.astype(np.float64), theirs.astype(np.float64)
        difference = a - b
        spread = float(b.std()) or float(np.abs(b).max()) or 1.0
        largest = max(largest, float(np.abs(difference).max()))
        relative = max(relative, float(np.sqrt(np.square(difference).mean())) / spread)
    return {"max_abs": largest, "relative": relative}


def _length(inputs: list[tuple[TensorInfo, ...]], names: list[str], length: int | None) -> int | None:
    """Steps in a sequence; None where no file has a time axis."""
    fixed: dict[int, str] = {}
    free = False
    for name, infos in zip(names, inputs, strict=True):
        for info in infos:
            free |= -1 in info.shape[1:]
            if len(info.shape) == 3 and -1 not in info.shape[1:]:
                fixed.setdefault(info.shape[1], name)
    asked = {length: "--length"} if length is not None and (free or fixed) else {}
    if len({**fixed, **asked}) > 1:
        found = ", ".join(f"{steps} ({name})" for steps, name in {**fixed, **asked}.items())
        raise ValueError(f"The files must run on sequences of one length, these take {found} steps.")
    return next(iter({**fixed, **asked}), LENGTH if free else None)


def _per_step(seconds: list[float], infos: tuple[TensorInfo, ...], length: int | None) -> float | None:
    """Microseconds for a time step; None for a file that takes no sequences."""
    timed = any(-1 in info.shape[1:] or len(info.shape) == 3 for info in infos)
    return float(np.median(seconds)) / length * 1e6 if timed and length else None


def _inputs(inputs: list[tuple[TensorInfo, ...]], length: int, seed: int) -> list[list[Array]]:
    """Random inputs for each file: the same numbers wherever the shapes are the same."""
    ranges = [_range(info) for infos in inputs for info in infos if info.scale is not None]
    # Numbers that a quantized file would clip say nothing about its error.
    low, high = max((low for low, _ in ranges), default=-3.0), min((high for _, high in ranges), default=3.0)
    return [[_noise(info, length, low, high, seed + n) for n, info in enumerate(infos)] for infos in inputs]


def _range(info: TensorInfo) -> tuple[float, float]:
    assert info.scale is not None
    assert info.zero_point is not None
    limits = np.iinfo(info.dtype)
    return (limits.min - info.zero_point) * info.scale, (limits.max - info.zero_point) * info.scale


def _noise(info: TensorInfo, length: int, low: float, high: float, seed: int) -> Array:
    """`SEQUENCES` sequences of noise, or as many as a fixed batch has."""
    firsts = info.shape[:1]
    batch = tuple(SEQUENCES if n in (1, -1) else n for n in firsts)
    shape = batch + tuple(length if n < 0 else n for n in info.shape[1:])
    rng = np.random.default_rng(seed)
    if not info.is_real:
        return rng.integers(0, 2, shape).astype(info.dtype)  # any vocabulary has two words
    middle, spread = (low + high) / 2, (high - low) / 6
    return np.clip(rng.normal(middle, spread, shape), low, high).astype(np.float32)


def _start(worker: Worker, length: int, x: list[Array], report: Progress) -> dict[str, Any]:
    """Allocate, the first inference, and the warm-up; seconds."""
    report(0, 0, f"warming up {worker.name}")
    init = worker.ask("allocate", length)
    worker.ask("set_inputs", [value[:1] for value in x])
    (first,) = worker.ask("measure", 1)
    warm_up: list[float] = []
    while len(warm_up) < WARM_UP_LEAST or (sum(warm_up) < WARM_UP_SECONDS and len(warm_up) < MOST):
        chunk = int((WARM_UP_SECONDS - sum(warm_up)) / max(min(warm_up, default=first), 1e-6))
        warm_up += worker.ask("measure", min(max(chunk, 1), MOST))
    return {"init": init, "first": first, "warm_up": warm_up}


def _runs(warm_up: list[float]) -> int:
    return int(np.clip(SECONDS / float(np.median(warm_up)), LEAST, MOST))


def _measure(workers: list[Worker], counts: list[int], report: Progress) -> list[list[float]]:
    """The durations for each file, taken in turns."""
    durations: list[list[float]] = [[] for _ in workers]
    for turn in range(ROUNDS):
        for worker, count, mine in zip(workers, counts, durations, strict=True):
            report(sum(map(len, durations)), sum(counts), f"measuring {worker.name}")
            due = count * (turn + 1) // ROUNDS - len(mine)
            if due:
                # The turn of another file has cooled the caches; the first inference pays for that.
                worker.ask("measure", 1)
                for begin in range(0, due, MOST):  # a worker whose parent is gone soon notices
                    mine += worker.ask("measure", min(due - begin, MOST))
    return durations


def _shapes(arrays: list[Array]) -> list[tuple[int, ...]]:
    return [array.shape for array in arrays]
