"""Which file a report says to take, and what it says of those that it does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edge.report.choice import choose
from edge.results.saved import read_saved, saved_of
from tests.helpers.benchmark_results import entry, result, value
from tests.helpers.command_line import run


def verified(name: str, is_ok: bool = True, relative: float | None = 0.01, **changes: Any) -> dict[str, Any]:
    """What `verify --json` writes, as far as a report reads it."""
    output = {
        **{"name": "y", "max_abs": 0.1, "rms": 0.01, "relative": relative, "is_ok": is_ok},
        **{"agreement": 0.99, "accuracy_keras": 0.93, "accuracy_file": 0.92, **changes},
    }
    return {
        **{"schema": 1, "model": "net", "path": f"some/{name}", "size": 100, "quantize": "int8"},
        **{"state": "reset", "runtime": "r 1", "samples": 40, "checked_on": "data", "is_ok": is_ok},
        **{"outputs": [output], "drift": None, "created": "2026-01-01T00:00:00+00:00"},
    }


def sentence(*plain: dict[str, Any]) -> str:
    (found,) = choose([saved_of(each, "x") for each in plain]).sentences
    return found


FLOAT, INT8 = entry("float.tflite", 0.8, 400, 0.0), entry("int8.tflite", 0.4, 100, 0.01)
FAR = entry("far.tflite", 0.1, 50, 0.4)


def test_the_fastest_that_is_near_enough() -> None:
    said = sentence(result(files=[FLOAT, INT8, FAR]))
    assert said.startswith(
        "Computer: take int8.tflite, the fastest of 2 that are near enough: 0.4 ms, 2.00 times as fast as "
        "float.tflite, 100 B, rms error 1.00% of a standard deviation from float.tflite."
    )
    assert "Not far.tflite: it is 40.0% of a standard deviation from float.tflite." in said


def test_of_those_that_are_as_fast_the_smallest() -> None:
    small = entry("small.tflite", 0.42, 60, 0.01)
    assert "take small.tflite, as fast as int8.tflite and smaller" in sentence(
        result(files=[FLOAT, INT8, small])
    )


def test_what_verify_says_counts_more_than_the_distance_to_another_file() -> None:
    said = sentence(
        result(files=[FLOAT, INT8, FAR]), verified("int8.tflite", is_ok=False), verified("far.tflite")
    )
    assert "take far.tflite" in said
    assert "verified against Keras, right 92.0%" in said
    assert "Not int8.tflite: it differs from Keras by more than its tolerance." in said


def test_a_file_that_is_seldom_right_is_not_taken() -> None:
    files = [{**each, "accuracy": right} for each, right in ((FLOAT, 0.93), (INT8, 0.80), (FAR, 0.925))]
    said = sentence(result(files=files))
    assert "take far.tflite" in said
    assert "Not int8.tflite: it is right 80.0%, the best 93.0%." in said


def test_without_a_benchmark_the_smallest_that_agrees() -> None:
    said = sentence(
        verified("a.tflite"), {**verified("b.tflite"), "size": 50}, verified("c.tflite", is_ok=False)
    )
    assert said.startswith("Not measured: take b.tflite, the smallest of 2, 50 B, verified against Keras")
    assert "Not c.tflite" in said
    infinite = verified("d.tflite", is_ok=False, relative=None)
    assert "no file is near enough" in sentence(infinite)


def test_nothing_is_said_where_there_is_no_choice_and_of_hundreds_of_groups_a_few() -> None:
    assert choose([value(files=[FLOAT])]).sentences == []
    files = [{**each, "group": f"g{n}"} for n in range(500) for each in (FLOAT, INT8)]
    said = choose([value(files=files)]).sentences
    assert len(said) == 7
    assert said[-1] == "And 494 more groups, which the tables show."


def test_the_command_takes_what_all_three_have_written(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text(json.dumps(result(files=[FLOAT, INT8])))
    (tmp_path / "v.json").write_text(json.dumps(verified("int8.tflite")))
    paths = (tmp_path / "b.json", tmp_path / "v.json")
    code, out, err = run("report", *paths, "-o", tmp_path / "r", "--json", "-")
    assert (code, err) == (0, "")
    assert json.loads(out)["take"][0]["file"] == "int8.tflite"
    for name in ("report.md", "report.html"):
        text = (tmp_path / "r" / name).read_text().replace("\\", "")
        assert "Which file to take" in text
        assert "agrees" in text
    assert run("report", tmp_path / "v.json", "-o", tmp_path / "s")[0] == 0
    assert sorted(path.name for path in (tmp_path / "s").iterdir()) == ["report.html", "report.md"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"schema": 2, "operators": []}, "is an inspection, which measures nothing"),
        ({"a": 1}, "no object with a 'schema'"),
        ({"schema": 1, "float_size": 3}, "it has no 'path'"),
        ({**verified("x"), "samples": 0}, "samples must be a positive integer"),
        ({**verified("x"), "is_ok": "yes"}, "is_ok must be true or false"),
    ],
)
def test_what_is_none_of_the_three_is_a_sentence(content: Any, words: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match=words):
        read_saved(tmp_path / "x.json")
