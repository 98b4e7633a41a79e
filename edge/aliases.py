"""Names for types that every room of the device half writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

Array = np.ndarray
Progress = Callable[[int, int, str], None]  # what is done, what there is to do, what is going on
Length = int | Mapping[str, int]  # time steps: of every input whose time axis is free, or of each by its name
