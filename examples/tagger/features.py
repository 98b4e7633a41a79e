"""Words as a tagger sees them: the word itself where it is common, its last letters, its looks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from edge.aliases import Array
from examples.agreement.brown import plain

SEEN = 3  # a word, an ending or a tag seen less often in training is one of the unknown
UNKNOWN = 0
_LOOKS = (r"[a-z'’-]+", r"[A-Z][a-z'’-]*", r"[A-Z'’.-]+", r".*\d.*", r"[A-Z].*")
LOOKS = len(_LOOKS) + 1
INPUTS = 4  # numbers for a word: the word, three last letters, two last letters, looks


class Alphabet(NamedTuple):
    """What a tagger has numbers for; 0 is the unknown.

    Attributes:
        words, threes, twos: small letters; the number of each.
        tags: of the Brown corpus without what hangs on some; the number of each is its place.
    """

    words: dict[str, int]
    threes: dict[str, int]
    twos: dict[str, int]
    tags: tuple[str, ...]

    def numbers(self, words: Sequence[str]) -> Array:
        """`[words, INPUTS]` int32."""
        small = [word.lower() for word in words]
        columns = (
            [self.words.get(word, UNKNOWN) for word in small],
            [self.threes.get(word[-3:], UNKNOWN) for word in small],
            [self.twos.get(word[-2:], UNKNOWN) for word in small],
            [looks(word) for word in words],
        )
        return np.array(columns, np.int32).T.reshape(-1, INPUTS)

    def tag_numbers(self, tags: Iterable[str]) -> Array:
        """`[words]` int32; of a tag that is too rare 0."""
        place = {tag: number for number, tag in enumerate(self.tags)}
        return np.array([place.get(plain_tag(tag), UNKNOWN) for tag in tags], np.int32)


def alphabet(sentences: Sequence[tuple[Sequence[str], Sequence[str]]]) -> Alphabet:
    """What occurs often enough in the tagged sentences."""
    small = Counter(word.lower() for words, _ in sentences for word in words)
    threes: Counter[str] = Counter()
    twos: Counter[str] = Counter()
    for word, count in small.items():
        threes[word[-3:]] += count
        twos[word[-2:]] += count
    tags = Counter(plain_tag(tag) for _, long_tags in sentences for tag in long_tags)
    named = tuple(tag for tag, count in tags.most_common() if count >= SEEN)
    return Alphabet(_numbered(small), _numbered(threes), _numbered(twos), ("?", *named))


def plain_tag(tag: str) -> str:
    """One of some hundred tags: without what the corpus hangs on some, of contractions the first."""
    first = plain(tag).split("+")[0]
    return first[:-1] if len(first) > 1 and first.endswith("*") else first


def looks(word: str) -> int:
    """Which of `_LOOKS` fits first: small, Capital, CAPITALS, with digits, mixed; else a mark."""
    return next((n for n, form in enumerate(_LOOKS) if re.fullmatch(form, word)), len(_LOOKS))


def _numbered(counts: Counter[str]) -> dict[str, int]:
    kept = (key for key, count in counts.most_common() if count >= SEEN)
    return {key: number for number, key in enumerate(kept, 1)}
