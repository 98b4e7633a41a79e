"""The language model: counts are the textbook's, networks score as they say, a quick run does it all."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from examples.language_model.corpus import SYMBOLS
from examples.language_model.ngram import KneserNey
from tests.helpers.example_runs import has_pictures, quick_run
from tests.helpers.language import VOCABULARY, plain_losses_and_ranks, random_network, words_of

# -- counting ----------------------------------------------------------------------------------------------


def plain_kneser_ney(train: list[int], vocabulary: int, context: tuple[int, int], word: int) -> float:
    """The textbook's recursion with dictionaries and sets, for one word."""
    trigrams = Counter(zip(train, train[1:], train[2:], strict=False))
    bigrams = Counter((b, c) for _, b, c in trigrams)  # a type of trigram each
    unigrams = Counter(c for _, c in bigrams)
    given = 1 / vocabulary
    for table, before in ((unigrams, ()), (bigrams, context[1:]), (trigrams, context)):
        entries = {k if isinstance(k, tuple) else (k,): n for k, n in table.items()}
        once, twice = (sum(n == times for n in entries.values()) for times in (1, 2))
        discount = once / (once + 2 * twice) if once else 0.5
        following = {key[-1]: n for key, n in entries.items() if key[:-1] == before}
        if following:
            total = sum(following.values())
            kept = max(following.get(word, 0) - discount, 0)
            given = (kept + discount * len(following) * given) / total
    return given


