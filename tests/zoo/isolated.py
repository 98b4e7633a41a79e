"""Trials in a process of their own: what ends the process, or never ends, is a fault of one trial alone."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
from multiprocessing.connection import Connection
from typing import Any

from tests.zoo.judge import FAULT, Trial

PATIENCE = 180.0  # seconds for one trial


class Isolated:
    """The process that runs trials; started again where it is lost. A context manager."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")  # a fork of TensorFlow hangs
        self._process: Any = None

    def run(self, name: str, layer: str, form: str) -> Trial:
        """As `run_trial`, and a fault where the process ends or is still busy after `PATIENCE`."""
        if self._process is None or not self._process.is_alive():
            self._start()
        try:
            self._ours.send((name, layer, form))
            if self._ours.poll(PATIENCE):
                trial: Trial = self._ours.recv()
                return trial
            words = f"still busy after {PATIENCE:.0f} s"
        except (EOFError, OSError):
            self._process.join(10)
            words = f"the process ended ({_cause(self._process.exitcode)}){self._last_words()}"
        self._stop()
        return Trial(FAULT, words=words)

    def __enter__(self) -> Isolated:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _start(self) -> None:
        self._ours, theirs = self._context.Pipe()
        self._said = tempfile.NamedTemporaryFile()  # noqa: SIM115, closed in _stop
        self._process = self._context.Process(target=_serve, args=(theirs, self._said.name), daemon=True)
        self._process.start()
        theirs.close()

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._ours.close()
            self._said.close()
            self._process = None

    def _last_words(self) -> str:
        self._said.seek(0)
        lines = self._said.read().decode("utf-8", "replace").strip().splitlines()
        return f", last words: {lines[-1][:200]}" if lines else ""


def _cause(code: int | None) -> str:
    return f"signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit code {code}"


def _serve(asked: Connection, said: str) -> None:
    os.dup2(os.open(said, os.O_WRONLY), 2)  # what TensorFlow mutters
    from tests.zoo.trial import run_trial

    while True:
        try:
            request = asked.recv()
        except EOFError:
            return
        asked.send(run_trial(*request))
