"""Subjects and verbs found by tags: sentences read by hand, with traps; in the other number; as batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from examples.language_model.corpus import PARAGRAPH, RARE, RARE_S
from examples.language_model.verbs import exam
from examples.language_model.verbs.finder import OBJECT_RELATIVE, SUBJECT_RELATIVE, Found, clauses, find
from examples.language_model.verbs.forms import Forms, forms_of
from examples.language_model.verbs.lessons import STEPS, found_in, make
from examples.language_model.verbs.swapped import Example, swapped

WORDS = {
    "at": "the a an every",
    "dt": "this that",
    "dts": "these those",
    "nn": "bus boy road key cabinet friend number man train lamp",
    "nns": "buses boys roads keys cabinets people friends men trains lamps",
    "np": "Paris Rome",
    "in": "of in near with behind to",
    "wps": "who that-rel",
    "vbd": "went saw said",
}
TAGS = {
    **{word: tag for tag, words in WORDS.items() for word in words.split()},
    **{"which": "wdt", "and": "cc", "because": "cs", "not": "*", "often": "rb", "he": "pps", "two": "cd"},
    **{"was": "bedz", "were": "bed", "is": "bez", "are": "ber", "has": "hvz", "have": "hv", "will": "md"},
    **{"says": "vbz", "say": "vb", "seen": "vbn", "be": "be", "full": "jj", "old": "jj", ",": ",", ".": "."},
}
SAYS = [(["says", "say"] * 2, ["vbz", "vb"] * 2)]
PAIRS = [
    (
        [f"{one}", f"{one}s" if one not in ("bus", "man") else {"bus": "buses", "man": "men"}[one]] * 2,
        ["nn", "nns"] * 2,
    )
    for one in ["bus", "boy", "road", "key", "cabinet", "friend", "man", "train", "lamp"]
]


def tagged(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Words and their tags; `that-rel` is the relative "that"."""
    words = text.split()
    tags = tuple(TAGS[word if word in TAGS else word.lower()] for word in words)
    return tuple(word.removesuffix("-rel") for word in words), tags


@pytest.fixture(scope="module")
def forms() -> Forms:
    return forms_of([*SAYS, *PAIRS])


def only(text: str, forms: Forms) -> Found:
    (one,) = find([tagged(text)], forms)
    return one


@pytest.mark.parametrize(
    ("text", "wanted", "kind", "other", "attractors"),
    [
        ("The bus was full .", "The [bus] *was*", "simple", "were", 0),
        ("The old buses often say", "The old [buses] often *say*", "simple", "says", 0),
        ("The keys of the cabinet are", "The [keys] of the cabinet *are*", "prepositional", "is", 1),
        ("The key of old cabinets near Rome is", "The [key] of old cabinets near Rome *is*", "prepositional",
         "are", 1),
        ("The buses , which went to Paris , were full", "The [buses] , which went to Paris , *were*",
         "subject relative", "was", 1),
        ("The boys who saw the bus have", "The [boys] who saw the bus *have*", "subject relative", "has", 1),
        ("The bus that-rel the boys saw is", "The [bus] that the boys saw *is*", "object relative", "are", 1),
        ("The buses , which he saw , are", "The [buses] , which he saw , *are*", "object relative", "is", 0),
        ("The buses seen near Rome were", "The [buses] seen near Rome *were*", "participle", "was", 1),
        ("The boy , a friend of men , was", "The [boy] , a friend of men , *was*", "aside", "were", 1),
        ("He said because the boys are", "He said because the [boys] *are*", "simple", "is", 0),
        ("In Paris , the boys are", "In Paris , the [boys] *are*", "simple", "is", 0),
        ("The bus lamps of Paris were", "The bus [lamps] of Paris *were*", "prepositional", "was", 1),
    ],
)  # fmt: skip
def test_sentences_read_by_hand(
    text: str, wanted: str, kind: str, other: str, attractors: int, forms: Forms
) -> None:
    one = only(text, forms)
    assert (str(one), one.kind, one.other, one.attractors) == (wanted, kind, other, attractors)
    pair = one.pair((PARAGRAPH,))
    assert pair.prefix[0] == PARAGRAPH
    assert pair.prefix[1:] == one.words[: one.verb]
    assert (pair.right, pair.wrong) == (one.words[one.verb], other)


