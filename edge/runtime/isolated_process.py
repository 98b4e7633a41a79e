"""The process in which a file runs that nobody trusts: the other end of `IsolatedEngine`.

It may crash, hang or be killed; its parent goes on. It protects the parent's memory and time, and is no
sandbox: the process may do what its user may do.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import Any

from edge.aliases import Array
from edge.errors import ModelFileError
from edge.runtime.engine import LocalEngine
from edge.runtime.interpreter import find_runtime
from edge.runtime.messages import receive, send
from edge.tflite import describe_content

ERRORS = (ModelFileError, ImportError, ValueError)  # the first that fits
GRACE = 10  # seconds beyond the patience of a parent, after which it is gone itself
MESSAGES = 2**24  # bytes that a runtime may print


class Process:
    """One file and its engine."""

    def start(self, said: dict[str, Any], arrays: list[Array]) -> tuple[dict[str, Any], list[Array]]:
        """Import the runtime."""
        self._runtime = find_runtime(said["runtime"])
        return {"runtime": [self._runtime.name, self._runtime.version]}, []

    def open(self, said: dict[str, Any], arrays: list[Array]) -> tuple[dict[str, Any], list[Array]]:
        """Make the engine of the file whose bytes came."""
        interface = describe_content(arrays[0].tobytes(), said["name"])
        self._engine = LocalEngine(interface, said["threads"], self._runtime, said["accelerate"])
        return {}, []

    def call(self, said: dict[str, Any], arrays: list[Array]) -> tuple[dict[str, Any], list[Array]]:
        """One method of the engine."""
        engine, results = self._engine, None
        if said["call"] == "allocate":
            engine.allocate(tuple(map(tuple, said["shapes"])))
        elif said["call"] == "write":
            engine.write(said["indices"], arrays)
        elif said["call"] == "read":
            results = engine.read(said["indices"])
        elif said["call"] == "run":
            results = engine.run(arrays)
        elif said["call"] == "acceleration":
            return {"acceleration": engine.acceleration().to_dict()}, []
        else:
            {"invoke": engine.invoke, "reset": engine.reset}[said["call"]]()
        return {}, results or []


def main() -> None:
    """Answer requests until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    _limit()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a runtime prints must not come between the answers
    process = Process()
    while True:
        try:
            said, arrays = receive(sys.stdin.buffer)
        except EOFError:
            return
        if hasattr(signal, "alarm"):  # should the parent be gone, nobody else would end a call that hangs
            signal.alarm(int(said["patience"]) + GRACE)
        try:
            answer = {"start": process.start, "open": process.open}.get(said["call"], process.call)
            found, results = answer(said, arrays)
        except ERRORS as error:
            kind = next(kind.__name__ for kind in ERRORS if isinstance(error, kind))
            found, results = {"error": kind, "words": str(error)}, []
        send(answers, found, results)
        if hasattr(signal, "alarm"):
            signal.alarm(0)


def _limit() -> None:
    """No core file, and no disk full of messages; where the system knows such limits."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (MESSAGES, MESSAGES))
