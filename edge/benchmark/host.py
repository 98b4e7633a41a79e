"""How fast, how large and how exact: several files side by side in one run.

How they take turns is in `edge.benchmark.trial`, what the figures mean in `edge.results.benchmark`.
"""

from __future__ import annotations

import math
import platform
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

from edge.benchmark import machine as board
from edge.benchmark import subjects as samples
from edge.benchmark.figures import compare
from edge.benchmark.trial import TOGETHER, Finding, Job, Progress, Trial
from edge.results.benchmark import SCHEMA
from edge.version import __version__


def benchmark(
    paths: Sequence[str | Path],
    threads: int | Sequence[int] = 1,
    length: int | Sequence[int] | None = None,
    runs: int | None = None,
    runtime: str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    stream_rate_hz: float | None = None,
    limit: float | None = 60.0,
) -> dict[str, Any]:
    """Measure files side by side on random input.

    Args:
        paths: of the files; outputs are compared with those of the first.
        threads: how many the kernels may use; several: each file with each of them.
        length: steps in a sequence, for files with a free time axis; several: each of them. None: as another
            of the files fixes it, else 100. A file that takes one step a call is measured on one step.
        runs: inferences measured for each file. None: two seconds' worth, at least 50, at most 1000; fewer of
            a file that would take half a minute.
        runtime: `"ai-edge-litert"`, `"tflite-runtime"` or None for the best installed.
        seed: of the random input, the same for all files that take the same shape.
        progress: is called with inferences done, inferences in all, and what is going on.
        stream_rate_hz: measure also the files that can be streams, on a sample so many times a second.
        limit: seconds after which a file that is busy with one inference is stopped. None: never.

    Returns:
        Plain data, ready for JSON; `edge.results.benchmark` says what is in it. `files` has an entry for each
        file, number of threads and length. Times are of the graph alone, without Python's share of
        `predict`; those of a stream are with it. No runtime tells Python the time of each operator:
        `operators` is None.

    Raises:
        ModelFileError: a file is missing, damaged, ends the process that runs it, or does not end itself.
        ValueError: an argument or a length that a file does not take.
        ImportError: no runtime.

    Example:
        >>> result = benchmark(["float.tflite", "int8.tflite"], length=[50, 100])  # doctest: +SKIP
        >>> result["files"][1]["inference_ms"]["median"]  # doctest: +SKIP
        0.113
    """
    if isinstance(paths, (str, Path)) or not paths:
        raise ValueError("benchmark takes a list of at least one path.")
    counts, lengths = _several("threads", threads), _several("length", length, may_be_none=True)
    if runs is not None:
        _several("runs", (runs,))
    for name, value, least in (("stream_rate_hz", stream_rate_hz, 1.0), ("limit", limit, 0.001)):
        if value is not None and not (_is_number(value) and least <= value < math.inf):
            raise ValueError(f"{name} must be a number, {least:g} at least, or None, received {value!r}.")
    report = progress or (lambda done, total, text: None)
    machine = board.describe()
    subjects = [samples.look(path) for path in paths]
    default = samples.default_length(subjects, lengths)
    jobs = [
        Job(n, count, steps, stream_rate_hz is not None and position == 0)
        for n, subject in enumerate(subjects)
        for position, steps in enumerate(samples.lengths_of(subject, lengths, default))
        for count in counts
        if count is not None
    ]
    order = list(dict.fromkeys(job.length for job in jobs))
    jobs.sort(key=lambda job: (order.index(job.length), job.threads, job.subject))
    files: list[dict[str, Any]] = []
    findings: list[Finding] = []
    for begin in range(0, len(jobs), TOGETHER):
        several = jobs[begin : begin + TOGETHER]
        trial = Trial(subjects, several, default, runtime, seed, limit, report)
        trial.done = sum(file["inference_ms"]["count"] for file in files)
        for entry, finding in trial.run(runs, stream_rate_hz):
            files.append(entry)
            findings.append(finding)
    _add_errors(files, findings, jobs)
    machine.update(board.changes(machine))
    warnings = board.warnings(machine)
    if machine["cores"] and max(job.threads for job in jobs) > machine["cores"]:
        warnings.append(f"There are fewer cores than threads: {machine['cores']}.")
    if stream_rate_hz and not any(file["stream"] for file in files):
        warnings.append(
            'None of the files can be used as a stream: convert with state="carry" or state="explicit".'
        )
    return {
        "schema": SCHEMA,
        "platform": "pi" if "Raspberry Pi" in (machine["board"] or "") else "host",
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": machine,
        "versions": {"edge": __version__, "python": platform.python_version(), "numpy": np.__version__},
        "settings": {
            "threads": list(counts),
            "lengths": list(lengths),
            "runs": runs,
            "seed": seed,
            "stream_rate_hz": stream_rate_hz,
        },
        "warnings": warnings,
        "files": files,
    }


def _add_errors(files: list[dict[str, Any]], findings: list[Finding], jobs: Sequence[Job]) -> None:
    """Against the first file on inputs of the same shape, with the fewest threads."""
    firsts = [finding for finding, job in zip(findings, jobs, strict=True) if job.subject == 0]
    for file, finding in zip(files, findings, strict=True):
        shapes = [value.shape for value in finding.x]
        same = [each for each in firsts if [value.shape for value in each.x] == shapes]
        file["error"] = compare(finding.outputs, same[0].outputs) if same else None


def _several(name: str, value: Any, may_be_none: bool = False) -> tuple[int | None, ...]:
    """One or several positive integers as a tuple without doubles."""
    values = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    for each in values or (value,):
        whole = isinstance(each, int) and not isinstance(each, bool) and each > 0
        if not whole and not (each is None and may_be_none):
            raise ValueError(f"{name} must be a positive integer, received {each!r}.")
    return tuple(dict.fromkeys(values))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
