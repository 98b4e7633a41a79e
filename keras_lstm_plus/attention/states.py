"""The states of a Bidirectional encoder, for one decoder."""

from __future__ import annotations

from collections.abc import Sequence

from keras import ops

from keras_lstm_plus.aliases import Tensor


def join_states(states: Sequence[Tensor]) -> list[Tensor]:
    """The states of a Bidirectional encoder as those of one cell twice as wide: forward beside backward.

    Args:
        states: as `keras.layers.Bidirectional(..., return_state=True)` gives them behind its output: those of
            the forward layer, then as many of the backward layer, `[batch, units]` each.

    Returns:
        Half as many, `[batch, 2 * units]` each: for an LSTM h and c.

    Raises:
        ValueError: an odd number of them.

    Example:
        >>> import keras
        >>> from keras_lstm_plus import LSTMPlus
        >>> both = keras.layers.Bidirectional(LSTMPlus(8, return_sequences=True, return_state=True))
        >>> memory, *states = both(keras.Input((None, 4)))
        >>> [state.shape for state in join_states(states)]
        [(None, 16), (None, 16)]
    """
    half, odd = divmod(len(states), 2)
    if odd or not half:
        raise ValueError(
            f"A Bidirectional layer has as many states forwards as backwards; received {len(states)}. Give "
            "all that stand behind its output: memory, *states = layer(x)."
        )
    return [
        ops.concatenate([forward, backward], axis=-1)
        for forward, backward in zip(states[:half], states[half:], strict=True)
    ]
