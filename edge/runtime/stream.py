"""One time step at a time, as the numbers come from a sensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from edge.aliases import Array
from edge.runtime.session import Session
from edge.runtime.states import fed_back, given_states, zeros
from edge.runtime.values import check_type, decode, encode
from edge.tflite import Interface, TensorInfo


class Stream:
    """One stream through a model, with a state of its own. Made by `EdgeModel.stream`.

    A file for a fixed batch of several rows runs that many streams side by side: all shapes below then have
    the batch in front.

    Args:
        interface: of the file.
        session: that runs it, and nothing else: it holds the state of a file that keeps it.

    Raises:
        ValueError: the file keeps no state between calls, or takes several steps at once.

    Example:
        >>> stream = load("exercise_stream.tflite").stream()  # doctest: +SKIP
        >>> for sample in sensor:  # doctest: +SKIP
        ...     probabilities = stream.step(sample)
        >>> stream.reset()  # doctest: +SKIP
    """

    def __init__(self, interface: Interface, session: Session) -> None:
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
        self._session = session
        self._session.prepare((*self._full, *(value.shape for value in self._zeros)))

    def step(self, x: Any) -> Any:
        """Feed one time step and get the output after it.

        Args:
            x: `[features]`, real numbers; a single integer for a token input; several inputs: a list.

        Returns:
            The output of this step, `[outputs]`, float32; several outputs: a list.

        Raises:
            ValueError: the wrong shape, NaN or infinity; the state is as it was before.
            TypeError: the wrong kind of numbers.
        """
        given = x if len(self._inputs) > 1 else [x]
        if not isinstance(given, (list, tuple)) or len(given) != len(self._inputs):
            raise ValueError(f"{self._name} takes a list of {len(self._inputs)} inputs at each step.")
        values = []
        for value, info, single, full in zip(given, self._inputs, self._single, self._full, strict=True):
            array = check_type(value, info)
            if array.shape != single:
                side_by_side = f" ({self._batch} streams side by side)" if self._batch > 1 else ""
                raise ValueError(
                    f"{self._name}: a step of {info.name!r} has shape {list(single)}{side_by_side}, received "
                    f"{list(array.shape)}."
                )
            values.append(encode(array, info).reshape(full))
        with self._session.lock:
            results = self._session.run([*values, *self._given])
            outputs = results[: len(self._outputs)]
            pairs = zip(self._states, results[len(self._outputs) :], strict=True)
            self._given = [fed_back(state, value) for state, value in pairs]
        decoded = [
            self._one_step(decode(result, info), timed)
            for result, info, timed in zip(outputs, self._outputs, self._timed, strict=True)
        ]
        return decoded[0] if len(decoded) == 1 else decoded

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
            whole = {name: np.asarray(value)[None] for name, value in whole.items()}
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
