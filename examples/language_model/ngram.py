"""The best that counting does on the same words: an interpolated Kneser-Ney trigram, the model to beat.

Bengio et al. compare with Kneser-Ney too, on words separated in a way of their own. This one knows just the
words that the networks know, so it says how hard this text is. Equations: Chen & Goodman 1999, section 4.1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edge.aliases import Array


class Counts(NamedTuple):
    """How often each n-gram is found, and what follows each context.

    Attributes:
        keys: n-grams as one integer each, ascending, `[n-grams]` int64.
        counts: of each.
        contexts: those that occur, as one integer each, ascending.
        totals: sum of the counts of the n-grams with this context.
        kinds: number of different words after this context.
        discount: taken off every count, and given to the shorter contexts.
    """

    keys: Array
    counts: Array
    contexts: Array
    totals: Array
    kinds: Array
    discount: float


class KneserNey:
    """A trigram model of a stream of words.

    The longest n-grams are counted as they occur, shorter ones by how many different words stand before them.

    Args:
        train: numbers of words, `[words]`, three at least.
        vocabulary: how many words there are.
    """

    def __init__(self, train: Array, vocabulary: int) -> None:
        self.vocabulary = vocabulary
        a, b, c = (train[k : len(train) - 2 + k].astype(np.int64) for k in range(3))
        trigrams, counts = np.unique((a * vocabulary + b) * vocabulary + c, return_counts=True)
        bigrams, before = np.unique(trigrams % vocabulary**2, return_counts=True)
        unigrams, before_one = np.unique(bigrams % vocabulary, return_counts=True)
        self.orders = [
            _count(keys, found, vocabulary)
            for keys, found in ((unigrams, before_one), (bigrams, before), (trigrams, counts))
        ]

    def probabilities(self, words: Array) -> Array:
        """P(word | the two before it) for all words but the first two, `[words - 2]`."""
        a, b, c = (words[k : len(words) - 2 + k].astype(np.int64) for k in range(3))
        found = np.full(len(c), 1 / self.vocabulary)
        for order, context in zip(self.orders, (np.zeros_like(b), b, a * self.vocabulary + b), strict=True):
            found = _refine(found, order, context, c, self.vocabulary)
        return found


def _count(keys: Array, counts: Array, vocabulary: int) -> Counts:
    """The table of one order; its discount is n1 / (n1 + 2 n2), n1 and n2 of them once and twice found."""
    contexts, first = np.unique(keys // vocabulary, return_index=True)
    once, twice = (counts == 1).sum(), (counts == 2).sum()
    discount = once / (once + 2 * twice) if once else 0.5
    totals = np.add.reduceat(counts, first)
    kinds = np.diff(np.append(first, len(keys)))
    return Counts(keys, counts, contexts, totals, kinds, float(discount))


def _refine(shorter: Array, order: Counts, context: Array, word: Array, vocabulary: int) -> Array:
    """P by this order: max(count - D, 0) / total + D kinds / total * P by the shorter context."""
    place, known = _find(order.contexts, context)
    total, kinds = order.totals[place], order.kinds[place]
    entry, seen = _find(order.keys, context * vocabulary + word)
    count = np.where(seen, order.counts[entry], 0)
    found = (np.maximum(count - order.discount, 0) + order.discount * kinds * shorter) / total
    return np.where(known, found, shorter)


def _find(keys: Array, wanted: Array) -> tuple[Array, Array]:
    """The place of each wanted key among the ascending keys, and whether it is really there."""
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return place, keys[place] == wanted
