"""The figures that README.md and docs/speed.md show are those that are kept, and the real models are real."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import real_models
from benchmarks.engine_table import figures_of, mean_speed
from benchmarks.inference import KEPT
from benchmarks.inference_contestants import ENGINE, OURS
from benchmarks.inference_page import block, readme_table, speed_tables, write_docs
from benchmarks.real_table import print_real
from benchmarks.tables import CONSOLE
from edge.results.benchmark import Entry
from tests.helpers.native_library import built
from tests.helpers.places import ROOT

FILES = ("README.md", "docs/speed.md")


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(KEPT.read_text("utf-8"))
    return found


def shown(path: Path) -> str:
    before, after = block(path)
    text = path.read_text("utf-8")
    return text[len(before) : len(text) - len(after)]


def test_what_is_shown_is_what_is_kept(kept: dict[str, Any]) -> None:
    stale = "stale: python -m benchmarks.inference --kept --docs"
    assert shown(ROOT / FILES[0]) == readme_table(kept) + "\n", stale
    assert shown(ROOT / FILES[1]) == f"```\n{speed_tables(kept)}```\n", stale


def test_a_mean_by_hand(kept: dict[str, Any]) -> None:
    times = {
        name: [
            file["inference_ms"]["min"]
            for file in kept["files"]
            if (file["name"], file["length"]) == (name, 100) and "inputs" in file
        ]
        for name in (ENGINE[0], OURS[0])
    }
    assert len(times[OURS[0]]) == 5
    wanted = np.prod(np.divide(times[OURS[0]], times[ENGINE[0]])) ** (1 / 5)
    assert mean_speed(figures_of(kept), ENGINE[0], OURS[0], 100) == pytest.approx(wanted)
    assert f"| float, 100 | {wanted:.2f}x |" in readme_table(kept)


def test_figures_are_written_between_the_marks_alone(kept: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for name in FILES:
        text = (ROOT / name).read_text("utf-8").replace(shown(ROOT / name), "old\n")
        (tmp_path / name).write_text(text, "utf-8")
    write_docs(kept, tmp_path)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (ROOT / name).read_bytes()
    (tmp_path / "README.md").write_text("nothing")
    with pytest.raises(ValueError, match=r"README\.md has no <!-- inference -->"):
        write_docs(kept, tmp_path)


def test_a_real_model_says_the_same_with_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built()
    monkeypatch.setattr(real_models, "ROOT", tmp_path)
    (pedal,) = (each for each in real_models.models() if each.example == "guitar_pedal")
    files = real_models._files(pedal, tmp_path)
    assert not any(trained for _, trained in files.values())
    results = tmp_path / "results" / "guitar_pedal" / "files"  # as a training leaves them
    results.mkdir(parents=True)
    for form, (path, _) in files.items():
        shutil.copy(path, results / f"pedal_{form}.tflite")
    found = real_models.measure_real([pedal], 1, lambda *_: None)
    assert [(entry.name, more["form"], more["trained"]) for entry, more in found] == [
        (name, form, True)
        for form in ("float", "8-bit", "int8")
        for name in ("runtime's kernel", "native engine")
    ]
    for (plain, _), (fast, more) in zip(found[::2], found[1::2], strict=True):
        assert (plain.engine, plain.length, fast.length) == (None, 64, 64)
        assert fast.engine is not None
        assert fast.engine.layers == 1
        assert fast.error is not None
        limit = {"float": 1e-5, "8-bit": 0.01, "int8": 0.0}[more["form"]]
        assert fast.error.relative <= limit
    with CONSOLE.capture() as capture:
        print_real({"files": [{**plain_of(entry), **more} for entry, more in found]})
    assert "guitar pedal, a block │     64 │ float" in capture.get()


def plain_of(entry: Entry) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(entry)
