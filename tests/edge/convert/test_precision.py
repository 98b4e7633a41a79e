"""Models that compute in 16 or 64 bits: the file is that of their weights in float32, and says how far."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from edge import EdgeModel
from edge.convert import convert
from keras_lstm_plus import LSTMPlus
from tests.helpers.keras_models import FEATURES, motion, randomised

layers = keras.layers


@keras.saving.register_keras_serializable("tests")
class Doubled(keras.layers.Layer):
    """Code of somebody's own, which computes in what it is given."""

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return x + x


def model_in(policy: str) -> keras.Model:
    """A shared layer, a Bidirectional, ours, one of the user's own, a model in the model, an operation."""
    x = keras.Input((None, FEATURES))
    shared = layers.LSTM(FEATURES, return_sequences=True, dtype=policy)
    both = layers.LSTM(5, return_sequences=True, dtype=policy)
    y = layers.Bidirectional(both, dtype=policy)(shared(shared(x)))
    y = Doubled(dtype=policy)(LSTMPlus(4, "peephole", dtype=policy)(y * 2.0))
    normal = layers.BatchNormalization(dtype=policy)
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(5, "relu", dtype=policy), normal])
    return randomised(keras.Model(x, layers.Dense(3, dtype=policy)(inner(y))))


@pytest.mark.parametrize(
    ("policy", "least", "most"),
    [
        ("mixed_float16", 1e-5, 2e-2),
        ("mixed_bfloat16", 1e-4, 2e-1),
        ("float16", 1e-5, 2e-2),
        ("float64", 0.0, 1e-5),
    ],
)
def test_other_precisions(policy: str, least: float, most: float, tmp_path: Path) -> None:
    model, data = model_in(policy), motion(8, 6)
    before = np.asarray(model(data), np.float32)
    result = convert(model, tmp_path / "m.tflite", None, data)
    assert result.lowering == "fused"
    assert result.errors[0].max_abs < 1e-5
    (note,) = (note for note in result.notes if policy in note)
    assert least <= float(note.rsplit(" ", 1)[1]) < most
    # The file is that of a model which was built in float32.
    clone = model_in("float32")
    clone.set_weights([np.asarray(w, np.float32) for w in model.get_weights()])
    wanted = np.asarray(clone(data))
    np.testing.assert_allclose(EdgeModel(result.path).predict(data), wanted, atol=1e-5)
    # And the model is what it was.
    assert {layer.dtype_policy.name for layer in model.layers[1:] if layer.weights} >= {policy}
    np.testing.assert_array_equal(np.asarray(model(data), np.float32), before)


def test_an_error_leaves_the_model_as_it_was(tmp_path: Path) -> None:
    model = model_in("mixed_float16")
    with pytest.raises(ValueError, match=r"\. Use "):
        convert(model, tmp_path / "m.tflite", lowering="unrolled")
    assert model.layers[1].compute_dtype == "float16"
    assert model(motion(1, 3)).dtype == "float16"


def test_an_input_in_16_bits_is_refused(tmp_path: Path) -> None:
    x = keras.Input((None, FEATURES), dtype="float16", name="motion")
    model = keras.Model(x, layers.LSTM(3, dtype="float16")(x))
    with pytest.raises(ValueError, match="Input 'motion' .*is float16.*dtype='float32'"):
        convert(model, tmp_path / "m.tflite")
    x = keras.Input((None, FEATURES), dtype="float32", name="motion")
    way_out = keras.Model(x, layers.LSTM(3, dtype="float16")(x))
    way_out.set_weights(model.get_weights())
    assert convert(way_out, tmp_path / "m.tflite").errors[0].max_abs < 1e-5
