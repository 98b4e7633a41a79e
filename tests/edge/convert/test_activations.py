"""Which activations the fused operators compute, on both runtimes; the others take another form."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edge.convert import convert
from edge.convert.refusals import RNN_ACTIVATIONS
from keras_lstm_plus import LSTMPlus
from keras_lstm_plus.spec import OP_ACTIVATIONS
from tests.helpers.keras_models import FEATURES, motion, randomised, relative_error
from tests.helpers.runtimes import Runtime

STEPS = 6
VARIANTS = ("standard", "peephole+cifg", "layer_norm", "projection", "simple")


@cache
def model_of(variant: str, activation: str) -> keras.Model:
    """All variants beside one another, each from the same sequence."""
    options: dict[str, Any] = {"activation": activation, "return_sequences": True, "name": "memory"}
    if variant == "simple":
        layer = keras.layers.SimpleRNN(5, **options)
    elif variant == "projection":
        layer = LSTMPlus(5, "peephole", projection_units=3, cell_clip=2.0, **options)
    else:
        layer = LSTMPlus(5, variant, **options)
    x = keras.Input((STEPS, FEATURES))
    return randomised(keras.Model(x, layer(x)))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Path, str]]:
    folder = tmp_path_factory.mktemp("activations")

    @cache
    def make(variant: str, activation: str, quantize: str | None) -> tuple[Path, str]:
        path = folder / f"{variant}-{activation}-{quantize}.tflite"
        return path, convert(model_of(variant, activation), path, quantize, motion(16, STEPS)).lowering

    return make


CASES = [
    *((variant, activation, None) for variant in VARIANTS for activation in ("relu", "linear")),
    *((variant, "relu", "dynamic") for variant in VARIANTS),
    *(("standard", "relu6", quantize) for quantize in (None, "dynamic")),
    *((variant, "linear", "dynamic") for variant in ("standard", "simple")),
    *(("standard", activation, "int8") for activation in ("relu", "linear")),
]


@pytest.mark.parametrize(("variant", "activation", "quantize"), CASES)
def test_what_is_fused_is_right(
    variant: str,
    activation: str,
    quantize: str | None,
    file: Callable[..., tuple[Path, str]],
    runtime: Runtime,
) -> None:
    path, lowering = file(variant, activation, quantize)
    fusable = activation in (RNN_ACTIVATIONS if variant == "simple" else OP_ACTIVATIONS)
    assert lowering == ("fused" if fusable and quantize != "int8" else "unrolled")
    x = motion(8, STEPS, seed=7) if quantize is None else motion(16, STEPS)[:8]  # which the ranges are of
    wanted = np.asarray(model_of(variant, activation)(x))
    found = np.concatenate([out[0] for out in runtime.run(path, [[row[None]] for row in x])])
    if quantize is None:
        np.testing.assert_allclose(found, wanted, atol=1e-5 * max(1.0, float(np.abs(wanted).max())))
    else:
        assert relative_error(found, wanted) < 0.08


def test_a_function_of_the_users_is_not_taken_for_its_namesake(tmp_path: Path) -> None:
    def tanh(x: Any) -> Any:
        return keras.ops.tanh(x) * 0.5

    for layer in (
        keras.layers.LSTM(5, activation=tanh, name="memory"),
        keras.layers.SimpleRNN(5, activation=tanh, name="memory"),
        LSTMPlus(5, activation=tanh, name="memory"),
    ):
        model = randomised(keras.Sequential([keras.Input((STEPS, FEATURES)), layer]))
        result = convert(model, tmp_path / "m.tflite")
        assert result.lowering == "unrolled"
        assert result.errors[0].max_abs < 1e-5