@pytest.mark.parametrize(
    "text",
    [
        "A number of people are",  # agrees with the sense
        "The boy and the bus were",  # two subjects
        "The buses will say",  # an infinitive shows no number
        "The buses near Paris will often have",
        "He saw the bus of the boys and was",  # the object of another verb
        "The boys saw",  # a past form shows none either
        "The bus near the boys who were",  # the verb of the clause, not of the sentence
        "Paris was",  # no common noun
    ],
)
def test_traps_are_left(text: str, forms: Forms) -> None:
    assert [str(one) for one in find([tagged(text)], forms)] == []


def test_forms_are_counted_in_tags() -> None:
    found = forms_of(
        [
            (["city", "cities", "woman", "women", "glass", "glasses", "sheep", "sheep"], ["nn", "nns"] * 4),
            (["tries", "try", "Goes", "go", "reads", "read"], ["vbz", "vb"] * 3),
        ],
        least=1,
    )
    assert found.plural_of == {"city": "cities", "woman": "women", "glass": "glasses"}
    assert found.singular_of["women"] == "woman"
    assert {found.other_verb(word) for word in ("tries", "go", "reads", "were")} == {
        "try",
        "goes",
        "read",
        "was",
    }
    assert found.other_noun("Cities") == "City"
    assert found.other_noun("sheep") is None
    assert forms_of([(["lead", "leads", "leads", "leads"], ["nn", "nns", "vbz", "nn"])], 1).plural_of == {}


@pytest.mark.parametrize(
    ("text", "words", "right", "attractors"),
    [
        ("The keys of the cabinet are", "The key of the cabinet", "is", 0),
        ("A key of the cabinet is", "The keys of the cabinet", "are", 1),
        ("These old boys say", "This old boy", "says", 0),
        ("Boys who say", None, "", 0),
        ("Old boys near Paris are", "The old boy near Paris", "is", 0),
        ("The man who is in the bus says", "The men who are in the bus", "say", 1),
        ("The men who went to the road are", "The man who went to the road", "is", 0),
        ("The two men are", "The one man", "is", 0),
    ],
)
def test_a_sentence_in_the_other_number(
    text: str, words: str | None, right: str, attractors: int, forms: Forms
) -> None:
    found = list(find([tagged(text)], forms))
    if words is None:
        assert found == []
        return
    (one,) = found
    nouns = sum(tag in ("nn", "nns", "np") for tag in one.tags[one.head + 1 : one.verb])
    other = swapped(one, forms, nouns)
    assert other is not None
    assert (" ".join(other.words), other.right, other.attractors) == (words, right, attractors)
    assert other.wrong == one.words[one.verb]


def test_no_rule_no_sentence(forms: Forms) -> None:
    def other(text: str) -> Example | None:
        return swapped(only(text, forms), forms, 1)

    assert other("The people of Paris are") is None  # no other form of the noun
    assert other("The bus near Paris who is full says") is None  # whose clause is it?


def test_clauses_that_fit_any_noun() -> None:
    found = list(clauses(map(tagged, [
        "He saw the bus , which went to Paris , and",
        "He saw the boys who went to the road .",
        "He saw the bus which he saw .",
        "He saw the boys who are full .",  # shows the number of its noun
        "He saw the bus which will",  # is not over
    ])))  # fmt: skip
    assert [" ".join(each.words) for each in found] == [
        ", which went to Paris ,",
        "who went to the road",
        "which he saw",
    ]
    assert [each.kind for each in found] == [SUBJECT_RELATIVE, SUBJECT_RELATIVE, OBJECT_RELATIVE]
    assert [each.numbers for each in found] == [(False,), (False,), ()]


