"""Files measured together, in turns.

Each file has a process of its own (`edge.benchmark.worker`). The measurements go round between the files in
short turns, so that what else happens on the machine meets all of them alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

import numpy as np

from edge.aliases import Array, Progress
from edge.benchmark import subjects as samples
from edge.benchmark.figures import statistics, stream_figures
from edge.benchmark.subjects import Subject
from edge.benchmark.worker import Worker

ROUNDS = 10
TOGETHER = 12  # files that take turns; each is a process, and a small board has little memory
WARM_UP_SECONDS, WARM_UP_LEAST = 0.3, 3
SECONDS, LEAST, MOST = 2.0, 50, 1000  # time and runs a file gets unless `runs` is given
PATIENT_SECONDS, PATIENT_LEAST = 30.0, 5  # and a very slow one
STREAM_SECONDS, STREAM_LEAST, STREAM_MOST = 2.0, 20, 2000
TURN_SECONDS = 1.0  # a request to a worker takes about so long at most


class Job(NamedTuple):
    """One entry of the result: a file, its threads, its length."""

    subject: int
    threads: int
    length: int | None
    streams: bool  # whether to measure it as a stream, too: single steps, so one length is enough


class Finding(NamedTuple):
    """What is compared when all is measured: the outputs for the inputs."""

    x: list[Array]
    outputs: list[Array]


class Trial:
    """Files that are measured together, each in its worker."""

    done = 0  # inferences measured before

    def __init__(
        self,
        subjects: Sequence[Subject],
        jobs: Sequence[Job],
        default: int,
        runtime: str | None,
        seed: int,
        limit: float | None,
        report: Progress,
    ) -> None:
        self.subjects, self.jobs, self.default, self.runtime = subjects, jobs, default, runtime
        self.seed, self.limit, self.report = seed, limit, report

    def run(self, runs: int | None, rate_hz: float | None) -> list[tuple[dict[str, Any], Finding]]:
        """Entries of the result, without their errors, and what those come from."""
        with ExitStack() as stack:
            paths = [self.subjects[job.subject].path for job in self.jobs]
            workers = [stack.enter_context(Worker(path, self.limit)) for path in paths]
            loads = []
            for worker, job, path in zip(workers, self.jobs, paths, strict=True):
                self.report(self.done, self.done, f"loading {worker.name}")
                loads.append(worker.ask("load", path, job.threads, self.runtime))
            data = [self._noise(job, load["rows"]) for job, load in zip(self.jobs, loads, strict=True)]
            starts = [
                self._start(worker, job, x) for worker, job, x in zip(workers, self.jobs, data, strict=True)
            ]
            durations = self._measure(workers, [runs or _runs(each["warm_up"]) for each in starts], starts)
            done = self.done + sum(map(len, durations))
            self.report(done, done, "comparing outputs")
            outputs = [worker.ask("predict", x) for worker, x in zip(workers, data, strict=True)]
            memory = [worker.ask("memory") for worker in workers]
            streams = [
                _stream(
                    worker, x, rate_hz if job.streams else None, lambda text: self.report(done, done, text)
                )
                for worker, job, x in zip(workers, self.jobs, data, strict=True)
            ]
        entries = [
            _entry(self.subjects[job.subject], job, load, start, times, used, stream)
            for job, load, start, times, used, stream in zip(
                self.jobs, loads, starts, durations, memory, streams, strict=True
            )
        ]
        return list(zip(entries, map(Finding, data, outputs), strict=True))

    def _noise(self, job: Job, rows: int | None) -> list[Array]:
        subject = self.subjects[job.subject]
        # A file for single steps has one output for each of them, to compare with those of whole sequences.
        length = self.default if subject.by_step else job.length or 1
        return samples.noise(self.subjects, job.subject, rows, length, self.seed)

    def _start(self, worker: Worker, job: Job, x: list[Array]) -> dict[str, Any]:
        """Allocate, the first inference, and the warm-up; seconds."""
        self.report(self.done, self.done, f"warming up {worker.name}")
        init = worker.ask("allocate", job.length or 1)
        batch = worker.ask("set_inputs", x, job.length or 1)
        (first,) = worker.ask("measure", 1)
        warm_up: list[float] = []
        while len(warm_up) < WARM_UP_LEAST or (sum(warm_up) < WARM_UP_SECONDS and len(warm_up) < MOST):
            chunk = int((WARM_UP_SECONDS - sum(warm_up)) / max(min(warm_up, default=first), 1e-6))
            warm_up += worker.ask("measure", min(max(chunk, 1), MOST))
        return {"init": init, "first": first, "warm_up": warm_up, "batch": batch}

    def _measure(
        self, workers: list[Worker], counts: list[int], starts: list[dict[str, Any]]
    ) -> list[list[float]]:
        """The durations for each file, taken in turns."""
        durations: list[list[float]] = [[] for _ in workers]
        total = self.done + sum(counts)
        for turn in range(ROUNDS):
            for worker, count, mine, start in zip(workers, counts, durations, starts, strict=True):
                self.report(self.done + sum(map(len, durations)), total, f"measuring {worker.name}")
                due = count * (turn + 1) // ROUNDS - len(mine)
                if due:
                    # The turn of another file has cooled the caches; the first inference pays for that.
                    worker.ask("measure", 1)
                    # A worker whose parent is gone soon notices, and one that is stuck is soon found.
                    chunk = int(np.clip(TURN_SECONDS / float(np.median(start["warm_up"])), 1, MOST))
                    for begin in range(0, due, chunk):
                        mine += worker.ask("measure", min(due - begin, chunk))
        return durations


def _stream(
    worker: Worker, x: list[Array], rate_hz: float | None, report: Callable[[str], None]
) -> dict[str, Any] | None:
    """A stream in figures; None if it is not asked for, or the file cannot be one."""
    if rate_hz is None or not worker.ask("open_stream", x):
        return None
    count = int(np.clip(STREAM_SECONDS * rate_hz, STREAM_LEAST, STREAM_MOST))
    chunk = max(int(TURN_SECONDS * rate_hz), 1)
    found: list[tuple[float, float]] = []
    worker.ask("stream", 0, min(count, 5), rate_hz)  # warm up
    for begin in range(0, count, chunk):
        report(f"streaming {worker.name}")
        found += worker.ask("stream", begin, min(chunk, count - begin), rate_hz)
    durations, latencies = zip(*found, strict=True)
    return stream_figures(durations, latencies, rate_hz)


def _entry(
    subject: Subject,
    job: Job,
    load: dict[str, Any],
    start: dict[str, Any],
    times: list[float],
    used: dict[str, float | None],
    stream: dict[str, Any] | None,
) -> dict[str, Any]:
    steps = job.length and float(np.median(times)) / job.length / start["batch"] * 1e6
    return {
        "path": subject.path,
        "name": subject.name,
        "group": None,
        "size_bytes": load["size"],
        "runtime": {"name": load["runtime"][0], "version": load["runtime"][1]},
        "threads": job.threads,
        "length": job.length,
        "batch": start["batch"],
        "load_ms": load["seconds"] * 1e3,
        "init_ms": start["init"] * 1e3,
        "first_ms": start["first"] * 1e3,
        "warm_up_ms": statistics(start["warm_up"]),
        "inference_ms": statistics(times),
        "per_step_us": steps,
        "peak_memory_mb": used["peak"],
        "added_memory_mb": used["added"],
        "arena_bytes": None,
        "error": None,
        "accuracy": None,
        "stream": stream,
        "operators": None,
    }


def _runs(warm_up: list[float]) -> int:
    median = float(np.median(warm_up))
    least = int(np.clip(PATIENT_SECONDS / median, PATIENT_LEAST, LEAST))
    return int(np.clip(SECONDS / median, least, MOST))
