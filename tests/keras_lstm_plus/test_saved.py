"""A file that an earlier version saved: it loads, and gives what it gave."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

import keras_lstm_plus  # noqa: F401  registers the layers

SAVED = Path(__file__).parent / "data"


def test_a_file_of_an_earlier_version_gives_what_it_gave() -> None:
    """Peephole with projection, both directions of a spec of one's own, a bare cell, a grid: side by side."""
    model = keras.models.load_model(SAVED / "saved.keras")
    with np.load(SAVED / "saved.npz") as arrays:
        np.testing.assert_allclose(model(arrays["x"]), arrays["y"], atol=1e-6)
