"""Everything about one text: count, train, write files, judge. The command and the tests both use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console

from edge.aliases import Array
from examples.common.files import Cost, costs, timed
from examples.language_model import files
from examples.language_model.corpus import Corpus, merged
from examples.language_model.ngram import KneserNey
from examples.language_model.scores import Guesses, Score, guesses, perplexity, summary
from examples.language_model.store import train_or_load
from examples.language_model.train import Recipe
from examples.language_model.verbs.school import Sources

MIXED = 0.5  # share of the trigram in a mixture, as in the paper


class Network(NamedTuple):
    """What was found about one network.

    Attributes:
        parameters: numbers that were learned.
        history: of its training.
        seconds: of its training.
        validation, test: the model in memory on the whole parts.
        mixed: perplexity on validation and test, its probabilities averaged with those of the trigram.
        device: the model in memory (`Keras`) and its files on the same first words of the test part.
        paths: of the files.
        word_ms: median ms for a word, by file, Python's share of `Stream.step` included.
    """

    parameters: int
    history: dict[str, list[float]]
    seconds: float
    validation: Score
    test: Score
    mixed: tuple[float, float]
    device: dict[str, Score]
    paths: dict[str, Path]
    word_ms: dict[str, float]


class Outcome(NamedTuple):
    """What was found about a text: the trigram's perplexity on validation and test, and the networks."""

    trigram: tuple[float, float]
    networks: dict[str, Network]
    cost: dict[str, Cost]
    timing: dict


def run(
    corpus: Corpus,
    recipes: Mapping[str, Recipe],
    device_words: int,
    seed: int,
    folder: Path,
    console: Console,
    school: Sources | None = None,
) -> Outcome:
    """Train every network on the training part and judge it on the two others.

    Args:
        corpus: the text.
        recipes: of the networks, by name.
        device_words: so many words of the test part are asked of every file.
        seed: of everything that is drawn.
        folder: for the files.
        console: where the progress is shown.
        school: what lessons on verbs are drawn from.
    """
    with console.status("counting: the trigram"):
        counted = KneserNey(merged(corpus.train, corpus.vocabulary), len(corpus.vocabulary))
        # Its two words of context leave out the first word that the networks predict; so does every mixture.
        parts = (merged(part, corpus.vocabulary) for part in (corpus.validation, corpus.test))
        trigram = [counted.probabilities(part) for part in parts]
    networks = {
        kind: _network(kind, corpus, recipe, trigram, device_words, seed, folder, console, school)
        for kind, recipe in recipes.items()
    }
    timing = timed([path for found in networks.values() for path in found.paths.values()], console, length=1)
    return Outcome((perplexity(trigram[0]), perplexity(trigram[1])), networks, costs(timing), dict(timing))


def _network(
    kind: str,
    corpus: Corpus,
    recipe: Recipe,
    trigram: Sequence[Array],
    device_words: int,
    seed: int,
    folder: Path,
    console: Console,
    school: Sources | None,
) -> Network:
    model, history, seconds = train_or_load(kind, corpus, recipe, seed, folder, console, school)
    parts = (corpus.validation, corpus.test)
    with console.status(f"{kind}: validation and test"):
        found = [guesses(model, part, corpus.vocabulary) for part in parts]
    validation, test = (
        summary(each, part[1:], corpus.vocabulary) for each, part in zip(found, parts, strict=True)
    )
    mixed = [_mixed(each, counted) for each, counted in zip(found, trigram, strict=True)]
    with console.status(f"{kind}: writing the files"):
        paths = files.write(model, kind, corpus, seed, folder)
    device, word_ms = files.judge_on_device(kind, model, paths, corpus, device_words, console)
    mixtures = (mixed[0], mixed[1])
    return Network(model.count_params(), history, seconds, validation, test, mixtures, device, paths, word_ms)


def _mixed(found: Guesses, trigram: Array) -> float:
    return perplexity((1 - MIXED) * np.exp(-found.losses[1:].astype(np.float64)) + MIXED * trigram)
