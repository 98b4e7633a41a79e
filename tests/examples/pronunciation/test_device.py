"""The files say what Keras says, `predict` needs no TensorFlow, and a quick run does all of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from examples.pronunciation.device import KIND, TRAINED, Pronouncer, paths_of
from tests.helpers.example_runs import has_pictures, quick_run, without_tensorflow


@pytest.fixture(scope="module")
def pronouncer() -> Pronouncer:
    return Pronouncer(*paths_of(TRAINED, KIND))


@pytest.mark.parametrize(
    ("word", "phonemes"),
    [("bus", "B AH S"), ("thought", "TH AO T"), ("Knight", "N AY T")],
)
def test_the_files_that_come_along_can_speak(pronouncer: Pronouncer, word: str, phonemes: str) -> None:
    assert " ".join(pronouncer(word)) == phonemes


def test_the_longest_word_that_is_read_ends(pronouncer: Pronouncer) -> None:
    assert 0 < len(pronouncer("banana" * 6)) <= 4 + 2 * 36


def test_the_alignments_are_shares_of_the_letters(pronouncer: Pronouncer) -> None:
    found = pronouncer.search("buses", 4)
    assert len(found) == 4
    assert found[0].log_probability >= found[1].log_probability
    assert found[0].alignments is not None
    assert found[0].alignments.shape == (len(found[0].tokens) + 1, 5)
    assert found[0].alignments.sum(axis=1) == pytest.approx(1, abs=0.02)


def test_predict_needs_no_tensorflow() -> None:
    done = without_tensorflow("pronunciation", "predict", "bus", "Thought")
    assert done.returncode == 0, done.stderr
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["bus", "B", "AH", "S"],
        ["Thought", "TH", "AO", "T"],
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["2"], "write numbers as words"),
        ([""], "There are no letters"),
        (["a" * 200], "200 letters"),
        (["bus", "--files", "nowhere"], "There is no nowhere/encoder_"),
        (["bus", "--beam", "0"], "Invalid value for '--beam'"),
    ],
)
def test_what_cannot_be_said_is_a_sentence(arguments: list[str], sentence: str) -> None:
    done = without_tensorflow("pronunciation", "predict", *arguments)
    assert done.returncode != 0
    assert sentence in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


@pytest.mark.example
def test_a_quick_run_does_all_of_it(tmp_path: Path) -> None:
    printed, out = quick_run("pronunciation", tmp_path / "out")
    assert "Words never seen" in printed
    found = json.loads((out / "results.json").read_text())
    assert found["test"]["phonemes_wrong"] < 0.75  # saying nothing at all: 1
    assert found["test"]["words"] > found["strict"]["words"] > 0
    device = found["device"]
    assert set(device) == {"Keras", "float", "dynamic", "int8"}
    assert device["float"]["differs_from_keras"] <= 0.02
    assert sum(device["dynamic"]["bytes"]) < 0.4 * sum(device["float"]["bytes"])
    for form in ("float", "dynamic", "int8"):
        assert all(path.is_file() for path in paths_of(out / "files", form))
    assert has_pictures(out, "errors", "lengths", "alignments")
