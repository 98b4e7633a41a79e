"""A file that an earlier version saved: it loads, and gives what it gave."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from keras_lstm_plus import LSTMPlus

SAVED = Path(__file__).parent / "data"


def test_a_file_of_an_earlier_version_gives_what_it_gave() -> None:
    """Peephole with projection, both directions of a spec of one's own, a bare cell, a grid: side by side."""
    model = keras.models.load_model(SAVED / "saved.keras")
    with np.load(SAVED / "saved.npz") as arrays:
        # Another processor rounds otherwise, and a layer norm over two units magnifies that: 1e-5 was seen.
        np.testing.assert_allclose(model(arrays["x"]), arrays["y"], atol=5e-5)


@pytest.mark.parametrize("lstm", [keras.layers.LSTM, LSTMPlus])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_a_training_resumed_is_a_training_that_went_on(lstm: Any, dropout: float, tmp_path: Path) -> None:
    """Of dropout Keras saves no state: given that back, all is the same; Keras's own layer is the measure."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(32, 5, 3)), rng.normal(size=(32, 1))
    layers = [keras.Input((5, 3)), lstm(6, dropout=dropout, seed=3), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.Adam(0.01), "mse", jit_compile=False)
    model.fit(x, y, epochs=2, shuffle=False, verbose=0)
    model.save(tmp_path / "model.keras")
    resumed = keras.models.load_model(tmp_path / "model.keras")
    differ = [
        (new, old)
        for new, old in zip(resumed.variables, model.variables, strict=True)
        if (np.asarray(new) != np.asarray(old)).any()
    ]
    assert all("seed" in new.path for new, _ in differ)
    assert bool(differ) == bool(dropout)
    for new, old in differ:
        new.assign(old)
    for either in (model, resumed):
        either.fit(x, y, epochs=2, shuffle=False, verbose=0)
    for new, old in zip(resumed.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(new, old, atol=1e-6)


def test_a_process_that_has_not_imported_the_package_is_told_the_class() -> None:
    """Keras looks for no package by itself; its sentence names the class, the README says what to import."""
    code = f"import keras; keras.models.load_model({str(SAVED / 'saved.keras')!r})"
    for start, says in (("", "LSTMPlus"), ("import keras_lstm_plus; ", "")):
        run = subprocess.run(
            [sys.executable, "-c", start + code], capture_output=True, text=True, check=False
        )
        assert says in run.stderr
        assert (run.returncode == 0) == bool(start), run.stderr[-2000:]
