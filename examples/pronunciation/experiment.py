"""Everything: train, write the files, judge the model on the whole test and the files on a part of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console

from edge.aliases import Array
from edge.quiet import quiet
from examples.pronunciation import files
from examples.pronunciation.data import Entry, load_words
from examples.pronunciation.files import Asked
from examples.pronunciation.scores import Score, score
from examples.pronunciation.search import Reader
from examples.pronunciation.train import Recipe, train_or_go_on

BEAM = 4
# Silent letters, one letter for two phonemes, two letters for one, and the word of the front page.
SHOWN = ("buses", "knight", "thought", "exhausted", "pneumonia", "phoenix")
FEWEST = 50  # words of a length, to be shown


class Outcome(NamedTuple):
    """What was found.

    Attributes:
        parameters: numbers that were learned.
        history, seconds: of the training.
        beam: beginnings that are followed at once, in all but `greedy`.
        test: the model in memory on all words of the test; `strict`: on those without a form in training.
        greedy: as `test`, following the likeliest next phoneme alone.
        by_letters: as `test`, by the number of letters.
        alignments: of some words, the phonemes and where the model looked at each, `[phonemes, letters]`.
        device: the model in memory (`Keras`) and the files, by kind, on the same words of the test.
    """

    parameters: int
    history: dict[str, list[float]]
    seconds: float
    beam: int
    test: Score
    strict: Score
    greedy: Score
    by_letters: dict[int, Score]
    alignments: dict[str, tuple[tuple[str, ...], Array]]
    device: dict[str, Asked]


def run(
    recipe: Recipe,
    words: int | None,
    asked: int,
    seed: int,
    folder: Path,
    data_dir: Path | None,
    console: Console,
) -> Outcome:
    """Train, write, judge.

    Args:
        recipe: of the training.
        words: to learn from, so many at most, and a sixth of that to be judged on; None: all.
        asked: words of the test that every file is asked.
        seed: of everything that is drawn.
        folder: for the training and the files.
        data_dir: where TFDS keeps the dictionary.
        console: where the progress is shown.
    """
    with console.status("Reading the dictionary"):
        train = _drawn(load_words("train", data_dir), words, seed)
        fewer = None if words is None else words // 6
        validation, test = (
            _drawn(load_words(part, data_dir), fewer, seed) for part in ("validation", "test")
        )
    strict = [entry for entry in test if not entry.has_relative]
    ways = sum(len(entry.pronunciations) for entry in train)
    console.print(
        f"CMUdict: {len(train):,} words to learn from, said in {ways:,} ways; {len(test):,} for the test, "
        f"of {len(strict):,} of them no other form is learned"
    )
    trained = train_or_go_on(train, validation, recipe, seed, folder / "training", console)
    with console.status(f"Judging {len(test):,} words"):
        reader = Reader(trained.model)
        spelled = [entry.word for entry in test]
        said = reader.read(spelled, BEAM)
        greedy = reader.read(spelled)
    answers = dict(zip(spelled, said, strict=True))
    with console.status("Writing the files"), quiet(BaseException):  # the runtime announces itself
        paths = files.write(trained.model, train, seed, folder)
    device = files.judge(paths, _drawn(test, asked, seed), answers, BEAM, console)
    return Outcome(
        trained.model.count_params(),
        trained.history,
        trained.seconds,
        BEAM,
        score(test, said),
        score(strict, [answers[entry.word] for entry in strict]),
        score(test, greedy),
        _by_letters(test, answers),
        {word: reader.look(word) for word in SHOWN},
        device,
    )


def _drawn(entries: Sequence[Entry], count: int | None, seed: int) -> list[Entry]:
    """So many of them at most, in their order."""
    if count is None or count >= len(entries):
        return list(entries)
    chosen = np.random.default_rng(seed).choice(len(entries), count, replace=False)
    return [entries[n] for n in sorted(chosen)]


def _by_letters(test: Sequence[Entry], answers: dict[str, tuple[str, ...]]) -> dict[int, Score]:
    found = {}
    for letters in sorted({len(entry.word) for entry in test}):
        same = [entry for entry in test if len(entry.word) == letters]
        if len(same) >= FEWEST:
            found[letters] = score(same, [answers[entry.word] for entry in same])
    return found
