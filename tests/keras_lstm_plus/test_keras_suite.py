"""Keras's own tests of its LSTM, with ours in its place."""

from __future__ import annotations

import io
import unittest
from functools import wraps
from typing import Any

import pytest
from keras.src import layers

from keras_lstm_plus import LSTMPlus
from tests.helpers.training_engine import training_engine


def test_they_pass_with_our_layer_on_its_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    suite = pytest.importorskip("keras.src.layers.rnn.lstm_test")  # Keras ships it
    monkeypatch.delenv("KERAS_LSTM_PLUS_ENGINE", raising=False)
    training_engine()
    taken: set[str] = set()
    call = LSTMPlus.call

    @wraps(call)  # Keras reads its signature
    def watched(self: LSTMPlus, sequences: Any, *args: Any, **kwargs: Any) -> Any:
        taken.add(self.which_path(sequences.shape[1]).name)
        return call(self, sequences, *args, **kwargs)

    monkeypatch.setattr(LSTMPlus, "call", watched)
    monkeypatch.setattr(layers, "LSTM", LSTMPlus)
    tests = unittest.defaultTestLoader.loadTestsFromTestCase(suite.LSTMTest)
    result = unittest.TextTestRunner(io.StringIO()).run(tests)
    assert [text for _, text in (*result.failures, *result.errors)] == []
    assert result.testsRun >= 6
    assert "engine" in taken
