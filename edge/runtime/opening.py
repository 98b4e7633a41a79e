"""How a file is run, as a value that can be pickled: the file, threads, runtime, and in which process."""

from __future__ import annotations

from typing import Any

from edge.errors import ModelFileError
from edge.runtime.acceleration import Wish, check_wish
from edge.runtime.engine import Engine
from edge.runtime.interpreter import Runtime, check_threads, find_runtime
from edge.runtime.isolation import IsolatedEngine
from edge.runtime.session import Session
from edge.tflite import Interface, describe_content


class Opening:
    """Makes sessions of one file.

    Its pickle holds the bytes of the file, which are read and checked again where they arrive; the runtime is
    chosen there by the same wish.

    Args:
        interface: the file.
        threads, runtime, accelerate: as in `edge.load`.
        timeout: seconds for one call in a process of its own; None: in this process.

    Attributes:
        runtime: what executes the file.

    Raises:
        ValueError: no count of threads, a runtime that is not known, no time.
        ImportError: no runtime.
        ModelFileError: the runtime refuses the file, or the native engine does and is insisted on.
    """

    def __init__(
        self,
        interface: Interface,
        threads: int | None,
        runtime: str | None,
        timeout: float | None = None,
        accelerate: Wish = "auto",
    ) -> None:
        self.interface, self.threads = interface, check_threads(threads)
        self.timeout, self._wish, self.accelerate = timeout, runtime, check_wish(accelerate)
        self._first: IsolatedEngine | None = None
        if timeout is None:
            self.runtime = find_runtime(runtime)
            return
        if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not 0 < timeout < 1e6:
            raise ValueError(f"timeout is in seconds, above 0; received {timeout!r}.")
        self._first = IsolatedEngine(interface, self.threads, runtime, timeout, self.accelerate)
        name, version = self._first.runtime
        self.runtime = Runtime(name, version, _elsewhere)

    def session(self) -> Session:
        """Another engine for the same file, with a state of its own."""
        start = None if self.timeout is None else self._isolated
        return Session(self.interface, self.threads, self.runtime, start, self.accelerate)

    def _isolated(self) -> Engine:
        first, self._first = self._first, None  # made to ask which runtime there is
        if first is not None:
            return first
        assert self.timeout is not None
        return IsolatedEngine(self.interface, self.threads, self._wish, self.timeout, self.accelerate)

    def __reduce__(self) -> tuple[Any, ...]:
        content, name = self.interface.content, self.interface.name
        return reopened, (content, name, self.threads, self._wish, self.timeout, self.accelerate)


def _elsewhere(**_: Any) -> Any:
    raise ModelFileError("The runtime of an isolated file is in a process of its own.")


def reopened(
    content: bytes,
    name: str,
    threads: int | None,
    runtime: str | None,
    timeout: float | None,
    accelerate: Wish,
) -> Opening:
    """What a pickle becomes."""
    return Opening(describe_content(content, name), threads, runtime, timeout, accelerate)
