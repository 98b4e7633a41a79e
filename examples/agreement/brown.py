"""Subjects and their verbs in the Brown corpus, where its tags alone say which belong together.

The corpus has parts of speech and no trees. A pattern at the start of a sentence, or behind a semicolon, a
quotation mark or a subordinating conjunction, is taken, and all else is left:

    (DETERMINER | ADJECTIVE)* NOUN* HEAD  ( PREPOSITION (DETERMINER | ADJECTIVE)* NOUN+ )*  ADVERB*  VERB

HEAD is a common noun and VERB a form of be, have or do. Where the two do not agree the pattern found
something else (or "a number of people are", where English agrees with the sense); those are counted and left
out. Nouns between HEAD and VERB with the other number are the attractors (Linzen, Dupoux & Goldberg 2016).
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, NamedTuple

import typer

from examples.common.minimal_pairs import MinimalPair

FORMS = {
    **{"is": "are", "was": "were", "has": "have", "does": "do"},
    **{"are": "is", "were": "was", "have": "has", "do": "does"},
}
SINGULAR_VERBS = frozenset({"bez", "bedz", "hvz", "doz"})
PLURAL_VERBS = frozenset({"ber", "bed", "hv", "do"})
SINGULAR_NOUNS, PLURAL_NOUNS = frozenset({"nn", "np"}), frozenset({"nns", "nps"})

BEFORE_NOUN = frozenset(
    {
        *("at", "pp$", "dt", "dti", "dts", "dtx", "ap", "abn", "abx", "jj", "jjr", "jjs", "jjt", "vbn"),
        *("cd", "od", "nn$", "nns$", "np$", "nps$"),
    }
)
ADVERBS = frozenset(("rb", "ql", "*", "rbr"))
STARTS = frozenset(("cs", ".", "``", ":"))
# Over a letter for each word: determiner or adjective, noun, preposition, adverb, verb.
PATTERN = re.compile(r"D*N+(?:PD*N+)*A*V")


class Dependency(NamedTuple):
    """A subject and its verb.

    Attributes:
        words: of the whole sentence.
        head: where the subject's noun is in it.
        verb: where the verb is.
        nouns: between them; of several in a row the last, as in "tax cuts".
        attractors: those of the nouns with the other number.
        agrees: whether the tags of the two agree.
    """

    words: tuple[str, ...]
    head: int
    verb: int
    nouns: int
    attractors: int
    agrees: bool

    def pair(self, start: Sequence[str] = ()) -> MinimalPair:
        """What `examples.common.minimal_pairs` takes: the sentence up to the verb, behind `start`."""
        right = self.words[self.verb]
        prefix = (*start, *self.words[: self.verb])
        return MinimalPair(prefix, right, FORMS[right], self.attractors)

    def __str__(self) -> str:
        marks = {self.head: "[{}]", self.verb: "*{}*"}
        return " ".join(marks.get(k, "{}").format(word) for k, word in enumerate(self.words[: self.verb + 1]))


def plain(tag: str) -> str:
    """A tag without what the corpus hangs on it: -tl for words of titles, -hl of headlines, fw- foreign."""
    return re.sub(r"-(?:tl|hl|nc)\b", "", tag.lower())


def letter(tag: str, word: str) -> str:
    """Which part of the pattern a word can be; `.` for none."""
    if tag in SINGULAR_NOUNS or tag in PLURAL_NOUNS:
        return "N"
    if tag in SINGULAR_VERBS or tag in PLURAL_VERBS:
        return "V" if word in FORMS else "."
    if tag in BEFORE_NOUN:
        return "D"
    if tag in ADVERBS:
        return "A"
    return "P" if tag == "in" else "."


def dependencies(sentences: Sequence[tuple[Sequence[str], Sequence[str]]]) -> Iterator[Dependency]:
    """Every subject and verb that the pattern finds.

    Args:
        sentences: words and tags of each, as `examples.language_model` loads them.
    """
    for words, long_tags in sentences:
        tags = [plain(tag) for tag in long_tags]
        letters = "".join(map(letter, tags, words))
        for start in range(len(tags)):
            if start and tags[start - 1] not in STARTS:
                continue
            found = PATTERN.match(letters, start)
            dependency = found and _dependency(tuple(words), tags, letters, start, found.end() - 1)
            if dependency:
                yield dependency


def _dependency(
    words: tuple[str, ...], tags: Sequence[str], letters: str, start: int, verb: int
) -> Dependency | None:
    head = start + len(letters[start:].split("P")[0].split("A")[0].split("V")[0]) - 1
    if tags[head] not in ("nn", "nns"):
        return None
    is_plural = tags[head] in PLURAL_NOUNS
    nouns = [
        tags[place] for place in range(head + 1, verb) if letters[place : place + 2] in ("NP", "NA", "NV")
    ]
    others = SINGULAR_NOUNS if is_plural else PLURAL_NOUNS
    attractors = sum(tag in others for tag in nouns)
    agrees = is_plural == (tags[verb] in PLURAL_VERBS)
    return Dependency(words, head, verb, len(nouns), attractors, agrees)


def show(
    count: Annotated[int, typer.Argument(min=2, help="How many.")] = 50,
    seed: Annotated[int, typer.Option(min=0, help="Of the choice.")] = 0,
) -> None:
    """Print so many of the dependencies in the whole corpus, half of them with an attractor, to be read
    by eye: `[subject]`, `*verb*`."""
    from examples.language_model.data import load_sentences

    found = [one for one in dependencies(load_sentences()) if one.agrees]
    rng = random.Random(seed)
    with_some = rng.sample([one for one in found if one.attractors], count // 2)
    for one in (*rng.sample([one for one in found if not one.attractors], count - count // 2), *with_some):
        print(f"{one.attractors}  {one}")


if __name__ == "__main__":
    typer.run(show)
