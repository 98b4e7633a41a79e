"""The benchmark on a phone: what is asked of it, and what is read from its answers."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from edge.benchmark import adb_tool
from edge.benchmark.elf import abi_of
from edge.results.benchmark import read, validate
from tests.helpers.command_line import invoke
from tests.helpers.device_files import model_file
from tests.helpers.explicit_files import explicit_file
from tests.helpers.phone import Phone, phone_at


@pytest.fixture
def phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Phone:
    return phone_at(tmp_path, monkeypatch)


def test_a_measurement(phone: Phone) -> None:
    phone.scenario(daemon=True)
    result = phone.measure(length=40)
    validate(result)
    assert result["platform"] == "android"
    assert result["warnings"] == []
    machine = {"cpu": "GS201", "arch": "arm64-v8a", "cores": 8, "board": "Google Pixel 7"}
    assert result["machine"] == {**machine, "os": "Android 14 (SDK 34)"}
    (entry,) = result["files"]
    assert entry["name"] == "reset.tflite"
    assert entry["size_bytes"] == model_file("reset").stat().st_size
    assert (entry["init_ms"], entry["first_ms"]) == (1.817, 0.412)
    wanted = {"avg": 92.5678, "std": 4, "min": 87, "p5": 88, "median": 92, "p95": 99, "max": 240}
    assert entry["inference_ms"] == pytest.approx({**{k: v / 1e3 for k, v in wanted.items()}, "count": 10400})
    assert entry["warm_up_ms"]["count"] == 3120
    assert entry["warm_up_ms"]["median"] == pytest.approx(0.094)
    assert entry["per_step_us"] == pytest.approx(92 / 40)
    assert (entry["added_memory_mb"], entry["peak_memory_mb"]) == (2.38672, 6.73438)
    names = ["UNIDIRECTIONAL_SEQUENCE_LSTM", "Fully Connected (NC, F32) GEMM"]
    assert [(each["name"], each["count"]) for each in entry["operators"]] == [(names[0], 1), (names[1], 2)]
    assert [each["us"] for each in entry["operators"]] == pytest.approx([81, 11])


def test_the_sequence(phone: Phone) -> None:
    phone.measure(length=40, threads=1)
    calls = [re.sub(r"edge-[0-9a-f]{8}", "F", " ".join(call)) for call in phone.calls()]
    place = "/data/local/tmp/F"
    assert calls[:2] == ["get-state", f"shell mkdir {place}"]
    assert calls[2].startswith("shell getprop ro.product.cpu.abi; getprop ro.product.cpu.abilist; ")
    begin = calls.index(f"push {phone.tool} {place}/benchmark_model")
    assert calls[begin + 1 : begin + 3] == [
        f"shell chmod +x {place}/benchmark_model",
        f"push {model_file('reset')} {place}/0.tflite",
    ]
    shared = (
        f"shell echo $$ > {place}/pid; exec taskset c0 {place}/benchmark_model --graph={place}/0.tflite "
        "--num_threads=1 --input_layer=keras_tensor --input_layer_shape=1,40,6 "
    )
    plain, profile = (
        re.sub(r"--input_layer=\S+", "--input_layer=keras_tensor", call) for call in calls[-3:-1]
    )
    assert plain == shared + (
        "--warmup_runs=3 --warmup_min_secs=0.3 --num_runs=50 --min_secs=1 --max_secs=60"
    )
    assert profile.startswith(shared)
    assert "--enable_op_profiling=true" in profile
    assert calls[-1] == f"shell rm -rf {place}"
    assert phone.left() == []


def test_files_lengths_and_threads_side_by_side(phone: Phone) -> None:
    result = phone.measure(
        model_file("reset"), explicit_file("step"), length=[10, 20], threads=[1, 3], runs=7, profile=False
    )
    found = [(each["name"], each["length"], each["threads"]) for each in result["files"]]
    long = [("reset.tflite", length, threads) for length in (10, 20) for threads in (1, 3)]
    assert found == [*long, ("step.tflite", 1, 1), ("step.tflite", 1, 3)]
    assert all("--num_runs=7 --min_secs=0" in run for run in phone.runs())
    # The two fastest cores are enough for one thread; for three the middle ones come in.
    assert [run.split()[1] for run in phone.runs()] == ["c0", "f0"] * 3
    assert [re.findall("--input_layer_shape=(\\S+)", run) for run in phone.runs()] == (
        [["1,10,6"]] * 2 + [["1,20,6"]] * 2 + [[]] * 2
    )
    pushed = [call[-1].split("/")[-1] for call in phone.calls() if call[0] == "push"]
    assert pushed == ["benchmark_model", "0.tflite", "1.tflite"]


def test_inputs_that_the_tool_must_know_of(phone: Phone) -> None:
    phone.measure(
        model_file("tokens"), model_file("multi"), explicit_file("sequence"), length=9, profile=False
    )
    tokens, multi, explicit = phone.runs()
    name = re.search(r"--input_layer=(\S+)", tokens)
    assert name
    assert f"--input_layer_value_range={name[1]},0,1" in tokens
    assert ":" not in name[1]
    assert "--input_layer_shape=1,9 " in tokens
    assert sorted(re.findall(r"shape=(\S+)", multi)[0].split(":")) == ["1,2", "1,9,3"]
    assert re.findall(r"shape=(\S+)", explicit) == ["1,9,6:1,8:1,8:1,4:1,4"]
    assert "value_range" not in multi + explicit


@pytest.mark.parametrize(
    ("mask", "wanted"), [("F0", ["taskset", "f0"]), ("0x3", ["taskset", "3"]), ("all", [])]
)
def test_a_mask_of_ones_own(phone: Phone, mask: str, wanted: list[str]) -> None:
    phone.measure(cpu_mask=mask, profile=False)
    assert phone.runs()[0].split()[: len(wanted)] == wanted
    assert ("taskset" in phone.runs()[0]) == bool(wanted)


def test_a_phone_that_does_not_tell_its_speeds(phone: Phone) -> None:
    phone.scenario(speeds=[], properties={"ro.product.cpu.abilist": "", "ro.soc.model": ""})
    result = phone.measure(profile=False)
    validate(result)
    assert "taskset" not in phone.runs()[0]
    assert result["warnings"][0].startswith("The cores could not be pinned")
    assert (result["machine"]["cpu"], result["machine"]["cores"]) == (None, None)
    assert result["files"][0]["operators"] is None


def test_one_of_several_devices(phone: Phone) -> None:
    phone.scenario(devices={"R58M": "offline", "emulator-5554": "device"})
    validate(phone.measure(serial="emulator-5554", profile=False))
    assert all(call[:2] == ["-s", "emulator-5554"] for call in phone.calls())


def test_the_command(phone: Phone, tmp_path: Path) -> None:
    phone.scenario(devices={"A": "device", "B": "offline"})
    command = ["benchmark", str(model_file("reset")), "--adb", "--length", "20", "--threads", "1,2"]
    more = ["--benchmark-model", str(phone.tool), "--serial", "A", "--json", str(tmp_path / "a.json")]
    done = invoke([*command, *more])
    assert done.exit_code == 0, done.stderr
    assert "Google Pixel 7" in done.stdout
    result = read(tmp_path / "a.json")
    assert result.platform == "android"
    assert [each.threads for each in result.files] == [1, 2]
    for extra, words in (
        ([], "A benchmark_model is needed (--benchmark-model PATH)."),
        (more[:2], "There are several devices, A, B: say which, --serial A."),
        ([*more, "--stream", "50"], "--stream is not for --adb."),
        ([*more, "--tflm"], "--adb and --tflm are two places"),
    ):
        done = invoke([*command, *extra])
        assert done.exit_code == 1
        assert done.stderr.startswith(f"Error: {words}")
    done = invoke([*command[:2], "--serial", "A"])
    assert done.stderr == "Error: --serial belongs to --adb.\n"


def test_figures_of_equal_runs_and_of_old_tools() -> None:
    timings = "Inference timings in us: Init: 10, First inference: 5, Warmup (avg): 5, Inference (avg): 5"
    same = adb_tool.parse(
        f"INFO: count=1 curr=5\nINFO: count=50 curr=5(all same) p5=5 median=5\nINFO: {timings}"
    )
    assert same
    assert vars(same.inference_ms) == pytest.approx(
        {**dict.fromkeys(("avg", "min", "p5", "median", "p95", "max"), 0.005), "std": 0, "count": 50}
    )
    old = adb_tool.parse(
        f"count=2 curr=5 (all same)\ncount=9 first=5 curr=4 min=4 max=7 avg=5 std=1\n{timings}"
    )
    assert old
    assert old.inference_ms.p95 is None
    assert old.inference_ms.median == 0.005
    big = adb_tool.parse(f"count=9 first=1 curr=4 min=4 max=1.5e+06 avg=1e+06 std=1\n{timings}")
    assert big
    assert big.inference_ms.max == 1500
    assert big.warm_up_ms.avg == 0.005
    assert adb_tool.parse("INFO: count=0\n" + timings) is None
    assert adb_tool.parse("") is None
    assert adb_tool.reason("") == "it printed nothing"


def test_the_header_of_this_python() -> None:
    assert abi_of(Path(sys.executable).resolve()) in ("x86_64", "arm64-v8a", "armeabi-v7a")
