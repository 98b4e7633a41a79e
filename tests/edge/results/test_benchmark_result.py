"""The schema of a benchmark's result: what it takes, what it refuses, and in which words."""

from __future__ import annotations

from tests.helpers.places import ROOT

import copy
import json
import math
from collections.abc import Callable
from pathlib import Path
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.results.benchmark import PLATFORMS, SCHEMA, BenchmarkResult, Entry, read, validate
from edge.results.plain import shape
from tests.helpers.benchmark_results import FILES, result



@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_result_of_any_platform_is_taken(platform: str) -> None:
    validate({**result(), "platform": platform})


def test_what_a_platform_cannot_tell_is_none() -> None:
    (file, *_) = copy.deepcopy(FILES)
    for key in file:
        if key not in ("name", "runtime", "inference_ms"):
            file[key] = None
    file["runtime"]["version"] = None
    file["inference_ms"] = {**dict.fromkeys(file["inference_ms"]), "median": 0.5}
    validate({**result(), "files": [file]})


def test_more_than_the_schema_knows_is_passed_over() -> None:
    found = result()
    found["machine"]["abi"] = found["files"][0]["delegate"] = "x"
    validate(found)


def test_a_stream_of_before_there_were_blocks_took_one_step() -> None:
    files = copy.deepcopy(FILES)
    del files[0]["stream"]["steps"]
    stream = BenchmarkResult.of({**result(), "files": files}).files[0].stream
    assert stream is not None
    assert stream.steps == 1


def test_plain_data_comes_back_as_it_was() -> None:
    for platform in PLATFORMS:
        plain = result(platform)
        assert json.dumps(BenchmarkResult.of(plain).to_dict()) == json.dumps(plain)  # the order of keys, too
    figures = {"max_abs": 0.1, "relative": 0.2}
    plain["files"][0] = {
        key: value
        for pair in plain["files"][0].items()
        for key, value in (pair, *([("error_interpreter", figures)] if pair[0] == "error" else []))
    }
    assert json.dumps(BenchmarkResult.of(plain).to_dict()) == json.dumps(plain)
    plain["files"][0]["error_interpreter"] = 3
    with pytest.raises(ValueError, match=r"files\[0\].error_interpreter must be an object, received 3"):
        validate(plain)


def paths(kind: Any, where: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in an object that must be there."""
    found = []
    for key, inner in shape(kind).items():
        if key in getattr(kind, "MAY_LACK", ()):
            continue
        found.append((*where, key))
        inner = (get_args(inner) or (inner,))[0] if get_origin(inner) is not Annotated else inner
        if is_dataclass(inner):
            found += paths(inner, (*where, key))
    return found


PLACES = [("files", 0, *place) for place in paths(Entry)] + [
    (field.name,) for field in fields(BenchmarkResult)
]


def test_the_places_are_all_there_is() -> None:
    assert ("files", 0, "stream", "step_ms", "p99") in PLACES
    assert len(PLACES) == 62


def changed(place: tuple[Any, ...], change: Callable[[Any, Any], None]) -> dict[str, Any]:
    found = result()
    inner: Any = found
    for key in place[:-1]:
        inner = inner[key]
    change(inner, place[-1])
    return found


def setter(value: Any) -> Callable[[Any, Any], None]:
    return lambda inner, key: inner.__setitem__(key, value)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_nothing_may_be_left_out_or_be_of_another_kind(place: tuple[Any, ...]) -> None:
    def leave_out(inner: Any, key: Any) -> None:
        del inner[key]

    def another_kind(inner: Any, key: Any) -> None:
        inner[key] = {1, 2}

    with pytest.raises(ValueError, match=f"a.json: .*has no '{place[-1]}'"):
        validate(changed(place, leave_out), "a.json")
    with pytest.raises(ValueError, match=rf"a.json: .*{place[-1]} must be .*, received \{{1, 2\}}\."):
        validate(changed(place, another_kind), "a.json")


def test_the_sentence_says_where_and_what() -> None:
    for place, value, words in (
        (
            ("platform",),
            "toaster",
            "platform must be one of host, pi, android, browser, microcontroller, rec",
        ),
        (("files", 1, "threads"), 0, "files[1].threads must be a positive integer, received 0."),
        (("files", 0, "inference_ms", "median"), None, "files[0].inference_ms.median must be a number"),
        (
            ("files", 0, "inference_ms", "p5"),
            math.nan,
            "inference_ms.p5 must be a number that is not negative",
        ),
        (
            ("files", 0, "per_step_us"),
            -1.0,
            "per_step_us must be a number that is not negative, received -1.0",
        ),
        (("files", 0, "accuracy"), 1.5, "accuracy must be a number from 0 to 1, received 1.5"),
        (
            ("files", 0, "size_bytes"),
            True,
            "size_bytes must be an integer that is not negative, received True",
        ),
        (("files", 0, "operators"), [{"name": "ADD"}], "files[0].operators[0] has no 'count'"),
        (("files",), [], "files is empty"),
        (("warnings",), "hot", "warnings must be a list, received 'hot'"),
        (("schema",), SCHEMA + 1, "a newer version (schema 3, this one knows 2): update"),
        (("schema",), "2", "schema is '2', not 2"),
    ):
        found = changed(place, setter(value))
        with pytest.raises(ValueError) as error:  # noqa: PT011, the words are compared below
            validate(found)
        assert words in str(error.value)
        assert "\n" not in str(error.value)
        assert len(str(error.value)) < 250


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(anything, st.sampled_from(PLACES))
def test_whatever_stands_there_is_taken_or_refused_in_a_sentence(value: Any, place: tuple[Any, ...]) -> None:
    for found in (value, {"schema": value}, changed(place, setter(value))):
        check(found)


def check(found: Any) -> None:
    try:
        validate(found)
    except ValueError as error:
        assert str(error).endswith(".")  # noqa: PT017


def test_files_are_read_or_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with pytest.raises(ValueError, match="There is no file .*a.json"):
        read(path)
    for text, words in (
        ("{", "a.json is not readable as JSON"),
        ("[" * 100_000, "a.json is not readable as JSON"),
        ("[1]", "a.json is no result of a benchmark"),
        (json.dumps({"schema": 1}), "a.json: schema is 1, not 2."),
        (json.dumps({**result(), "files": 3}), "a.json: files must be a list, received 3"),
    ):
        path.write_text(text)
        with pytest.raises(ValueError, match=words):
            read(path)
    path.write_text(json.dumps(result()))
    assert read(path).to_dict() == result()


def test_the_results_in_the_repository_are_valid() -> None:
    read(ROOT / "benchmarks" / "results" / "inference.json")