def test_lessons_are_what_was_found_and_never_the_exam(forms: Forms) -> None:
    """Every batch, over many draws: numbers of the words, both numbers, nothing of what is asked later."""
    texts = ["The keys of the cabinet are", "The bus , which went to Paris , was", "The train of the boys is"]
    texts += ["The man who saw the road has", "A man , which he saw , was", "The lamp was"]
    sentences = [tagged(text) for text in texts]
    words = (
        RARE,
        PARAGRAPH,
        *sorted({w for s, _ in sentences for w in s}),
        *forms.plural_of,
        *forms.singular_of,
    )
    vocabulary = tuple(
        dict.fromkeys((*words, "were", "are", "have", "is", "has", "do", "does", "The", "These"))
    )
    lessons = make(
        found_in(sentences, forms), clauses(sentences), forms, vocabulary, np.ones(len(vocabulary), int)
    )
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(60):
        ids, last, verbs = lessons.draw(16, rng)
        assert ids.shape == (16, STEPS)
        assert verbs.shape == (16, 2)
        for row, end, (right, wrong) in zip(ids, last, verbs, strict=True):
            assert (row[end + 1 :] == 0).all()
            seen.add((" ".join(vocabulary[n] for n in row[: end + 1]), vocabulary[right], vocabulary[wrong]))
    prefixes = {prefix for prefix, _, _ in seen}
    assert ("<paragraph> The keys of the cabinet", "are", "is") in seen
    assert ("<paragraph> The key of the cabinet", "is", "are") in seen
    assert any("who saw the road" in prefix and "key" in prefix for prefix in prefixes)  # behind another noun
    assert not any("which went to Paris" in prefix for prefix in prefixes)
    assert not any(
        "trains" in prefix.split() for prefix in prefixes
    )  # held back: only as it stands in the text
    singular = {right for prefix, right, _ in seen if "key " in f"{prefix} "}
    assert singular <= {"is", "was", "has", "does"}
    with pytest.raises(ValueError, match="has none of them: learn from more text"):
        make(found_in(sentences, forms), [], forms, (RARE, "x"), np.ones(2, int))


def test_lessons_have_subjects_without_a_word_where_their_end_shows_the_number(forms: Forms) -> None:
    found = found_in([tagged("The keys of the cabinet are"), tagged("The key of the roads is")], forms)
    vocabulary = (RARE, "The", "the", "of", "cabinet", "roads", "are", "is")
    counts = np.ones(len(vocabulary) + 1, int)
    with pytest.raises(ValueError, match="has none of them"):
        make(found, [], forms, vocabulary, counts)
    lessons = make(found, [], forms, (*vocabulary, RARE_S), counts)
    seen = {tuple(row[: end + 1]) for row, end in zip(lessons.words.tolist(), lessons.last, strict=True)}
    assert {(0, 1, 8, 3, 2, 4), (0, 1, 0, 3, 2, 4), (0, 1, 0, 3, 2, 5), (0, 1, 8, 3, 2, 5)} == seen


def test_the_exam_asks_both_numbers_of_every_noun() -> None:
    known = {"The", "the", *exam.HELD_BACK}
    assert len(exam.NOUNS) == 20
    asked = {**exam.founding(known), **exam.pairs(known)}
    assert [" ".join((*pair.prefix, pair.right)) for pair in asked["the founding sentence"]] == [
        "The bus , which went to Paris , was",
        "The buses , which went to Paris , were",
    ]
    assert len(asked["with twenty other nouns"]) == 40
    for group in asked.values():
        assert sum(pair.right in ("was", "is", "has") for pair in group) == len(group) / 2
    for name in ("prepositional", "subject relative", "object relative"):
        for pair in asked[name]:
            plural = pair.right in ("were", "are", "have")
            nouns = [word for word in pair.prefix if word in exam.HELD_BACK]
            assert [noun in {many for _, many in exam.NOUNS} for noun in nouns] == [plural, not plural]


def test_the_sentences_read_by_hand_can_be_asked(tmp_path: Path) -> None:
    from examples.language_model.verbs.grades import hand_read

    pairs = hand_read()
    assert len(pairs) == 100
    assert all(pair.right != pair.wrong and len(pair.prefix) > 3 for pair in pairs)
    assert sum(pair.right in ("is", "was", "has") for pair in pairs) in range(30, 60)
    path = tmp_path / "mine.txt"
    path.write_text("The keys to the cabinet are\n")
    with pytest.raises(ValueError, match=r"mine.txt: a line needs a \[noun\]"):
        hand_read(path)
