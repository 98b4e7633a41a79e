"""`python -m edge convert`, `verify` and `targets`, as people and scripts use them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

import edge
from edge.convert import convert
from edge.report.targets import COLUMNS, targets_markdown
from edge.targets import TARGETS
from tests.edge.convert.verification.test_verifier import altered
from tests.helpers.command_line import run
from tests.helpers.keras_models import motion, randomised, two_layers
from tests.helpers.places import ROOT

LABELS = ["walk", "run", "sit", "lie"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, inputs, right classes, the names of the classes and a converted file."""
    folder = tmp_path_factory.mktemp("cli")
    model, x = two_layers("peephole"), motion(40, 30)
    model.save(folder / "model.keras")
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", np.asarray(model(x)).argmax(-1))
    (folder / "labels.txt").write_text("\n".join(LABELS) + "\n", encoding="utf-8")
    (folder / "scaling.json").write_text(json.dumps({"mean": [0.0] * 6, "std": [2.0] * 6}))
    convert(model, folder / "float.tflite", state="carry")
    return folder


def test_convert_writes_a_file_with_all_that_was_asked_for(folder: Path, tmp_path: Path) -> None:
    path, report = tmp_path / "m.tflite", tmp_path / "m.json"
    code, out, err = run(
        *("convert", folder / "model.keras", "-o", path, "--quantize", "int8", "--data", folder / "x.npy"),
        *("--target", "raspberry-pi", "--state", "explicit", "--labels", folder / "labels.txt"),
        *("--normalization", folder / "scaling.json", "--input-type", "float32", "--c-array", tmp_path),
        *("--json", report),
        columns=100,
    )
    assert (code, err) == (0, "")
    tables, commands = out.split("\nNext\n")
    assert max(map(len, tables.splitlines())) <= 100
    assert len(commands.splitlines()) == 3  # not wrapped: they are there to be copied
    for words in ("m.tflite", "int8", "peephole", "fused operator", "raspberry-pi", "exercise", "m.h"):
        assert words in out
    assert f"\n  look inside: python -m edge inspect {path} --target raspberry-pi\n" in out
    assert sorted(each.name for each in tmp_path.iterdir()) == ["m.cc", "m.h", "m.json", "m.tflite"]
    result = json.loads(report.read_text())
    assert (result["quantize"], result["state"], result["target"]) == ("int8", "explicit", "raspberry-pi")
    assert result["size"] == path.stat().st_size
    model = edge.load(path)
    assert model.labels == tuple(LABELS)
    assert model.normalization is not None
    assert model.inputs[0].dtype == np.float32
    assert len(model.states) == 4


def test_convert_json_on_stdout_is_nothing_but_json(folder: Path, tmp_path: Path) -> None:
    arguments = ("convert", folder / "model.keras", "-o", tmp_path / "m.tflite", "--labels", "a,b, c,d")
    code, out, _ = run(*arguments, "--length", 7, "--json", "-")
    assert code == 0
    assert json.loads(out)["layers"][0]["variant"] == "peephole"
    assert edge.load(tmp_path / "m.tflite").labels == ("a", "b", "c", "d")
    assert edge.load(tmp_path / "m.tflite").inputs[0].shape == (1, 7, 6)


