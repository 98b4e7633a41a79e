"""Errors are counted as TensorFlow counts them, and a search over many words is the plain one over each."""

from __future__ import annotations

import random
from functools import cache

import keras
import numpy as np
import pytest

from examples.pronunciation.alphabet import END, PHONEMES, START, SYMBOLS, letter_numbers, most_phonemes
from examples.pronunciation.data import Entry
from examples.pronunciation.scores import distance, score

SAID = tuple[str, ...]


def some(rng: random.Random, most: int = 7) -> SAID:
    return tuple(rng.choices(PHONEMES[:5], k=rng.randint(0, most)))


def test_distance_is_tensorflows() -> None:
    import tensorflow as tf

    rng = random.Random(0)
    for _ in range(60):
        one, two = some(rng), some(rng)
        both = [tf.sparse.from_dense([list(each) or [""]]) for each in (one, two)]
        expected = float(tf.edit_distance(*both, normalize=False)[0])
        assert distance(one, two) == expected, (one, two)


def test_any_of_the_ways_is_right_and_the_nearest_counts() -> None:
    read = Entry("read", (("R", "EH", "D"), ("R", "IY", "D")), False)
    bus = Entry("bus", (("B", "AH", "S"),), False)
    found = score([read, bus, bus], [("R", "IY", "D"), ("B", "AH", "S", "IH", "Z"), ()])
    assert found == (3, 2 / 3, (0 + 2 + 3) / 9)
    near = Entry("aalborg", (("AO", "L", "B"), ("AA", "L", "B", "AO", "R", "G")), False)
    assert score([near], [("AA", "L", "B", "AO", "R")]).phonemes_wrong == 1 / 6


def test_an_answer_for_each_word() -> None:
    with pytest.raises(ValueError, match="received 0 for 0"):
        score([], [])


@cache
def network() -> keras.Model:
    """A small network with random weights, which ends its answers now and then."""
    from examples.pronunciation.network import Size, build

    model = build(Size(6, 5, 2))
    rng = np.random.default_rng(5)
    model.set_weights([rng.normal(0, 0.9, weight.shape) for weight in model.get_weights()])
    last = model.get_layer("phoneme")
    kernel, bias = last.get_weights()
    bias[END] += 3.0
    last.set_weights([kernel, bias])
    return model


def plain_search(word: str, beam: int, most: int) -> SAID:
    """Beam search as in a textbook: every beginning through the whole model, from its start."""
    letters = letter_numbers(word)[None]
    beginnings: list[tuple[float, list[int]]] = [(0.0, [])]
    ended = []
    for _ in range(most):
        grown = []
        for total, said in beginnings:
            scores = np.asarray(network()([letters, np.array([[START, *said]], np.int32)]), np.float64)[0, -1]
            logs = scores - scores.max() - np.log(np.exp(scores - scores.max()).sum())
            grown += [(total + logs[n], [*said, n]) for n in range(len(SYMBOLS))]
        best = sorted(grown, key=lambda one: -one[0])[:beam]
        ended += [one for one in best if one[1][-1] == END]
        beginnings = [one for one in best if one[1][-1] != END]
    return tuple(SYMBOLS[n] for n in max(ended or beginnings)[1] if n not in (START, END))


@pytest.mark.parametrize("beam", [1, 3])
def test_many_words_at_once_are_read_as_each_alone(beam: int) -> None:
    from examples.pronunciation.search import Reader

    words = ["bus", "a", "buses", "sub", "o'er"]
    found = Reader(network()).read(words, beam)
    assert found == [plain_search(word, beam, most_phonemes(len(word))) for word in words]
    assert len(set(map(len, found))) > 1  # some end by themselves, at different places


def test_training_goes_on_where_it_was_cut_off(tmp_path) -> None:  # type: ignore[no-untyped-def]
    from rich.console import Console

    from examples.pronunciation.network import Size
    from examples.pronunciation.train import Recipe, train_or_go_on

    words = [
        Entry(word, (("B", "AH", "S"),), False)
        for word in 2 * ["bus", "sub", "bass", "base", "bees", "buses"]
    ]
    recipe = Recipe(Size(4, 3, 1), epochs=2, batch=1, dropout=0.0)
    said = Console(record=True, quiet=True)
    once = train_or_go_on(words, words, recipe, 0, tmp_path / "once", said)
    first = train_or_go_on(words, words, recipe._replace(epochs=1), 0, tmp_path / "twice", said)
    assert len(first.history["loss"]) == 1
    again = train_or_go_on(words, words, recipe, 0, tmp_path / "twice", said)
    assert len(again.history["loss"]) == len(once.history["loss"]) == 2
    kept = sorted(path.name for path in (tmp_path / "twice").iterdir())
    assert kept == ["averaged_2.keras", "checkpoint_2.keras", "training.json"]
    moments = [
        keras.models.load_model(tmp_path / name / "checkpoint_2.keras").optimizer.iterations.numpy()
        for name in ("once", "twice")
    ]
    assert moments[0] == moments[1] == 2 * 12  # Adam goes on counting: its moments came along
    third = train_or_go_on(words, words, recipe, 0, tmp_path / "twice", said)  # nothing left to do
    for mine, theirs in zip(third.model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
