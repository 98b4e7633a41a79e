"""The inference benchmark: the contestants compute the same, and the figures are what they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import edge
from benchmarks import inference
from benchmarks.engine_table import print_engine, share, times_as_fast
from benchmarks.inference_contestants import ENGINE, FORCED, ONNX_INT8, OURS, STOCK, Contestant
from benchmarks.inference_table import print_inference, ratios
from benchmarks.inference_turns import in_turns
from benchmarks.roofline import Rates, Roofline, limit
from benchmarks.tables import CONSOLE
from benchmarks.time_major import time_major
from edge.convert import convert
from edge.convert.graph import flatbuffer, operators
from edge.native import find_library
from edge.results.benchmark import ErrorFigures, RuntimeName, validate
from keras_lstm_plus import LSTMPlus
from tests.helpers.benchmark_results import entry
from tests.helpers.native_library import built


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    built()
    return json.loads(
        json.dumps(inference.measure([(4, 8)], [10, 20], rounds=2, report=lambda *_: None), allow_nan=False)
    )


def test_all_contestants_compute_what_keras_does(result: dict[str, Any]) -> None:
    validate(result)
    names = {file["name"] for file in result["files"]}
    assert {STOCK, *OURS, *ENGINE, ONNX_INT8} <= names
    rounded = {OURS[1], OURS[2], *ENGINE[1:], *FORCED[1:], ONNX_INT8}
    for file in result["files"]:
        error = file["error"]["relative"]
        assert error < (0.05 if file["name"] in rounded else 1e-5), file["name"]
        assert error > (1e-4 if file["name"] in rounded else -1)
        assert file["threads"] == 1
        assert (file["inputs"], file["units"]) == (4, 8)
        assert file["inference_ms"]["count"] >= 2
    lengths = [file["length"] for file in result["files"] if file["name"] == STOCK]
    assert lengths == [10, 20]


def test_another_instruction_set_is_forced_in_the_same_run(result: dict[str, Any]) -> None:
    used: dict[str, set[str]] = {}
    for file in result["files"]:
        if "engine" in file:
            used.setdefault(file["name"], set()).add(file["engine"]["isa"])
    best, *others = find_library().isas
    assert used == {
        **{name: {best} for name in ENGINE},
        **({name: {"avx2"} for name in FORCED} if "avx2" in others else {}),
    }


def test_the_same_bytes_have_the_same_error(result: dict[str, Any]) -> None:
    errors = {(file["name"], file["length"]): file["error"] for file in result["files"]}
    for length in (10, 20):
        assert errors[ENGINE[2], length] == errors[OURS[2], length]


def test_the_engines_table_and_its_share_of_what_the_machine_allows(result: dict[str, Any]) -> None:
    with CONSOLE.capture() as capture:
        print_engine(result)
    text = capture.get()
    assert "A sequence of 10 steps" in text
    assert "4 x 8" in text
    figures = {(file["name"], file["group"], file["length"]): file for file in result["files"]}
    group = result["files"][0]["group"]
    reached = share(figures, group, 20)
    in_bytes = share(figures, group, 20, ENGINE[2])
    assert reached is not None
    assert in_bytes is None or 0 < in_bytes < 1
    assert 0 < reached < 1  # so small a layer is all overhead
    mine, kernel = (figures[name, group, 20]["inference_ms"]["min"] for name in (ENGINE[0], OURS[0]))
    assert times_as_fast(figures, ENGINE[0], OURS[0], group, 20) == pytest.approx(kernel / mine)
    assert times_as_fast(figures, ENGINE[0], "nobody", group, 20) is None


def test_the_limit_by_hand() -> None:
    rates = Rates(loads=1e10, multiply_adds=1e11)
    # 4 * 8 * 8 weights of 4 bytes each step, and 4 * 8 * 2 for the inputs: read once for 48 steps.
    assert limit(rates, 2, 8, 1) == pytest.approx(1024e-10 + 256e-10)
    assert limit(rates, 2, 8, 100) == pytest.approx(100 * 1024e-10 + max(3 * 256e-10, 100 * 64e-11))
    assert limit(rates._replace(multiply_adds=1e9), 2, 8, 10) == pytest.approx(10 * (256 + 64) * 1e-9)
    assert limit(rates, 2, 8, 1, weight=1) == pytest.approx(256e-10 + 64e-10)


def test_the_roofline_is_that_of_a_machine() -> None:
    built()
    near, far = (Roofline().rates(size) for size in (16 * 1024, 64 * 1024 * 1024))
    assert near.loads > 1.2 * far.loads  # a cache, and memory
    assert 1e9 < near.multiply_adds < 1e13


def test_the_table_names_everybody(result: dict[str, Any]) -> None:
    with CONSOLE.capture() as capture:
        print_inference(result)
    text = " ".join(capture.get().replace("│", " ").replace("┃", " ").split())
    for words in ("4 x 8, 10", "4 x 8, 20", "geometric", "largest", "1 thread, 10 and 20 time steps"):
        assert words in text


def test_ratios_are_against_the_stock_file_where_it_took_part() -> None:
    files = [
        entry(STOCK, 8.0, 1, group="a", length=10),
        entry("x", 2.0, 1, group="a", length=10),
        entry("x", 1.0, 1, group="a", length=20),
    ]
    assert ratios({"files": files}) == {STOCK: {("a", 10): 1.0}, "x": {("a", 10): 4.0}}


def test_who_is_too_slow_drops_out_with_a_reason() -> None:
    def contestant(name: str, seconds: float) -> Contestant:
        runtime = RuntimeName(name, "1")
        return Contestant(name, runtime, None, lambda runs: [seconds] * runs, lambda: np.ones((2, 3)))

    entries, slow = in_turns([contestant("a", 0.001), contestant("b", 60.0)], np.ones((2, 3)), 3, 2)
    (only,) = entries
    assert slow == [("b", "one inference takes 60 s")]
    assert (only.name, only.inference_ms.median, only.inference_ms.count) == ("a", 1.0, 150)
    assert only.per_step_us == pytest.approx(500)
    assert only.error == ErrorFigures(0.0, 0.0)


def test_the_time_major_form_computes_the_same(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    inputs = keras.Input((5, 3))
    model = keras.Model(inputs, LSTMPlus(4)(LSTMPlus(6, return_sequences=True)(inputs)))
    path = tmp_path / "batch.tflite"
    convert(model, path, batch=3)
    x = np.random.default_rng(0).normal(size=(3, 5, 3)).astype("float32")
    wanted = edge.load(path).predict(x)
    turned = time_major(path.read_bytes())
    fused = list(operators.named(flatbuffer.load(turned), operators.LSTM))
    assert [operator.builtinOptions.timeMajor for operator in fused] == [True, True]
    path.write_bytes(turned)
    np.testing.assert_allclose(edge.load(path).predict(x), wanted, atol=1e-6)
    assert np.abs(wanted[0] - wanted[1]).max() > 0.01  # rows that change places would be seen
