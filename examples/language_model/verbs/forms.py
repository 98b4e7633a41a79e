"""Which words are two forms of one: nouns and verbs, singular and plural, counted in tagged sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from examples.agreement.brown import plain

Tagged = tuple[
    Sequence[str], Sequence[str]
]  # the words of a sentence, and a tag of the Brown corpus for each

# Every verb whose forms no rule gives; "was" and "were" are the only pair of the past.
VERBS = {"is": "are", "was": "were", "has": "have", "does": "do", "goes": "go"}
NOUNS = {
    **{"man": "men", "woman": "women", "child": "children", "foot": "feet", "tooth": "teeth"},
    **{"mouse": "mice", "goose": "geese", "wife": "wives", "life": "lives", "knife": "knives"},
    **{"leaf": "leaves", "half": "halves", "shelf": "shelves", "wolf": "wolves", "thief": "thieves"},
    **{"analysis": "analyses", "crisis": "crises", "basis": "bases", "phenomenon": "phenomena"},
}
CLEAR = 0.9  # share of the tags of a word that must be the one in question, or it says too little


class Forms(NamedTuple):
    """Two forms of one word each, small letters.

    Attributes:
        plural_of: singular nouns to plural ones.
        singular_of: the other way.
        verbs: "says" to "say".
        base: the other way.
    """

    plural_of: dict[str, str]
    singular_of: dict[str, str]
    verbs: dict[str, str]
    base: dict[str, str]

    def other_verb(self, word: str) -> str | None:
        """The form of the other number; None where there is none. A capital stays one."""
        return _in_case(word, self.verbs, self.base)

    def other_noun(self, word: str) -> str | None:
        """The form of the other number; None where there is none. A capital stays one."""
        return _in_case(word, self.plural_of, self.singular_of)


def forms_of(sentences: Iterable[Tagged], least: int = 2) -> Forms:
    """What the tagged sentences know.

    Args:
        sentences: words and tags.
        least: how often both forms must be found.

    Example:
        >>> found = forms_of([(["buses", "stop", "bus", "stops"], ["nns", "vb", "nn", "vbz"])], least=1)
        >>> found.other_noun("Bus"), found.other_verb("stops")
        ('Buses', 'stop')
    """
    counts: Counter[tuple[str, str]] = Counter()
    for words, tags in sentences:
        counts.update((word.lower(), plain(tag)) for word, tag in zip(words, tags, strict=True))
    nouns = Counter({word: n for (word, tag), n in counts.items() if tag == "nn"})
    plurals = Counter({word: n for (word, tag), n in counts.items() if tag == "nns"})
    thirds = Counter({word: n for (word, tag), n in counts.items() if tag == "vbz"})
    bases = Counter({word: n for (word, tag), n in counts.items() if tag == "vb"})
    pairs = {
        one: many
        for one in nouns
        for many in [NOUNS.get(one) or _with_s(one)]
        if min(nouns[one], plurals[many]) >= least
        and plurals[many] >= CLEAR * (plurals[many] + nouns[many])
        and nouns[one] >= CLEAR * (nouns[one] + plurals[one])
    }
    verbs = {
        _with_s(base): base for base in bases if base not in VERBS.values() and thirds[_with_s(base)] >= least
    }
    verbs |= VERBS
    return Forms(pairs, _turned(pairs), verbs, _turned(verbs))


def _with_s(word: str) -> str:
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return f"{word}es"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    if word.endswith("man") and word not in ("human", "german", "roman"):
        return f"{word[:-3]}men"
    return f"{word}s"


def _turned(pairs: dict[str, str]) -> dict[str, str]:
    return {many: one for one, many in pairs.items()}


def _in_case(word: str, *tables: dict[str, str]) -> str | None:
    small = word.lower()
    other = next((table[small] for table in tables if small in table), None)
    return other.capitalize() if other and word[:1].isupper() else other
