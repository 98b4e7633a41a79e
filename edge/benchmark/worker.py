"""The process of its own in which a benchmark runs each file; started as `python -m edge.benchmark.worker`.

Memory and load time then belong to one file alone, and a crash of the runtime ends only this process. (It is
not made by `multiprocessing`, which would import the caller's main script here, TensorFlow and all.) Requests
come in over stdin and answers go out over stdout, pickled: a method's name with its arguments; its result.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from edge.aliases import Array
from edge.benchmark import machine
from edge.errors import ModelFileError
from edge.runtime.interpreter import find_runtime
from edge.runtime.model import EdgeModel
from edge.runtime.stream import Stream
from edge.runtime.values import encode

PATIENCE = {"predict": 10}  # it runs a file several times, one that takes single steps many times
ERRORS = {kind.__name__: kind for kind in (ModelFileError, ValueError, TypeError, ImportError)}


class _Process:
    """What runs in the worker: one file, its timings in seconds."""

    model: EdgeModel
    base_memory: float | None
    feed: Stream
    samples: list[list[Array]]

    def load(self, path: str, threads: int, runtime: str | None) -> dict[str, Any]:
        """Read the file and build the interpreter."""
        find_runtime(runtime)  # the import of a package is no part of loading a file
        self.base_memory = machine.peak_memory_mb()
        start = time.perf_counter()
        self.model = EdgeModel(path, threads, runtime)
        seconds = time.perf_counter() - start
        return {
            "seconds": seconds,
            "size": self.model.file.size,
            "runtime": self.model.runtime[:2],
            "rows": self.model.rows,
        }

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
        invoke, clock = self.model.session.invoke, time.perf_counter
        durations = []
        for _ in range(runs):
            start = clock()
            invoke()
            durations.append(clock() - start)
        return durations

    def predict(self, x: list[Array]) -> list[Array]:
        """The outputs for a batch."""
        outputs = self.model.predict(x if len(x) > 1 else x[0])
        return outputs if isinstance(outputs, list) else [outputs]

    def open_stream(self, x: list[Array]) -> bool:
        """Make a stream of the noise `x`; False for a file that cannot be used as one."""
        try:
            self.feed = self.model.stream()
        except ValueError:
            return False
        self.samples = []
        for value, info, full in zip(x, self.model.inputs, self.model.shapes(1), strict=True):
            batch = full[:1] if full[:1] != (1,) else ()
            timed = len(info.shape) >= 2 and info.shape[1] in (1, -1)
            single = (*batch, *full[2 if timed else 1 :])
            count = max(value.size // max(int(np.prod(single)), 1), 1)
            self.samples.append(list(np.resize(value, (count, *single))))
        self.feed.step(self._sample(0))
        self.feed.reset()
        return True

    def stream(self, begin: int, count: int, rate_hz: float) -> list[tuple[float, float]]:
        """Feed that many samples when they are due: for each the duration of the step, and its latency.

        The latency counts from the moment when the sample was due; what comes late makes the next one late.
        """
        clock, found = time.perf_counter, []
        start = clock()
        for n in range(count):
            due = start + n / rate_hz
            sample = self._sample(begin + n)
            time.sleep(max(due - clock(), 0.0))
            before = clock()
            self.feed.step(sample)
            after = clock()
            found.append((after - before, after - due))
        return found

    def _sample(self, n: int) -> Any:
        values = [each[n % len(each)] for each in self.samples]
        return values if len(values) > 1 else values[0]

    def memory(self) -> dict[str, float | None]:
        """MiB: the most the process held, and how much of it came with the file."""
        peak, base = machine.peak_memory_mb(), self.base_memory
        return {"peak": peak, "added": None if peak is None or base is None else peak - base}


def main() -> None:
    """Answer requests until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle: it ends us
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a runtime prints must not come between the answers
    process = _Process()
    while True:
        try:
            method, arguments = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            answer: tuple[str | None, Any] = (None, getattr(process, method)(*arguments))
        except tuple(ERRORS.values()) as error:
            kind = next(name for name, kind in ERRORS.items() if isinstance(error, kind))
            answer = (kind, str(error))
        pickle.dump(answer, answers)
        answers.flush()


class Worker:
    """The parent's end: `worker.ask("measure", 10)`. A context manager that ends the process.

    Args:
        path: of the file that it will run; messages name it.
        limit: seconds that a request may take before the process is ended; None: any time.
    """

    def __init__(self, path: str, limit: float | None = None) -> None:
        self.name, self.limit = Path(path).name, limit
        package = str(Path(__file__).parents[2])
        paths = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115, closed in __exit__
        self._process = subprocess.Popen(
            [sys.executable, "-m", "edge.benchmark.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._messages,
            env={**os.environ, "PYTHONPATH": paths},
        )

    def ask(self, method: str, *arguments: Any) -> Any:
        """The result of a method of the worker; its errors are raised here."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        overdue = threading.Event()
        patience = None if self.limit is None else self.limit * PATIENCE.get(method, 1)
        timer = None if patience is None else threading.Timer(patience, self._give_up, [overdue])
        if timer is not None:
            timer.daemon = True
            timer.start()
        try:
            pickle.dump((method, arguments), self._process.stdin)
            self._process.stdin.flush()
            kind, result = pickle.load(self._process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError):
            if overdue.is_set():
                raise ModelFileError(
                    f"{self.name} was still busy with {method!r} after {patience:g} s and was stopped; "
                    "if it is just slow, give it more time (--limit)."
                ) from None
            raise ModelFileError(self._obituary(method)) from None
        finally:
            if timer is not None:
                timer.cancel()
        if kind is not None:
            raise ERRORS[kind](result)
        return result

    def _give_up(self, overdue: threading.Event) -> None:
        overdue.set()
        self._process.kill()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._messages.close()

    def _obituary(self, method: str) -> str:
        code = self._process.wait()
        cause = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        self._messages.seek(0)
        last = self._messages.read().decode("utf-8", "replace").strip().splitlines()[-1:]
        words = f"; its last words: {last[0]}" if last else ""
        return f"{self.name}: the process that ran it ended in {method!r} ({cause}){words}."


if __name__ == "__main__":
    main()
