"""The card of a model: from a conversion, its verification and a benchmark; from a file alone."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest

from edge.card import card
from tests.helpers.benchmark_results import entry, result
from tests.helpers.command_line import run
from tests.helpers.device_files import model_file
from tests.helpers.keras_models import motion, two_layers


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An int8 file with what `convert` and `verify` wrote of it, and a benchmark of two dates."""
    folder = tmp_path_factory.mktemp("card")
    two_layers("peephole").save(folder / "model.keras")
    np.save(folder / "x.npy", motion(60, 30))
    path = folder / "m|1.tflite"
    given = (folder / "model.keras", "-o", path, "--quantize", "int8", "--data", folder / "x.npy")
    assert run("convert", *given, "--labels", "walk,run,sit,lie", "--json", folder / "c.json")[0] == 0
    checked = ("verify", folder / "model.keras", path, "--data", folder / "x.npy", "--drift-steps", 0)
    assert run(*checked, "--tolerance", 10, "--json", folder / "v.json")[0] == 0
    size = path.stat().st_size
    measured = result(
        "pi", [entry("other.tflite", 1.0, 5), entry(path.name, 0.123, size, 0.02, accuracy=0.912)]
    )
    (folder / "b.json").write_text(json.dumps(measured))
    (folder / "later.json").write_text(json.dumps({**measured, "created": "2026-03-04T00:00:00+00:00"}))
    return folder


def test_it_says_what_was_found(folder: Path, tmp_path: Path) -> None:
    path, target = folder / "m|1.tflite", tmp_path / "card.md"
    saved = [folder / f"{name}.json" for name in ("c", "v", "b", "later")]
    code, out, err = run("card", path, *saved, "-o", target, "--json", tmp_path / "card.json")
    assert (code, out, err) == (0, "", "")
    content = json.loads((tmp_path / "card.json").read_text())
    assert content["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    written = json.loads((folder / "v.json").read_text())
    assert content["verification"]["outputs"][0]["rms"] == written["outputs"][0]["rms"]
    assert content["conversion"]["errors"][0]["max_abs"] == pytest.approx(
        json.loads((folder / "c.json").read_text())["errors"][0]["max_abs"]
    )
    low = json.loads((folder / "c.json").read_text())["calibration"]["inputs"][0]["low"]
    assert content["calibration"]["inputs"][0]["low"] == low
    assert [each["date"] for each in content["measurements"]] == ["2026-03-04", "2026-01-02"]
    text = target.read_text()
    for words in (
        "# m\\|1.tflite",
        "1 × peephole, ",
        "8-bit integers",
        "Classes: 0 walk; 1 run; 2 sit; 3 lie.",
        "agrees with",
        f"{low:.4g}",
        "2026-03-04",
        "0.123",
        "91.2%",
        "| raspberry-pi | ",
        content["sha256"],
    ):
        assert words in text, words
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1, table


def test_of_a_file_alone_it_says_what_is_not_known_and_how_to_know(folder: Path) -> None:
    code, out, err = run("card", model_file("stock"))
    assert (code, err) == (0, "")
    assert "Not verified: `python -m edge verify" in out
    assert "Not measured: `python -m edge benchmark stock.tflite --json" in out
    assert "nothing in it was calibrated" in out
    assert json.loads(run("card", model_file("dense"), "--json", "-")[1])["measurements"] == []


def test_the_figures_of_another_file_are_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text(json.dumps(result(files=[entry("dense.tflite", 1.0, 7)])))
    with pytest.raises(
        ValueError, match=r"is about a dense.tflite of 7 bytes, and this one has [\d,]+: it was conv"
    ):
        card(model_file("dense"), [tmp_path / "old.json"])
    with pytest.raises(ValueError, match=r"says nothing of dense.tflite; it is about m\|1.tflite"):
        card(model_file("dense"), [folder / "v.json"])
