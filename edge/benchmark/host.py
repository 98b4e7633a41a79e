"""How fast, how large and how exact: several files side by side in one run.

How they take turns is in `edge.benchmark.trial`, what the figures mean in `edge.results.benchmark`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edge.aliases import Array, Progress
from edge.benchmark import machine as board
from edge.benchmark.figures import compare
from edge.benchmark.real_data import accuracy, given_to, steps_of
from edge.benchmark.subjects import Job, Subject, default_length, jobs, look, several
from edge.benchmark.trial import Finding, Settings, Trial
from edge.errors import check_progress
from edge.native import NativeError, find_library
from edge.results.benchmark import BenchmarkResult, Entry
from edge.runtime.acceleration import SWITCHED_OFF, Acceleration, check_wish

NO_STREAM = 'None of the files can be used as a stream: convert with state="carry" or state="explicit".'
TOGETHER = 12  # files that take turns; each is a process, and a small board has little memory


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
    accelerate: bool | str = "auto",
    data: Any = None,
    answers: Any = None,
) -> dict[str, Any]:
    """Measure files side by side, on random input or on data.

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
        accelerate: `"auto"`: with the native engine where it is installed, as `edge.load` runs the files.
            False: without. True: both side by side, where a file has a fused LSTM.
        data: real inputs, `[samples, ...]`, scaled as for training; several inputs: a list in their order, or
            a dictionary by name. Errors are measured on all of it, at its length.
        answers: the right classes of the data, `[samples]` from 0 on, or one-hot (of one of several outputs:
            a dictionary with its name): the share that each file gets right is measured.

    Returns:
        Plain data, ready for JSON; `edge.results.benchmark` says what is in it. `files` has an entry for each
        file, number of threads and length. Times are of the graph alone, without Python's share of
        `predict`; those of a stream are with it. No runtime tells Python the time of each operator:
        `operators` is None.

    Raises:
        ModelFileError: a file is missing, damaged, ends the process that runs it, or does not end itself.
        ValueError: an argument, a length or data that a file does not take; answers that do not fit; no file
            can be used as a stream, and streams were asked for.
        ImportError: no runtime; or `accelerate` is True, and the native engine cannot be used here.

    Example:
        >>> result = benchmark(["float.tflite", "int8.tflite"], length=[50, 100])  # doctest: +SKIP
        >>> result["files"][1]["inference_ms"]["median"]  # doctest: +SKIP
        0.113
    """
    if isinstance(paths, (str, Path)) or not paths:
        raise ValueError("benchmark takes a list of at least one path.")
    counts, lengths = several("threads", threads), several("length", length, may_be_none=True)
    if runs is not None:
        several("runs", (runs,))
    for name, value, least in (("stream_rate_hz", stream_rate_hz, 1.0), ("limit", limit, 0.001)):
        if value is not None and not (_is_number(value) and least <= value < math.inf):
            raise ValueError(f"{name} must be a number, {least:g} at least, or None, received {value!r}.")
    check_progress(progress)
    check_wish(accelerate)
    if accelerate is True:
        _engine_is_here()
    report = progress or (lambda done, total, text: None)
    machine = board.describe()
    subjects = [look(path) for path in paths]
    if stream_rate_hz and not any(subject.interface.state in ("carry", "explicit") for subject in subjects):
        raise ValueError(NO_STREAM)
    given = _given(subjects, data, answers, lengths)
    default = (given and given.steps) or default_length(subjects, lengths)
    todo = jobs(subjects, counts, lengths, default, accelerate)
    order = list(dict.fromkeys(job.length for job in todo))
    todo.sort(key=lambda job: (order.index(job.length), job.threads, job.subject))
    settings = Settings(runs, runtime, seed, stream_rate_hz, limit, given and given.inputs)
    found: list[tuple[Entry, Finding, Acceleration]] = []
    for begin in range(0, len(todo), TOGETHER):
        done = sum(entry.inference_ms.count or 0 for entry, *_ in found)
        found += Trial(subjects, todo[begin : begin + TOGETHER], default, settings, report, done).run()
    machine = board.measured_again(machine)
    warnings = board.warnings(machine)
    if machine["cores"] and max(counts) > machine["cores"]:
        warnings.append(f"There are fewer cores than threads: {machine['cores']}.")
    if stream_rate_hz and not any(entry.stream for entry, *_ in found):
        warnings.append(NO_STREAM)
    if accelerate is True:
        warnings += _left_to_the_runtime(found)
    return BenchmarkResult(
        platform="pi" if "Raspberry Pi" in (machine["board"] or "") else "host",
        machine=machine,
        versions=board.software(numpy=np.__version__),
        settings={
            "threads": counts,
            "lengths": lengths,
            "runs": runs,
            "seed": seed,
            "stream_rate_hz": stream_rate_hz,
            "accelerate": accelerate,
            "samples": given and len(given.inputs[0][0]),
        },
        warnings=warnings,
        files=_judged([(entry, finding) for entry, finding, _ in found], todo, subjects, answers),
    ).to_dict()


class Given(NamedTuple):
    """Data for each file, in the order of its inputs; the steps of its sequences, if one is open for it."""

    inputs: list[list[Array]]
    steps: int | None


def _given(
    subjects: Sequence[Subject], data: Any, answers: Any, lengths: Sequence[int | None]
) -> Given | None:
    if data is None:
        if answers is not None:
            raise ValueError("answers are those to data, and none was given.")
        return None
    if any(lengths):
        raise ValueError(f"length is that of the data; received length={lengths[0]} beside data.")
    inputs = [given_to(data, subject.inputs, subject.name) for subject in subjects]
    steps = (steps_of(each, subject.inputs) for each, subject in zip(inputs, subjects, strict=True))
    return Given(inputs, next((count for count in steps if count), None))


def _engine_is_here() -> None:
    try:
        find_library()
    except NativeError as error:
        raise ImportError(f"{error} Or benchmark without it.") from None


def _left_to_the_runtime(found: Sequence[tuple[Entry, Finding, Acceleration]]) -> list[str]:
    """What the native engine did not take though it was asked for, a sentence a layer."""
    said = []
    for entry, _, acceleration in found:
        if acceleration.version is None and acceleration.why_not != SWITCHED_OFF and acceleration.layers:
            said.append(f"{entry.name}: the native engine is not used: {acceleration.why_not}.")
        elif acceleration.version is not None:
            said += [
                f"{entry.name}: the native engine leaves {layer.name} to the runtime: {layer.why_not}."
                for layer in acceleration.layers
                if not layer.accelerated
            ]
    return list(dict.fromkeys(said))


def _judged(
    found: Sequence[tuple[Entry, Finding]], todo: Sequence[Job], subjects: Sequence[Subject], answers: Any
) -> list[Entry]:
    """Against the first file on inputs of the same shape, with the fewest threads; against the answers."""
    firsts = [finding for (_, finding), job in zip(found, todo, strict=True) if job.subject == 0]
    entries = []
    for (entry, finding), job in zip(found, todo, strict=True):
        shapes = [value.shape for value in finding.x]
        same = [each for each in firsts if [value.shape for value in each.x] == shapes]
        error = compare(finding.outputs, same[0].outputs) if same else None
        names = [info.name for info in subjects[job.subject].interface.outputs]
        right = None if answers is None else accuracy(finding.outputs, names, answers, entry.name)
        entries.append(replace(entry, error=error, accuracy=right))
    return entries


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
