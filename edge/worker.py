"""The process of its own in which a benchmark runs each file; started as `python -m edge.worker`.

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
import time
from pathlib import Path
from typing import Any

import numpy as np

from edge import board
from edge.errors import ModelFileError
from edge.interpreter import find_runtime
from edge.model import EdgeModel
from edge.tensors import encode

Array = np.ndarray
ERRORS = {kind.__name__: kind for kind in (ModelFileError, ValueError, TypeError, ImportError)}


class _Process:
    """What runs in the worker: one file, its timings in seconds."""

    model: EdgeModel
    base_memory: float | None

    def load(self, path: str, threads: int, runtime: str | None) -> dict[str, Any]:
        """Read the file and build the interpreter."""
        find_runtime(runtime)  # the import of a package is no part of loading a file
        self.base_memory = board.peak_memory_mb()
        start = time.perf_counter()
        self.model = EdgeModel(path, threads, runtime)
        seconds = time.perf_counter() - start
        return {
            "seconds": seconds,
            "size": self.model.file.size,
            "runtime": self.model.runtime[:2],
            "inputs": self.model.inputs,
        }

    def allocate(self, length: int) -> float:
        """Allocate memory for sequences of that length."""
        start = time.perf_counter()
        self.model.prepare(length)
        return time.perf_counter() - start

    def set_inputs(self, x: list[Array]) -> None:
        """Give the interpreter the values that `measure` runs on."""
        values = [encode(value, info) for value, info in zip(x, self.model.inputs, strict=True)]
        self.model.session.set_inputs(values)

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

    def memory(self) -> dict[str, float | None]:
        """MiB: the most the process held, and how much of it came with the file."""
        peak, base = board.peak_memory_mb(), self.base_memory
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
    """The parent's end: `worker.ask("measure", 10)`. A context manager that ends the process."""

    def __init__(self, path: str) -> None:
        self.name = Path(path).name
        package = str(Path(__file__).parent.parent)
        paths = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115, closed in __exit__
        self._process = subprocess.Popen(
            [sys.executable, "-m", "edge.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._messages,
            env={**os.environ, "PYTHONPATH": paths},
        )

    def ask(self, method: str, *arguments: Any) -> Any:
        """The result of a method of the worker; its errors are raised here."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            pickle.dump((method, arguments), self._process.stdin)
            self._process.stdin.flush()
            kind, result = pickle.load(self._process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError):
            raise ModelFileError(self._obituary(method)) from None
        if kind is not None:
            raise ERRORS[kind](result)
        return result

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
