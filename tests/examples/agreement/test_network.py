"""What is found in a network is there: gradients, silenced units, gates; and it is kept as it was."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from examples.agreement import ablation, data, inside, judge, network, reach, store, train
from examples.agreement.grammar import Sentence, number_sentence
from keras_lstm_plus import trace


@pytest.fixture(scope="module")
def model() -> keras.Model:
    made = train.untrained("standard", 4)
    rng = np.random.default_rng(4)
    made.set_weights([rng.normal(0, 0.4, weight.shape) for weight in made.get_weights()])
    return made


@pytest.fixture(scope="module")
def sentences() -> list[Sentence]:
    rng = np.random.default_rng(7)
    return [number_sentence(rng, 8) for _ in range(30)]


def preferred(model: keras.Model, sentences: list[Sentence]) -> list[Sentence]:
    """The same, with what the model finds more probable called right."""
    right = judge.ask(judge.answers(model), sentences).preferred
    return [
        s if is_right else s._replace(right=s.wrong, wrong=s.right)
        for s, is_right in zip(sentences, right, strict=True)
    ]


def test_the_gradient_is_that_of_finite_differences(model: keras.Model, sentences: list[Sentence]) -> None:
    found = reach.gradient_reach(model, sentences[:1], 3)
    words, (target,) = data.encode(sentences[:1])
    embedding, memory, following = network.parts(model)
    x = np.asarray(embedding(words))

    def losses(values: np.ndarray) -> np.ndarray:
        mask = np.repeat(words != 0, len(values), axis=0)
        return -np.log(np.asarray(following(memory(values, mask=mask)))[:, target])

    for back in (1, 3):
        steps = np.zeros((x.shape[-1], *x.shape[1:]))  # a row for each feature
        steps[:, -back] = 1e-2 * np.eye(x.shape[-1])
        slopes = (losses(x + steps) - losses(x - steps)) / 2e-2
        assert np.linalg.norm(slopes) == pytest.approx(found[back - 1], rel=0.02)
    with pytest.raises(ValueError, match="40 words back: a prefix has"):
        reach.gradient_reach(model, sentences[:1], 40)


def test_the_gradient_of_several_sentences_is_their_mean(
    model: keras.Model, sentences: list[Sentence]
) -> None:
    apart = [reach.gradient_reach(model, [sentence], 5) for sentence in sentences[:4]]
    np.testing.assert_allclose(
        reach.gradient_reach(model, sentences[:4], 5), np.mean(apart, axis=0), rtol=1e-4
    )


def test_silencing_nothing_changes_nothing_and_everything_leaves_nothing(
    model: keras.Model, sentences: list[Sentence]
) -> None:
    words, _ = data.encode(sentences)
    gap = ablation.gap_of(sentences, words.shape[1])
    assert gap.sum(axis=1).tolist() == [8] * len(sentences)
    means = ablation.gap_means(model, words, gap)
    silent = np.zeros((len(words), len(means[0])), bool)
    np.testing.assert_allclose(
        ablation.run_silenced(model, words, gap, silent, means), model(words, training=False), atol=1e-5
    )
    left = ablation.run_silenced(model, words, gap, ~silent, means)
    np.testing.assert_allclose(left, np.broadcast_to(left[:1], left.shape), atol=1e-6)
    short, _ = data.encode([s._replace(prefix=s.prefix[: s.cue + 2]) for s in sentences])
    one_word = ablation.gap_of([s._replace(prefix=s.prefix[: s.cue + 2]) for s in sentences], short.shape[1])
    left = ablation.run_silenced(model, short, one_word, ~silent, means)
    np.testing.assert_allclose(left, np.broadcast_to(left[:1], left.shape), atol=1e-6)
    h = trace(model, words)["memory"].h
    np.testing.assert_allclose(means[0], h[gap].mean(axis=0), atol=1e-6)


def test_the_unit_that_alone_is_read_is_found(model: keras.Model, sentences: list[Sentence]) -> None:
    """All but unit 7 are cut off from the next word, and unit 7 hears no other."""
    planted = keras.models.clone_model(model)
    weights = model.get_weights()
    head = np.zeros_like(weights[-2])
    head[7] = weights[-2][7] * 5
    weights[-2], weights[-1] = head, np.zeros_like(weights[-1])
    planted.set_weights(weights)
    found = ablation.ablate(planted, preferred(planted, sentences))
    assert found.whole == 1.0
    assert found.order[0] == 7
    assert found.without[7] == found.left[0] < 1.0
    # What another unit does, it does by way of unit 7 alone; none is missed as much.
    assert found.without[7] <= found.without.min()


def test_a_word_is_watched_as_it_is_read(model: keras.Model) -> None:
    seen = inside.watch(model, inside.BUSES)
    assert seen.gates.c.shape == (1, 11, network.units_for("standard"))
    words, _ = data.encode([inside.BUSES])
    padded = trace(model, words)["memory"]
    np.testing.assert_allclose(seen.gates.f[0], padded.f[0, -11:], atol=1e-5)
    scores = judge.ask(judge.answers(model), [inside.BUSES])
    share = scores.right[0] / (scores.right[0] + scores.wrong[0])
    assert seen.right == pytest.approx(float(share), abs=1e-5)


def test_the_forget_gate_is_read_where_the_person_enters(model: keras.Model) -> None:
    before = ("Ann", "met", "Eve", ".", "Bob", "called")
    stories = [
        Sentence((*before, "Carla", "again", "to", "ask"), "her", "him", 6, 1, 1, "gender"),
        Sentence((*before, "Dan", "in", "Rome", "to", "ask"), "him", "her", 6, 2, 2, "gender"),
        Sentence((*before[:4], "Ruth", "called", "Mary", "to", "ask"), "her", "him", 6, 0, 0, "gender"),
    ]
    f = [inside.watch(model, story).gates.f[0, :, 3] for story in stories]
    keeps, same, other = inside.forget_gate(model, stories, 3)
    assert other == pytest.approx(float(f[0][6]), abs=1e-5)
    assert same == pytest.approx(float((f[1][6] + f[2][6]) / 2), abs=1e-5)
    assert keeps == pytest.approx(float(np.mean([f[0][7], f[1][7], f[1][8]])), abs=1e-5)


def test_a_trained_network_is_kept_for_the_same_code_and_settings_alone(
    model: keras.Model, tmp_path: Path
) -> None:
    marks = judge.Marks(np.arange(3.0), np.arange(4.0), np.arange(5.0))
    path = tmp_path / "kept.keras"
    assert store.load_trial(path, "8 epochs") is None
    store.save_trial(path, "8 epochs", marks, np.ones(2), np.zeros(2), model)
    assert store.load_trial(path, "9 epochs") is None
    kept = store.load_trial(path, "8 epochs")
    assert kept is not None
    np.testing.assert_array_equal(kept[0].nouns, marks.nouns)
    words, _ = data.encode([inside.BUS])
    np.testing.assert_allclose(kept[3](words), model(words), atol=1e-6)
