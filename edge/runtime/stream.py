"""Time steps as they come from a sensor: one at a time, or in blocks."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from edge.aliases import Array
from edge.runtime.clipping import Clipping
from edge.runtime.feed import Feed
from edge.runtime.opening import Opening
from edge.runtime.session import Snapshot
from edge.runtime.states import fed_back, given_states, zeros
from edge.runtime.stream_form import StreamForm
from edge.runtime.values import as_array, decode
from edge.runtime.waiting import Waiting


class Stream:
    """One stream through a model, with a state of its own. Made by `EdgeModel.stream`.

    Most files take one time step a call. One that takes several is a stream of blocks: `step` gathers
    samples, and gives None until they fill a block. `feed` takes any number of steps at once, of every file.

    A file for a fixed batch of several rows runs that many streams side by side: all shapes below then have
    the batch in front.

    It can be copied and pickled, and goes on in a forked process: a copy has a runtime of its own and goes on
    from where this one is, with the samples that it has gathered.

    Args:
        opening: of the file: what makes the engine that runs it, and nothing else.
        steps: as in `EdgeModel.stream`.

    Attributes:
        form: the shapes of what goes in and comes out.

    Raises:
        ValueError: the file keeps no state between calls, its inputs have different numbers of steps, or it
            takes another number of them than `steps`.

    Example:
        >>> import edge
        >>> import numpy as np
        >>> stream = edge.load("exercise_stream.tflite").stream()
        >>> for sample in np.zeros((50, 6)):
        ...     probabilities = stream.step(sample)
        >>> probabilities.shape
        (7,)
        >>> stream.reset()

        In blocks of 20 steps, as a file for blocks has them, or one that takes any number is asked to:

        >>> stream = edge.load("exercise_stream.tflite").stream(steps=20)
        >>> answers = [stream.step(sample) for sample in np.zeros((50, 6))]
        >>> [number for number, answer in enumerate(answers) if answer is not None], stream.gathered
        ([19, 39], 10)
        >>> stream.feed(np.zeros((30, 6))).shape  # fills two more: the answer at the end of each
        (2, 7)
    """

    def __init__(self, opening: Opening, steps: int | None = None) -> None:
        interface = opening.interface
        if interface.state not in ("carry", "explicit"):
            keeps = "starts anew at each call" if interface.state == "reset" else "has no state"
            raise ValueError(
                f"{interface.name} {keeps} and cannot be used as a stream. Convert the model with "
                'state="carry" or state="explicit" for that; predict runs whole sequences.'
            )
        self.form = StreamForm(interface, steps)
        self._outputs, self._name, self._states = len(interface.outputs), interface.name, interface.states
        self._zeros = [zeros(state, self.form.rows) for state in self._states]
        self._given = self._zeros
        self._opening, self._feed, self._waiting = opening, Feed(interface), Waiting()
        self._session = opening.session()
        self._session.prepare((*self.form.full, *(value.shape for value in self._zeros)))

    def __reduce__(self) -> tuple[Any, ...]:
        with self._session.lock:
            place = (self._session.snapshot(), self._given, self._feed, self._waiting)
            return _resumed, (type(self), self._opening, self.form.steps, *place)

    def __deepcopy__(self, memo: dict[int, Any]) -> Stream:
        with self._session.lock:
            feed, waiting = copy.deepcopy(self._feed), self._waiting  # which nobody changes in place
            place = (self._session.snapshot(), self._given, feed, waiting)
            return _resumed(type(self), self._opening, self.form.steps, *place)

    def __copy__(self) -> Stream:
        return self.__deepcopy__({})

    def close(self) -> None:
        """Let go of the memory, and of the process of an isolated file."""
        self._session.close()

    @property
    def steps(self) -> int:
        """How many time steps a call of the file takes: 1, or the length of a block."""
        return self.form.steps

    @property
    def gathered(self) -> int:
        """How many samples wait for their block to be full, 0 to `steps` - 1."""
        return self._waiting.steps

    def step(self, x: Any, *, normalized: bool = False) -> Any:
        """Feed one time step and get the output after it; of a file that takes blocks, that of the block
        which it fills.

        Args:
            x: `[features]`, real numbers in the units of the sensor (a normalization that the file notes is
                applied); a single integer for a token input; several inputs: a list in the order of the file,
                or a dictionary by name. An input without an axis of time has one value for a whole block.
            normalized: whether `x` is scaled as for training already.

        Returns:
            The output of this step, `[outputs]`, float32; several outputs: a list. Of a file that takes
            blocks that of the block, `[steps, outputs]`, or `[outputs]` where it gives one for the whole of
            it; None while the block is not full.

        Raises:
            ValueError: the wrong shape, NaN or infinity, masked values, a token beyond its table, names that
                are not those of the inputs, an input without an axis of time that changes within a block; the
                state, and what was gathered, is as it was before.
            TypeError: the wrong kind of numbers.
            ModelFileError: the runtime stopped.
        """
        calls = self._take(self.form.one(x), 1, normalized)
        return self.form.answer(calls[0]) if calls else None

    def feed(self, x: Any, *, normalized: bool = False) -> Any:
        """Feed any number of time steps and get the outputs that came of them.

        Those which fill no block are gathered, as by `step`, and wait for the next ones.

        Args:
            x: `[time, features]`, also of no steps at all; else as for `step`. An input without an axis of
                time is given once.
            normalized: whether `x` is scaled as for training already.

        Returns:
            The outputs, `[time, outputs]`, float32: one for each step; of a file that takes blocks those of
            all steps of the blocks that were filled, or one a block where it gives one for the whole of it.
            Several outputs: a list.

        Raises:
            ValueError: as of `step`, or inputs with different numbers of steps.
            TypeError, ModelFileError: as of `step`.

        Example:
            >>> import edge
            >>> import numpy as np
            >>> edge.load("exercise_stream.tflite").stream().feed(np.zeros((50, 6))).shape
            (50, 7)
        """
        arrays, count = self.form.several(x)
        return self.form.answers(self._take(arrays, count, normalized))

    def _take(self, arrays: list[Array], count: int, normalized: bool) -> list[list[Array]]:
        """What the file gave, in its numbers, in each call that these steps led to."""
        scaled, values, beyond = self._feed.prepared(arrays, normalized)
        calls: list[list[Array]] = []
        with self._session.lock:
            blocks, waiting = self._waiting.joined(values, count, self.form)
            if not blocks:  # what runs is checked there
                self._session.check()
            before = self._given
            try:
                for block in blocks:
                    calls.append(self._call(block))  # noqa: PERF401, `calls` counts where it fails
            except Exception:
                self._given = before
                if calls:  # a state that the runtime keeps has gone on, and what it went on from is not taken
                    self._session.lose()
                raise
            self._waiting = waiting
            self._feed.count(scaled, beyond)
        return calls

    def _call(self, values: Sequence[Array]) -> list[Array]:
        results = self._session.run([*values, *self._given])
        pairs = zip(self._states, results[self._outputs :], strict=True)
        self._given = [fed_back(state, value) for state, value in pairs]
        return results[: self._outputs]

    @property
    def clipping(self) -> dict[str, Clipping]:
        """How much of what this stream was given lay beyond the range that the file was made for, as
        `EdgeModel.clipping`; `reset` does not reset it.

        Example:
            >>> for sample in sensor:  # doctest: +SKIP
            ...     probabilities = stream.step(sample)
            >>> if stream.clipping["x"].share > 0.01:  # doctest: +SKIP
            ...     print("the sensor leaves the range:", stream.clipping["x"])
        """
        with self._session.lock:
            return self._feed.clipping

    def reset_clipping(self) -> None:
        """Count what is clipped from zero."""
        with self._session.lock:
            self._feed.reset_clipping()

    @property
    def state(self) -> dict[str, Array]:
        """The states by name, each `[size]`, real numbers: those after the last call of the file. Set it,
        whole or in part, to go on from there; samples that were gathered are dropped then, as by `reset`.

        Raises:
            ValueError: the runtime keeps the state, and nobody can read it; or, when setting, a name that is
                not there, a wrong shape, NaN or infinity.
        """
        self._check_readable()
        with self._session.lock:
            pairs = zip(self._states, self._given, strict=True)
            values = {state.name: decode(value, state.input) for state, value in pairs}
        return values if self.form.rows > 1 else {name: value[0] for name, value in values.items()}

    @state.setter
    def state(self, values: dict[str, Any]) -> None:
        self._check_readable()
        whole = {**self.state, **values}
        if self.form.rows == 1:
            whole = {name: as_array(value, f"The state {name!r}")[None] for name, value in whole.items()}
        given = given_states(whole, self._states, self.form.rows, self._name)
        with self._session.lock:
            self._given, self._waiting = given, Waiting()

    def reset(self) -> None:
        """Start a new stream: the state is zero again, and what was gathered for a block is dropped."""
        with self._session.lock:
            if not self._states:
                self._session.reset()
            self._given, self._waiting = self._zeros, Waiting()

    def _check_readable(self) -> None:
        if not self._states:
            raise ValueError(
                f"{self._name}: the runtime keeps the state of this file, and it cannot be read or set. "
                'Convert the model with state="explicit" for that.'
            )


def _resumed(
    kind: type[Stream],
    opening: Opening,
    steps: int,
    snapshot: Snapshot,
    given: list[Array],
    feed: Feed,
    waiting: Waiting,
) -> Stream:
    """A copy that goes on from there."""
    stream = kind(opening, steps)
    stream._session.restore(snapshot)
    stream._given, stream._feed, stream._waiting = given, feed, waiting
    return stream
