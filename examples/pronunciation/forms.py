"""Which words are forms of one another: bus, buses, bus's; bake, baked, baking, bakers.

A word that was never seen is a weak test where another form of it was: who knows "bake" can say "bakes". Here
a word has stems, and two words that share one are taken for forms of one word. It errs on the careful side:
"number" counts as a form of "numb", and "James" of "Jamie".
"""

from __future__ import annotations

import re
from collections.abc import Iterable

CLITIC = re.compile(r"'(s|d|m|t|ll|re|ve|)$")  # the bus's, they'd, I'm, the buses'
ENDINGS = (
    *("s", "es", "ed", "d", "ing", "ings", "ly", "er", "ers", "or", "ors", "est", "ness", "nesses"),
    *("ment", "ments", "able", "less", "ful"),
)
SHORTEST = 2  # letters of a stem that something was cut off: go-ing, ac-er
DEPTH = 3  # endings that may follow one another: bak-er-s-'
DOUBLE = re.compile(r"(.)\1+")


def stems(word: str) -> frozenset[str]:
    """Every stem that the word may have.

    Example:
        >>> sorted(stems("bakers'"))
        ['bak', 'baker', 'bakers']
        >>> bool(stems("cities") & stems("city")), bool(stems("colours") & stems("coloring"))
        (True, True)
        >>> bool(stems("bus") & stems("bust"))
        False
    """
    whole = CLITIC.sub("", word.lower()).replace("'", "") or word
    found, fresh = {whole}, {whole}
    for _ in range(DEPTH):
        cut = (form[: -len(end)] for form in fresh for end in ENDINGS if form.endswith(end))
        fresh = {form for form in cut if len(form) >= SHORTEST} - found
        found |= fresh
    return frozenset(map(_spelling, found))


def have_relatives(words: Iterable[str], among: Iterable[str]) -> dict[str, bool]:
    """Whether another form of each word is among the others.

    Args:
        words: who is asked about.
        among: who might be a form of them.
    """
    known = frozenset().union(*map(stems, among))
    return {word: not known.isdisjoint(stems(word)) for word in words}


def _spelling(stem: str) -> str:
    """One spelling for what differs between forms (bak-e, run-n-ing, citi-es) and between countries."""
    same = stem.replace("our", "or").replace("is", "iz").replace("tre", "ter").replace("ogue", "og")
    same = DOUBLE.sub(r"\1", same)
    same = same.rstrip("e") or same
    return same[:-1] + "i" if same.endswith("y") else same
