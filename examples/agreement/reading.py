"""Agreement in the Brown corpus: the language model of `examples.language_model`, and what a guess gives."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

import edge
from edge.aliases import Array
from examples.agreement.brown import Dependency, dependencies
from examples.agreement.judge import answers
from examples.common.minimal_pairs import MinimalPair, PairScores, Predict, Share, score_pairs

PARTS = ("validation", "test")  # of the corpus, which the language model did not learn from
GROUPS = ("none between", "same number", "attractors")  # by the nouns between subject and verb
KINDS = ("cifg", "standard")  # of language models; the first must be there
FILE = "cifg_int8.tflite"  # of those that it writes


class Reading(NamedTuple):
    """How often one model preferred the right verb.

    Attributes:
        name: of the model.
        shares: by what stands between subject and verb, one of `GROUPS`.
        overall: over all sentences.
        ties: sentences in which both verbs were equal to it.
    """

    name: str
    shares: dict[str, Share]
    overall: Share
    ties: int


class Material(NamedTuple):
    """Sentences to read.

    Attributes:
        pairs: what is asked.
        groups: which of `GROUPS` each is in, `[pairs]`.
        found: how many dependencies the pattern found.
        disagree: in so many of them the tags of subject and verb disagree; left out.
        unknown: in so many the language model has no word for the subject; left out too.
    """

    pairs: list[MinimalPair]
    groups: Array
    found: int
    disagree: int
    unknown: int


def material(
    dependencies_found: Sequence[Dependency], known: Sequence[str], start: Sequence[str]
) -> Material:
    """What is asked of a language model.

    Args:
        known: its words.
        start: what stands before a sentence.
    """
    words = set(known)
    agreeing = [one for one in dependencies_found if one.agrees]
    usable = [one for one in agreeing if {one.words[one.head], one.words[one.verb]} <= words]
    return Material(
        [one.pair(start) for one in usable],
        np.array([2 if one.attractors else int(one.nouns > 0) for one in usable], int),
        len(dependencies_found),
        len(dependencies_found) - len(agreeing),
        len(agreeing) - len(usable),
    )


def reading(name: str, scores: PairScores, groups: Array) -> Reading:
    """Counted by groups, those that are not empty."""
    parts = {
        group: PairScores(*(values[groups == number] for values in scores)).overall
        for number, group in enumerate(GROUPS)
        if (groups == number).any()
    }
    return Reading(name, parts, scores.overall, scores.ties)


def always_commoner(pairs: Sequence[MinimalPair]) -> PairScores:
    """A guess that knows nothing of the sentence: of both verbs the one that is right more often here."""
    counts: dict[str, int] = {}
    for pair in pairs:
        counts[pair.right] = counts.get(pair.right, 0) + 1
    right, wrong = (
        np.array([counts.get(getattr(pair, form), 0) for pair in pairs]) for form in ("right", "wrong")
    )
    return PairScores(right, wrong, np.array([pair.attractors for pair in pairs]))


def read(folder: Path, data_dir: Path | None) -> tuple[Material, list[Reading]]:
    """Read the corpus with the trained language model, and with its int8 file if that is there.

    Args:
        folder: of `examples.language_model`, where its `--out` was.
        data_dir: where TFDS keeps the corpus.

    Raises:
        FileNotFoundError: the corpus or the trained model is missing; the message says what to do.
    """
    from examples.language_model.corpus import PARAGRAPH, number_of
    from examples.language_model.data import load_sentences
    from examples.language_model.store import load_language_model

    model, vocabulary = load_language_model(folder, KINDS[0])
    models = {KINDS[0]: model}
    with suppress(FileNotFoundError):
        models[KINDS[1]], _ = load_language_model(folder, KINDS[1])
    sentences = [sentence for part in PARTS for sentence in load_sentences(part, data_dir)]
    asked = material(list(dependencies(sentences)), vocabulary, (PARAGRAPH,))
    place = {word: number for number, word in enumerate(vocabulary)}

    def score(predict: Predict) -> PairScores:
        return score_pairs(predict, asked.pairs, lambda word: number_of(word, place), batch=32)

    readings = [reading("commoner verb", always_commoner(asked.pairs), asked.groups)]
    readings += [
        reading(f"{kind} LSTM", score(answers(model)), asked.groups) for kind, model in models.items()
    ]
    path = folder / "files" / FILE
    if path.is_file():
        # A file for streams; `predict` starts every sentence from zeros.
        scores = score(edge.load(path, num_threads=1).predict)
        readings.append(reading(f"{KINDS[0]} int8", scores, asked.groups))
    return asked, readings


def remark(asked: Material) -> str:
    """What was found and left out, in one sentence."""
    return (
        f"{asked.found} subjects and their verbs were found. Left out: {asked.disagree} whose tags disagree, "
        f"{asked.unknown} whose subject is no word of the language model."
    )
