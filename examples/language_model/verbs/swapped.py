"""More of what was found: the same sentence in the other number, and clauses put behind other nouns.

Of the two numbers of a noun one is commoner, and so is one form of a verb: a model that always says "was" is
right more often than not. A sentence in both numbers says nothing to a model that looks at anything but the
subject. And every sentence with nouns between has an attractor in one of its two numbers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from examples.language_model.verbs.finder import (
    PLURAL_VERBS,
    SINGULAR_VERBS,
    SUBJECT_RELATIVE,
    Clause,
    Found,
)
from examples.language_model.verbs.forms import Forms

# Determiners that show a number, and what stands before the other one.
TO_PLURAL = {
    **{"a": "the", "an": "the", "this": "these", "that": "those", "each": "all", "every": "all"},
    **{"another": "two", "one": "two"},
}
TO_SINGULAR = {
    **{"these": "this", "those": "that", "all": "every", "both": "each", "two": "one", "three": "one"},
    **{"many": "one", "few": "one", "several": "one"},
}
_ADJECTIVES = ("jj", "jjr", "jjs", "jjt", "nn", "od", "vbn", "vbg", "np")
_DETERMINERS = ("at", "dt", "dts", "dti", "dtx", "abn", "abx", "ap", "cd")


class Example(NamedTuple):
    """One question: words up to a verb, its right and its wrong form.

    Attributes:
        words: up to the verb.
        right, wrong: the verb in the number of the subject, and in the other.
        attractors: nouns between the two that say the opposite.
        kind: of `finder.KINDS`.
        noun: of the subject.
    """

    words: tuple[str, ...]
    right: str
    wrong: str
    attractors: int
    kind: str
    noun: str


def example(found: Found) -> Example:
    """As it was found."""
    pair = found.pair()
    return Example(
        tuple(pair.prefix), pair.right, pair.wrong, found.attractors, found.kind, found.words[found.head]
    )


def swapped(found: Found, forms: Forms, nouns: int) -> Example | None:
    """The same sentence with its subject in the other number, and its verb.

    Args:
        found: in one number.
        forms: which words are forms of one.
        nouns: between the two, so that those are counted that now are attractors.

    Returns:
        None where it cannot be made by rule: no other form of the noun, a numeral, two nouns that a relative
        clause may belong to.
    """
    words = list(found.words[: found.verb])
    noun = forms.other_noun(words[found.head])
    if noun is None or not (_swap_clause(words, found, forms) and _swap_determiner(words, found)):
        return None
    words[found.head + len(words) - found.verb] = noun
    if len(words) > found.verb and words[0] == "The":
        words[1] = words[1].lower()
    return Example(
        tuple(words), found.other, found.words[found.verb], nouns - found.attractors, found.kind, noun
    )


def _swap_clause(words: list[str], found: Found, forms: Forms) -> bool:
    """The verb of a clause whose subject is the noun: "the man who says", "the men who say"."""
    if found.kind != SUBJECT_RELATIVE or found.clause is None:
        return True
    start, end = found.clause
    first = next(k for k in range(start + 1, end) if found.tags[k] not in ("rb", "ql", "*"))
    if found.tags[first] not in SINGULAR_VERBS | PLURAL_VERBS:
        return True
    other = forms.other_verb(words[first])
    if other is None or [word for word in words[found.head + 1 : start] if word != ","]:
        return False  # "the men in the house which is big": whose clause is it?
    words[first] = other
    return True


def _swap_determiner(words: list[str], found: Found) -> bool:
    """What stands before the noun: "a", "these"; a plural noun with nothing before it gets "the"."""
    place = found.head - 1
    while place >= 0 and found.tags[place] in _ADJECTIVES:
        place -= 1
    tag = found.tags[place] if place >= 0 else ""
    small = words[place].lower() if place >= 0 else ""
    if tag in ("pp$", "np$", "nn$", "nns$", "wp$") or small in ("the", "no", "some", "any"):
        return True
    if tag in _DETERMINERS:
        other = (TO_SINGULAR if found.is_plural else TO_PLURAL).get(small)
        if other is not None:
            words[place] = other.capitalize() if words[place][0].isupper() else other
        return other is not None
    start = place + 1
    words.insert(start, "The" if words[start][0].isupper() and start == 0 else "the")
    return True


def transplanted(
    clause: Clause, noun: str, is_plural: bool, verb: tuple[str, str], rng: np.random.Generator
) -> Example:
    """A clause behind another noun.

    Args:
        clause: from elsewhere.
        noun: in the number asked for.
        is_plural: that number.
        verb: singular and plural form.
        rng: draws the determiner.
    """
    first = rng.choice(["The", "The", "The", "These" if is_plural else "This", "Our", "His", "the"])
    right, wrong = verb[::-1] if is_plural else verb
    attractors = sum(number != is_plural for number in clause.numbers)
    return Example((str(first), noun, *clause.words), right, wrong, attractors, clause.kind, noun)