def test_several_inputs_come_from_one_npz_or_several_npy(tmp_path: Path) -> None:
    a, b = keras.Input((None, 3), name="a"), keras.Input((2,), name="b")
    x = keras.layers.Concatenate()([keras.layers.LSTM(4)(a), b])
    model = randomised(keras.Model([a, b], keras.layers.Dense(3)(x)))
    model.save(tmp_path / "m.keras")
    rng = np.random.default_rng(0)
    arrays = {"b": rng.normal(size=(20, 2)).astype("f"), "a": rng.normal(size=(20, 9, 3)).astype("f")}
    np.savez(tmp_path / "x.npz", **arrays)
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    by_name = ("--data", tmp_path / "x.npz")
    in_order = ("--data", tmp_path / "a.npy", "--data", tmp_path / "b.npy")
    errors = []
    for data in (by_name, in_order):
        command = ("convert", tmp_path / "m.keras", "-o", tmp_path / "m.tflite", "--quantize", "dynamic")
        code, out, err = run(*command, *data, "--json", "-")
        assert (code, err) == (0, "")
        errors.append(json.loads(out)["errors"])
    assert errors[0] == errors[1]
    wrong = ("--data", tmp_path / "b.npy", "--data", tmp_path / "a.npy")
    code, _, err = run("convert", tmp_path / "m.keras", "-o", tmp_path / "m.tflite", *wrong)
    assert code == 1
    assert "input 'a'" in err
    mixed = ("--data", tmp_path / "x.npz", "--data", tmp_path / "a.npy")
    assert "x.npz holds arrays by name" in run("verify", tmp_path / "m.keras", "m.tflite", *mixed)[2]


def test_verify_shows_errors_decisions_and_drift(folder: Path, tmp_path: Path) -> None:
    arguments = ("verify", folder / "model.keras", folder / "float.tflite", "--data", folder / "x.npy")
    report = tmp_path / "v.json"
    code, out, err = run(
        *arguments,
        "--answers",
        folder / "y.npy",
        "--target",
        "litert",
        "--drift-steps",
        1000,
        "--json",
        report,
    )
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    for words in (
        "exercise",
        "1e-05",
        "100.00%",
        "101–1,000",
        "does not grow with time",
        "agrees with Keras",
    ):
        assert words in out
    result = json.loads(report.read_text())
    assert result["is_ok"] is True
    assert result["outputs"][0]["accuracy_file"] == 1.0
    assert [window["end"] for window in result["drift"]["outputs"][0]["windows"]] == [10, 100, 1000]
    assert result["target"]["name"] == "litert"


def test_verify_ends_with_3_where_one_weight_is_another(folder: Path, tmp_path: Path) -> None:
    bad = altered(folder / "float.tflite", tmp_path / "bad.tflite")
    arguments = ("verify", folder / "model.keras", bad, "--data", folder / "x.npy", "--drift-steps", 100)
    code, out, err = run(*arguments)
    assert (code, err) == (3, "")
    assert "differs from Keras" in out
    code, out, _ = run(*arguments, "--json", "-")
    assert code == 3
    assert json.loads(out)["outputs"][0]["is_ok"] is False
    assert run(*arguments, "--tolerance", 10)[0] == 0


def test_failures_are_one_sentence_and_exit_code_1(folder: Path, tmp_path: Path) -> None:
    model, x, out_file = folder / "model.keras", folder / "x.npy", tmp_path / "m.tflite"
    cut, objects = tmp_path / "cut.npy", tmp_path / "objects.npy"
    cut.write_bytes(x.read_bytes()[:1000])
    np.save(objects, np.array([{}, None], dtype=object))
    (tmp_path / "cut.npz").write_bytes(b"PK\x03\x04cut")
    write = ("convert", model, "-o", out_file)
    for arguments, words in (
        (("convert", tmp_path / "no.keras", "-o", out_file), "There is no file"),
        (("convert", x, "-o", out_file), "is no saved Keras model"),
        (("convert", model, "-o", tmp_path / "no" / "m.tflite"), "does not exist"),
        (
            (*write, "--quantize", "int8"),
            "every number from --data, and none was given. Give a few hundred inputs like those in use, or "
            "use --quantize dynamic, which needs none.",
        ),
        ((*write, "--data", tmp_path / "no.npy"), "There is no file"),
        ((*write, "--data", cut), "cut.npy is cut, or no .npy"),
        ((*write, "--data", tmp_path / "cut.npz"), "cut.npz is cut, or no .npy"),
        ((*write, "--data", objects), "holds Python objects"),
        ((*write, "--labels", "walk"), "there is no file walk"),
        ((*write, "--labels", x), "is no text"),
        ((*write, "--normalization", folder / "labels.txt"), "is no JSON"),
        ((*write, "--c-array", tmp_path / "no"), "there is no such folder"),
        ((*write, "--json", tmp_path), "is a folder"),
        ((*write, "--lowering", "unrolled"), "the time axis is free"),
        (("verify", model, tmp_path / "no.tflite"), "There is no file"),
        (("verify", model, model), "model.keras"),
        (("verify", model, folder / "float.tflite", "--data", folder / "y.npy"), "data for input 'motion'"),
        (
            ("verify", model, folder / "float.tflite", "--data", x, "--answers", x),
            "--answers for output 'exercise'",
        ),
    ):
        code, out, err = run(*arguments)
        assert (code, out) == (1, ""), (arguments, out, err)
        assert err.startswith("Error: "), arguments
        assert words in err, (arguments, err)
        assert err.count("\n") == 1, err
    assert not out_file.exists()