def test_the_trigram_agrees_with_the_textbook_and_sums_to_one() -> None:
    rng = np.random.default_rng(3)
    vocabulary = 7
    train = (rng.integers(0, 6, 120) * rng.integers(0, 2, 120)).astype(np.int32)  # word 6 is never seen
    model = KneserNey(train, vocabulary)
    test = rng.integers(0, vocabulary, 40).astype(np.int32)
    found = model.probabilities(test)
    expected = [
        plain_kneser_ney(train.tolist(), vocabulary, (int(a), int(b)), int(c))
        for a, b, c in zip(test, test[1:], test[2:], strict=False)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    for context in ((0, 0), (3, 0), (6, 2), (6, 6)):
        each = [model.probabilities(np.array([*context, word]))[0] for word in range(vocabulary)]
        assert sum(each) == pytest.approx(1)


# -- the networks ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["cifg", "standard"])
def network(request: pytest.FixtureRequest):  # type: ignore[no-untyped-def]
    """A network with random weights everywhere, and its kind."""
    return random_network(request.param, cells=9, width=6, seed=1, scale=0.6), request.param


def test_one_table_serves_both_ends(network) -> None:  # type: ignore[no-untyped-def]
    model, kind = network
    tables = [weight.shape for weight in model.weights if weight.shape[0] == len(VOCABULARY)]
    assert tables == [(len(VOCABULARY), 6), (len(VOCABULARY),)]
    ids = words_of(5)[None]
    words = model.get_layer("words")
    hidden = model.get_layer("memory")(words(ids))
    if kind == "standard":
        hidden = model.get_layer("projection")(hidden)
    expected = np.asarray(hidden) @ words.embeddings.numpy().T + words.bias.numpy()
    np.testing.assert_allclose(model(ids), expected, rtol=1e-5, atol=1e-5)


def test_a_saved_network_answers_the_same(network, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    from examples.language_model.store import load_language_model

    model, kind = network
    (tmp_path / "files").mkdir()
    with pytest.raises(FileNotFoundError, match=f"no trained {kind} language model"):
        load_language_model(tmp_path, kind)
    model.save(tmp_path / "files" / f"{kind}.keras")
    (tmp_path / "files" / "vocabulary.json").write_text(json.dumps(VOCABULARY))
    again, vocabulary = load_language_model(tmp_path, kind)
    assert tuple(vocabulary) == VOCABULARY
    np.testing.assert_array_equal(again(words_of(7)[None]), model(words_of(7)[None]))  # its bias, too


@pytest.mark.parametrize("streams", [1, 3])
def test_judging_agrees_with_plain_softmax(network, streams: int) -> None:  # type: ignore[no-untyped-def]
    from examples.language_model.scores import guesses

    model, _ = network
    ids = words_of(152)  # 151 to predict: with three streams, the last is shorter and padded
    found = guesses(model, ids, VOCABULARY, streams)
    length = {1: 200, 3: 100}[streams]
    pieces = [ids[k : k + length + 1] for k in range(0, 151, length)]
    parts = [plain_losses_and_ranks(model, piece) for piece in pieces]
    np.testing.assert_allclose(found.losses, np.concatenate([part[0] for part in parts]), rtol=1e-4)
    ranks = np.minimum(np.concatenate([part[1] for part in parts]), 3)
    typed = [VOCABULARY[word] not in SYMBOLS for word in ids[1:]]
    np.testing.assert_array_equal(found.ranks[typed], ranks[typed])


def test_the_twin_carries_its_state_and_gives_the_loss(network) -> None:  # type: ignore[no-untyped-def]
    from examples.language_model.network import Size, bring_back, trainable_twin
    from examples.language_model.train import Streams

    model, kind = network
    ids = words_of(2 * 15 + 1)
    twin = trainable_twin(model, kind, Size(9, 6), batch=2, steps=5, dropout=0.5, samples=4)
    streams = Streams(ids, batch=2, steps=5)
    assert len(streams) == 3
    found = [float(twin(list(streams[n][0]), training=False)) for n in range(3)]
    rows = [plain_losses_and_ranks(model, piece, False)[0] for piece in (ids[:16], ids[15:])]
    expected = np.stack(rows).reshape(2, 3, 5).mean(axis=(0, 2))
    np.testing.assert_allclose(found, expected, rtol=1e-5)

    own = twin.get_layer("memory").trainable_weights[0]
    own.assign(own + 1.0)
    before = model.get_layer("memory").get_weights()
    bring_back(twin, model)
    np.testing.assert_allclose(model.get_layer("memory").get_weights()[0], before[0] + 1.0)
    model.get_layer("memory").set_weights(before)


def test_a_score_counts_no_marks_and_misses_rare_words() -> None:
    from examples.language_model.scores import Guesses, summary

    rare_s = len(VOCABULARY) - 1
    words = np.array([2, 0, 1, 3, 4, rare_s])  # the, rare, a paragraph, bus, buses, rare
    guessed = Guesses(np.log([2.0, 4, 8, 2, 2, 4]), np.array([0, 0, 0, 2, 3, 0]))
    score = summary(guessed, words, VOCABULARY)
    assert score.perplexity == pytest.approx((2 * 4 * 8 * 2 * 2 * 4) ** (1 / 6))
    assert score.first == 1 / 5
    assert score.three == 2 / 5
    assert score.words == 6


# -- the command -------------------------------------------------------------------------------------------


@pytest.mark.example
def test_a_quick_run_does_all_of_it(tmp_path: Path) -> None:
    printed, out = quick_run("language_model", tmp_path / "out")
    assert "Perplexity" in printed
    found = json.loads((out / "results.json").read_text())
    vocabulary = found["text"]["vocabulary"]
    for kind, network in found["networks"].items():
        assert network["validation"]["perplexity"] < 0.2 * vocabulary  # guessing blindly: the vocabulary
        assert network["with_trigram"]["test"] < min(found["trigram"]["test"], network["test"]["perplexity"])
        device = network["device"]
        assert device["float"]["perplexity"] == pytest.approx(device["Keras"]["perplexity"], rel=1e-3)
        assert device["int8"]["perplexity"] == pytest.approx(device["Keras"]["perplexity"], rel=0.03)
        assert device["dynamic"]["bytes"] < 0.4 * device["float"]["bytes"]
        for form in ("float", "dynamic", "int8"):
            assert (out / "files" / f"{kind}_{form}.tflite").is_file()
    assert set(found["networks"]) == {"cifg", "standard"}
    assert [step["typed"] for step in found["keyboard"]][:2] == ["The", "buses"]
    assert has_pictures(out, "perplexity", "keyboard", "files", "verbs")
    assert "Right verbs" in printed
    grades = found["verbs"]["grades"]
    assert {"commoner", "cifg Keras", "cifg dynamic", "cifg int8"} <= set(grades)
    handed_on = json.loads((out / "files" / "buses.json").read_text())["scores"]["right verbs"]
    asked = next(name for name in grades["cifg Keras"] if "none between" in name)
    assert grades["cifg Keras"][asked]["pairs"] == handed_on[asked]["pairs"] > 20
    assert 0 < grades["cifg Keras"][asked]["low"] < grades["cifg Keras"][asked]["share"]
    assert (out / "files" / "buses.tflite").is_file()
