"""What a language model is taught of verbs, in batches: words before a verb, its right and its wrong form.

lessons = make(tagged, forms, vocabulary)        # sentences with tags of the Brown corpus, and your words
words, last, verbs = lessons.draw(64, rng)       # [64, 24], [64], [64, 2]: numbers, for `margin.Margin`
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from edge.aliases import Array
from examples.language_model.corpus import PARAGRAPH, RARE, RARE_S, number_of
from examples.language_model.verbs.exam import CLAUSE, HELD_BACK
from examples.language_model.verbs.finder import (
    OBJECT_RELATIVE,
    PLURAL,
    SIMPLE,
    SINGULAR,
    Clause,
    Found,
    find,
)
from examples.language_model.verbs.forms import VERBS, Forms, Tagged
from examples.language_model.verbs.swapped import Example, example, swapped, transplanted

STEPS = 24  # words before the verb; of more the last ones
ATTRACTED, PLAIN = (
    4.0,
    0.4,
)  # how often those with attractors, and the simple ones, are drawn against the others
TRANSPLANTED = 0.25  # share of a batch
OBJECTS = 100  # object relatives for every hundred subject relatives, rarer in the texts
COMMON = 0.75  # of the verbs behind transplanted clauses, those with forms of "be", "have" and "do"


class Lessons(NamedTuple):
    """What can be drawn.

    Attributes:
        words: `[examples, STEPS]` int32, zeros behind the last.
        last: place of the last word, `[examples]`.
        verbs: numbers of the right and the wrong form, `[examples, 2]`.
        weights: how often each is drawn, `[examples]`, sum 1.
        clauses: that are put behind `nouns`.
        nouns: singular and plural, with how often each is drawn.
        place: numbers of the words.
        pairs: forms of verbs that the vocabulary has.
        counts: what was found, by kind, for people.
    """

    words: Array
    last: Array
    verbs: Array
    weights: Array
    clauses: tuple[Clause, ...]
    nouns: tuple[tuple[tuple[str, str], ...], Array]
    place: dict[str, int]
    pairs: tuple[tuple[str, str], ...]
    counts: dict[str, int]

    def draw(self, count: int, rng: np.random.Generator) -> tuple[Array, Array, Array]:
        """A batch: words `[count, STEPS]`, place of the last `[count]`, right and wrong verb `[count, 2]`."""
        made = round(count * TRANSPLANTED) if self.clauses and self.nouns[0] else 0
        rows = rng.choice(len(self.words), count - made, p=self.weights)
        found = self.words[rows], self.last[rows], self.verbs[rows]
        if not made:
            return found
        fresh = numbers([self._transplant(rng) for _ in range(made)], self.place)
        first, second, third = (np.concatenate(each) for each in zip(found, fresh, strict=True))
        return first, second, third

    def _transplant(self, rng: np.random.Generator) -> Example:
        nouns, share = self.nouns
        pair = nouns[rng.choice(len(nouns), p=share)]
        common = rng.random() < COMMON or not self.pairs
        table = tuple(VERBS.items())[:4] if common else self.pairs
        verb = table[rng.integers(len(table))]
        plural = int(rng.integers(2))
        return transplanted(
            self.clauses[rng.integers(len(self.clauses))], pair[plural], bool(plural), verb, rng
        )


def make(
    found: Iterable[Found], moved: Iterable[Clause], forms: Forms, vocabulary: Sequence[str], counts: Array
) -> Lessons:
    """Everything that is found, in both numbers, and what clauses are put behind other nouns.

    Args:
        found: in sentences that may be learned from, see `finder.find`.
        moved: clauses that are put behind other nouns, see `finder.clauses`.
        forms: which words are forms of one.
        vocabulary: of the language model.
        counts: how often it saw each, `[vocabulary]`.

    Raises:
        ValueError: nothing was found of which the vocabulary has the words.
    """
    place = {word: number for number, word in enumerate(vocabulary)}
    kept = [one for one in found if not _founding(one.words)]
    examples = [example(one) for one in kept]
    for one in kept:
        if one.words[one.head].lower() not in HELD_BACK:
            other = swapped(one, forms, _nouns_between(one))
            examples += [other] if other is not None and other.noun.lower() not in HELD_BACK else []
    usable = [
        each
        for each in examples
        if {each.right, each.wrong} <= place.keys() and (each.noun in place or RARE_S in place)
    ]
    if not usable:
        raise ValueError(
            f"{len(examples)} subjects and verbs were found, and the vocabulary of {len(place):,} words has "
            "none of them: learn from more text."
        )
    weights = np.array([ATTRACTED if e.attractors else PLAIN if e.kind == SIMPLE else 1.0 for e in usable])
    fit = [clause for clause in moved if not {"Paris", *HELD_BACK} & set(clause.words)]
    rarer = [clause for clause in fit if clause.kind == OBJECT_RELATIVE]
    fit += rarer * (OBJECTS * (len(fit) - len(rarer)) // max(1, 100 * len(rarer)))
    nouns = [
        pair for pair in forms.plural_of.items() if set(pair) <= place.keys() and not HELD_BACK & set(pair)
    ]
    seen = np.sqrt([min(counts[place[word]] for word in pair) + 1.0 for pair in nouns])
    pairs = tuple(pair for pair in forms.verbs.items() if set(pair) <= place.keys())
    kinds = Counter(e.kind for e in usable) + Counter(attractors=sum(e.attractors > 0 for e in usable))
    return Lessons(
        *numbers(usable, place),
        weights / weights.sum(),
        tuple(fit),
        (tuple(nouns), seen / seen.sum()),
        place,
        pairs,
        dict(kinds),
    )


def numbers(examples: Sequence[Example], place: dict[str, int]) -> tuple[Array, Array, Array]:
    """Examples as numbers: words `[examples, STEPS]`, place of the last, right and wrong verb."""
    start = place.get(PARAGRAPH, place[RARE])
    words = np.zeros((len(examples), STEPS), np.int32)
    last = np.empty(len(examples), np.int32)
    for row, each in enumerate(examples):
        ids = [start, *(number_of(word, place) for word in each.words)][-STEPS:]
        words[row, : len(ids)] = ids
        last[row] = len(ids) - 1
    verbs = [[place[each.right], place[each.wrong]] for each in examples]
    return words, last, np.array(verbs, np.int32).reshape(-1, 2)


def found_in(sentences: Iterable[Tagged], forms: Forms) -> list[Found]:
    """What the finder finds in tagged sentences, marks that the archive doubles read once."""
    return list(find(map(_read_once, sentences), forms))


def _read_once(sentence: Tagged) -> Tagged:
    kept = [
        (word, tag)
        for before, word, tag in zip(("", *sentence[0]), *sentence, strict=False)
        if not (word == before and word in "?!;:")
    ]
    return tuple(word for word, _ in kept), tuple(tag for _, tag in kept)


def _nouns_between(one: Found) -> int:
    both = SINGULAR | PLURAL
    return sum(one.tags[k] in both and one.tags[k + 1] not in both for k in range(one.head + 1, one.verb))


def _founding(words: Sequence[str]) -> bool:
    text = " ".join(words)
    return " ".join(CLAUSE[1:5]) in text
