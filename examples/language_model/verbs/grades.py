"""How often a model prefers the right verb: in held-out sentences, in pairs of our own, in the founding sentence.

A model is a function from numbers of words `[batch, time]` to scores of the next, `[batch, time, vocabulary]`
or `[batch, vocabulary]`: `model.predict` of Keras, `edge.load(path).predict`. Files are asked without TensorFlow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from examples.common.minimal_pairs import MinimalPair, Predict, Share, score_pairs
from examples.language_model.corpus import PARAGRAPH, RARE
from examples.language_model.verbs.exam import behind, founding, pairs

HAND_READ = Path(__file__).with_name("addresses.txt")
_MARKED = re.compile(r"\[(\S+)\]")
_VERB = re.compile(r"^(.*) \*(\S+)/(\S+)\*$")
GROUPS = ("no attractor", "attractors")


class Grade(NamedTuple):
    """A group of questions, and how often the right form was more probable."""

    name: str
    share: Share


def ask(predict: Predict, groups: dict[str, list[MinimalPair]], vocabulary: Sequence[str]) -> list[Grade]:
    """Ask a model about groups of pairs.

    Args:
        predict: see above.
        groups: by name; of those that are empty there is no grade.
        vocabulary: the word of each number.
    """
    place = {word: number for number, word in enumerate(vocabulary)}
    rare = place[RARE]
    grades = []
    for name, group in groups.items():
        if group:
            scores = score_pairs(predict, group, lambda word: place.get(word, rare), batch=32)
            grades.append(Grade(name, scores.overall))
    return grades


def own_pairs(vocabulary: Sequence[str]) -> dict[str, list[MinimalPair]]:
    """The founding sentence, the twenty nouns in it, and the pairs by construction, behind a paragraph's mark.

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


def found_pairs(found: Iterable[MinimalPair], vocabulary: Sequence[str]) -> dict[str, list[MinimalPair]]:
    """Pairs from texts, in two groups, whose verb forms the model has.

    Args:
        found: with the number of their attractors.
        vocabulary: of the model.
    """
    known = set(vocabulary)
    usable = [pair for pair in found if {pair.right, pair.wrong} <= known]
    halves = [pair for pair in usable if not pair.attractors], [pair for pair in usable if pair.attractors]
    start = (PARAGRAPH,) if PARAGRAPH in known else ()
    return behind(start, dict(zip(GROUPS, halves, strict=True)))


def hand_read(path: Path = HAND_READ) -> list[MinimalPair]:
    """Sentences that a person read, up to the verb: a line each, `The [keys] to the cabinet *are/is*`.

    Raises:
        ValueError: a line is not so.
    """
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    return [_pair(line, path) for line in lines]


def _pair(line: str, path: Path) -> MinimalPair:
    match = _VERB.match(line)
    if not match or not _MARKED.search(match[1]):
        raise ValueError(f"{path.name}: a line needs a [noun] and, at its end, a *right/wrong* verb; received {line!r}.")
    return MinimalPair(tuple(_MARKED.sub(r"\1", match[1]).split()), match[2], match[3], 1)


def _subject_known(pair: MinimalPair, known: set[str]) -> bool:
    return all(word in known for word in pair.prefix)
