"""`benchmark --accelerate`: every file without the native engine and with it, side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.benchmark import benchmark
from edge.benchmark.host import _left_to_the_runtime
from edge.cli.benchmark import place_for
from edge.native import places
from edge.report.tables import labels
from edge.results.benchmark import BenchmarkResult
from edge.runtime import Acceleration, LayerPlace
from tests.helpers.device_files import model_file
from tests.helpers.native_library import built


def test_both_side_by_side_and_error_against_the_runtimes_own() -> None:
    built()
    paths = [model_file(kind) for kind in ("carry", "dense", "int8_carry")]
    result = BenchmarkResult.of(benchmark(paths, length=7, runs=3, accelerate=True, stream_rate_hz=1000.0))
    assert {label for label in labels(result.files) if "carry" in label} == {
        *("carry.tflite", "carry.tflite, engine", "int8_carry.tflite", "int8_carry.tflite, engine")
    }
    by_name = {(file.name, file.engine is not None): file for file in result.files}
    assert set(by_name) == {
        *((f"{kind}.tflite", has) for kind in ("carry", "int8_carry") for has in (False, True)),
        ("dense.tflite", False),  # nothing for the engine
    }
    engine = by_name["int8_carry.tflite", True].engine
    assert engine is not None
    assert (engine.taken, engine.layers) == (1, 1)
    plain, fast = by_name["int8_carry.tflite", False], by_name["int8_carry.tflite", True]
    assert plain.error == fast.error  # the same bytes
    error = by_name["carry.tflite", True].error
    assert error is not None
    assert 0 < error.max_abs < 2e-6  # in float another order of sums
    assert all(file.stream is not None for (name, _), file in by_name.items() if name != "dense.tflite")
    plainly = BenchmarkResult.of(result.to_dict())
    assert plainly == result


def test_left_out_or_as_a_program_gets_it() -> None:
    built()
    off = benchmark([model_file("reset")], length=5, runs=1, accelerate=False)
    assert "engine" not in off["files"][0]
    (usual,) = benchmark([model_file("reset")], length=5, runs=1)["files"]
    assert usual["engine"]["taken"] == 1


def test_without_the_library_it_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "HERE", tmp_path)
    with pytest.raises(ImportError, match=r"There is no native engine .* Or benchmark without it"):
        benchmark([model_file("reset")], runs=1, accelerate=True)
    with pytest.raises(ValueError, match="accelerate must be"):
        benchmark([model_file("reset")], runs=1, accelerate="yes")


def test_what_it_left_to_the_runtime_is_a_warning() -> None:
    result = benchmark([model_file("reset")], length=5, runs=1)
    (entry,) = BenchmarkResult.of(result).files
    layers = (
        LayerPlace("below", True, "float"),
        LayerPlace("above", False, "", "its activation is not tanh"),
    )
    some, none = Acceleration("1", "avx2", "", layers), Acceleration(None, None, "it did not work", layers)
    said = _left_to_the_runtime([(entry, None, some), (entry, None, none)])  # type: ignore[list-item]
    assert said == [
        "reset.tflite: the native engine leaves above to the runtime: its activation is not tanh.",
        "reset.tflite: the native engine is not used: it did not work.",
    ]


@pytest.mark.parametrize("place", ["--adb", "--tflm"])
def test_a_place_without_it_says_so(place: str) -> None:
    names = (
        "--ssh",
        "--adb",
        "--tflm",
        "--benchmark-model",
        "--serial",
        "--runtime",
        "--stream",
        "--threads",
    )
    options = dict.fromkeys((*names, "--ssh-python"))
    with pytest.raises(ValueError, match=f"--accelerate is not for {place}"):
        place_for({**options, place: True, "--accelerate": True})
