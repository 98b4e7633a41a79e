"""The benchmark: its figures, its errors, its processes."""

from __future__ import annotations

import json
import os
import statistics as stdlib
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from edge.benchmark import machine, subjects
from edge.benchmark.figures import compare, statistics
from edge.benchmark.host import benchmark
from edge.benchmark.worker import Worker
from edge.errors import ModelFileError
from edge.results.benchmark import validate
from tests.helpers.device_files import STEPS, model_file
from tests.helpers.places import ROOT

KINDS = ("reset", "int8", "carry", "stock")
RUNS = 23


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    reports = []
    found = benchmark(
        [model_file(kind) for kind in KINDS], runs=RUNS, progress=lambda *what: reports.append(what)
    )
    done = [each[0] for each in reports]
    assert done == sorted(done)
    assert reports[-1][:2] == (len(KINDS) * RUNS, len(KINDS) * RUNS)
    return json.loads(json.dumps(found, allow_nan=False))


def test_every_figure_is_there_and_sane(result: dict[str, Any]) -> None:
    validate(result)
    assert result["platform"] == "host"
    settings = {
        "threads": [1],
        "lengths": [None],
        "runs": RUNS,
        "seed": 0,
        "stream_rate_hz": None,
        "samples": None,
    }
    assert result["settings"] == {**settings, "accelerate": "auto"}
    assert result["machine"]["cores"] >= 1
    for kind, file in zip(KINDS, result["files"], strict=True):
        assert file["name"] == f"{kind}.tflite"
        assert (file["threads"], file["length"], file["batch"]) == (1, STEPS, 1)  # as the stock file fixes it
        assert (file["stream"], file["operators"]) == (None, None)
        assert file["size_bytes"] == model_file(kind).stat().st_size
        assert file["runtime"]["name"] == "ai-edge-litert"
        times = file["inference_ms"]
        assert times["count"] == RUNS
        assert 0 < times["min"] <= times["p5"] <= times["median"] <= times["p95"] <= times["max"]
        assert times["min"] <= times["avg"] <= times["max"]
        assert times["std"] <= times["max"] - times["min"]
        assert file["per_step_us"] == pytest.approx(times["median"] * 1000 / STEPS)
        assert file["warm_up_ms"]["count"] >= 3
        for key in ("load_ms", "init_ms", "first_ms"):
            assert 0 < file[key] < 10_000
        assert 10 < file["peak_memory_mb"] < 1000
        assert 0 <= file["added_memory_mb"] < file["peak_memory_mb"]


def test_errors_are_against_the_first_file(result: dict[str, Any]) -> None:
    errors = {kind: file["error"] for kind, file in zip(KINDS, result["files"], strict=True)}
    assert errors["reset"] == {"max_abs": 0.0, "relative": 0.0}
    assert errors["carry"]["max_abs"] < 1e-6  # the same weights; state does not run on from row to row
    assert 0.001 < errors["int8"]["relative"] < 0.08
    assert errors["stock"]["relative"] > 0.5  # other weights


def test_the_worker_has_its_own_memory() -> None:
    # In this process there is TensorFlow; the figures must not be ours.
    (file,) = benchmark([model_file("dense")], runs=1)["files"]
    ours = machine.peak_memory_mb()
    assert ours is not None
    assert file["peak_memory_mb"] < ours / 2
    assert file["error"]["max_abs"] == 0
    assert file["per_step_us"] is None


def test_files_that_differ_in_shape_are_measured_and_not_compared() -> None:
    files = benchmark([model_file("dense"), model_file("multi"), model_file("tokens")], runs=2, length=5)[
        "files"
    ]
    assert [file["error"] is None for file in files] == [False, True, True]
    assert files[2]["per_step_us"] > 0


def test_statistics_are_those_of_the_standard_library() -> None:
    seconds = list(np.random.default_rng(0).exponential(size=101))
    found = statistics(seconds)
    cuts = stdlib.quantiles([1000 * s for s in seconds], n=20, method="inclusive")
    assert found.avg == pytest.approx(1000 * stdlib.fmean(seconds))
    assert found.std == pytest.approx(1000 * stdlib.pstdev(seconds))
    assert (found.p5, found.median, found.p95) == pytest.approx((cuts[0], cuts[9], cuts[18]))
    assert (found.min, found.max) == pytest.approx((1000 * min(seconds), 1000 * max(seconds)))
    assert found.count == 101


def test_errors_by_hand() -> None:
    reference = [np.array([[0.0, 2.0]]), np.array([[10.0]])]
    shifted = [np.array([[0.5, 2.0]]), np.array([[11.0]])]
    found = compare(shifted, reference)
    assert found is not None
    # std of (0, 2) is 1 and the mean square (0.25 + 0) / 2; a constant output counts by its size.
    assert asdict(found) == {"max_abs": 1.0, "relative": pytest.approx(np.sqrt(0.125))}
    assert compare([reference[0]], reference) is None
    assert compare([reference[0][:, :1], reference[1]], reference) is None


