"""Layers with something else in a place, for a while."""

from __future__ import annotations

from typing import Any

import keras
import pytest

from keras_lstm_plus.private import replaced


def test_it_is_undone_in_any_case() -> None:
    one, two = keras.layers.LSTM(2, stateful=True), keras.layers.LSTM(2)

    def work() -> Any:
        with replaced([one, two, one], "stateful", lambda layer: layer.name), replaced([two], "call", id):
            assert (one.stateful, two.stateful, two.call) == (one.name, two.name, id(two))
            raise KeyError

    with pytest.raises(KeyError):
        work()
    assert (one.stateful, two.stateful) == (True, False)
    assert "call" not in vars(two)


def test_nothing_is_left_where_one_cannot_be_made() -> None:
    layers = [keras.layers.LSTM(2, name=name) for name in ("good", "bad")]

    def make(layer: Any) -> None:
        if layer.name == "bad":
            raise KeyError

    with pytest.raises(KeyError), replaced(layers, "call", make):
        pass
    assert all("call" not in vars(layer) for layer in layers)
