"""A file that nobody trusts, in a process of its own: what kills that process is a sentence here.

The process is made by `subprocess`, not by `multiprocessing`: that would import the caller's main script.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np

from edge.aliases import Array
from edge.errors import ModelFileError
from edge.runtime.acceleration import Acceleration, Wish
from edge.runtime.engine import Shapes
from edge.runtime.messages import MessageError, receive, send
from edge.tflite import Interface

# The parent's own places for modules, however it came by them: a file edge.py in the folder is not taken.
CHILD = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from edge.runtime.isolated_process import main; main()"
)
ERRORS = {"ModelFileError": ModelFileError, "ImportError": ImportError, "ValueError": ValueError}
DOING = {
    "start": "starting",
    "open": "loading it",
    "allocate": "allocating its memory",
    "write": "taking its inputs",
    "read": "giving its results",
    "reset": "resetting its state",
    "acceleration": "saying what runs where",
}
LONGEST = 2000  # letters of a message
START = 60.0  # seconds in which a busy machine starts a process


class IsolatedEngine:
    """The parent's end of the process that runs one file.

    Args:
        interface: of the file, read and checked here; its bytes go to the process.
        threads, runtime, accelerate: as in `edge.load`.
        timeout: seconds that one call may take before the process is ended.

    Attributes:
        runtime: name and version of what runs the file there.
        has_ended: whether the process is gone.

    Raises:
        ModelFileError: by this and by every method: the runtime refuses, or the process ended or was ended.
        ImportError: no runtime is installed.
    """

    def __init__(
        self,
        interface: Interface,
        threads: int | None,
        runtime: str | None,
        timeout: float,
        accelerate: Wish = False,
    ) -> None:
        if getattr(sys, "frozen", False):
            raise ModelFileError(
                f"{interface.name}: isolated=True starts a Python of its own, and a frozen program has none; "
                "load the file without it."
            )
        self._name, self.has_ended = interface.name, False
        self._timeout = max(timeout, START)  # for Python and the runtime, which are no part of the file
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115, closed by `_end`
        self._process = subprocess.Popen(
            [sys.executable, "-c", CHILD, json.dumps(_module_places())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._messages,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to: BinaryIO = self._process.stdin  # type: ignore[assignment]
        self._from: BinaryIO = self._process.stdout  # type: ignore[assignment]
        self._owner = os.getpid()
        self._finalizer = weakref.finalize(self, _end, self._process, self._messages, self._owner)
        said, _ = self._ask("start", runtime=runtime)
        self._timeout = timeout
        content = np.frombuffer(interface.content, np.uint8)
        self._ask("open", [content], name=interface.name, threads=threads, accelerate=accelerate)
        pair = said.get("runtime")
        self.runtime = tuple(map(_plain, pair)) if isinstance(pair, list) and len(pair) == 2 else ("?", "?")

    def allocate(self, shapes: Shapes) -> None:
        """Memory for inputs of these shapes; every variable is zero afterwards."""
        self._ask("allocate", shapes=[[int(n) for n in shape] for shape in shapes])

    def write(self, indices: Sequence[int], values: Sequence[Array]) -> None:
        """Copy values in."""
        self._ask("write", values, indices=list(indices))

    def read(self, indices: Sequence[int]) -> list[Array]:
        """Copies of values."""
        return self._counted(self._ask("read", indices=list(indices))[1], len(indices))

    def invoke(self) -> None:
        """Run the graph."""
        self._ask("invoke")

    def run(self, values: Sequence[Array]) -> list[Array]:
        """The outputs for the inputs."""
        return self._ask("run", values)[1]

    def reset(self) -> None:
        """Set every variable to zero."""
        self._ask("reset")

    def acceleration(self) -> Acceleration:
        """Which LSTM runs on the native engine there, and why not."""
        said, _ = self._ask("acceleration")
        try:
            return Acceleration.of(said["acceleration"])
        except (AttributeError, KeyError, TypeError):
            raise self._gone("answered with what is no acceleration") from None

    def close(self) -> None:
        """End the process."""
        self.has_ended = True
        self._finalizer()

    def _counted(self, arrays: list[Array], count: int) -> list[Array]:
        if len(arrays) != count:
            raise self._gone(f"answered with {len(arrays)} values instead of {count}")
        return arrays

    def _ask(
        self, call: str, arrays: Sequence[Array] = (), **said: Any
    ) -> tuple[dict[str, Any], list[Array]]:
        overdue = threading.Event()
        timer = threading.Timer(self._timeout, self._give_up, [overdue])
        timer.daemon = True
        timer.start()
        doing = DOING.get(call, "running it")
        try:
            send(self._to, {"call": call, "patience": self._timeout, **said}, arrays)
            answer, results = receive(self._from)
        except (EOFError, OSError):
            if overdue.is_set():
                why = f"was still {doing} after {self._timeout:g} s and was ended"
                raise self._gone(why, "If it is just slow, give it more time (timeout=)") from None
            raise self._gone(f"ended while {doing} ({self._cause()})") from None
        except MessageError as error:
            raise self._gone(f"answered with what is no answer ({error})") from None
        finally:
            timer.cancel()
        if "error" in answer:
            kind = ERRORS.get(str(answer["error"]), ModelFileError)
            raise kind(_plain(answer.get("words")))
        return answer, results

    def _give_up(self, overdue: threading.Event) -> None:
        overdue.set()
        self._process.kill()

    def _gone(self, what: str, way_out: str | None = None) -> ModelFileError:
        self.close()
        way_out = way_out or (
            "The file is damaged, or made to do harm: get it again from whom you trust, or convert the model "
            "again"
        )
        return ModelFileError(f"{self._name}: the process of its own that ran it {what}. {way_out}.")

    def _cause(self) -> str:
        try:
            code = self._process.wait(self._timeout)
        except subprocess.TimeoutExpired:
            return "it closed its pipes"
        if code < 0:
            return (
                f"signal {signal.Signals(-code).name}" if -code in set(signal.Signals) else f"signal {-code}"
            )
        self._messages.seek(0)
        last = self._messages.read(2**20).decode("utf-8", "replace").strip().splitlines()[-1:]
        return f"exit code {code}" + (f", {_plain(last[0])}" if last else "")


def _module_places() -> list[str]:
    """Where this process finds modules; a place that is the current folder by name."""
    return [os.path.abspath(place) if place else os.getcwd() for place in sys.path if isinstance(place, str)]


def _plain(words: Any) -> str:
    """What came from there, as one line of text."""
    text = "".join(letter if letter.isprintable() else " " for letter in str(words)[:LONGEST])
    return " ".join(text.split())


def _end(process: subprocess.Popen[bytes], messages: Any, owner: int) -> None:
    if os.getpid() != owner:  # a forked child shares the pipes of its parent's process, which is not its own
        return
    process.kill()
    for pipe in (process.stdin, process.stdout, messages):
        with contextlib.suppress(OSError):  # of what was not yet written
            pipe.close()  # type: ignore[union-attr]
    process.wait()
