"""Run by test_backends.py with KERAS_BACKEND set: every variant on that backend, against the oracle."""

from __future__ import annotations

import importlib
import tempfile
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from keras_lstm_plus import VARIANTS, GridLSTM, LSTMPlus, LSTMPlusCell, trace
from keras_lstm_plus.cudnn import may_use_cudnn, run_cudnn
from keras_lstm_plus.recurrence import Call
from tests.helpers import oracle
from tests.helpers.cudnn_kernel import jax_kernel
from tests.helpers.layers import check_no_step, randomise

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 6, 4)).astype("float32")
MASK = np.array([[1] * 6, [0, 0, 1, 1, 1, 1], [1, 1, 0, 1, 0, 0]], bool)


def check_values() -> None:
    for name in (*VARIANTS, "peephole+cifg+layer_norm"):
        layer = LSTMPlus(5, name, return_sequences=True)
        weights = randomise(layer, 4)
        start = [RNG.normal(size=(3, size)).astype("float32") for size in layer.cell.state_size]
        for mask in (None, MASK):
            h = ops.convert_to_numpy(layer(X, initial_state=start, mask=mask))
            h0, c0, gates0 = [*start, None][:3]
            assert h0 is not None
            assert c0 is not None
            right = oracle.run(layer.spec.to_dict(), weights, X, h0, c0, gates0, mask)["h"]
            if mask is not None:  # Keras shows zeros before the first step that counts
                right = right * (np.cumsum(mask, axis=1) > 0)[..., None]
            np.testing.assert_allclose(h, right, atol=1e-5, err_msg=name)
            unrolled = LSTMPlus.from_config({**layer.get_config(), "unroll": True})
            unrolled.build(X.shape)
            unrolled.set_weights(layer.get_weights())
            shown = ops.convert_to_numpy(unrolled(X, initial_state=start, mask=mask))
            np.testing.assert_allclose(shown, right, atol=1e-5, err_msg=f"{name}, unrolled")
        np.testing.assert_allclose(trace(layer, X)[layer.name].h, ops.convert_to_numpy(layer(X)), atol=1e-5)


def check_training() -> None:
    keras.utils.set_random_seed(0)
    x = RNG.normal(size=(128, 6, 2)).astype("float32")
    y = x[:, :3, 0].sum(axis=1)
    noise = {"dropout": 0.05, "recurrent_dropout": 0.05, "weight_drop": 0.05, "zoneout_cell": 0.05}
    for layer in (
        LSTMPlus(12, "peephole", **noise),
        keras.layers.Bidirectional(LSTMPlus(8, projection_units=4)),
        keras.layers.RNN(LSTMPlusCell(12, "cifg", dropout=0.05, weight_drop=0.05)),
        GridLSTM(8, 2),
    ):
        model = keras.Sequential([keras.Input((6, 2)), layer, keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(0.03), "mse")
        losses = model.fit(x, y, epochs=20, batch_size=32, verbose=0).history["loss"]
        assert losses[-1] < 0.4 * losses[0], (layer.name, losses)
        with tempfile.TemporaryDirectory() as folder:
            model.save(f"{folder}/model.keras")
            again = keras.models.load_model(f"{folder}/model.keras")
        np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)


def check_zoneout_in_a_bare_cell() -> None:
    layer = keras.layers.RNN(LSTMPlusCell(4, zoneout_output=0.5))
    if keras.backend.backend() != "jax":
        layer(X, training=True)
        return
    with pytest.raises(NotImplementedError, match="use LSTMPlus"):
        layer(X, training=True)


def check_cudnn() -> None:
    """What is called on a GPU: on JAX its reference in the kernel's place, on PyTorch Keras's own loop."""
    variety: list[dict[str, Any]] = [
        {},
        {"go_backwards": True},
        {"return_sequences": False},
        {"dropout": 0.4, "seed": 1},
    ]
    for options in variety:
        layer = LSTMPlus(5, return_state=True, **{"return_sequences": True, **options})
        weights = randomise(layer, 4)
        start = [RNG.normal(size=(3, 5)).astype("float32") for _ in range(2)]
        call = Call(ops.convert_to_tensor(X), [*map(ops.convert_to_tensor, start)], None, False)
        assert not may_use_cudnn(layer, layer.cell, call)
        with pytest.MonkeyPatch.context() as patch:
            a_gpu_is_seen(patch)
            assert may_use_cudnn(layer, layer.cell, call) == (keras.backend.backend() == "jax")
            assert not may_use_cudnn(layer, layer.cell, call._replace(mask=ops.convert_to_tensor(MASK)))
            last, every, states = run_cudnn(layer, layer.cell, call)
        x = X[:, ::-1] if layer.go_backwards else X
        right = oracle.run(layer.spec.to_dict(), weights, x, *start)
        shown = (every, *states) if layer.return_sequences else (last, *states)
        h = right["h"] if layer.return_sequences else right["h"][:, -1]
        for one, other in zip(shown, (h, right["h"][:, -1], right["c"][:, -1]), strict=True):
            np.testing.assert_allclose(ops.convert_to_numpy(one), other, atol=1e-5)


def a_gpu_is_seen(patch: pytest.MonkeyPatch) -> None:
    if keras.backend.backend() == "jax":
        import jax.experimental.rnn

        backend = importlib.import_module("keras.src.backend.jax.rnn")
        patch.setattr(backend, "_is_gpu_available", lambda: True)
        patch.setattr(jax.experimental.rnn, "lstm", jax_kernel)
    else:
        backend = importlib.import_module("keras.src.backend.torch.rnn")
        patch.setattr(backend, "_is_cuda_cudnn_available", lambda: True)


if __name__ == "__main__":
    check_values()
    check_cudnn()
    check_training()
    check_zoneout_in_a_bare_cell()
    check_no_step()
    print("ok", keras.backend.backend())
