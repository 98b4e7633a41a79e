"""What the cells of a decoder draw while training, once a sequence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
from keras import ops

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.private import DropoutRNNCell, flat_layers


@contextmanager
def one_noise(cell: Any, inputs: Tensor, training: bool) -> Iterator[None]:
    """Let each cell draw its masks of dropout before the loop, one for all steps, and drop them after it."""
    noisy = [each for each in flat_layers(cell) if isinstance(each, DropoutRNNCell)]
    try:
        if training:
            for each in noisy:
                each.get_dropout_mask(_ones(inputs, each.kernel.shape[0]))
                each.get_recurrent_dropout_mask(_ones(inputs, keras.tree.flatten(each.state_size)[0]))
        yield
    finally:
        for each in noisy:
            each.reset_dropout_mask()
            each.reset_recurrent_dropout_mask()


def _ones(like: Tensor, size: int) -> Tensor:
    return ops.ones((ops.shape(like)[0], size), dtype=like.dtype)
