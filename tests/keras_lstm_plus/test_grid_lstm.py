"""The Grid LSTM against the oracle's single steps, put together by hand."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from keras_lstm_plus import GridLSTM
from tests.helpers.grid_oracle import by_hand

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 4, 3))
UNITS = 5


def randomised(layer: GridLSTM) -> GridLSTM:
    layer.build(X.shape)
    for weight in layer.weights:
        weight.assign(RNG.normal(size=weight.shape) * 0.6)
    return layer


@pytest.mark.parametrize("variant", ["standard", "peephole", "layer_norm"])
@pytest.mark.parametrize(("tied", "time_first"), [(False, True), (True, False)])
def test_the_grid_is_its_blocks(variant: str, tied: bool, time_first: bool) -> None:
    layer = randomised(GridLSTM(UNITS, 3, variant, tied, time_first, return_sequences=True, dtype="float64"))
    np.testing.assert_allclose(layer(X), by_hand(layer, X), atol=1e-12)
    assert len(layer.cell.time_cells) == (1 if tied else 3)


def test_depth_matters() -> None:
    layer = randomised(GridLSTM(UNITS, 2, dtype="float64"))
    before = np.asarray(layer(X))
    layer.cell.depth_cells[1].kernel.assign(np.zeros((UNITS, 4 * UNITS)))
    assert np.abs(np.asarray(layer(X)) - before).max() > 1e-3


def test_it_trains_and_comes_back(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    x = RNG.normal(size=(128, 6, 2)).astype("float32")
    y = x[:, :3, 0].sum(axis=1)
    grid_layer = GridLSTM(8, 2, "peephole", cell_arguments={"dropout": 0.0})
    model = keras.Sequential([keras.Input((None, 2)), grid_layer, keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.02), "mse")
    losses = model.fit(x, y, epochs=15, verbose=0).history["loss"]
    assert losses[-1] < 0.3 * losses[0]
    model.save(tmp_path / "grid.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "grid.keras")(x), model(x))


def test_what_has_no_square_block_is_refused() -> None:
    with pytest.raises(ValueError, match="'fgr' has a projection or gates as state"):
        GridLSTM(4, variant="fgr")
    with pytest.raises(ValueError, match="depth is the number of blocks.*received 0"):
        GridLSTM(4, depth=0)
