"""From the trained network to an encoder's file and a decoder's, each pair asked the same words as Keras."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from rich.console import Console

from edge.aliases import Array
from edge.convert import convert
from examples.common.files import KINDS
from examples.common.progress import steps as progress_bar
from examples.pronunciation.alphabet import START, letter_numbers, symbol_numbers
from examples.pronunciation.data import Entry
from examples.pronunciation.device import Pronouncer, paths_of
from examples.pronunciation.scores import Score, score
from keras_lstm_plus.attention import decoder_step

CALIBRATION = 120  # words of the training part, all of one length
LETTERS, PHONEMES = 9, 8  # that each of them has; frequent, and longer than most


class Asked(NamedTuple):
    """What a pair of files, or the model in memory, said of the same words.

    Attributes:
        score: its errors.
        differs: share of the words that Keras says otherwise.
        word_ms: median ms for a word, Python's share included; None for the model in memory.
        paths: of the encoder and the decoder.
    """

    score: Score
    differs: float
    word_ms: float | None
    paths: tuple[Path, Path] | None


def write(
    model: keras.Model, train: Sequence[Entry], seed: int, folder: Path
) -> dict[str, tuple[Path, Path]]:
    """A pair of files of each kind; the decoder takes one step, and has its states at both ends."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = decoder_step(model)
    letters, before = calibration(train, seed)
    steps = parts.samples(letters, before)
    paths = {kind: paths_of(folder, kind) for kind in KINDS}
    for kind, (encoder, decoder) in paths.items():
        convert(parts.encoder, encoder, KINDS[kind], letters)
        convert(parts.step, decoder, KINDS[kind], steps)
    return paths


def calibration(train: Sequence[Entry], seed: int) -> tuple[Array, Array]:
    """Words to take the int8 ranges from: letters `[words, letters]`, and the phonemes before each."""
    fitting = [
        (letter_numbers(entry.word), [START, *symbol_numbers(way)])
        for entry in train
        for way in entry.pronunciations
        if (len(entry.word), len(way)) == (LETTERS, PHONEMES)
    ]
    count = min(CALIBRATION, len(fitting))
    chosen = np.random.default_rng(seed).choice(len(fitting), count, replace=False)
    letters, before = ([fitting[n][k] for n in chosen] for k in (0, 1))
    return np.array(letters, np.int32), np.array(before, np.int32)


def judge(
    paths: Mapping[str, tuple[Path, Path]],
    entries: Sequence[Entry],
    answers: Mapping[str, tuple[str, ...]],
    beam: int,
    console: Console,
) -> dict[str, Asked]:
    """Ask every pair of files the same words, one by one.

    Args:
        answers: what Keras says.
    """
    keras_says = [answers[entry.word] for entry in entries]
    found = {"Keras": Asked(score(entries, keras_says), 0.0, None, None)}
    with progress_bar(console, "{task.description} files, word by word") as bar:
        for kind, pair in paths.items():
            pronouncer = Pronouncer(*pair)
            said, times = [], []
            for entry in bar.track(entries, description=kind):
                started = time.perf_counter()
                said.append(pronouncer(entry.word, beam))
                times.append(time.perf_counter() - started)
            other = np.mean([mine != theirs for mine, theirs in zip(said, keras_says, strict=True)])
            found[kind] = Asked(score(entries, said), float(other), 1e3 * float(np.median(times)), pair)
    return found
