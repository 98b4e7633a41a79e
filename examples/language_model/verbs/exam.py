"""Pairs of our own, as in Marvin & Linzen 2018 and BLiMP, and the sentence that this project began with.

The twenty nouns, and "bus", are the subject of no sentence that `lessons` makes by rule, and the clause of
the founding sentence is in none at all: what a model knows of them it read in the corpus.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence

from examples.common.minimal_pairs import MinimalPair

FOUNDING = "bus", "buses"
CLAUSE = (",", "which", "went", "to", "Paris", ",")
NOUNS = (
    *(("train", "trains"), ("car", "cars"), ("ship", "ships"), ("letter", "letters"), ("book", "books")),
    *(("boy", "boys"), ("girl", "girls"), ("officer", "officers"), ("doctor", "doctors")),
    *(("student", "students"), ("teacher", "teachers"), ("artist", "artists"), ("writer", "writers")),
    *(("picture", "pictures"), ("machine", "machines"), ("horse", "horses"), ("gun", "guns")),
    *(("friend", "friends"), ("farmer", "farmers"), ("soldier", "soldiers")),
)
HELD_BACK = frozenset(itertools.chain(FOUNDING, *NOUNS))  # from everything that is made by rule
VERBS = (("was", "were"), ("is", "are"), ("has", "have"))
BETWEEN: dict[str, tuple[str, ...]] = {
    "simple": ("The {head}",),
    "prepositional": (
        "The {head} near the {noun}",
        "The {head} behind the {noun}",
        "The {head} of the {noun}",
    ),
    "subject relative": (
        "The {head} that saw the {noun}",
        "The {head} which followed the {noun}",
        "The {head} , which came with the {noun} ,",
    ),
    "object relative": (
        "The {head} that the {noun} saw",
        "The {head} which the {noun} followed",
        "The {head} , which the {noun} wanted ,",
    ),
}


def founding(known: Collection[str]) -> dict[str, list[MinimalPair]]:
    """The founding sentence in both numbers, and with the twenty nouns.

    Args:
        known: words of the model; pairs of nouns of which it lacks one are left out.
    """
    kept = [pair for pair in NOUNS if set(pair) <= set(known)]
    return {
        "the founding sentence": [_founding(FOUNDING, number) for number in (0, 1)],
        "with twenty other nouns": [_founding(pair, number) for pair in kept for number in (0, 1)],
    }


def _founding(noun: tuple[str, str], number: int) -> MinimalPair:
    # "Paris" is singular and stands between: one noun that misleads where the subject is plural.
    return _pair(("The", noun[number], *CLAUSE), ("was", "were"), number, number)


def pairs(known: Collection[str]) -> dict[str, list[MinimalPair]]:
    """By construction: all nouns in both numbers with nouns of the other number between, three verbs.

    Args:
        known: words of the model; pairs of nouns of which it lacks one are left out.
    """
    kept = [pair for pair in NOUNS if set(pair) <= set(known)]
    return {name: list(_construction(name, templates, kept)) for name, templates in BETWEEN.items()}


def _construction(
    name: str, templates: Sequence[str], nouns: Sequence[tuple[str, str]]
) -> Iterator[MinimalPair]:
    for place, (noun, number) in enumerate(itertools.product(nouns, (0, 1))):
        other = nouns[(place // 2 + 7) % len(nouns)][1 - number]
        for template, verb in itertools.product(templates, VERBS):
            words = template.format(head=noun[number], noun=other).split()
            yield _pair(words, verb, number, 0 if name == "simple" else 1)


def _pair(words: Sequence[str], verb: tuple[str, str], number: int, attractors: int) -> MinimalPair:
    return MinimalPair(tuple(words), verb[number], verb[1 - number], attractors)


def behind(start: Sequence[str], groups: dict[str, list[MinimalPair]]) -> dict[str, list[MinimalPair]]:
    """The same pairs, behind what stands before every sentence."""
    return {
        name: [pair._replace(prefix=(*start, *pair.prefix)) for pair in group]
        for name, group in groups.items()
    }
