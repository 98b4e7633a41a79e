"""`EdgeModel`: a converted file, ready to predict; real numbers in, real numbers out."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import numpy as np

from edge.aliases import Array
from edge.errors import ModelFileError
from edge.runtime.acceleration import Acceleration, Wish
from edge.runtime.clipping import Clipping
from edge.runtime.engine import Shapes
from edge.runtime.feed import Feed
from edge.runtime.inputs import checked_inputs, chunks, is_timed, joined
from edge.runtime.interpreter import Runtime, check_threads
from edge.runtime.opening import Opening
from edge.runtime.session import Session
from edge.runtime.states import fed_back, given_states, zeros
from edge.runtime.stream import Stream
from edge.runtime.values import decode, no_such_step
from edge.tflite import describe
from edge.tflite.variables import DESCRIPTIONS


class EdgeModel:
    """A file and the memory to run it. Made by `load`, which says what the arguments are.

    One `EdgeModel` may be used from several threads; they take turns. It can be copied, pickled and forked:
    each copy has memory and a runtime of its own. It is a context manager that closes it at the end.

    Attributes:
        inputs: what `predict` takes, in order: name, shape (-1: any size), dtype, scale, zero point.
        outputs: what it returns.
        states: of a file with `state` `"explicit"`, in order: the input that takes a state and the output
            that gives it. They are not among `inputs` and `outputs`.
        state: `"reset"`: each call starts anew; `"carry"`: the file is for streams; `"explicit"`: it takes
            and gives its states; `"none"`: it has no state. Read off the graph (`"explicit"`: noted in the
            file), so it holds for any file.
        lowering: how its recurrent layers are written: `"fused"`, `"unrolled"`, `"step"` (one time step a
            call) or `"mixed"`; None where `edge.convert` did not note it.
        timed: for each output whether it has one entry per time step; None where it is not noted.
        labels: names of the classes, as given to `edge.convert`, or None.
        normalization: mean and std, `[features]` each, or None. `predict` and streams apply it.
        metadata: what `edge.convert` noted in the file; None: it was made by something else.
        interface, file: the file, read and checked; its structure.
        runtime: name and version of what executes it.

    Example:
        >>> import edge
        >>> edge.load("exercise.tflite").state
        'reset'
    """

    def __init__(
        self,
        path: str | Path,
        num_threads: int | None = None,
        runtime: str | None = None,
        *,
        timeout: float | None = None,
        accelerate: Wish = "auto",
    ) -> None:
        check_threads(num_threads)
        self._open(Opening(describe(path), num_threads, runtime, timeout, accelerate))

    def _open(self, opening: Opening) -> None:
        self.opening, self.interface = opening, opening.interface
        self.file, self.state = self.interface.file, self.interface.state
        self.inputs, self.outputs = self.interface.inputs, self.interface.outputs
        self.states, self.timed = self.interface.states, self.interface.timed
        self.lowering, self.labels = self.interface.lowering, self.interface.labels
        self._feed = Feed(self.interface)
        scaling = self.interface.normalization
        self.normalization = scaling and tuple(np.array(values, np.float32) for values in scaling)
        self.metadata = self.interface.note.content if self.interface.note else None
        self.rows = self._rows()
        self._streams: weakref.WeakSet[Stream] = weakref.WeakSet()
        self.session = self.new_session()

    def __repr__(self) -> str:
        ends = " -> ".join(", ".join(map(str, infos)) for infos in (self.inputs, self.outputs))
        how = ", ".join(filter(None, (self.lowering, DESCRIPTIONS[self.state])))
        return f"<EdgeModel {self.file.name}: {ends}; {how}; {self.runtime.name} {self.runtime.version}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopened, (type(self), self.opening)

    def __copy__(self) -> EdgeModel:
        return _reopened(type(self), self.opening)

    def __deepcopy__(self, memo: dict[int, Any]) -> EdgeModel:
        return _reopened(type(self), self.opening)

    def __enter__(self) -> EdgeModel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the memory, and of the process of an isolated file; its streams are closed, too."""
        for stream in list(self._streams):
            stream.close()
        self.session.close()

    @property
    def runtime(self) -> Runtime:
        """Name and version of what executes the file."""
        return self.opening.runtime

    @runtime.setter
    def runtime(self, runtime: Runtime) -> None:
        self.opening.runtime = runtime

    @property
    def acceleration(self) -> Acceleration:
        """Which LSTM of the file runs on the native engine, which on the runtime's own kernel, and why.

        Example:
            >>> model = load("exercise_int8.tflite")  # doctest: +SKIP
            >>> print(model.acceleration)  # doctest: +SKIP
            native engine 0.1.0 (avx2): 1 of 1 LSTM layers
              model/lstm/lstm: native engine, int8
        """
        return self.session.acceleration()

    @property
    def clipping(self) -> dict[str, Clipping]:
        """How much of what `predict` was given lay beyond the range that the file was made for.

        By the name of the input, since the file was loaded or since `reset_clipping`. An input of a file in
        integers is in it, also where its ends are real numbers; one that stays real numbers, or takes tokens,
        is not: nothing is clipped there. What was refused is not counted.

        Example:
            >>> model = load("exercise_int8.tflite")  # doctest: +SKIP
            >>> y = model.predict(x)  # doctest: +SKIP
            >>> print(model.clipping["x"])  # doctest: +SKIP
            12 of 1500 values beyond -3.1 to 3.2
            >>> model.clipping["x"].share < 0.01, model.reset_clipping()  # doctest: +SKIP
        """
        with self.session.lock:
            return self._feed.clipping

    def reset_clipping(self) -> None:
        """Count what is clipped from zero."""
        with self.session.lock:
            self._feed.reset_clipping()

    def prepare(self, length: int = 1) -> None:
        """Allocate memory for one sequence of that many steps, as `predict` does when the length changes.

        Args:
            length: for every free axis but the first; an axis of fixed length stays what it is.
        """
        start = [zeros(state, self.rows or 1) for state in self.states]
        self.session.prepare((*self.shapes(length), *(value.shape for value in start)))
        self.session.set_inputs(start, after=len(self.inputs))

    def shapes(self, length: int) -> Shapes:
        """The shapes of the data inputs for one sequence of that many steps."""
        return self.interface.shapes(length)

    def predict(
        self, x: Any, initial_state: Any = None, return_state: bool = False, *, normalized: bool = False
    ) -> Any:
        """Run the model on a batch.

        Args:
            x: `[batch, time, features]`, or what `inputs` says; real numbers (integer and boolean arrays are
                taken as such), integers for a token input. Several inputs: a list in the order of `inputs`,
                or a dictionary by their names. If the file notes a normalization, data is in the units of the
                sensor and is scaled here, as a stream and the page in a browser do.
                A file for one sequence at a time is run row by row, one for a fixed batch so many rows at a
                time, one for a single step (`lowering` `"step"`) step by step. A sequence starts from a zero
                state, whatever came before.
            initial_state: of an explicit file, the states to start from instead: a dictionary by name or a
                list in the order of `states`, each `[batch, size]`.
            return_state: whether to return the states after the last step, too.
            normalized: whether `x` is scaled as for training already, so that the normalization which the
                file notes is not applied. Without such a note it makes no difference.

        Returns:
            The output, `[batch, ...]`, float32 (an integer output, as from an argmax, stays integer). Several
            outputs: a list in the order of `outputs`. With `return_state` a pair: that, and a dictionary of
            the states by name, which `initial_state` takes.

        Raises:
            ValueError: the wrong number of features, axes or steps; NaN or infinity; masked values; an empty
                batch; a token beyond its table; names of inputs that the file does not have; a state that it
                does not have, or of the wrong shape; a normalization that fits no input.
            TypeError: the wrong kind of numbers.
            ModelFileError: the runtime cannot run the file on inputs of that shape.
        """
        name = self.file.name
        if return_state and not self.states:
            raise ValueError(f'{name} gives no states. Convert the model with state="explicit" for that.')
        any_batch, by_step = self.rows is not None, self.lowering == "step"
        arrays = checked_inputs(x, self.inputs, name, any_batch, by_step)
        total = len(arrays[0]) if arrays[0].ndim else 1
        states = given_states(initial_state, self.states, total, name)
        scaled, values, beyond = self._feed.prepared(arrays, normalized)
        if self.rows is None:
            outputs, states = self._run(values, states)
        else:
            parts = [
                self._run(chunk[: len(values)], chunk[len(values) :])
                for chunk in chunks([*values, *states], self.rows)
            ]
            outputs, states = (self._joined(each, total) for each in zip(*parts, strict=True))
        with self.session.lock:
            self._feed.count(scaled, beyond)
        decoded = [decode(result, info) for result, info in zip(outputs, self.outputs, strict=True)]
        result = decoded[0] if len(decoded) == 1 else decoded
        if not return_state:
            return result
        pairs = zip(self.states, states, strict=True)
        return result, {state.name: decode(value, state.output) for state, value in pairs}

    def normalise(self, x: Any) -> Array:
        """The features of `x`, `[..., features]`, scaled as for training: (x - mean) / std, float32.

        `predict` and streams do so themselves.

        Raises:
            ValueError: the file has no note of it, or another number of features.
        """
        return self._feed.scale.apply(x)

    def stream(self, steps: int | None = None) -> Stream:
        """A stream of its own, for time steps as they come: it does not disturb `predict` or other streams.

        A call takes `steps` of them: as many as the file says, and where it leaves that open one, or what is
        given. For what it raises see `Stream`.
        """
        stream = Stream(self.opening, steps)
        self._streams.add(stream)
        return stream

    def new_session(self) -> Session:
        """Another interpreter for the same file, with a state of its own."""
        return self.opening.session()

    def _run(self, values: list[Array], states: list[Array]) -> tuple[list[Array], list[Array]]:
        """Outputs and states of one call of the file, or, if it takes one step, of one for every step."""
        timed = [self.lowering == "step" and is_timed(info) for info in self.inputs]
        steps = max((value.shape[1] for value, has in zip(values, timed, strict=True) if has), default=1)
        collected: list[list[Array]] = []
        with self.session.lock:
            given = states
            for step in range(steps):
                now = [
                    value[:, step : step + 1] if has else value
                    for value, has in zip(values, timed, strict=True)
                ]
                if step == 0:
                    self.session.prepare(tuple(value.shape for value in (*now, *given)))
                    if self.state == "carry":
                        self.session.reset()
                results = self.session.run([*now, *given])
                collected.append(results[: len(self.outputs)])
                states = results[len(self.outputs) :]
                given = [fed_back(state, value) for state, value in zip(self.states, states, strict=True)]
        if steps == 1:
            return collected[0], states
        by_output = list(zip(self.timed, zip(*collected, strict=True), strict=True))
        try:
            return [np.concatenate(each, axis=1) if has else each[-1] for has, each in by_output], states
        except ValueError:  # of NumPy: an axis that is not there, or steps of different shapes
            raise no_such_step(collected[0], self.file.name) from None

    def _joined(self, parts: tuple[list[Array], ...], total: int) -> list[Array]:
        assert self.rows is not None
        try:
            return [joined(each, self.rows, total) for each in zip(*parts, strict=True)]
        except ValueError as error:
            raise ModelFileError(f"{self.file.name}: {error}.") from None

    def _rows(self) -> int | None:
        """How many rows the file is given at a time: as many as it says, one where a state has that width.

        None: all of them, where the batch is free, and where the first axis of another's file is fixed: it
        may be a batch or something else.
        """
        infos = (*self.inputs, *(state.input for state in self.states))
        firsts = {info.shape[0] if info.shape else None for info in infos} - {-1}
        if firsts == {1} or (not firsts and self.state in ("reset", "carry")):
            return 1
        (only,) = firsts if len(firsts) == 1 else (None,)
        return only if self.metadata else None


def _reopened(kind: type[EdgeModel], opening: Opening) -> EdgeModel:
    """A copy: the same file, with memory of its own."""
    model = kind.__new__(kind)
    model._open(opening)
    return model
