"""Files measured together, in turns.

Each file has a process of its own (`edge.benchmark.worker`). The measurements go round between the files in
short turns, so that what else happens on the machine meets all of them alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from edge.aliases import Array, Progress
from edge.benchmark import subjects as samples
from edge.benchmark.figures import statistics, stream_figures
from edge.benchmark.interpreter_process import Loaded, Memory
from edge.benchmark.subjects import Job, Subject
from edge.benchmark.worker import Worker
from edge.results.benchmark import EngineName, Entry, StreamFigures
from edge.runtime.acceleration import Acceleration

ROUNDS = 10
WARM_UP_SECONDS, WARM_UP_LEAST = 0.3, 3
SECONDS, LEAST, MOST = 2.0, 50, 1000  # time and runs a file gets unless `runs` is given
PATIENT_SECONDS, PATIENT_LEAST = 30.0, 5  # and a very slow one
STREAM_SECONDS, STREAM_LEAST, STREAM_MOST = 2.0, 20, 2000  # samples
STREAM_BLOCKS = 5  # of a file that takes several at once
TURN_SECONDS = 1.0  # a request to a worker takes about so long at most


class Settings(NamedTuple):
    """What is the same for all files; as in `edge.benchmark.host.benchmark`."""

    runs: int | None
    runtime: str | None
    seed: int
    stream_rate_hz: float | None
    limit: float | None
    given: Sequence[Sequence[Array]] | None = None  # data for each file, instead of noise


class Start(NamedTuple):
    """What comes before the measurement, in seconds; and how many sequences are one inference."""

    init: float
    first: float
    warm_up: list[float]
    batch: int


class Finding(NamedTuple):
    """What is compared when all is measured: the outputs for the inputs."""

    x: list[Array]
    outputs: list[Array]


@dataclass(frozen=True)
class Trial:
    """Files that are measured together, each in its worker.

    Attributes:
        subjects: all files of the benchmark, jobs: those that take turns now.
        default: length of a sequence, where a file leaves it open.
        done: inferences measured before.
    """

    subjects: Sequence[Subject]
    jobs: Sequence[Job]
    default: int
    settings: Settings
    report: Progress
    done: int = 0

    def run(self) -> list[tuple[Entry, Finding, Acceleration]]:
        """Entries of the result, without their errors, what those come from, and what the engine took."""
        with ExitStack() as stack:
            paths = [self.subjects[job.subject].path for job in self.jobs]
            workers = [stack.enter_context(Worker(path, self.settings.limit)) for path in paths]
            loads: list[Loaded] = []
            for worker, job, path in zip(workers, self.jobs, paths, strict=True):
                self.report(self.done, self.done, f"loading {worker.name}")
                loads.append(worker.ask("load", path, job.threads, self.settings.runtime, job.accelerate))
            data = [self._input(job, load.rows) for job, load in zip(self.jobs, loads, strict=True)]
            starts = [
                self._start(worker, job, x) for worker, job, x in zip(workers, self.jobs, data, strict=True)
            ]
            durations = self._measure(workers, starts)
            done = self.done + sum(map(len, durations))
            self.report(done, done, "comparing outputs")
            outputs = [worker.ask("predict", x) for worker, x in zip(workers, data, strict=True)]
            memory = [worker.ask("memory") for worker in workers]
            streams = [
                _stream(worker, x, self._rate(job), lambda text: self.report(done, done, text))
                for worker, job, x in zip(workers, self.jobs, data, strict=True)
            ]
        entries = [
            _entry(self.subjects[job.subject], job, *found)
            for job, *found in zip(self.jobs, loads, starts, durations, memory, streams, strict=True)
        ]
        took = [load.acceleration for load in loads]
        return list(zip(entries, map(Finding, data, outputs), took, strict=True))

    def _input(self, job: Job, rows: int | None) -> list[Array]:
        if self.settings.given is not None:
            return list(self.settings.given[job.subject])
        subject = self.subjects[job.subject]
        # A file for single steps has one output for each of them, to compare with those of whole sequences.
        length = self.default if subject.by_step else job.length or 1
        return samples.noise(self.subjects, job.subject, rows, length, self.settings.seed)

    def _rate(self, job: Job) -> float | None:
        """A stream goes in single steps, so one length is enough."""
        return self.settings.stream_rate_hz if job.is_first else None

    def _start(self, worker: Worker, job: Job, x: list[Array]) -> Start:
        """Allocate, the first inference, and the warm-up."""
        self.report(self.done, self.done, f"warming up {worker.name}")
        init = worker.ask("allocate", job.length or 1)
        batch = worker.ask("set_inputs", x, job.length or 1)
        (first,) = worker.ask("measure", 1)
        warm_up: list[float] = []
        while len(warm_up) < WARM_UP_LEAST or (sum(warm_up) < WARM_UP_SECONDS and len(warm_up) < MOST):
            chunk = int((WARM_UP_SECONDS - sum(warm_up)) / max(min(warm_up, default=first), 1e-6))
            warm_up += worker.ask("measure", min(max(chunk, 1), MOST))
        return Start(init, first, warm_up, batch)

    def _measure(self, workers: Sequence[Worker], starts: Sequence[Start]) -> list[list[float]]:
        """The durations for each file, taken in turns."""
        counts = [self.settings.runs or _runs(start.warm_up) for start in starts]
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
                    chunk = int(np.clip(TURN_SECONDS / float(np.median(start.warm_up)), 1, MOST))
                    for begin in range(0, due, chunk):
                        mine += worker.ask("measure", min(due - begin, chunk))
        return durations


def _stream(
    worker: Worker, x: list[Array], rate_hz: float | None, report: Callable[[str], None]
) -> StreamFigures | None:
    """A stream in figures; None if it is not asked for, or the file cannot be one."""
    steps = 0 if rate_hz is None else worker.ask("open_stream", x)
    if rate_hz is None or not steps:
        return None
    count = int(np.clip(STREAM_SECONDS * rate_hz, STREAM_LEAST, STREAM_MOST))
    count = max(-(-count // steps), STREAM_BLOCKS) * steps
    chunk = max(int(TURN_SECONDS * rate_hz), 1)
    found: list[tuple[float, float]] = []
    worker.ask("stream", 0, -(-min(count, 5) // steps) * steps, rate_hz)  # warm up
    for begin in range(0, count, chunk):
        report(f"streaming {worker.name}")
        found += worker.ask("stream", begin, min(chunk, count - begin), rate_hz)
    durations, latencies = zip(*found, strict=True)
    return stream_figures(durations, latencies, rate_hz, steps)


def _entry(
    subject: Subject,
    job: Job,
    load: Loaded,
    start: Start,
    times: list[float],
    used: Memory,
    stream: StreamFigures | None,
) -> Entry:
    return Entry(
        path=subject.path,
        name=subject.name,
        size_bytes=load.size,
        runtime=load.runtime,
        threads=job.threads,
        length=job.length,
        batch=start.batch,
        load_ms=load.seconds * 1e3,
        init_ms=start.init * 1e3,
        first_ms=start.first * 1e3,
        warm_up_ms=statistics(start.warm_up),
        inference_ms=statistics(times),
        per_step_us=job.length and float(np.median(times)) / job.length / start.batch * 1e6,
        peak_memory_mb=used.peak,
        added_memory_mb=used.added,
        stream=stream,
        engine=engine_name(load.acceleration),
    )


def engine_name(found: Acceleration) -> EngineName | None:
    """What the native engine runs of a file; None where that is nothing."""
    if found.version is None or found.isa is None or not found.taken:
        return None
    return EngineName(found.version, found.isa, found.taken, len(found.layers))


def _runs(warm_up: list[float]) -> int:
    median = float(np.median(warm_up))
    least = int(np.clip(PATIENT_SECONDS / median, PATIENT_LEAST, LEAST))
    return int(np.clip(SECONDS / median, least, MOST))
