"""An encoder-decoder on the device: encoder and step as files, against the model that was trained."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest

import edge
from edge.convert import convert
from edge.results.conversion import ConversionResult
from edge.search import Decoder
from keras_lstm_plus import LSTMPlus, LSTMPlusCell
from keras_lstm_plus.attention import (
    AttentionCell,
    AttentionDecoder,
    DecoderParts,
    LuongAttention,
    decoder_step,
)
from tests.helpers.attention_models import (
    READ,
    SAID,
    encoder_decoder,
    file_decoder,
    forced,
    keras_decoder,
)
from tests.helpers.runtimes import RUNTIMES, Runtime

RNG = np.random.default_rng(1)
LETTERS, TOKENS = RNG.integers(1, READ, (40, 7)), RNG.integers(1, SAID, (40, 6))
WORD = np.array([[3, 14, 1, 5, 9, 2, 6, 5, 3]])  # longer than any of them
START, END = 1, 2


class Files(NamedTuple):
    folder: Path
    model: Any
    parts: DecoderParts
    quantize: str | None
    encoder: edge.EdgeModel
    step: edge.EdgeModel
    results: list[ConversionResult]

    def read(self, word: np.ndarray) -> dict[str, np.ndarray]:
        said = self.encoder.predict(word)
        return dict(zip([info.name for info in self.encoder.outputs], said, strict=True))


CASES = [(kind, quantize) for kind in ("luong", "bahdanau") for quantize in (None, "dynamic", "int8")]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def files(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Files]:
    kind, quantize = request.param
    folder = tmp_path_factory.mktemp("attention")
    model = encoder_decoder(kind)
    parts = decoder_step(model)
    results = [
        convert(parts.encoder, folder / "encoder.tflite", quantize, LETTERS),
        convert(parts.step, folder / "step.tflite", quantize, parts.samples(LETTERS, TOKENS)),
    ]
    with edge.load(folder / "encoder.tflite") as encoder, edge.load(folder / "step.tflite") as step:
        yield Files(folder, model, parts, quantize, encoder, step, results)


def test_whole_answers_are_those_of_the_trained_model(files: Files) -> None:
    """Its own states go back into the file, over all steps, with either runtime."""
    tokens = np.array([START, 4, 11, 7, 7, 3, 12, 9])
    right = np.asarray(files.model([WORD, tokens[None]]))[0]
    memory = files.read(WORD)
    for name in RUNTIMES:
        with Runtime(name) as runtime:
            found = forced(
                file_decoder(files.step, files.folder / "step.tflite", runtime, files.parts.target),
                memory,
                tokens,
            )
        error = np.sqrt(np.mean((found - right) ** 2)) / right.std()
        assert error < {None: 1e-5, "dynamic": 0.03, "int8": 0.08}[files.quantize], name
    for result in files.results:  # no loop, no gate written out
        assert result.ops["UNIDIRECTIONAL_SEQUENCE_LSTM"] >= 1
        assert "WHILE" not in result.ops


def test_a_search_over_the_file_is_that_over_keras(files: Files) -> None:
    told = {name: np.asarray(value) for name, value in files.parts.encoder(WORD).items()}
    options: dict[str, Any] = {"start": START, "end": END, "max_length": 8}
    right = edge.beam_search(
        keras_decoder(files.parts), told, **options, beam_width=4, length_normalization=0.6
    )
    found = edge.beam_search(files.step, files.read(WORD), **options, beam_width=4, length_normalization=0.6)
    greedy = edge.greedy_search(files.step, files.read(WORD), **options)
    if files.quantize is None:
        assert [answer.tokens for answer in found] == [answer.tokens for answer in right]
        assert greedy.tokens == edge.greedy_search(keras_decoder(files.parts), told, **options).tokens
    tolerance = 1e-4 if files.quantize is None else 0.3
    assert found[0].score == pytest.approx(right[0].score, abs=tolerance)
    where = found[0].alignments
    assert where is not None
    assert where.shape == (len(found[0].tokens) + found[0].is_complete, WORD.shape[1])
    np.testing.assert_allclose(where.sum(axis=1), 1, atol=0.02)


def test_a_file_that_is_no_step(files: Files) -> None:
    with pytest.raises(ValueError, match="decoder_step"):
        edge.greedy_search(files.encoder, files.read(WORD), start=START, end=END, max_length=3)
    with pytest.raises(ValueError, match="which memory does not have"):
        edge.greedy_search(files.step, {}, start=START, end=END, max_length=3)
    with pytest.raises(ValueError, match=f"0 to {SAID - 1}; received {SAID}"):
        edge.greedy_search(files.step, files.read(WORD), start=START, end=SAID, max_length=3)


def test_padding_is_masked_in_the_step_too(tmp_path: Path) -> None:
    model = encoder_decoder("masked")
    parts = decoder_step(model)
    letters = LETTERS.copy()
    letters[::2, 5:] = 0
    samples = parts.samples(letters, TOKENS)
    convert(parts.step, tmp_path / "step.tflite", representative_data=samples)
    padded = np.pad(LETTERS[:1], ((0, 0), (0, 3)))
    told = {name: np.asarray(value) for name, value in parts.encoder(padded).items()}
    right = np.asarray(model([LETTERS[:1], TOKENS[:1]]))[0]  # as without padding
    with edge.load(tmp_path / "step.tflite") as step:
        found = forced(Decoder(step), told, TOKENS[0])
    np.testing.assert_allclose(found, right, atol=1e-4)


def test_a_memory_of_one_position(tmp_path: Path) -> None:
    """A single vector to look at: alignments that are 1 have no spread to be compared in."""
    read, said = keras.Input((1, 5), name="read"), keras.Input((None, 4), name="said")
    memory, *state = LSTMPlus(6, return_sequences=True, return_state=True)(read)
    a = AttentionDecoder(AttentionCell(LSTMPlusCell(6), LuongAttention()))(said, memory, initial_state=state)
    parts = decoder_step(keras.Model([read, said], keras.layers.Dense(5, name="scores")(a)))
    samples = parts.samples(RNG.normal(size=(40, 1, 5)).astype("f"), RNG.normal(size=(40, 3, 4)).astype("f"))
    result = convert(parts.step, tmp_path / "step.tflite", representative_data=samples)
    assert max(error.max_abs for error in result.errors) < 1e-5
