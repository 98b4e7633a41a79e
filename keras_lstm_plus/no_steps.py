"""Sequences without a step: a sentence in place of what each backend says when their first is asked for."""

from __future__ import annotations

from keras_lstm_plus.aliases import Tensor


def check_has_steps(name: str, sequences: Tensor) -> None:
    """A layer over `[batch, time, features]` is given one step at least, as far as that is known beforehand.

    Raises:
        ValueError: the axis of time has the length 0.
    """
    if sequences.shape[1] == 0:
        raise ValueError(
            f"{name}: the sequences have no time step, their shape is {tuple(sequences.shape)}, and an LSTM "
            "has nothing to say of that. Leave empty sequences out, or give them one step and a mask that "
            "hides it."
        )
