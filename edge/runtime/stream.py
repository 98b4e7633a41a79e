"""One time step at a time, as the numbers come from a sensor."""

from __future__ import annotations

import copy
from typing import Any

from edge.aliases import Array
from edge.runtime.clipping import Clipping
from edge.runtime.feed import Feed
from edge.runtime.inputs import by_input
from edge.runtime.opening import Opening
from edge.runtime.session import Snapshot
from edge.runtime.states import fed_back, given_states, zeros
from edge.runtime.values import as_array, check_type, decode, no_such_step
from edge.tflite import TensorInfo


class Stream:
    """One stream through a model, with a state of its own. Made by `EdgeModel.stream`.

    A file for a fixed batch of several rows runs that many streams side by side: all shapes below then have
    the batch in front.

    It can be copied and pickled, and goes on in a forked process: a copy has a runtime of its own and goes on
    from where this one is.

    Args:
        opening: of the file: what makes the engine that runs it, and nothing else.

    Raises:
        ValueError: the file keeps no state between calls, or takes several steps at once.

    Example:
        >>> import edge
        >>> import numpy as np
        >>> stream = edge.load("exercise_stream.tflite").stream()
        >>> for sample in np.zeros((50, 6)):
        ...     probabilities = stream.step(sample)
        >>> probabilities.shape
        (7,)
        >>> stream.reset()
    """

    def __init__(self, opening: Opening) -> None:
        interface = opening.interface
        if interface.state not in ("carry", "explicit"):
            keeps = "starts anew at each call" if interface.state == "reset" else "has no state"
            raise ValueError(
                f"{interface.name} {keeps} and cannot be used as a stream. Convert the model with "
                'state="carry" or state="explicit" for that; predict runs whole sequences.'
            )
        self._inputs, self._outputs, self._name = interface.inputs, interface.outputs, interface.name
        self._states, self._timed = interface.states, interface.timed
        self._batch = max(info.shape[0] if info.shape else 1 for info in self._inputs)
        self._single = [self._step_shape(info) for info in self._inputs]
        self._full = interface.shapes(length=1)
        self._zeros = [zeros(state, max(self._batch, 1)) for state in self._states]
        self._given = self._zeros
        self._opening, self._feed = opening, Feed(interface)
        self._session = opening.session()
        self._session.prepare((*self._full, *(value.shape for value in self._zeros)))

    def __reduce__(self) -> tuple[Any, ...]:
        with self._session.lock:
            return _resumed, (type(self), self._opening, self._session.snapshot(), self._given, self._feed)

    def __deepcopy__(self, memo: dict[int, Any]) -> Stream:
        with self._session.lock:
            feed = copy.deepcopy(self._feed)
            return _resumed(type(self), self._opening, self._session.snapshot(), self._given, feed)

    def __copy__(self) -> Stream:
        return self.__deepcopy__({})

    def close(self) -> None:
        """Let go of the memory, and of the process of an isolated file."""
        self._session.close()

    def step(self, x: Any, *, normalized: bool = False) -> Any:
        """Feed one time step and get the output after it.

        Args:
            x: `[features]`, real numbers in the units of the sensor (a normalization that the file notes is
                applied); a single integer for a token input; several inputs: a list in the order of the file,
                or a dictionary by name.
            normalized: whether `x` is scaled as for training already.

        Returns:
            The output of this step, `[outputs]`, float32; several outputs: a list.

        Raises:
            ValueError: the wrong shape, NaN or infinity, masked values, a token beyond its table, names that
                are not those of the inputs; the state is as it was before.
            TypeError: the wrong kind of numbers.
            ModelFileError: the runtime stopped.
        """
        arrays = []
        given = by_input(x, self._inputs, self._name)
        for value, info, single, full in zip(given, self._inputs, self._single, self._full, strict=True):
            array = check_type(value, info)
            if array.shape != single:
                side_by_side = f" ({self._batch} streams side by side)" if self._batch > 1 else ""
                raise ValueError(
                    f"{self._name}: a step of {info.name!r} has shape {list(single)}{side_by_side}, received "
                    f"{list(array.shape)}."
                )
            arrays.append(array.reshape(full))
        scaled, values, beyond = self._feed.prepared(arrays, normalized)
        with self._session.lock:
            results = self._session.run([*values, *self._given])
            outputs = results[: len(self._outputs)]
            pairs = zip(self._states, results[len(self._outputs) :], strict=True)
            self._given = [fed_back(state, value) for state, value in pairs]
            self._feed.count(scaled, beyond)
        try:
            decoded = [
                self._one_step(decode(result, info), timed)
                for result, info, timed in zip(outputs, self._outputs, self._timed, strict=True)
            ]
        except IndexError:
            raise no_such_step(outputs, self._name) from None
        return decoded[0] if len(decoded) == 1 else decoded

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
        """The states by name, each `[size]`, real numbers. Set it, whole or in part, to go on from there.

        Raises:
            ValueError: the runtime keeps the state, and nobody can read it; or, when setting, a name that is
                not there, a wrong shape, NaN or infinity.
        """
        self._check_readable()
        with self._session.lock:
            pairs = zip(self._states, self._given, strict=True)
            values = {state.name: decode(value, state.input) for state, value in pairs}
        return values if self._batch > 1 else {name: value[0] for name, value in values.items()}

    @state.setter
    def state(self, values: dict[str, Any]) -> None:
        self._check_readable()
        whole = {**self.state, **values}
        if self._batch <= 1:
            whole = {name: as_array(value, f"The state {name!r}")[None] for name, value in whole.items()}
        given = given_states(whole, self._states, max(self._batch, 1), self._name)
        with self._session.lock:
            self._given = given

    def reset(self) -> None:
        """Start a new stream: the state is zero again."""
        with self._session.lock:
            self._given = self._zeros
            if not self._states:
                self._session.reset()

    def _check_readable(self) -> None:
        if not self._states:
            raise ValueError(
                f"{self._name}: the runtime keeps the state of this file, and it cannot be read or set. "
                'Convert the model with state="explicit" for that.'
            )

    def _step_shape(self, info: TensorInfo) -> tuple[int, ...]:
        """The shape of one time step of an input: without the time axis, and without a batch of one."""
        if len(info.shape) >= 3 and info.shape[1] not in (1, -1):
            raise ValueError(
                f"{self._name} takes {info.shape[1]} steps at once and cannot be used one step at a time. "
                'Convert the model with lowering="step", or a model with a free time axis, '
                "keras.Input((None, features))."
            )
        timed = len(info.shape) >= 2 and info.shape[1] in (1, -1)
        batch = (self._batch,) if self._batch > 1 else ()
        return (*batch, *(1 if n < 0 else n for n in info.shape[2 if timed else 1 :]))

    def _one_step(self, output: Array, timed: bool | None) -> Array:
        """Without the time axis, and without a batch of one."""
        if timed is None:
            timed = output.ndim >= 3 and output.shape[1] == 1
        if timed and output.ndim >= 2:
            output = output[:, 0]
        return output[0] if self._batch <= 1 and output.ndim else output


def _resumed(
    kind: type[Stream], opening: Opening, snapshot: Snapshot, given: list[Array], feed: Feed
) -> Stream:
    """A copy that goes on from there."""
    stream = kind(opening)
    stream._session.restore(snapshot)
    stream._given, stream._feed = given, feed
    return stream
