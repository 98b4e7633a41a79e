"""What a run found: tables for people, JSON for machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from rich.table import Table

from examples.common.tables import table
from examples.pronunciation.experiment import Outcome
from examples.pronunciation.scores import Score


class Line(NamedTuple):
    """A system and its errors, as shares; None where they were not reported. `ours`: measured in this run."""

    name: str
    words_wrong: float
    phonemes_wrong: float | None
    ours: bool


# On CMUdict without stress, each on a split of its own; right is whoever says one of the dictionary's ways.
PUBLISHED = (
    Line("joint n-grams, Bisani & Ney 2008", 0.2453, 0.0588, False),
    Line("LSTM with alignments, Yao & Zweig 2015", 0.2355, 0.0545, False),
    Line("LSTM, many-to-many alignments, 2016", 0.2323, 0.0537, False),
    Line("LSTM with n-grams, Rao et al. 2015", 0.213, None, False),
    Line("CMUSphinx g2p-seq2seq, transformer", 0.302, None, False),
)
RANDOM, STRICT, GREEDY = "a random tenth", "no form of it seen", "a random tenth, without a beam"


def lines(outcome: Outcome, published: Sequence[Line] = ()) -> list[Line]:
    """Everything that can be compared: the published systems, and ours."""
    ours = ((RANDOM, outcome.test), (STRICT, outcome.strict), (GREEDY, outcome.greedy))
    return [
        *published,
        *(Line(f"ours: {name}", found.words_wrong, found.phonemes_wrong, True) for name, found in ours),
    ]


def tables(outcome: Outcome, published: Sequence[Line] = ()) -> list[Table]:
    """The errors, and the files."""
    return [_errors(outcome, published), _files(outcome)]


def _errors(outcome: Outcome, published: Sequence[Line]) -> Table:
    rows = [
        [
            line.name,
            f"{line.words_wrong:.1%}",
            "" if line.phonemes_wrong is None else f"{line.phonemes_wrong:.1%}",
        ]
        for line in lines(outcome, published)
    ]
    if published:
        rows.insert(len(published), [])
    title = f"Words never seen: {outcome.test.words:,}, {outcome.strict.words:,} of them without another form"
    return table(title, ["", "words\nwrong", "phonemes\nwrong"], rows)


def _files(outcome: Outcome) -> Table:
    rows = [[form, *_cells(found.score), *_price(found)] for form, found in outcome.device.items()]
    asked = next(iter(outcome.device.values())).score.words
    columns = [
        "runs as",
        "words\nwrong",
        "phonemes\nwrong",
        "other than\nKeras",
        "encoder\nKiB",
        "decoder\nKiB",
        "ms for\na word",
    ]
    return table(f"The files, on {asked:,} of these words, by a beam of {outcome.beam}", columns, rows)


def _cells(found: Score) -> list[str]:
    return [f"{found.words_wrong:.1%}", f"{found.phonemes_wrong:.1%}"]


def _price(found: Any) -> list[str]:
    if found.paths is None:
        return ["", "", "", ""]
    sizes = (f"{path.stat().st_size / 1024:.0f}" for path in found.paths)
    return [f"{found.differs:.2%}", *sizes, f"{found.word_ms:.1f}"]


def as_json(outcome: Outcome, settings: dict[str, Any]) -> dict[str, Any]:
    """Everything as plain values."""
    return {
        "settings": {**settings, "beam": outcome.beam},
        "published": [line._asdict() for line in PUBLISHED],
        "parameters": outcome.parameters,
        "training": outcome.history,
        "training_seconds": outcome.seconds,
        "test": outcome.test._asdict(),
        "strict": outcome.strict._asdict(),
        "greedy": outcome.greedy._asdict(),
        "by_letters": {str(letters): found._asdict() for letters, found in outcome.by_letters.items()},
        "device": {
            form: {
                **found.score._asdict(),
                "differs_from_keras": found.differs,
                "word_ms": found.word_ms,
                "bytes": None if found.paths is None else [path.stat().st_size for path in found.paths],
            }
            for form, found in outcome.device.items()
        },
    }
