"""`benchmark` on data: errors and right answers of real inputs, whatever their form."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import edge
from edge.benchmark import benchmark
from edge.benchmark.real_data import accuracy, packed, unpacked
from tests.helpers.command_line import run
from tests.helpers.device_files import model_file, sequences

FILES = ("reset", "int8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sequences, what the float file decides of them but for every fifth, and a recording as a table."""
    folder = tmp_path_factory.mktemp("data")
    x = sequences(40)
    answers = edge.load(model_file("reset")).predict(x).argmax(-1)
    answers[::5] = (answers[::5] + 1) % 3
    np.save(folder / "x.npy", x)
    np.savetxt(folder / "y.csv", answers.reshape(len(answers), -1), fmt="%d", delimiter=",")
    np.savetxt(folder / "one.csv", x[0], delimiter=",", header="a,b,c,d,e,f", comments="")
    return folder


def test_errors_and_accuracy_are_those_of_the_data(folder: Path) -> None:
    """Against a computation that shares no code: `predict` of each file, and NumPy."""
    x = np.load(folder / "x.npy")
    answers = np.loadtxt(folder / "y.csv", delimiter=",")
    paths = [str(model_file(name)) for name in FILES]
    target = folder / "out.json"
    given = ("--data", folder / "x.npy", "--answers", folder / "y.csv")
    code, out, err = run("benchmark", *paths, *given, "--runs", 2, "--json", target, columns=120)
    assert (code, err) == (0, "")
    assert "on 40 samples of data" in " ".join(out.split())
    result = json.loads(target.read_text())
    assert result["settings"]["samples"] == 40
    wanted = edge.load(paths[0]).predict(x)
    for path, entry in zip(paths, result["files"], strict=True):
        found = edge.load(path).predict(x)
        decided = found.argmax(-1)
        assert entry["accuracy"] == pytest.approx(np.mean(decided == answers.reshape(decided.shape)))
        rms = np.sqrt(np.mean((found.astype("f8") - wanted) ** 2)) / wanted.std()
        assert entry["error"]["relative"] == pytest.approx(rms, rel=1e-3, abs=1e-9)
        assert entry["length"] == x.shape[1]
    assert 0.7 <= result["files"][0]["accuracy"] == pytest.approx(0.8, abs=0.05)
    assert f"{result['files'][1]['accuracy']:.1%}" in out


def test_a_table_is_one_recording(folder: Path) -> None:
    code, out, err = run(
        *("benchmark", model_file("reset"), "--data", folder / "one.csv", "--runs", 1, "--json", "-")
    )
    assert (code, err) == (0, "")
    result = json.loads(out)
    assert (result["settings"]["samples"], result["files"][0]["length"]) == (1, len(sequences(1)[0]))


def test_what_does_not_fit_is_a_sentence(folder: Path, tmp_path: Path) -> None:
    x, path = folder / "x.npy", model_file("reset")
    np.save(tmp_path / "wide.npy", np.zeros((4, 5, 7), np.float32))
    np.save(tmp_path / "few.npy", np.zeros(3, int))
    np.save(tmp_path / "high.npy", np.full(np.loadtxt(folder / "y.csv", delimiter=",").shape, 99))
    (tmp_path / "wide.csv").write_text("1,2\n3,4\n")
    (tmp_path / "words.csv").write_text("1,2\nx,4\n")
    for arguments, words in (
        (("--data", tmp_path / "wide.npy"), "7"),
        (("--data", tmp_path / "wide.csv"), "has 2 columns, and input"),
        (("--data", tmp_path / "words.csv"), "is no table of numbers"),
        (("--data", x, "--answers", tmp_path / "few.npy"), "must be class numbers of shape"),
        (("--data", x, "--answers", tmp_path / "high.npy"), "run from 99 to 99"),
    ):
        code, out, err = run("benchmark", path, "--runs", 1, *arguments)
        assert (code, out, err.count("\n")) == (1, "", 1), arguments
        assert words in err, (arguments, err)
    for usage in (("--answers", x), ("--data", x, "--length", 5)):
        assert run("benchmark", path, *usage)[0] == 2
    with pytest.raises(ValueError, match="length is that of the data"):
        benchmark([path], length=5, data=np.load(x))
    with pytest.raises(ValueError, match="answers are those to data"):
        benchmark([path], answers=[0])


def test_which_output_is_right() -> None:
    probabilities = np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
    other, alone = np.ones((3, 4)), np.ones((3, 1))
    assert accuracy([alone, probabilities], ["a", "y"], np.array([1, 0, 0]), "f") == pytest.approx(2 / 3)
    assert accuracy([probabilities], ["y"], np.eye(2)[[1, 0, 1]], "f") == 1.0
    assert accuracy([probabilities.argmax(-1)], ["y"], np.array([1, 1, 1]), "f") == pytest.approx(2 / 3)
    assert accuracy([other, probabilities], ["z", "y"], {"y": np.array([1, 0, 1])}, "f") == 1.0
    for names, outputs, answers, words in (
        (["z", "y"], [other, probabilities], np.zeros(3), "2 outputs of f decide"),
        (["a"], [alone], np.zeros(3), "no output of f decides"),
        (["y"], [probabilities], {"q": np.zeros(3)}, "one output of f is needed: 'y'"),
        (["y"], [probabilities], np.array([0.5, 0, 1]), "class numbers"),
    ):
        with pytest.raises(ValueError, match=words):
            accuracy(outputs, names, answers, "f")


@pytest.mark.parametrize(
    "value", [np.arange(3.0), [np.arange(2), np.ones((2, 2))], {"a": np.arange(2), "l0": np.ones(2)}]
)
def test_it_arrives_on_another_machine_as_it_was(value: object, tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(packed(value))
    np.testing.assert_equal(unpacked(str(tmp_path / "x.npz")), value)
