"""How a file is fed as a stream: how many steps a call takes, and what has a value for each of them."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from edge.aliases import Array
from edge.errors import ModelFileError
from edge.runtime.inputs import by_input
from edge.runtime.values import check_type, decode, no_such_step
from edge.tflite import Interface, TensorInfo
from edge.tflite.lookups import table_of


class StreamForm:
    """The shapes of one stream, or of as many side by side as the file has rows.

    Args:
        interface: the file.
        steps: a call is to take; None: what the file takes, and one where it takes any number.

    Attributes:
        steps: a call takes.
        rows: streams side by side; 1 is written without an axis.
        by_step: of each input whether every step has its own value; else there is one for the whole call.
        single: of each input the shape for one time step.
        full: of each input the shape that a call takes.

    Raises:
        ValueError: no number of steps, or not that of the file; inputs with different numbers of them.
        ModelFileError: a file that takes none.
    """

    def __init__(self, interface: Interface, steps: int | None = None) -> None:
        self._inputs, self._outputs = interface.inputs, interface.outputs
        self._name, self._timed_outputs = interface.name, interface.timed
        self.steps = _steps(interface, steps)
        self.rows = max(1, *(info.shape[0] if info.shape else 1 for info in self._inputs))
        timed = [
            may and info.shape[1] in (self.steps, -1)
            for info, may in zip(self._inputs, _with_time(interface), strict=True)
        ]
        # Where no input has an axis of time, a call is a step, and all of them come with it.
        self.by_step = timed if any(timed) else [True] * len(timed)
        batch = (self.rows,) if self.rows > 1 else ()
        pairs = list(zip(self._inputs, timed, strict=True))
        self.single = [(*batch, *_sizes(info.shape[2 if has else 1 :])) for info, has in pairs]
        self.full = tuple(
            (*_sizes(info.shape[:1]), *((self.steps,) if has else ()), *_sizes(info.shape[2 if has else 1 :]))
            for info, has in pairs
        )

    # -- what comes in ---------------------------------------------------------------------------------------

    def one(self, x: Any) -> list[Array]:
        """The inputs for a single time step, `[rows, 1, ...]` where a step has its own, else as a call takes
        them. For what it raises see `Stream.step`."""
        arrays = []
        for value, info, single, full, has in self._each(x):
            array = check_type(value, info)
            if array.shape != single:
                raise ValueError(
                    f"{self._name}: a step of {info.name!r} has shape {list(single)}{self._side_by_side}, "
                    f"received {list(array.shape)}."
                )
            arrays.append(array.reshape((self.rows, 1, *single[self.rows > 1 :]) if has else full))
        return arrays

    def several(self, x: Any) -> tuple[list[Array], int]:
        """The inputs for any number of time steps, `[rows, time, ...]` where a step has its own, else as a
        call takes them; and how many steps they are. For what it raises see `Stream.feed`."""
        arrays, lengths = [], []
        axis = int(self.rows > 1)
        for value, info, single, full, has in self._each(x):
            array = check_type(value, info)
            given = array.shape[axis : axis + 1] if has else ()
            if array.shape != (*single[:axis], *given, *single[axis:]) or len(given) != has:
                wanted = [*single[:axis], *(["time"] if has else []), *single[axis:]]
                raise ValueError(
                    f"{self._name}: {info.name!r} of several steps has shape [{', '.join(map(str, wanted))}]"
                    f"{self._side_by_side}, received {list(array.shape)}."
                )
            if has:
                lengths.append(array.shape[axis])
            arrays.append(array.reshape((self.rows, array.shape[axis], *single[axis:]) if has else full))
        if len(set(lengths)) > 1:
            raise ValueError(
                f"{self._name}: all inputs need the same number of steps, received "
                f"{' and '.join(map(str, lengths))}."
            )
        return arrays, lengths[0]

    def call(self, arrays: Sequence[Array], begin: int) -> list[Array]:
        """The steps from `begin` on, as many as a call takes and in its shapes."""
        return [
            array[:, begin : begin + self.steps].reshape(full) if has else array
            for array, full, has in zip(arrays, self.full, self.by_step, strict=True)
        ]

    def check_constant(self, before: Sequence[Array], now: Sequence[Array], gathered: int) -> None:
        """See that an input without an axis of time, of which a call takes one value, does not change in it.

        Raises:
            ValueError: it does.
        """
        for info, old, new, has in zip(self._inputs, before, now, self.by_step, strict=True):
            if not has and not np.array_equal(old, new):
                raise ValueError(
                    f"{self._name}: {info.name!r} has no axis of time and is one value for the {self.steps} "
                    f"steps of a block; it changed after {gathered} of them. Change it at the head of a "
                    "block, or begin one with reset()."
                )

    def _each(self, x: Any) -> Any:
        given = by_input(x, self._inputs, self._name)
        return zip(given, self._inputs, self.single, self.full, self.by_step, strict=True)

    @property
    def _side_by_side(self) -> str:
        return f" ({self.rows} streams side by side)" if self.rows > 1 else ""

    # -- what comes out --------------------------------------------------------------------------------------

    def answer(self, results: Sequence[Array]) -> Any:
        """The outputs of one call; of a call of one step without the axis of time.

        Raises:
            ModelFileError: there is no step, or no row, in them.
        """
        try:
            values = [
                decode(
                    self._row(result[:, 0] if self.steps == 1 and self._has_time(n, result) else result), info
                )
                for n, (result, info) in enumerate(zip(results, self._outputs, strict=True))
            ]
        except IndexError:
            raise no_such_step(results, self._name) from None
        return values[0] if len(values) == 1 else values

    def answers(self, calls: Sequence[Sequence[Array]]) -> Any:
        """The outputs of several calls, or of none, one after the other along the axis of time. An output
        that has none gets one, with an entry a call.

        Raises:
            ModelFileError: there is no step, or no row, in them.
        """
        axis, values = int(self.rows > 1), []
        parts = calls or [[self._stand_in(info) for info in self._outputs]]
        try:
            for n, info in enumerate(self._outputs):
                each = [call[n] for call in parts]
                if self._has_time(n, each[0]):
                    kept = [one[:, :1] if self.steps == 1 else one for one in each]
                    joined = self._row(np.concatenate(kept, axis=1))
                else:
                    joined = np.stack([self._row(one) for one in each], axis)
                values.append(decode(joined if calls else np.take(joined, [], axis), info))
        except (IndexError, ValueError):  # of NumPy: an axis that is not there, or calls of different shapes
            raise no_such_step(parts[0], self._name) from None
        return values[0] if len(values) == 1 else values

    def _has_time(self, number: int, result: Array) -> bool:
        """Whether an output has an entry for each step of a call."""
        has = self._timed_outputs[number]
        if has is None:
            return result.ndim >= 3 and result.shape[1] == self.steps
        return has and result.ndim >= 2

    def _row(self, result: Array) -> Array:
        """Without a batch of one."""
        return result[0] if self.rows == 1 and result.ndim else result

    def _stand_in(self, info: TensorInfo) -> Array:
        """An output of the shape that it will have, where the file says which."""
        free = (self.rows, self.steps)
        shape = [n if n >= 0 else (*free, 0)[min(axis, 2)] for axis, n in enumerate(info.shape)]
        return np.zeros(shape, info.dtype)


def _with_time(interface: Interface) -> list[bool]:
    """Of each input whether its second axis may be that of time."""
    found = []
    for number, (info, noted) in enumerate(zip(interface.inputs, interface.timed_inputs, strict=True)):
        if len(info.shape) != 2 or noted is not None:
            found.append(len(info.shape) > 1 and noted is not False)
        else:  # tokens, or the features of one step
            found.append(info.shape[1] in (1, -1) or table_of(interface.graph, number) is not None)
    return found


def _steps(interface: Interface, wanted: int | None) -> int:
    """How many a call takes. For what it raises see `StreamForm`."""
    if wanted is not None:
        try:
            number = 0 if isinstance(wanted, bool) else operator.index(wanted)
        except TypeError:
            number = 0
        if number < 1:
            raise ValueError(f"steps is how many a call takes, 1 or more; received {wanted!r}.")
        wanted = number
    if interface.lowering == "step":
        lengths = {1}
    else:
        pairs = zip(interface.inputs, interface.timed_inputs, _with_time(interface), strict=True)
        timed = [(info, noted or len(info.shape) > 2) for info, noted, may in pairs if may]
        certain = [info for info, is_certain in timed if is_certain] or [info for info, _ in timed]
        lengths = {info.shape[1] for info in certain} - ({-1} if certain else set())
        if not lengths:
            return (wanted or 1) if certain else _the_only(1, wanted, interface)
    if len(lengths) > 1:
        ends = ", ".join(map(str, interface.inputs))
        raise ValueError(
            f"{interface.name} takes inputs with different numbers of steps ({ends}) and cannot be used as a "
            'stream. Convert the model with lowering="step", or with one length=... for all of them.'
        )
    if 0 in lengths:
        raise ModelFileError(
            f"{interface.name} takes no step at all: the file is damaged, or was changed after it was made. "
            "Convert the model again."
        )
    return _the_only(lengths.pop(), wanted, interface)


def _the_only(steps: int, wanted: int | None, interface: Interface) -> int:
    if wanted not in (None, steps):
        raise ValueError(
            f"{interface.name} takes {steps} {'step' if steps == 1 else 'steps'} a call and cannot be used "
            f"with steps={wanted}: leave steps out, feed takes any number at once. A file of a model with a "
            "free time axis, keras.Input((None, features)), takes any unless it is converted with length=..."
        )
    return steps


def _sizes(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(1 if n < 0 else n for n in shape)