def test_a_refused_conversion_leaves_the_old_file(folder: Path, tmp_path: Path) -> None:
    model = two_layers("standard")
    model.layers[-1].kernel.assign(model.layers[-1].kernel * np.inf)
    model.save(tmp_path / "nan.keras")
    target = tmp_path / "m.tflite"
    target.write_text("before")
    code, _, err = run("convert", tmp_path / "nan.keras", "-o", target)
    assert code == 1
    assert "is NaN or infinite" in err
    assert target.read_text() == "before"


def test_usage_errors_are_exit_code_2(folder: Path) -> None:
    model = folder / "model.keras"
    for arguments in (
        ("convert", model),
        ("convert", model, "-o", "x.tflite", "--quantize", "int4"),
        ("convert", model, "-o", "x.tflite", "--target", "toaster"),
        ("convert", model, "-o", "x.tflite", "--batch", "0"),
        ("verify", model),
        ("verify", model, "x.tflite", "--tolerance", "-1"),
        ("inspect", "x.tflite", "--target", "toaster"),
    ):
        code, out, err = run(*arguments)
        assert (code, out) == (2, ""), arguments
        assert "Usage" in err
    assert "raspberry-pi" in run("convert", model, "-o", "x.tflite", "--target", "toaster", columns=300)[2]


def test_targets_are_printed_three_ways() -> None:
    rows = json.loads(run("targets", "--json", "-")[1])
    assert list(rows) == list(TARGETS)
    assert rows["litert"]["lowerings"] == list(TARGETS["litert"].lowerings)
    assert rows["litert"]["operators"] is None
    assert rows["microcontroller"]["operators"]["GATHER"] == {
        "types": {"float32": ["float32"], "int8": ["int8"]},
        "rank": 6,
        "data": 0,
        "constants": [],
        "operands": None,
    }
    code, out, err = run("targets")
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    assert all(name in out for name in TARGETS)
    code, out, _ = run("targets", "--markdown")
    assert out == targets_markdown() + "\n"
    first, operators = out.split("\n\n")
    assert operators.startswith("| numbers | operators of TensorFlow Lite Micro")
    header, rule, *lines = first.splitlines()
    assert header.startswith("| target | runs on |")
    assert [line.split("`")[1] for line in lines] == list(TARGETS)
    assert {line.count(" | ") for line in (header, rule, *lines)} == {len(COLUMNS) - 1}


def test_a_real_process_prints_its_own_words_alone(folder: Path, tmp_path: Path) -> None:
    """TensorFlow's C++ code writes to stderr by itself; and help comes without TensorFlow."""

    def start(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "edge", *map(str, arguments)]
        environment = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)

    path = tmp_path / "m.tflite"
    done = start("convert", folder / "model.keras", "-o", path, "--json", "-")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["size"] == path.stat().st_size
    begin = time.perf_counter()
    for command in ("convert", "verify"):
        text = " ".join(start(command, "--help").stdout.split())
        assert "Exit codes: 0 done; 1 an error" in text
        assert ("3 the file runs" in text) == (command == "verify")
    assert time.perf_counter() - begin < 6
