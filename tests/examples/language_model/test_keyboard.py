"""The language model on a device: its files say what Keras says, and the keyboard guesses from them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from examples.language_model.corpus import PARAGRAPH, RARE, RARE_S, SYMBOLS
from tests.helpers.example_runs import without_tensorflow
from tests.helpers.language import VOCABULARY, plain_losses_and_ranks, random_network, words_of


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    """A CIFG network with random weights, and its float and int8 files."""
    from examples.common.files import write_files

    model = random_network("cifg", cells=16, width=8, seed=5, scale=0.5)
    calibration = words_of(16 * 20).reshape(16, 20)
    folder = tmp_path_factory.mktemp("files")
    kinds = ("float", "int8")
    return model, write_files(model, "cifg", folder, calibration, kinds, state="carry", labels=VOCABULARY)


# -- the files ---------------------------------------------------------------------------------------------


def test_a_file_in_a_stream_says_what_keras_says(files) -> None:  # type: ignore[no-untyped-def]
    from examples.language_model.device import stream_file

    model, paths = files
    ids = words_of(80)
    losses, ranks = plain_losses_and_ranks(model, ids)
    found = stream_file(paths["float"], ids)
    np.testing.assert_allclose(found.guesses.losses, losses, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(found.guesses.ranks, ranks)
    assert found.latency > 0
    small = stream_file(paths["int8"], ids)
    assert 0 < np.abs(small.guesses.losses - losses).mean() < 0.1 * losses.mean()


def test_equal_scores_are_ranked_by_frequency_and_symbols_are_left_out() -> None:
    from examples.language_model.device import loss_of, rank_of

    scores = np.array([9.0, 1.0, 5.0, 5.0, 7.0, 5.0])
    symbols = np.array([0, 2])
    # In order: 4, then 3 and 5 (equal), then 1; the symbols 0 and 2 stand nowhere.
    assert [rank_of(scores, word, symbols) for word in (4, 3, 5, 1)] == [0, 1, 2, 3]
    assert loss_of(scores, np.array([4])) == pytest.approx(-np.log(np.exp(7) / np.exp(scores).sum()))
    assert loss_of(scores, np.array([4, 1])) == pytest.approx(
        -np.log((np.exp(7) + np.e) / np.exp(scores).sum())
    )
    assert loss_of(scores - 1e4, np.array([4])) == pytest.approx(loss_of(scores, np.array([4])))


# -- the keyboard ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keyboard(files):  # type: ignore[no-untyped-def]
    from examples.language_model.device import Keyboard

    return Keyboard(files[1]["float"])


def test_guesses_are_the_likeliest_words(keyboard, files) -> None:  # type: ignore[no-untyped-def]
    words = ["the", "bus", ",", "Rome"]
    ids = [VOCABULARY.index(PARAGRAPH), *(VOCABULARY.index(w) if w in VOCABULARY else 0 for w in words)]
    scores = np.asarray(files[0](np.array([ids])), np.float64)[0, -1]
    chance = dict(zip(VOCABULARY, np.exp(scores) / np.exp(scores).sum(), strict=True))
    typable = sorted((word for word in VOCABULARY if word not in SYMBOLS), key=lambda word: -chance[word])
    found = keyboard.guess(words)
    assert [guess.word for guess in found] == typable[:3]
    assert [guess.probability for guess in found] == pytest.approx([chance[w] for w in typable[:3]], rel=1e-4)
    assert keyboard.probability(words, "nowhere") == pytest.approx(chance[RARE], rel=1e-4)
    assert keyboard.probability(words, "zebras") == pytest.approx(chance[RARE_S], rel=1e-4)

    fitting = keyboard.guess(words, "bu", count=9)
    assert {guess.word for guess in fitting} == {"bus", "buses", "but", "But"}
    shares = [guess.probability for guess in fitting]
    assert sum(shares) == pytest.approx(1)
    assert shares == sorted(shares, reverse=True)
    assert [guess.word for guess in keyboard.guess(words, "Bu")] == ["But"]
    assert keyboard.guess(words, "x") == []


def test_a_changed_text_is_read_anew(keyboard, files) -> None:  # type: ignore[no-untyped-def]
    from examples.language_model.device import Keyboard

    keyboard.type("the buses , which went to ")
    changed = keyboard.type("the bus was ")
    assert changed == Keyboard(files[1]["float"]).type("the bus was ")
    assert changed != keyboard.type("the buses was ")


def test_letters_needed_is_the_first_prefix_that_is_enough(keyboard) -> None:  # type: ignore[no-untyped-def]
    for word in ("Paris", "buses", "nowhere"):
        needed = keyboard.letters_needed(["the"], word)
        offered = [
            word in [guess.word for guess in keyboard.guess(["the"], word[:typed])]
            for typed in range(len(word))
        ]
        assert needed == (offered.index(True) if True in offered else len(word))


def test_the_word_being_typed_is_told_from_those_before(keyboard) -> None:  # type: ignore[no-untyped-def]
    from examples.language_model.device import split_typed

    assert split_typed("The buses, wh", keyboard.place) == (["The", "buses", ","], "wh")
    assert split_typed("The buses,", keyboard.place) == (["The", "buses", ","], "")
    assert split_typed("The buses ", keyboard.place) == (["The", "buses"], "")
    assert split_typed("", keyboard.place) == ([], "")


def test_keys_type_erase_and_take_a_guess(keyboard) -> None:  # type: ignore[no-untyped-def]
    from rich.console import Console

    from examples.language_model.keyboard import after_key, type_live

    assert after_key(keyboard, "the b", "\x7f") == "the "
    assert after_key(keyboard, "the b", "u") == "the bu"
    assert after_key(keyboard, "the Par", "\t") == "the Paris "
    assert after_key(keyboard, "the x", "\t") == "the x"
    assert after_key(keyboard, "the b", "\x01") == "the b"
    pressed = iter("the Pa\t\r")
    shown = io.StringIO()
    assert type_live(keyboard, Console(file=shown), lambda: next(pressed)) == "the Paris "


def test_a_file_without_vocabulary_is_refused(files, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    from edge.convert import convert
    from examples.language_model.device import Keyboard

    convert(files[0], tmp_path / "plain.tflite", state="carry")
    with pytest.raises(ValueError, match="has no vocabulary in it"):
        Keyboard(tmp_path / "plain.tflite")


# -- letter by letter --------------------------------------------------------------------------------------


def test_writing_on_repeats_with_the_seed(files) -> None:  # type: ignore[no-untyped-def]
    from examples.language_model.letters import write_on

    path = files[1]["float"]
    texts = [write_on(path, ",", 12, seed) for seed in (0, 0, 1)]
    assert texts[0] == texts[1] != texts[2]
    assert texts[0].startswith(",")


# -- the command, without TensorFlow -----------------------------------------------------------------------


def test_predict_needs_no_tensorflow(files) -> None:  # type: ignore[no-untyped-def]
    done = without_tensorflow(
        "language_model", "predict", "the buses went to Paris", "--file", str(files[1]["int8"])
    )
    assert done.returncode == 0, done.stderr
    assert "went (unknown)" in done.stdout
    assert "Paris" in done.stdout


def test_what_is_missing_is_said_in_one_sentence(tmp_path: Path) -> None:
    done = without_tensorflow("language_model", "predict", "the", "--out", str(tmp_path))
    assert done.returncode == 1
    assert "trains and writes it; --file names another" in done.stderr
    assert "Traceback" not in done.stderr
