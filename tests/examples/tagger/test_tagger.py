"""The tagger: what it sees of a word, sentences in batches, and that it learns what only the context says."""

from __future__ import annotations

import numpy as np

from examples.tagger.features import INPUTS, alphabet, looks, plain_tag
from examples.tagger.network import LONGEST, Batches, accuracy, batches, train


def sentences(count: int, seed: int) -> list[tuple[list[str], list[str]]]:
    """ "saw" is a noun behind "the" and a verb behind "we"; "walks" is one only before "it"."""
    rng = np.random.default_rng(seed)
    kinds = [
        (["the", "saw", "fell"], ["at", "nn", "vbd"]),
        (["we", "saw", "stones"], ["ppss", "vbd", "nns"]),
        (["stones", "walks", "fell", "it"], ["nns", "nns", "vbd", "ppo"]),
        (["the", "walks", "it"], ["at", "vbz", "ppo"]),
    ]
    return [kinds[k] for k in rng.integers(0, len(kinds), count)]


def test_it_learns_what_only_the_context_says() -> None:
    learned = sentences(600, 0)
    tagger = train(learned, 3, seed=0)
    found = tagger.tag([["the", "saw", "fell"], ["we", "saw", "stones"], ["the", "walks", "it"], []])
    assert found == [("at", "nn", "vbd"), ("ppss", "vbd", "nns"), ("at", "vbz", "ppo"), ()]
    judged = accuracy(
        tagger, [*sentences(50, 1), (["the", "bosaw", "fell"], ["at", "nn", "vbd"])], {"the", "we"}
    )
    assert judged.right > 0.95
    assert judged.new > judged.words / 2
    long = [["the", "saw", "fell"] * LONGEST]  # is cut into pieces and put together again
    assert len(tagger.tag(long)[0]) == 3 * LONGEST


def test_what_it_sees_of_a_word() -> None:
    letters = alphabet([(["Walking", "walking", "WALKING", "rare"], ["vbg", "vbg-hl", "vbg", "jj"])])
    first, second, third, other = letters.numbers(["walking", "Talking", "1960's", "rare"])
    assert (first[:3] == [1, 1, 1]).all()
    assert second[0] == 0  # never seen, but its letters were
    assert (second[1:3] == [1, 1]).all()
    assert (other[:3] == 0).all()  # too rare
    assert [looks(word) for word in ("walk", "Walk", "U.S.", "1960's", "McCoy", "$")] == [0, 1, 2, 3, 4, 5]
    assert letters.numbers([]).shape == (0, INPUTS)
    assert (letters.tag_numbers(["vbg", "jj"]) == [1, 0]).all()
    assert [plain_tag(tag) for tag in ("nn-tl", "pps+bez", "bez*", "*", "np$-hl")] == [
        "nn",
        "pps",
        "bez",
        "*",
        "np$",
    ]
    assert (third[3], first[3]) == (3, 0)


def test_batches_have_one_length_and_everything_once() -> None:
    lengths = [3, 5, 3, 3, 5, 1]
    for rng in (None, np.random.default_rng(0)):
        found = batches(lengths, 2, rng)
        assert sorted(row for rows in found for row in rows) == list(range(6))
        assert all(len({lengths[row] for row in rows}) == 1 and len(rows) <= 2 for rows in found)
    data = Batches(sentences(30, 2), alphabet(sentences(30, 2)), seed=0)
    assert sum(len(y) for _, y in (data[n] for n in range(len(data)))) == 30
