"""A small grammar whose last word depends on one word far back; everything in between is drawn.

    number  ->  the (ADJECTIVE) THING gap VERB          THING and VERB agree in number
    gender  ->  (NAME met NAME .) NAME CALLED NAME gap to ask PRONOUN
                                                        PRONOUN is him or her, after the NAME that came last
    gap     ->  fill  |  , which went to PLACE fill ,   which: of things; who: of persons
    fill    ->  any order of  PREPOSITION the (ADJECTIVE) NOUN  |  in PLACE  |  ADVERB

A gap has exactly the number of words that it is asked for, commas counted. Its nouns are singular or plural
by the toss of a coin, whatever the subject is, so that nothing but the subject tells the verb; a noun of the
other number is an attractor (Linzen, Dupoux & Goldberg 2016). The attractors of a pronoun are the persons of
the other gender who came before the last one. No other word shows number or gender: one "the", past tenses,
places.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from examples.common.minimal_pairs import MinimalPair

Generator = np.random.Generator

THINGS = (
    *(("bus", "buses"), ("car", "cars"), ("train", "trains"), ("boat", "boats"), ("key", "keys")),
    *(("cabinet", "cabinets"), ("letter", "letters"), ("house", "houses"), ("ticket", "tickets")),
    ("box", "boxes"),
)
PEOPLE = (("driver", "drivers"), ("teacher", "teachers"), ("child", "children"), ("woman", "women"))
NOUNS = (*THINGS, *PEOPLE)
VERBS = (("was", "were"), ("is", "are"), ("has", "have"))
NAMES = (("Bob", "Dan", "Tom", "Adam", "Paul"), ("Carla", "Ann", "Eve", "Mary", "Ruth"))
PRONOUNS = ("him", "her")
ADJECTIVES = ("old", "big", "red", "new", "small")
PREPOSITIONS = ("with", "near", "behind", "after")
PLACES = ("Paris", "London", "Rome", "Berlin")
ADVERBS = ("yesterday", "slowly", "again", "twice", "often")
CALLED = ("called", "met", "saw", "helped")
OTHERS = ("the", ",", ".", "which", "who", "went", "to", "in", "ask")

VOCABULARY = (
    "",  # 0 is no word: the padding
    *OTHERS,
    *(word for pair in (*NOUNS, *VERBS) for word in pair),
    *(name for names in NAMES for name in names),
    *(*PRONOUNS, *ADJECTIVES, *PREPOSITIONS, *PLACES, *ADVERBS, *CALLED),
)
WORD_ID = {word: index for index, word in enumerate(VOCABULARY)}

LONGEST_GAP = 30
LENGTH = 40  # words: none of these prefixes is longer
AROUND = 6  # words of ", which went to PLACE ,"
NAMED = 4  # at most so many words in PREPOSITION the ADJECTIVE NOUN


class Sentence(NamedTuple):
    """A sentence up to the word that agrees.

    Attributes:
        prefix: the words before it.
        right, wrong: the word, and the same in the other number or gender.
        cue: where in the prefix the word stands that decides.
        gap: so many words were drawn to stand in between.
        attractors: so many words in the prefix say the opposite.
        kind: `"number"` or `"gender"`.
    """

    prefix: tuple[str, ...]
    right: str
    wrong: str
    cue: int
    gap: int
    attractors: int
    kind: str

    @property
    def value(self) -> int:
        """0 for singular or him, 1 for plural or her."""
        return int(any(self.right == pair[1] for pair in (*VERBS, PRONOUNS)))

    def pair(self) -> MinimalPair:
        """What `examples.common.minimal_pairs` takes."""
        return MinimalPair(self.prefix, self.right, self.wrong, self.attractors)


def number_sentence(
    rng: Generator, gap: int, nouns: int | None = None, distracting: bool = False
) -> Sentence:
    """A subject, a gap of so many words with so many nouns in it, and a verb.

    Args:
        nouns: None: any number from none to one in four words.
        distracting: whether all of them have the number that the subject has not.
    """
    value = int(rng.integers(2))
    numbers = [1 - value] * LENGTH if distracting else rng.integers(2, size=LENGTH).tolist()
    subject = THINGS[rng.integers(len(THINGS))][value]
    adjective = [_any(rng, ADJECTIVES)] * int(rng.integers(2))
    between = _gap(rng, gap, nouns, numbers, "which")
    start = ["the", *adjective, subject]
    others = {noun[1 - value] for noun in NOUNS}
    forms = VERBS[rng.integers(len(VERBS))]
    attractors = sum(word in others for word in between)
    return Sentence(
        (*start, *between), forms[value], forms[1 - value], len(start) - 1, gap, attractors, "number"
    )


def gender_sentence(rng: Generator, gap: int, persons: int | None = None) -> Sentence:
    """Two persons or four, the last of whom is asked; a gap of so many words; a pronoun.

    Args:
        persons: 2 or 4; None: either.
    """
    persons = persons or int(2 * rng.integers(1, 3))
    genders = rng.integers(2, size=persons).tolist()
    names = [_any(rng, NAMES[gender]) for gender in genders]
    start = [names[0], "met", names[1], "."] if persons == 4 else []
    start += [names[-2], _any(rng, CALLED), names[-1]]
    numbers = rng.integers(2, size=LENGTH).tolist()
    prefix = (*start, *_gap(rng, gap, None, numbers, "who"), "to", "ask")
    value = genders[-1]
    attractors = sum(gender != value for gender in genders[:-1])
    return Sentence(prefix, PRONOUNS[value], PRONOUNS[1 - value], len(start) - 1, gap, attractors, "gender")


def _any(rng: Generator, words: tuple[str, ...]) -> str:
    return words[rng.integers(len(words))]


def _gap(rng: Generator, words: int, nouns: int | None, numbers: list[int], relative: str) -> list[str]:
    # A gap that must hold many nouns has no room for the six words of the clause.
    room = words - AROUND >= NAMED * (nouns or 0)
    if room and rng.integers(2):
        opening = [",", relative, "went", "to", _any(rng, PLACES)]
        return [*opening, *_fill(rng, words - AROUND, nouns, numbers), ","]
    return _fill(rng, words, nouns, numbers)


def _fill(rng: Generator, words: int, nouns: int | None, numbers: list[int]) -> list[str]:
    most = words // NAMED
    if nouns is not None and nouns > most:
        raise ValueError(f"A gap of {words} words has no room for {nouns} nouns, {most} at most.")
    nouns = int(rng.integers(most + 1)) if nouns is None else nouns
    pieces: list[list[str]] = []
    for number in numbers[:nouns]:
        adjective = [_any(rng, ADJECTIVES)] * int(rng.integers(2))
        noun = NOUNS[rng.integers(len(NOUNS))][number]
        pieces.append([_any(rng, PREPOSITIONS), "the", *adjective, noun])
    left = words - sum(map(len, pieces))
    while left:
        piece = ["in", _any(rng, PLACES)] if left > 1 and rng.integers(2) else [_any(rng, ADVERBS)]
        pieces.append(piece)
        left -= len(piece)
    return [word for index in rng.permutation(len(pieces)) for word in pieces[index]]
