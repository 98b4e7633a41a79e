"""Models that look at several time steps at once: no step file passes in silence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest

from edge.convert import ConversionError, convert
from tests.helpers.keras_models import FEATURES, randomised, recurrent

layers = keras.layers


def slow(*values: Any) -> Any:
    """A row that runs with `-m slow` alone."""
    return pytest.param(*values, marks=pytest.mark.slow)


def sequence(name: str = "x") -> Any:
    return keras.Input((None, FEATURES), name=name)


def convolution(padding: str) -> Any:
    return lambda x: recurrent("stock", 5)(layers.Conv1D(5, 3, padding=padding)(x))


def pooled(x: Any) -> Any:
    return layers.GlobalAveragePooling1D()(recurrent("stock", 5, return_sequences=True)(x))


def attended(x: Any) -> Any:
    y = recurrent("stock", 5, return_sequences=True)(x)
    return layers.Attention()([y, y])


def halved(x: Any) -> Any:
    return recurrent("stock", 5)(layers.MaxPooling1D(2)(x))


FURTHER: dict[str, Callable[[Any], Any]] = {
    "convolution, causal": convolution("causal"),
    "convolution, valid": convolution("valid"),
    "convolution, same": convolution("same"),
    "pooling over all": pooled,
    "pooling by two": halved,
    "attention": attended,
}
FEW = ("convolution, causal", "convolution, valid", "pooling over all")


@pytest.mark.parametrize("kind", [kind if kind in FEW else slow(kind) for kind in FURTHER])
def test_a_step_of_a_model_that_looks_further_is_refused(kind: str, tmp_path: Path) -> None:
    model = randomised(keras.Model(x := sequence(), FURTHER[kind](x)))
    with pytest.raises((ConversionError, ValueError), match="looks at several time steps at once") as error:
        convert(model, tmp_path / "m.tflite", lowering="step")
    assert "lowering='fused'" in str(error.value)
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["convolution, causal", slow("pooling over all")])
def test_a_stream_of_such_a_model_is_noted(kind: str, tmp_path: Path) -> None:
    """The file is right for whole sequences, so it is kept; who streams it is told."""
    model = randomised(keras.Model(x := sequence(), FURTHER[kind](x)))
    result = convert(model, tmp_path / "m.tflite", state="carry")
    assert any("looks at several time steps" in note for note in result.notes)
    assert any("looks at several time steps" in line for line in str(result).splitlines())


def test_backwards_is_refused_before_the_file_is_made(tmp_path: Path) -> None:
    x = sequence()
    model = keras.Model(x, layers.Bidirectional(recurrent("stock", 4, name="memory"))(x))
    with pytest.raises(
        ValueError, match="reads the sequence from its end .*Bidirectional.*Use lowering='fused'"
    ):
        convert(model, tmp_path / "m.tflite", lowering="step")
