"""From a trained network to files for a phone, each asked the same words as the model in memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
from rich.console import Console

from examples.common.files import write_files
from examples.common.progress import steps as progress_bar
from examples.language_model.corpus import Corpus
from examples.language_model.device import stream_file
from examples.language_model.scores import Score, judge, summary

CALIBRATION = (64, 35)  # stretches of the training part, words of each


def write(model: keras.Model, kind: str, corpus: Corpus, seed: int, folder: Path) -> dict[str, Path]:
    """A file of each kind that carries its state from word to word, with the vocabulary as its labels."""
    count, length = CALIBRATION
    starts = np.random.default_rng(seed).integers(0, len(corpus.train) - length, count)
    stretches = corpus.train[starts[:, None] + np.arange(length)]
    return write_files(model, kind, folder, stretches, state="carry", labels=corpus.vocabulary)


def judge_on_device(
    kind: str, model: keras.Model, paths: Mapping[str, Path], corpus: Corpus, words: int, console: Console
) -> tuple[dict[str, Score], dict[str, float]]:
    """The first words of the test part, one stream: the model in memory (`Keras`) and its files.

    Returns:
        The scores, and the median ms for a word by file, Python's share of `Stream.step` included.
    """
    asked = corpus.test[: words + 1]
    scores = {"Keras": judge(model, asked, corpus.vocabulary, streams=1)}
    word_ms = {}
    with progress_bar(console, f"{kind:9} {{task.description}} file, word by word") as bar:
        for form, path in paths.items():
            task = bar.add_task(form, total=len(asked) - 1)
            streamed = stream_file(path, asked, lambda task=task: bar.advance(task))  # type: ignore[misc]
            scores[form] = summary(streamed.guesses, asked[1:], corpus.vocabulary)
            word_ms[form] = streamed.latency
            if bar.disable:
                console.print(f"{kind:9} {form:7} file  perplexity {scores[form].perplexity:6.1f}")
    return scores, word_ms
