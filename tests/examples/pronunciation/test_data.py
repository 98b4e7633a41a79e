"""The dictionary is served as it is written, and cut so that the strict part of the test is strict."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from examples.pronunciation import data
from examples.pronunciation.alphabet import END, LETTERS, PHONEMES, START, letter_numbers, symbol_numbers
from examples.pronunciation.data import Entry, part_of, read
from examples.pronunciation.forms import have_relatives, stems

TEXT = """a.m. EY2 EH1 M
aalborg AO1 L B AO0 R G # place, danish
aalborg(2) AA1 L B AO0 R G
'bout B AW1 T
read R EH1 D
read(2) R IY1 D
read(3) R EH2 D
self-help S EH1 L F HH EH2 L P
"""


@pytest.fixture(scope="module")
def words() -> dict[str, tuple[data.Pronunciation, ...]]:
    return read(data.dictionary_file().read_text(encoding="utf-8"))


def test_stress_marks_and_repeats_are_left_out() -> None:
    assert read(TEXT) == {
        "aalborg": (("AO", "L", "B", "AO", "R", "G"), ("AA", "L", "B", "AO", "R", "G")),
        "'bout": (("B", "AW", "T"),),
        "read": (("R", "EH", "D"), ("R", "IY", "D")),
    }


def test_the_dictionary_has_the_letters_and_phonemes_that_the_network_has(words) -> None:  # type: ignore[no-untyped-def]
    assert set().union(*words) == set(LETTERS)
    assert {phoneme for ways in words.values() for way in ways for phoneme in way} == set(PHONEMES)
    assert max(map(len, words)) == 28
    assert words["bus"] == (("B", "AH", "S"),)


def test_tfds_serves_every_word_in_its_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = [f"{a}{b}{c} B{number % 3} AH{number % 2} S" for number, (a, b, c) in enumerate(_letters(300))]
    many += [f"{line.split()[0]}s B AH S IH0 Z" for line in many[::3]]
    source = tmp_path / "cmudict.dict"
    source.write_text(TEXT + "\n".join(many))
    monkeypatch.setattr(data, "dictionary_file", lambda: source)
    data.load_words.cache_clear()
    found = {part: data.load_words(part, tmp_path / "tfds") for part in data.PARTS}
    data.load_words.cache_clear()
    expected = read(source.read_text())
    assert {entry.word: entry.pronunciations for part in found.values() for entry in part} == expected
    assert all(part_of(entry.word) == part for part, entries in found.items() for entry in entries)
    related = have_relatives(
        [entry.word for entry in found["test"]], [entry.word for entry in found["train"]]
    )
    assert {entry.word: entry.has_relative for entry in found["test"]} == related
    assert len(set(related.values())) == 2


def _letters(count: int) -> list[tuple[str, str, str]]:
    rng = random.Random(0)
    return sorted({tuple(rng.choices("bdfgklmnprtvz", k=3)) for _ in range(count)})  # type: ignore[misc]


def test_a_part_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="the parts train, validation, test, received 'dev'"):
        data.load_words("dev")


def test_the_parts_are_of_the_size_that_is_said(words) -> None:  # type: ignore[no-untyped-def]
    parts = [part_of(word) for word in words]
    assert parts.count("test") / len(parts) == pytest.approx(data.TEST, abs=0.003)
    assert parts.count("validation") / len(parts) == pytest.approx(data.VALIDATION, abs=0.001)


# -- forms -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "family",
    [
        "bus bus's buses buses'",
        "bake bakes baked baking baker bakers bakers'",
        "run runs running runner",
        "city cities city's",
        "happy happily happiness happier",
        "colour colors coloring coloured",
        "organise organizing organiser",
        "traveller traveling",
        "o'brien o'brien's o'briens",
        "they they'll they're",
    ],
)
def test_forms_of_one_word_share_a_stem(family: str) -> None:
    first, *others = family.split()
    for other in others:
        assert stems(first) & stems(other), (first, other)


@pytest.mark.parametrize("pair", ["bus bust", "bed bid", "cat category", "sing single", "paris parish"])
def test_other_words_do_not(pair: str) -> None:
    first, second = pair.split()
    assert not stems(first) & stems(second)


def test_no_form_of_a_strict_test_word_is_in_training(words) -> None:  # type: ignore[no-untyped-def]
    """By plain spelling rules that share nothing with `stems`: put an ending on, and look it up."""
    train = {word for word in words if part_of(word) == "train"}
    test = [word for word in words if part_of(word) == "test"]
    related = have_relatives(test, train)
    strict = {word for word in test if not related[word]}
    assert 0.3 < len(strict) / len(test) < 0.7
    pairs = [(word, form) for word in strict for form in _inflected(word) if form in train]
    pairs += [(form, word) for word in train for form in _inflected(word) if form in strict]
    assert not pairs
    assert sum(form in train for word in test for form in _inflected(word)) > 1_000  # the rules do find forms


def _inflected(word: str) -> list[str]:
    if len(word) < 3:
        return []
    forms = [f"{word}'s", f"{word}'", f"{word}s", f"{word}es", f"{word}ed", f"{word}ing", f"{word}ly"]
    forms += [f"{word}{word[-1]}ed", f"{word}{word[-1]}ing"]
    if word.endswith("e"):
        forms += [f"{word}d", f"{word[:-1]}ing", f"{word}r"]
    if word.endswith("y"):
        forms += [f"{word[:-1]}ies", f"{word[:-1]}ied", f"{word[:-1]}ily"]
    return forms


# -- numbers -----------------------------------------------------------------------------------------------


def test_a_word_as_numbers() -> None:
    assert [LETTERS[number - 1] for number in letter_numbers(" Bus’s ")] == list("bus's")
    assert symbol_numbers(["AA", "ZH"]) == [2, 40]


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("", "no letters"),
        ("''", "no letters"),
        ("route66", "'6'.*numbers as words"),
        ("two words", "one word at a time"),
        ("café", "'é'.*letters of English"),
        ("self-help", "'-'.*leave such marks out"),
        ("a" * 200, "200 letters.*up to 40"),
    ],
)
def test_what_the_network_cannot_read_is_said(word: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        letter_numbers(word)


def test_batches_are_of_one_length_and_hold_everything_once() -> None:
    from examples.pronunciation.batches import IGNORED, Batches

    rng = random.Random(1)
    words = []
    for number in range(70):
        word = "".join(rng.choices(LETTERS[1:], k=rng.randint(1, 5)))
        ways = [tuple(rng.choices(PHONEMES, k=rng.randint(1, 6))) for _ in range(1 + number % 2)]
        words.append(Entry(word, tuple(ways), True))
    batches = Batches(words, 8, seed=3)
    seen, orders = [], []
    for _ in range(2):
        epoch = list(batches)
        assert len(epoch) == len(batches)
        orders.append([letters.tobytes() for (letters, _), _ in epoch])
        for (letters, before), after in epoch:
            assert len(letters) == len(before) == len(after) <= 8
            for spelled, given, said in zip(letters, before, after, strict=True):
                length = int(np.argmax(said == END)) + 1
                assert given[0] == START
                np.testing.assert_array_equal(given[1:length], said[: length - 1])
                assert (said[length:] == IGNORED).all()
                assert (given[length:] >= 0).all()
                seen.append((tuple(spelled), tuple(said[: length - 1])))
    expected = [
        (tuple(letter_numbers(e.word)), tuple(symbol_numbers(w))) for e in words for w in e.pronunciations
    ]
    assert sorted(seen) == sorted(2 * expected)
    assert orders[0] != orders[1]
    again = Batches(words, 8, seed=3, epoch=1)  # a training that goes on
    assert [letters.tobytes() for (letters, _), _ in again] == orders[1]
