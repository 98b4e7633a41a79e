"""A process of its own for each file that is measured: both ends of the conversation with it.

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
from importlib import import_module
from pathlib import Path
from typing import Any

from edge.errors import ModelFileError

PATIENCE = {"predict": 10}  # it runs a file several times, one that takes single steps many times
CHILD = (
    "import sys; sys.path.insert(0, sys.argv[1]); from edge.benchmark.worker import main; main(sys.argv[2])"
)
ERRORS = {kind.__name__: kind for kind in (ModelFileError, ValueError, TypeError, ImportError)}


class Worker:
    """The parent's end: `worker.ask("measure", 10)`. A context manager that ends the process.

    Args:
        path: of the file that it will run; messages name it.
        limit: seconds that a request may take before the process is ended; None: any time.
    """

    home = "edge.benchmark.interpreter_process"  # the module whose `Process` answers
    busy = "{name} was still busy with {method!r}"
    ended = "{name}: the process that ran it ended in {method!r}"

    def __init__(self, path: str, limit: float | None = None) -> None:
        self.name, self.limit = Path(path).name, limit
        package = str(Path(__file__).parents[2])  # before the folder we are in, where an edge.py may lie
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115, closed in __exit__
        self._process = subprocess.Popen(
            [sys.executable, "-c", CHILD, package, self.home],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._messages,
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
                busy = self.busy.format(name=self.name, method=method)
                raise ModelFileError(
                    f"{busy} after {patience:g} s and was stopped; if it is just slow, give it more time "
                    "(--limit)."
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
        return f"{self.ended.format(name=self.name, method=method)} ({cause}){words}."


def main(home: str) -> None:
    """The other end: answer requests until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle: it ends us
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a runtime prints must not come between the answers
    process = import_module(home).Process()
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
