"""One engine with its memory: shapes allocated, values in, invoke, values out, state reset, copied, lost."""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

from edge.aliases import Array
from edge.errors import ModelFileError
from edge.runtime.acceleration import Acceleration, Wish
from edge.runtime.engine import Engine, LocalEngine, Shapes
from edge.runtime.interpreter import Runtime
from edge.tflite import Interface
from edge.tflite.variables import has_resources, variable_indices

_SESSIONS: weakref.WeakSet[Session] = weakref.WeakSet()


class Snapshot(NamedTuple):
    """What a session holds beside the file: the shapes it has memory for, and what its variables are."""

    shapes: Shapes | None
    values: list[Array]


class Session:
    """Runs the main graph of a file. Every public method may be called from any thread; hold `lock` over
    several calls that belong together.

    In a forked child it has a lock and an engine of its own, made when it is first used there, and goes on
    from the state that the parent's had.

    Args:
        interface: the file.
        threads: how many the kernels may use; None: as the runtime likes, which is one.
        runtime: what executes it.
        start: what makes the engine; None: an interpreter in this process.
        accelerate: of an interpreter in this process, as in `edge.load`.

    Raises:
        ModelFileError: the runtime refuses the file.
    """

    def __init__(
        self,
        interface: Interface,
        threads: int | None,
        runtime: Runtime,
        start: Callable[[], Engine] | None = None,
        accelerate: Wish = False,
    ) -> None:
        self.lock = threading.RLock()
        self._graph, self._name = interface.graph, interface.name
        self._resources = has_resources(self._graph)
        self._variables = variable_indices(self._graph)
        self._keeps = interface.state == "carry"  # whether a call goes on from the last one
        self._start = start or (lambda: LocalEngine(interface, threads, runtime, accelerate))
        self._shapes: Shapes | None = None
        self._has_run = False  # since the state was zero
        self._state_lost = False  # a crash or a fork took it along
        self._inherited: Snapshot | None = None  # of the parent, in a child that has not used it yet
        self._is_closed = False
        self._engine: Engine | None = self._start()
        _SESSIONS.add(self)

    def prepare(self, shapes: Shapes) -> None:
        """Allocate memory for inputs of these shapes, in the order of the file. Costs nothing if it is done.

        A state is zero afterwards.
        """
        with self.lock:
            if shapes == self._shapes and self._engine is not None:
                return
            if shapes == self._shapes and self._inherited is not None:
                self._running()  # goes on from the parent's state
                return
            self._inherited = None  # other shapes, another state
            self._shapes = None  # until all of it has worked
            engine = self._running()
            if self._resources and self._has_run:
                engine = self._anew()  # no runtime resets these otherwise
            self._guarded(engine.allocate, shapes)
            self._shapes = shapes
            self._has_run = self._state_lost = False

    def run(self, values: list[Array]) -> list[Array]:
        """The outputs for the inputs, both as the file holds them. `prepare` comes first."""
        with self.lock:
            engine = self._running()
            self._check_state()
            self._has_run = True
            return self._guarded(engine.run, values)

    def check(self) -> None:
        """See that it can go on, before something is kept for its next call.

        Raises:
            ValueError: it is closed, or its state is lost.
        """
        with self.lock:
            self._running()
            self._check_state()

    def lose(self) -> None:
        """Say that nobody knows any more where the stream is: until it is reset, it cannot go on."""
        with self.lock:
            self._state_lost = self._keeps

    def set_inputs(self, values: list[Array], after: int = 0) -> None:
        """Copy inputs in, in the order of the file, from number `after` on; others stay what they are."""
        with self.lock:
            self._guarded(self._running().write, self._graph.inputs[after : after + len(values)], values)

    def invoke(self) -> None:
        """Run the graph."""
        with self.lock:
            engine = self._running()
            self._check_state()
            self._has_run = True
            self._guarded(engine.invoke)

    def clocked(self) -> Callable[[], None]:
        """What runs the graph and does nothing else, for a clock. Not for several threads."""
        with self.lock:
            engine = self._running()
            self._has_run = True
            bare = engine.bare_invoke() if isinstance(engine, LocalEngine) else None
        return bare or self.invoke

    def reset(self) -> None:
        """Set the state to zero."""
        with self.lock:
            engine = self._running()
            if self._resources and self._shapes is not None:
                shapes, self._shapes = self._shapes, None
                self.prepare(shapes)
            else:
                self._guarded(engine.reset)
            self._has_run = self._state_lost = False

    def acceleration(self) -> Acceleration:
        """Which LSTM runs on the native engine, and why not."""
        with self.lock:
            found: Acceleration = self._guarded(self._running().acceleration)
            return found

    def snapshot(self) -> Snapshot:
        """What `restore` needs to go on from here, in another session of the same file.

        Raises:
            ValueError: the runtime keeps a state that nobody can read.
        """
        with self.lock:
            engine = self._running()
            self._check_state()
            if self._resources and self._has_run:
                raise ValueError(
                    f"{self._name}: the runtime keeps the state of this file in resource variables, which "
                    "cannot be read: such a stream can be copied before its first step or after reset(), or "
                    'convert the model with edge.convert and state="carry" or state="explicit".'
                )
            is_kept = self._shapes is not None and self._keeps and self._has_run
            values = self._guarded(engine.read, self._variables) if is_kept else []
            return Snapshot(self._shapes, values)

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from there."""
        with self.lock:
            if snapshot.shapes is not None:
                self.prepare(snapshot.shapes)
            if snapshot.values and self._keeps:
                self._guarded(self._running().write, self._variables, snapshot.values)
                self._has_run = True

    def close(self) -> None:
        """Let go of the memory; whoever uses it afterwards is told so."""
        with self.lock:
            if self._engine is not None:
                self._engine.close()
            self._engine, self._shapes, self._is_closed = None, None, True

    # -- a process that is gone, and a process that is a copy ------------------------------------------------

    def _running(self) -> Engine:
        """The engine; another one where the last was lost."""
        if self._is_closed:
            raise ValueError(f"{self._name} is closed; load it again.")
        if self._engine is not None:
            return self._engine
        shapes, engine, inherited = self._shapes, self._anew(), self._inherited
        if shapes is not None:
            self._guarded(engine.allocate, shapes)
        if inherited is not None:
            self._guarded(engine.write, self._variables, inherited.values)
        self._inherited = None
        return engine

    def _anew(self) -> Engine:
        old, self._engine = self._engine, None
        if old is not None:
            old.close()
        self._engine = self._start()
        return self._engine

    def _guarded(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """A call of the engine. One whose process has ended is replaced at the next call."""
        try:
            return call(*arguments)
        except ModelFileError:
            if self._engine is not None and getattr(self._engine, "has_ended", False):
                self._engine, self._state_lost = None, self._has_run and self._keeps
            raise

    def _check_state(self) -> None:
        if self._state_lost:
            raise ValueError(
                f"{self._name}: the state of this stream was lost with the call that had it (which failed, "
                "or whose process ended or was forked in the middle of a step); reset() starts a new one."
            )

    def after_fork(self) -> None:
        """In the child: whoever held the lock is not here, and threads of the engine are not either."""
        was_free = self.lock.acquire(blocking=False)
        self.lock = threading.RLock()
        old, self._engine = self._engine, None
        if old is None:
            return
        # Its destructor would wait for threads that exist in the parent alone.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(old))
        if not (self._keeps and self._has_run):
            return
        self._state_lost = True
        if was_free and not self._resources and isinstance(old, LocalEngine):
            with contextlib.suppress(ModelFileError):
                self._inherited = Snapshot(self._shapes, old.read(self._variables))
                self._state_lost = False


def _after_fork() -> None:
    for session in list(_SESSIONS):
        session.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
