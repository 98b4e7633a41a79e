"""One time step at a time, as the numbers come from a sensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edge.tensors import TensorInfo, check_type, decode, encode

if TYPE_CHECKING:
    from edge.model import EdgeModel

Array = np.ndarray


class Stream:
    """The state of one stream through a model. Made by `EdgeModel.stream`.

    Example:
        >>> stream = load("exercise_stream.tflite").stream()  # doctest: +SKIP
        >>> for sample in sensor:  # doctest: +SKIP
        ...     probabilities = stream.step(sample)
        >>> stream.reset()  # doctest: +SKIP
    """

    def __init__(self, model: EdgeModel) -> None:
        if model.state != "carry":
            keeps = "starts anew at each call" if model.state == "reset" else "has no state"
            raise ValueError(
                f"{model.file.name} {keeps} and cannot be used as a stream. Convert the model with "
                'state="carry" for that; predict runs whole sequences.'
            )
        self._inputs, self._outputs, self._name = model.inputs, model.outputs, model.file.name
        self._single = [_step_shape(info, model.file.name) for info in model.inputs]
        self._full = model.shapes(length=1)
        self._session = model.new_session()
        self._session.prepare(self._full)

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
                raise ValueError(
                    f"{self._name}: a step of {info.name!r} has shape {list(single)}, received "
                    f"{list(array.shape)}."
                )
            values.append(encode(array, info).reshape(full))
        results = self._session.run(values)
        decoded = [
            _without_time(decode(result, info)) for result, info in zip(results, self._outputs, strict=True)
        ]
        return decoded[0] if len(decoded) == 1 else decoded

    def reset(self) -> None:
        """Start a new stream: the state is zero again."""
        self._session.reset()


def _step_shape(info: TensorInfo, file: str) -> tuple[int, ...]:
    """The shape of one time step of an input: without the batch and, where it has one, the time axis."""
    if len(info.shape) >= 3 and info.shape[1] not in (1, -1):
        raise ValueError(
            f"{file} takes {info.shape[1]} steps at once and cannot be used one step at a time. Convert a "
            "model with a free time axis, keras.Input((None, features))."
        )
    timed = len(info.shape) >= 2 and info.shape[1] in (1, -1)
    return tuple(1 if n < 0 else n for n in info.shape[2 if timed else 1 :])


def _without_time(output: Array) -> Array:
    first = output[0] if output.ndim else output
    return first[0] if first.ndim >= 2 and len(first) == 1 else first
