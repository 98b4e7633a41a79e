"""A translator's encoder: a free length, padding, and the state after the last word, in fused operators."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edge.aliases import Array
from edge.convert import convert
from tests.helpers.keras_models import randomised, recurrent, relative_error
from tests.helpers.runtimes import Runtime

layers = keras.layers

CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "stock": ("stock", {}),
    "all outputs, zeros": ("stock", {"return_sequences": True, "zero_output_for_mask": True}),
    "backwards": ("stock", {"go_backwards": True}),
    "peephole, coupled": ("peephole+cifg", {}),
    "projection, clip": ("standard", {"projection_units": 3, "cell_clip": 1.0}),
    "no forget gate": ("nfg", {}),
    "simple": ("simple", {}),
}


@cache
def encoder(name: str) -> keras.Model:
    variant, options = CASES[name]
    words = keras.Input((None,), dtype="int32", name="words")
    options = {**options, "return_state": True}
    layer = layers.SimpleRNN(5, **options) if variant == "simple" else recurrent(variant, 5, **options)
    return randomised(keras.Model(words, layer(layers.Embedding(20, 6, mask_zero=True)(words))))


def sentences(count: int = 8, length: int = 9) -> Array:
    words = np.random.default_rng(0).integers(1, 20, (count, length)).astype(np.int32)
    words[0, 5:], words[1, :3], words[2, 4], words[3] = 0, 0, 0, 0  # a sentence of no words, too
    return words


@pytest.mark.parametrize("quantize", [None, "dynamic"])
@pytest.mark.parametrize("name", CASES)
def test_the_state_is_that_of_the_last_word(
    name: str, quantize: str | None, tmp_path: Path, runtime: Runtime
) -> None:
    model, words = encoder(name), sentences()
    result = convert(model, tmp_path / "m.tflite", quantize, words, batch=4 if name == "stock" else 1)
    assert result.lowering == "fused"
    rows = 4 if name == "stock" else 1
    rounds = [[words[start : start + rows]] for start in range(0, 8, rows)]
    found = [np.concatenate(each) for each in zip(*runtime.run(result.path, rounds), strict=True)]
    for value, right in zip(found, map(np.asarray, model(words)), strict=True):
        if quantize is None:
            np.testing.assert_allclose(value, right, atol=1e-5)
        else:
            assert relative_error(value, right) < 0.03


def test_integers_have_their_own_way(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="receives a mask and gives its state.*Use length=9"):
        convert(encoder("backwards"), tmp_path / "m.tflite", "int8", sentences())
    result = convert(encoder("backwards"), tmp_path / "m.tflite", "int8", sentences(), length=9)
    assert result.lowering == "unrolled"
    assert all(error.relative < 0.05 for error in result.errors)
