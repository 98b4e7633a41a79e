"""Names for types that the whole package writes."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray
Tensor = Any  # of whichever backend Keras runs on
