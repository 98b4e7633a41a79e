"""Arrays in memory that the library lends: it begins at a cache line, and is used again when nobody has it.

TensorFlow takes such an array for its own without a copy; and fresh memory costs the system milliseconds.
"""

from __future__ import annotations

import ctypes
import math
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_lstm_plus.aliases import Array


def lent_array(functions: Any, shape: Sequence[int]) -> Array:
    """Floats of that shape, whatever they are; the memory goes back when the last view of them goes.

    Raises:
        MemoryError: there is none.
    """
    count = math.prod(shape)
    address = functions.training_take(4 * count)
    if not address:
        raise MemoryError(
            f"There is no memory for {4 * count:,} bytes; use smaller batches or shorter sequences."
        )
    # NumPy keeps the owner of a memory alive by every view of it, and no array that is itself a view.
    owner = (ctypes.c_float * count).from_address(address)
    weakref.finalize(owner, functions.training_give, address).atexit = False
    view: Any = owner
    return np.frombuffer(view, np.float32).reshape(shape)
