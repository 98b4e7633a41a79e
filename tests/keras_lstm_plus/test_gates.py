"""Seeing inside: the trace is the forward pass, and the picture shows it."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from matplotlib.image import imread

from keras_lstm_plus import LSTMPlus, plot_gates, trace
from tests.helpers import oracle
from tests.helpers.layers import randomise

RNG = np.random.default_rng(5)
X = RNG.normal(size=(3, 7, 4)).astype("float32")
MASK = np.array([[1] * 7, [0, 0, 1, 1, 1, 1, 1], [1, 1, 0, 1, 0, 0, 0]], bool)


@pytest.mark.parametrize("variant", ["standard", "peephole", "peephole+cifg+layer_norm", "fgr", "nog"])
def test_a_layer_is_what_the_oracle_computes(variant: str) -> None:
    layer = LSTMPlus(5, variant, name="memory")
    weights = randomise(layer, 4)
    seen = trace(layer, X)["memory"]
    zeros = np.zeros((3, 5))
    gates0 = np.zeros((3, 5 * len(layer.spec.learned_gates)))
    right = oracle.run(layer.spec.to_dict(), weights, X, zeros, zeros, gates0)
    for name in "ifgoch":
        np.testing.assert_allclose(getattr(seen, name), right[name], atol=2e-6, err_msg=name)


def test_a_model_is_traced_in_the_pass_that_gives_its_output() -> None:
    inputs = keras.Input((None, 4))
    shared = LSTMPlus(3, "peephole", return_sequences=True, name="shared")
    y = keras.layers.LSTM(4, return_sequences=True, name="stock")(inputs)
    y = keras.layers.Bidirectional(LSTMPlus(2, return_sequences=True), name="both")(shared(shared_in(y)))
    y = shared(shared_in(y))
    model = keras.Model(inputs, y)
    seen = trace(model, X)
    both = model.get_layer("both")
    forward, backward = both.forward_layer.name, both.backward_layer.name
    assert set(seen) == {"stock", "shared", "shared#2", forward, backward}
    np.testing.assert_allclose(seen["shared#2"].h, model(X), atol=1e-6)
    merged = keras.Model(inputs, both.output)(X)
    np.testing.assert_allclose(np.concatenate([seen[forward].h, seen[backward].h], -1), merged, atol=1e-6)
    stock = keras.Model(inputs, model.get_layer("stock").output)(X)
    np.testing.assert_allclose(seen["stock"].h, stock, atol=1e-6)
    np.testing.assert_array_equal(model(X), model(X))  # and the layers are as before
    assert "inner_loop" not in vars(shared)


def shared_in(y: keras.KerasTensor) -> keras.KerasTensor:
    return y[..., :4]


def test_a_masked_step_leaves_the_memory() -> None:
    model = keras.Sequential([keras.Input((None, 4)), keras.layers.Masking(), LSTMPlus(5, name="memory")])
    x = np.where(MASK[..., None], X, 0)
    seen = trace(model, x)["memory"]
    assert seen.mask is not None
    np.testing.assert_array_equal(seen.mask, MASK)
    np.testing.assert_array_equal(seen.c[2, 2], seen.c[2, 1])
    np.testing.assert_array_equal(seen.c[1, :2], 0)
    assert np.abs(seen.c[2, 3] - seen.c[2, 2]).max() > 1e-3


def test_what_has_no_lstm_is_refused() -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)], name="plain")
    with pytest.raises(ValueError, match="'plain' has no LSTM layer"):
        trace(model, X[:, 0])


@pytest.mark.parametrize("units", [5, 100])
def test_the_picture_is_drawn(tmp_path: Path, units: int) -> None:
    seen = trace(LSTMPlus(units, "peephole", name="memory"), X)
    figure = plot_gates(seen, labels=["the", "buses", "were", "full"], path=tmp_path / "gates.png")
    pixels = imread(tmp_path / "gates.png")
    assert pixels.shape[1] > 600
    assert pixels[..., :3].std() > 0.05
    panels = [axis for axis in figure.axes if axis.get_images()]
    assert len(panels) == 6
    drawn = np.asarray(figure.axes[0].get_images()[0].get_array())
    expected = seen["memory"].f[0, :4]
    np.testing.assert_allclose(np.sort(drawn, axis=0), np.sort(expected.T, axis=0))
    assert [text.get_text() for text in figure.axes[5].get_xticklabels()] == ["the", "buses", "were", "full"]


def test_the_picture_refuses_what_is_not_there() -> None:
    seen = trace(LSTMPlus(5, name="memory"), X)
    with pytest.raises(ValueError, match="9 labels for 7 steps"):
        plot_gates(seen, labels=["word"] * 9)
    with pytest.raises(ValueError, match="sample 3 is not in the trace"):
        plot_gates(seen, sample=3)
    with pytest.raises(ValueError, match="unit 5 is not in the layer"):
        plot_gates(seen, units=[0, 5])
    with pytest.raises(ValueError, match="one layer, received a, b"):
        plot_gates({"a": seen["memory"], "b": seen["memory"]})
