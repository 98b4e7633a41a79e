"""How often a model prefers the right verb: in held-out sentences, pairs of our own, the founding one.

A model is a function from numbers of words `[batch, time]` to scores of the next, `[batch, vocabulary]` or
`[batch, time, vocabulary]`: `model.predict` of Keras, `edge.load(path).predict`. Files need no
TensorFlow here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from examples.common.minimal_pairs import MinimalPair, PairScores, Predict, Share, score_pairs
from examples.language_model.corpus import PARAGRAPH, number_of
from examples.language_model.verbs.exam import behind, founding, pairs
from examples.language_model.verbs.finder import Found

HAND_READ = Path(__file__).with_name("addresses.txt")
_MARKED = re.compile(r"\[(\S+)\]")
_VERB = re.compile(r"^(.*) \*(\S+)/(\S+)\*$")
GROUPS = (
    "Brown, held out: none between that mislead",
    "Brown, held out: with attractors",
    "the same, and subjects that the model has no word for",
)
READ = "addresses, held out, read by hand: with attractors"


class Grade(NamedTuple):
    """A group of questions, and what the model gave the two forms in each."""

    name: str
    scores: PairScores

    @property
    def share(self) -> Share:
        """How often the right form was more probable."""
        return self.scores.overall


def ask(
    predict: Predict, groups: Mapping[str, Sequence[MinimalPair]], vocabulary: Sequence[str]
) -> list[Grade]:
    """Ask a model about groups of pairs.

    Args:
        predict: see above.
        groups: by name; of those that are empty there is no grade.
        vocabulary: the word of each number.
    """
    place = {word: number for number, word in enumerate(vocabulary)}
    return [
        Grade(name, score_pairs(predict, group, lambda word: number_of(word, place), batch=32))
        for name, group in groups.items()
        if group
    ]


def commoner(groups: Mapping[str, Sequence[MinimalPair]], counts: Mapping[str, int]) -> list[Grade]:
    """A guess that knows of no subject: of two forms the one that is commoner in `counts`."""
    grades = []
    for name, group in groups.items():
        if group:
            forms = [[counts.get(pair.right, 0), counts.get(pair.wrong, 0)] for pair in group]
            right, wrong = np.array(forms, float).T
            grades.append(
                Grade(name, PairScores(right, wrong, np.array([pair.attractors for pair in group])))
            )
    return grades


def alike(first: Sequence[Grade], second: Sequence[Grade]) -> float:
    """Share of the questions in which two models prefer the same form, 0 to 1."""
    same = [a.scores.preferred == b.scores.preferred for a, b in zip(first, second, strict=True)]
    return float(np.concatenate(same).mean())


def own_pairs(vocabulary: Sequence[str]) -> dict[str, list[MinimalPair]]:
    """The founding sentence, twenty nouns in it, and pairs by construction, behind a paragraph's mark.

    Args:
        vocabulary: of the model; pairs with words that it lacks are left out.
    """
    known = set(vocabulary)
    start = (PARAGRAPH,) if PARAGRAPH in known else ()
    groups = {**founding(known), **pairs(known)}
    usable = {
        name: [pair for pair in group if {pair.right, pair.wrong} <= known and _subject_known(pair, known)]
        for name, group in groups.items()
    }
    return behind(start, usable)


def found_pairs(found: Iterable[Found], vocabulary: Sequence[str]) -> dict[str, list[MinimalPair]]:
    """Questions from texts: without attractors, with some, and all with some.

    The first two leave out subjects that the model has no word for, whose number it cannot see; the third has
    them.

    Args:
        found: in sentences that it did not learn from.
        vocabulary: of the model.
    """
    known = set(vocabulary)
    usable = [one for one in found if {one.words[one.verb], one.other} <= known]
    visible = [one for one in usable if one.words[one.head] in known]
    parts = (
        [one for one in visible if not one.attractors],
        [one for one in visible if one.attractors],
        [one for one in usable if one.attractors],
    )
    start = (PARAGRAPH,) if PARAGRAPH in known else ()
    return {name: [one.pair(start) for one in part] for name, part in zip(GROUPS, parts, strict=True)}


def read_pairs(vocabulary: Sequence[str]) -> dict[str, list[MinimalPair]]:
    """The hundred sentences that were read one by one, behind a paragraph's mark."""
    known = set(vocabulary)
    usable = [pair for pair in hand_read() if {pair.right, pair.wrong} <= known]
    return behind((PARAGRAPH,) if PARAGRAPH in known else (), {READ: usable})


def hand_read(path: Path = HAND_READ) -> list[MinimalPair]:
    """Sentences that were read one by one, up to the verb: a line each, `The [keys] to the cabinet *are/is*`.

    Raises:
        ValueError: a line is not so.
    """
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    return [_pair(line, path) for line in lines]


def _pair(line: str, path: Path) -> MinimalPair:
    match = _VERB.match(line)
    if not match or not _MARKED.search(match[1]):
        raise ValueError(
            f"{path.name}: a line needs a [noun] and, at its end, a *right/wrong* verb; received {line!r}."
        )
    return MinimalPair(tuple(_MARKED.sub(r"\1", match[1]).split()), match[2], match[3], 1)


def _subject_known(pair: MinimalPair, known: set[str]) -> bool:
    return all(word in known for word in pair.prefix)
