"""Whoever does what a refusal says is not refused again: every way out that a sentence names is gone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import keras
import pytest

from edge.convert import convert
from edge.convert.arrangement import Arranger
from edge.convert.keras_model.signature import signature_of
from edge.convert.request import check_request
from edge.targets import TARGETS
from keras_lstm_plus import LSTMPlus
from tests.helpers.keras_models import FEATURES, motion, randomised
from tests.helpers.ways_out import value_of, ways

layers = keras.layers
STEPS = 6
DEFAULTS: dict[str, Any] = {
    "quantize": None,
    "state": None,
    "lowering": "auto",
    "target": "litert",
    "length": None,
    "batch": 1,
    "input_type": None,
    "output_type": None,
    "labels": None,
    "normalization": None,
}


def _model(*parts: Any, steps: int | None = None, batch: int | None = None) -> keras.Model:
    return randomised(keras.Sequential([keras.Input((steps, FEATURES), batch_size=batch), *parts]))


def _gives_state(mask: bool = False) -> keras.Model:
    x = keras.Input((None, FEATURES))
    y = layers.Masking()(x) if mask else x
    return randomised(keras.Model(x, layers.LSTM(5, return_state=True, name="memory")(y)))


MODELS: dict[str, Callable[[], keras.Model]] = {
    "stock": lambda: _model(layers.LSTM(5)),
    "1900 steps": lambda: _model(layers.LSTM(5), steps=1900),
    "1900 steps of GRU": lambda: _model(layers.GRU(5), steps=1900),
    "gru": lambda: _model(layers.GRU(5, return_sequences=True)),
    "simple_rnn": lambda: _model(layers.SimpleRNN(5)),
    "backwards": lambda: _model(layers.Bidirectional(layers.GRU(5))),
    "mask": lambda: _model(layers.Masking(), layers.LSTM(5)),
    "mask and state": lambda: _gives_state(mask=True),
    "layer norm": lambda: _model(LSTMPlus(5, "layer_norm"), steps=STEPS),
    "zoneout, stateful": lambda: _model(LSTMPlus(5, zoneout_cell=0.2, stateful=True), batch=1),
    "stateful": lambda: _model(layers.LSTM(5, stateful=True), steps=STEPS, batch=1),
    "stateful GRU": lambda: _model(layers.GRU(5, stateful=True), steps=STEPS, batch=1),
    "convolution": lambda: _model(layers.Conv1D(4, 3), layers.GRU(5)),
    "time distributed": lambda: randomised(
        keras.Sequential([keras.Input((None, 4, FEATURES)), layers.TimeDistributed(layers.LSTM(3))])
    ),
}


def everything() -> Iterator[dict[str, Any]]:
    """Every target, and for each the options that may be refused."""
    for target in TARGETS:
        for lowering in ("auto", "fused", "unrolled", "step"):
            for state in (None, "reset", "carry", "explicit"):
                for quantize in (None, "dynamic", "int8", "int16x8"):
                    options = {"lowering": lowering, "state": state, "quantize": quantize}
                    yield {**DEFAULTS, "target": target, **options}


def found_ways(sentence: str) -> list[dict[str, Any]]:
    found = ways(sentence, STEPS)
    assert found, sentence
    return found


@cache
def arranger(name: str) -> Arranger:
    model = MODELS[name]()
    return Arranger(model, signature_of(model))


def refused(name: str, options: dict[str, Any]) -> str | None:
    try:
        arranger(name).arrange(check_request(**options))
    except ValueError as error:
        return str(error)
    return None


@pytest.mark.parametrize("name", MODELS)
def test_every_way_out_is_gone(name: str) -> None:
    every = 41 if name == "1900 steps of GRU" else 3  # of the options: no divisor of how many there are
    found = {refused(name, options): options for options in islice(everything(), None, None, every)}
    sentences = {sentence: options for sentence, options in found.items() if sentence}
    rebuilt = 0
    for sentence, options in sentences.items():
        assert "\n" not in sentence
        if "Build the model with a free time axis" in sentence:
            told = re.search(r"lowering='step', state='explicit'(?:, quantize=(.+))?\.$", sentence)
            assert told is not None
            way = {"lowering": "step", "state": "explicit"}
            way |= {"quantize": value_of(told[1])} if told[1] else {}
            arranger("gru" if "GRU" in name else "stock").arrange(check_request(**{**options, **way}))
            rebuilt += 1
            continue
        for way in found_ways(sentence):
            arranger(name).arrange(check_request(**{**options, **way}))
    assert sentences, "nothing of this model is refused: it tests nothing"
    assert (rebuilt > 0) == ("1900 steps" in name)


def test_what_speaks_against_forms_that_nobody_needs_is_left_out() -> None:
    sentence = str(refused("backwards", DEFAULTS))
    assert "fused: there is no fused operator" in sentence
    assert "unrolled: writing it out needs a fixed length, and the time axis is free. Use length=" in sentence
    assert "step" not in sentence.replace("time steps", "")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("1900 steps", {"lowering": "unrolled"}),
        ("mask and state", {"lowering": "fused", "state": "carry"}),
        ("stateful", {"state": "reset"}),
        ("stateful GRU", {}),
        ("gru", {"state": "reset"}),
        ("convolution", {}),
        ("stock", {"target": "microcontroller", "quantize": "dynamic", "length": STEPS}),
    ],
)
def test_the_first_way_out_gives_a_file(name: str, options: dict[str, Any], tmp_path: Path) -> None:
    path, model = tmp_path / "m.tflite", arranger(name).model
    with pytest.raises(ValueError, match=r"\. Use ") as caught:
        convert(model, path, **options)
    way = found_ways(str(caught.value))[0]
    assert convert(model, path, **{**options, **way}).size == path.stat().st_size


def test_many_steps_are_built_anew_and_convert_one_at_a_time(tmp_path: Path) -> None:
    for name, target, layer in (
        ("1900 steps of GRU", "litert", layers.GRU(5)),
        ("1900 steps", "compiled-model", layers.LSTM(5)),
    ):
        long, path = arranger(name).model, tmp_path / "m.tflite"
        with pytest.raises(ValueError, match=r"1900 steps are too many.*Build the model with a free time"):
            convert(long, path, target=target)
        free = _model(layer)
        free.set_weights(long.get_weights())
        result = convert(free, path, target=target, lowering="step", state="explicit")
        assert result.lowering == "step"


def test_a_length_that_was_shown_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"Use length=9[.,]"):
        convert(arranger("convolution").model, tmp_path / "m.tflite", None, motion(4, 9))
