"""The benchmark, the inspection and the description of the machine."""

from __future__ import annotations

import json
import os
import statistics as stdlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge import benchmark as module
from edge import board
from edge.benchmark import benchmark, compare, statistics
from edge.errors import ModelFileError
from edge.inspection import inspect
from edge.worker import Worker
from tests.edge_files import STEPS, edited, model_file

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
    assert result["schema"] == 1
    assert result["settings"] == {"threads": 1, "length": STEPS, "seed": 0}  # as the stock file fixes it
    assert result["machine"]["cores"] >= 1
    for kind, file in zip(KINDS, result["files"], strict=True):
        assert file["name"] == f"{kind}.tflite"
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
    assert 0.001 < errors["int8"]["relative"] < 0.05
    assert errors["stock"]["relative"] > 0.5  # other weights


def test_the_worker_has_its_own_memory() -> None:
    # In this process there is TensorFlow; the figures must not be ours.
    (file,) = benchmark([model_file("dense")], runs=1)["files"]
    ours = board.peak_memory_mb()
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
    assert found["avg"] == pytest.approx(1000 * stdlib.fmean(seconds))
    assert found["std"] == pytest.approx(1000 * stdlib.pstdev(seconds))
    assert (found["p5"], found["median"], found["p95"]) == pytest.approx((cuts[0], cuts[9], cuts[18]))
    assert (found["min"], found["max"]) == pytest.approx((1000 * min(seconds), 1000 * max(seconds)))
    assert found["count"] == 101


def test_errors_by_hand() -> None:
    reference = [np.array([[0.0, 2.0]]), np.array([[10.0]])]
    shifted = [np.array([[0.5, 2.0]]), np.array([[11.0]])]
    # std of (0, 2) is 1 and the mean square (0.25 + 0) / 2; a constant output counts by its size.
    assert compare(shifted, reference) == {"max_abs": 1.0, "relative": pytest.approx(np.sqrt(0.125))}
    assert compare([reference[0]], reference) is None
    assert compare([reference[0][:, :1], reference[1]], reference) is None


def test_input_stays_in_the_range_of_every_quantized_file() -> None:
    with Worker(str(model_file("int8"))) as worker:
        (info,) = worker.ask("load", str(model_file("int8")), 1, None)["inputs"]
    (real,) = (info._replace(scale=None, zero_point=None, dtype=np.dtype("float32")),)
    (x,), (y,) = module._inputs([(real,), (info,)], 50, seed=3)
    np.testing.assert_array_equal(x, y)
    assert info.scale is not None
    low, high = ((q - (info.zero_point or 0)) * info.scale for q in (-128, 127))
    assert low * 1.0001 <= x.min() < x.max() <= high * 1.0001
    assert x.std() > (high - low) / 10


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
        ({"runtime": "tf"}, "received 'tf'"),
        ({"paths": [model_file("stock")], "length": 7}, r"take 10 \(stock.tflite\), 7 \(--length\) steps"),
    ):
        with pytest.raises(ValueError, match=message):
            benchmark(**{"paths": [path], **arguments})  # type: ignore[arg-type]


def test_a_bad_file_is_named(tmp_path: Path) -> None:
    bad = tmp_path / "bad.tflite"
    bad.write_bytes(model_file("reset").read_bytes()[:500])
    with pytest.raises(ModelFileError, match="bad.tflite is cut short"):
        benchmark([model_file("reset"), bad], runs=1)


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
        "from edge.benchmark import benchmark\n"
        f"print(benchmark([{str(model_file('reset'))!r}], runs=1)['files'][0]['name'])\n"
    )
    root = Path(board.__file__).parent.parent
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, env=environment, cwd=tmp_path
    )
    assert done.stdout.split() == ["once", "reset.tflite"], done.stderr


# -- inspection --------------------------------------------------------------------------------------------


def test_inspect_ours() -> None:
    found = json.loads(json.dumps(inspect(model_file("reset"))))
    counts = {each["name"]: each["count"] for each in found["operators"]}
    assert counts["UNIDIRECTIONAL_SEQUENCE_LSTM"] == 1
    assert found["state"] == "reset"
    assert len(found["variables"]) == 2
    assert all(variable["set_by"] for variable in found["variables"])
    assert found["hints"] == []
    assert found["metadata"]["layers"][0]["variant"] == "peephole"
    assert found["inputs"][0]["shape"] == [1, -1, 6]
    # 8 cells: input, recurrent, bias and peephole weights, and the dense layer on top.
    floats = 4 * 8 * 6 + 4 * 8 * 8 + 4 * 8 + 3 * 8 + 8 * 5 + 5
    assert found["weights"]["float32"] >= 4 * floats
    assert found["weights"]["float32"] < 4 * floats * 1.1
    assert found["weights_bytes"] == sum(found["weights"].values())


def test_inspect_says_what_to_know() -> None:
    hints = {
        kind: " ".join(inspect(model_file(kind))["hints"]) for kind in ("carry", "stock", "stateful", "dense")
    }
    assert "reset_all_variables()" in hints["carry"]
    assert "WHILE is a loop" in hints["stock"]
    assert "edge.convert.convert" in hints["stock"]
    assert "resource variables" in hints["stateful"]
    assert hints["dense"] == ""


def test_inspect_names_custom_and_flex_operators(tmp_path: Path) -> None:
    def foreign_operators(model: Any) -> None:
        for code, name in zip(model.operatorCodes, ("FlexRoll", "MyOp"), strict=False):
            code.builtinCode = code.deprecatedBuiltinCode = 32
            code.customCode = name

    path = tmp_path / "foreign.tflite"
    path.write_bytes(edited("multi", foreign_operators))
    found = inspect(path)
    assert [each["name"] for each in found["operators"] if each["custom"]] == ["FlexRoll", "MyOp"]
    assert any(hint.startswith("FlexRoll:") for hint in found["hints"])
    assert any(hint.startswith("MyOp: custom") for hint in found["hints"])


# -- the machine -------------------------------------------------------------------------------------------


def raspberry_pi(root: Path) -> Path:
    for name, text in {
        "proc/cpuinfo": "processor\t: 0\nCPU part\t: 0xd08\n\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n",
        "proc/meminfo": "MemTotal:        3884628 kB\n",
        "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
        "etc/os-release": 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
        "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "ondemand\n",
        "sys/class/thermal/thermal_zone0/temp": "81277\n",
        "sys/class/thermal/thermal_zone1/temp": "40000\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_a_raspberry_pi_is_recognised(tmp_path: Path) -> None:
    machine = board.describe(raspberry_pi(tmp_path))
    assert machine["board"] == "Raspberry Pi 4 Model B Rev 1.4"
    assert machine["cpu"] == "Raspberry Pi 4 Model B Rev 1.4"
    assert machine["memory_mb"] == 3793
    assert machine["os"].startswith("Debian GNU/Linux 12 (bookworm), ")
    assert (machine["governor"], machine["temperature_c"]) == ("ondemand", 81.277)
    governor, heat = board.warnings(machine)
    assert "'ondemand'" in governor
    assert "81 °C" in heat


def test_a_machine_that_tells_nothing(tmp_path: Path) -> None:
    machine = board.describe(tmp_path)
    for key in ("board", "governor", "temperature_c", "memory_mb"):
        assert machine[key] is None
    assert board.warnings(machine) == []


def test_peak_memory_grows_with_what_is_held() -> None:
    code = (
        "from edge.board import peak_memory_mb as peak\n"
        "before = peak(); held = bytearray(64 << 20); print(peak() - before)\n"
    )
    root = Path(board.__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert 60 < float(done.stdout) < 80
