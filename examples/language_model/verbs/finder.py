"""Subjects and their verbs, found by tags: over prepositional phrases, relative clauses, participles, asides.

Tags say what a word is and not what belongs together, so a pattern over them takes what it can be sure of, at
the start of a sentence or behind a word that starts one, and leaves the rest:

    subject   (determiner | adjective)* noun* HEAD
    between   in Paris                            PREPOSITIONAL, any number of them
              , which went to Paris ,             SUBJECT_RELATIVE, with commas on both sides or on none
              that the boys read                  OBJECT_RELATIVE
              seen from the road                  PARTICIPLE, a verb in -ing or -ed
              , a friend of the boys ,            ASIDE, an apposition or a phrase between commas
    verb      adverb* VERB

HEAD is a common noun. VERB shows its number: is/are, was/were, has/have, does/do, says/say. What the pattern
takes although the two do not agree it has misread ("a number of people are" besides); that is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from examples.agreement.brown import plain
from examples.common.minimal_pairs import MinimalPair
from examples.language_model.verbs.forms import Forms, Tagged

SIMPLE, PREPOSITIONAL = "simple", "prepositional"
SUBJECT_RELATIVE, OBJECT_RELATIVE = "subject relative", "object relative"
PARTICIPLE, ASIDE = "participle", "aside"
KINDS = (SIMPLE, PREPOSITIONAL, SUBJECT_RELATIVE, OBJECT_RELATIVE, PARTICIPLE, ASIDE)
SINGULAR, PLURAL = frozenset({"nn", "np", "nr"}), frozenset({"nns", "nps", "nrs"})
SINGULAR_VERBS, PLURAL_VERBS = {"bez", "bedz", "hvz", "doz", "vbz"}, {"ber", "bed", "hv", "do", "vb"}

# One letter a word, so that the pattern is a regular expression over letters.
_LETTERS = {
    "D": "at pp$ dt dti dts dtx ap abn abx abl jj jjr jjs jjt cd od nn$ nns$ np$ nps$ nr$ wp$",
    "N": "nn nns np nps nr nrs",
    "G": "vbn vbg ben beg hvg hvn",
    "P": "in",
    "A": "rb ql qlp * rbr rbt rn rp",
    "V": "bez ber bedz bed hvz doz vbz",
    "B": "vb hv do be",  # a plural verb, or an infinitive where "to" or an auxiliary stands before it
    "F": "vbd md hvd dod bem",
    "T": "to",
    "W": "wps wpo wdt",
    "R": "wrb",
    "S": "pps ppss pn",
    "O": "ppo ppl ppls pp$$",
    "C": "cc",
    "K": ",",
}
LETTER = {tag: letter for letter, tags in _LETTERS.items() for tag in tags.split()} | {",": "K"}
_STARTS = frozenset({"cs", ".", "``", ":", "("})
_AUXILIARIES = frozenset(
    {"md", "do", "doz", "dod", "to"}
)  # an infinitive follows them, whose form shows no number

_NP = "[DG]*N+"
_PP = f"P{_NP}(?:C{_NP})?"
_GROUP = "A*[VFB](?:A*[BG])*"  # "has not been seen"
_TAIL = f"(?:{_PP}|C?{_NP}|[ASO]|D|G|TA*B)*"  # whatever is no finite verb
_CLAUSES = {
    "subject": f"W{_GROUP}{_TAIL}",
    "object": f"(?:P?[WR]A*(?:S|{_NP}(?:{_PP})*)|S|D{_NP}(?!N)){_GROUP}(?:TA*B|G|A|P|{_PP})*",
    "participle": f"A*G{_TAIL}",
}
_NAMES = dict(zip(_CLAUSES, (SUBJECT_RELATIVE, OBJECT_RELATIVE, PARTICIPLE), strict=True))
_ASIDES = f"(?P<aside>K(?:{_NP}(?:{_PP})*|(?:{_PP})+|A+)K)"
_EITHER = "|".join(f"(?P<{name}>{p})|K(?P<{name}_between_commas>{p})K" for name, p in _CLAUSES.items())
PATTERN = re.compile(f"(?P<head>{_NP})(?P<phrases>(?:{_PP})*)(?:{_EITHER}|{_ASIDES})?A*(?P<verb>[VB])")


class Found(NamedTuple):
    """A subject and its verb.

    Attributes:
        words: of the whole sentence.
        tags: of them, without what the corpus hangs on some.
        head: where the subject's noun is.
        verb: where the verb is.
        kind: one of `KINDS`.
        clause: first word of the relative clause and the first behind it; None for other kinds.
        other: the verb in the other number.
        attractors: nouns between the two whose number is not that of the head.
    """

    words: tuple[str, ...]
    tags: tuple[str, ...]
    head: int
    verb: int
    kind: str
    clause: tuple[int, int] | None
    other: str
    attractors: int

    @property
    def is_plural(self) -> bool:
        """Whether the subject is."""
        return self.tags[self.head] in PLURAL

    def pair(self, start: Sequence[str] = ()) -> MinimalPair:
        """What `examples.common.minimal_pairs` takes: the sentence up to the verb, behind `start`."""
        prefix = (*start, *self.words[: self.verb])
        return MinimalPair(prefix, self.words[self.verb], self.other, self.attractors)

    def __str__(self) -> str:
        marks = {self.head: "[{}]", self.verb: "*{}*"}
        return " ".join(marks.get(k, "{}").format(word) for k, word in enumerate(self.words[: self.verb + 1]))


def find(sentences: Iterable[Tagged], forms: Forms) -> Iterator[Found]:
    """Every subject and verb that the pattern finds and whose numbers agree.

    Args:
        sentences: words and tags of the Brown corpus for each, from the corpus or from a tagger.
        forms: which words are forms of one; verbs that are not in it are not found.

    Example:
        >>> from examples.language_model.verbs.forms import forms_of
        >>> words = "The buses , which went to Paris , were full".split()
        >>> tags = "at nns , wdt vbd in np , bed jj".split()
        >>> one, = find([(words, tags)], forms_of([]))
        >>> str(one), one.kind, one.other, one.attractors
        ('The [buses] , which went to Paris , *were*', 'subject relative', 'was', 1)
    """
    for words, long_tags in sentences:
        tags = tuple(plain(tag) for tag in long_tags)
        letters = "".join(LETTER.get(tag, ".") for tag in tags)
        end = 0
        for start in range(len(tags)):
            if start < end or not _begins(tags, letters, start):
                continue
            match = PATTERN.match(letters, start)
            found = match and _found(tuple(words), tags, match, forms)
            if found:
                end = found.verb
                yield found


def _begins(tags: Sequence[str], letters: str, start: int) -> bool:
    """Whether a subject may begin here: at the start, behind what starts a clause, or behind phrases and a
    comma ("In Paris , the buses")."""
    if letters[start] not in "DGN":
        return False
    if not start or tags[start - 1] in _STARTS:
        return True
    before = letters[:start]
    return bool(
        re.fullmatch(f"(?:A|{_PP}|.*K)(?:{_PP})*K?C" if before[-1] == "C" else f"C?A*(?:{_PP})*K", before)
    )


def _found(words: tuple[str, ...], tags: tuple[str, ...], match: re.Match[str], forms: Forms) -> Found | None:
    head, verb = match.end("head") - 1, match.end() - 1
    other = forms.other_verb(words[verb])
    if tags[head] not in ("nn", "nns") or other is None or words[verb][:1].isupper():
        return None
    is_plural = tags[head] in PLURAL
    if is_plural != (tags[verb] in PLURAL_VERBS) or (words[verb] in forms.base) != is_plural:
        return None
    before = next((tag for tag in reversed(tags[:verb]) if LETTER.get(tag) != "A"), "")
    if tags[verb] in ("vb", "hv", "do") and before in _AUXILIARIES:
        return None
    kind, clause = _kind(match)
    nouns = [tags[k] for k in range(head + 1, verb) if tags[k] in SINGULAR | PLURAL and _ends(tags, k)]
    attractors = sum((tag in PLURAL) != is_plural for tag in nouns)
    return Found(words, tags, head, verb, kind, clause, other, attractors)


def _ends(tags: Sequence[str], place: int) -> bool:
    """Of several nouns in a row the last has the number: "tax cuts"."""
    return tags[place + 1] not in SINGULAR | PLURAL


def _kind(match: re.Match[str]) -> tuple[str, tuple[int, int] | None]:
    for name, kind in _NAMES.items():
        for group in (name, f"{name}_between_commas"):
            clause = match.group(group)
            if clause and kind == OBJECT_RELATIVE and group != name and not re.match("P?[WR]", clause):
                return ASIDE, None  # ", he said ,"
            if clause:
                return kind, match.span(group)
    if match.group("aside"):
        return ASIDE, None
    return (PREPOSITIONAL if match.group("phrases") else SIMPLE), None


# The clause alone, behind a noun, up to a comma or the end; and its verb, which shows no number.
_CLAUSE = re.compile(
    f"(?<=N)(?P<comma>K?)(?P<clause>(?:(?P<subject>WA*)FA*(?:A*[BG])*{_TAIL}"
    f"|P?WA*(?:S|D{_NP}(?!N)(?:{_PP})*)F(?:A*[BG])*(?:TA*B|A|P|{_PP})*))(?:K|[.]$|(?=[VF]))"
)


class Clause(NamedTuple):
    """A relative clause that fits behind nouns of either number.

    Attributes:
        words: with its commas, where it has some.
        numbers: of the nouns in it, whether plural.
        kind: `SUBJECT_RELATIVE` or `OBJECT_RELATIVE`.
    """

    words: tuple[str, ...]
    numbers: tuple[bool, ...]
    kind: str


def clauses(sentences: Iterable[Tagged], longest: int = 12) -> Iterator[Clause]:
    """Relative clauses, wherever they stand, that say nothing of their noun's number: ", which went home ,".

    Args:
        sentences: words and tags.
        longest: of more words it is not taken.
    """
    for words, long_tags in sentences:
        tags = [plain(tag) for tag in long_tags]
        for match in _CLAUSE.finditer("".join(LETTER.get(tag, ".") for tag in tags)):
            start, end = match.span("clause")
            if end - start > longest or "what" in words[start:end]:
                continue
            numbers = tuple(
                t in PLURAL
                for k, t in enumerate(tags[start:end], start)
                if t in SINGULAR | PLURAL and _ends(tags, k)
            )
            body = tuple(words[start:end])
            inside = (",", *body, ",") if match.group("comma") else body
            yield Clause(inside, numbers, SUBJECT_RELATIVE if match.group("subject") else OBJECT_RELATIVE)
