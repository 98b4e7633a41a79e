"""Names for types that every room of the device half writes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Array = np.ndarray
Progress = Callable[[int, int, str], None]  # what is done, what there is to do, what is going on