def test_input_stays_in_the_range_of_every_quantized_file() -> None:
    integer = subjects.look(model_file("int8"))
    (info,) = integer.inputs
    real = integer._replace(inputs=(info._replace(scale=None, zero_point=None, dtype=np.dtype("float32")),))
    (x,), (y,) = (subjects.noise([real, integer], n, rows=1, length=50, seed=3) for n in range(2))
    np.testing.assert_array_equal(x, y)
    assert info.scale is not None
    low, high = ((q - (info.zero_point or 0)) * info.scale for q in (-128, 127))
    assert low * 1.0001 <= x.min() < x.max() <= high * 1.0001
    assert x.std() > (high - low) / 10


def test_ranges_that_share_nothing_leave_each_file_its_own() -> None:
    subject = subjects.look(model_file("int8"))
    shifted = [subject._replace(inputs=(subject.inputs[0]._replace(zero_point=z),)) for z in (-128, 127)]
    low, high = (subjects.noise(shifted, n, rows=1, length=9, seed=0)[0] for n in range(2))
    assert low.min() >= 0 >= high.max()


# -- what goes wrong ---------------------------------------------------------------------------------------


def test_bad_arguments() -> None:
    path = model_file("reset")
    for arguments, message in (
        ({"paths": []}, "at least one path"),
        ({"paths": str(path)}, "a list of"),
        ({"threads": 0}, "threads must be a positive integer, received 0"),
        ({"threads": None}, "threads must be a positive integer, received None"),
        ({"runs": 2.5}, "runs must be"),
        ({"length": True}, "length must be"),
        ({"length": [5, 0]}, "length must be a positive integer, received 0"),
        ({"threads": []}, r"threads must be a positive integer, received \[\]"),
        ({"runs": [1, 2]}, "runs must be"),
        ({"stream_rate_hz": 0}, "stream_rate_hz must be a number, 1 at least, or None, received 0"),
        ({"limit": -1.0}, "limit must be a number"),
        ({"runtime": "tf"}, "received 'tf'"),
        (
            {"paths": [model_file("stock")], "length": 7},
            r"stock.tflite takes sequences of 10 steps and cannot run on 7 \(--",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            benchmark(**{"paths": [path], **arguments})  # type: ignore[arg-type]


def test_a_bad_file_is_named(tmp_path: Path) -> None:
    bad = tmp_path / "bad.tflite"
    bad.write_bytes(model_file("reset").read_bytes()[:500])
    with pytest.raises(ModelFileError, match="bad.tflite is cut short"):
        benchmark([model_file("reset"), bad], runs=1)


def test_a_file_that_never_ends_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "endless.tflite"
    path.write_bytes(endless())
    began = time.perf_counter()
    with pytest.raises(ModelFileError) as error:
        benchmark([model_file("reset"), path], runs=1, limit=3.0)
    assert str(error.value) == (
        "endless.tflite was still busy with 'measure' after 3 s and was stopped; "
        "if it is just slow, give it more time (--limit)."
    )
    assert time.perf_counter() - began < 30


def endless() -> bytes:
    @tf.function(input_signature=[tf.TensorSpec((1, 4), tf.float32)])
    def loop(x: tf.Tensor) -> tf.Tensor:
        return tf.while_loop(lambda y: tf.reduce_sum(y * y) >= 0.0, lambda y: [y * 0.5], [x])[0]

    converter = tf.lite.TFLiteConverter.from_concrete_functions([loop.get_concrete_function()])
    return bytes(converter.convert())


def test_a_crash_of_the_runtime_ends_in_a_sentence() -> None:
    with Worker(str(model_file("reset"))) as worker:
        worker.ask("load", str(model_file("reset")), 1, None)
        worker._process.kill()
        with pytest.raises(
            ModelFileError, match=r"reset.tflite: the process that ran it ended in 'measure' \(signal"
        ):
            worker.ask("measure", 1)


def test_nothing_of_the_callers_script_runs_in_a_worker(tmp_path: Path) -> None:
    # multiprocessing would import the script again, and start another benchmark in each worker.
    script = tmp_path / "script.py"
    script.write_text(
        "print('once')\n"
        "from edge.benchmark.host import benchmark\n"
        f"print(benchmark([{str(model_file('reset'))!r}], runs=1)['files'][0]['name'])\n"
    )
    root = ROOT
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, env=environment, cwd=tmp_path
    )
    assert done.stdout.split() == ["once", "reset.tflite"], done.stderr
