"""The process in which an Interpreter runs one file and takes its times: the other end of a `Worker`."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np

from edge.aliases import Array
from edge.benchmark import machine
from edge.results.benchmark import RuntimeName
from edge.runtime.acceleration import Acceleration, Wish
from edge.runtime.interpreter import find_runtime
from edge.runtime.model import EdgeModel
from edge.runtime.stream import Stream
from edge.runtime.values import encode


class Loaded(NamedTuple):
    """A file that is ready.

    Attributes:
        seconds: that it took.
        size: in bytes.
        runtime: what will run it.
        rows: how many sequences it takes at a time where `predict` takes any number; None: as its shape says.
        acceleration: which LSTM the native engine runs.
    """

    seconds: float
    size: int
    runtime: RuntimeName
    rows: int | None
    acceleration: Acceleration


class Memory(NamedTuple):
    """MiB: the most the process held, and how much of it came with the file."""

    peak: float | None
    added: float | None


class Process:
    """What runs in the worker: one file, its timings in seconds."""

    model: EdgeModel
    base_memory: float | None
    feed: Stream
    samples: list[list[Array]]

    def load(self, path: str, threads: int, runtime: str | None, accelerate: Wish = "auto") -> Loaded:
        """Read the file and build the interpreter."""
        find_runtime(runtime)  # the import of a package is no part of loading a file
        self.base_memory = machine.peak_memory_mb()
        start = time.perf_counter()
        self.model = EdgeModel(path, threads, runtime, accelerate=accelerate)
        seconds = time.perf_counter() - start
        model, name = self.model, RuntimeName(*self.model.runtime[:2])
        return Loaded(seconds, model.file.size, name, model.rows, model.acceleration)

    def allocate(self, length: int) -> float:
        """Allocate memory for sequences of that length."""
        start = time.perf_counter()
        self.model.prepare(length)
        return time.perf_counter() - start

    def set_inputs(self, x: list[Array], length: int) -> int:
        """Give the interpreter the values that `measure` runs on: how many sequences they are.

        Args:
            x: noise in the shape that `predict` takes; cut, or repeated, to what one call of the file takes.
            length: as given to `allocate`.
        """
        shapes = self.model.shapes(length)
        values = [
            np.resize(encode(value, info), shape)
            for value, info, shape in zip(x, self.model.inputs, shapes, strict=True)
        ]
        self.model.session.set_inputs(values)
        return max((shape[0] for shape in shapes if shape), default=1)

    def measure(self, runs: int) -> list[float]:
        """The durations of that many inferences: the graph alone, as TensorFlow Lite's own tool counts."""
        invoke, clock = self.model.session.clocked(), time.perf_counter
        durations = []
        try:
            for _ in range(runs):
                start = clock()
                invoke()
                durations.append(clock() - start)
        except Exception:  # a runtime raises whatever it likes
            self.model.session.invoke()  # the same again, in a sentence
            raise
        return durations

    def predict(self, x: list[Array]) -> list[Array]:
        """The outputs for a batch."""
        # The noise stands for data as the model was trained on, whatever a file notes of its units.
        outputs = self.model.predict(x if len(x) > 1 else x[0], normalized=True)
        return outputs if isinstance(outputs, list) else [outputs]

    def open_stream(self, x: list[Array]) -> int:
        """Make a stream of the noise `x`: how many steps a call takes; 0 for a file that cannot be one."""
        try:
            self.feed = self.model.stream()
        except ValueError:
            return 0
        self.samples = []
        form = self.feed.form
        for value, single, has in zip(x, form.single, form.by_step, strict=True):
            count = max(value.size // max(int(np.prod(single)), 1), 1) if has else 1
            self.samples.append(list(np.resize(value, (count, *single))))
        self.feed.step(self._sample(0), normalized=True)
        self.feed.reset()
        return form.steps

    def stream(self, begin: int, count: int, rate_hz: float) -> list[tuple[float, float]]:
        """Feed that many samples when they are due: for each the duration of the step, and its latency; of a
        file that takes blocks, for each that fills one.

        The latency counts from the moment when the sample was due; what comes late makes the next one late.
        """
        clock, found = time.perf_counter, []
        start = clock()
        for n in range(count):
            due = start + n / rate_hz
            sample = self._sample(begin + n)
            time.sleep(max(due - clock(), 0.0))
            before = clock()
            answer = self.feed.step(sample, normalized=True)
            after = clock()
            if answer is not None:
                found.append((after - before, after - due))
        return found

    def _sample(self, n: int) -> Any:
        values = [each[n % len(each)] for each in self.samples]
        return values if len(values) > 1 else values[0]

    def memory(self) -> Memory:
        """The most the process held, and how much of it came with the file."""
        peak, base = machine.peak_memory_mb(), self.base_memory
        return Memory(peak, None if peak is None or base is None else peak - base)
