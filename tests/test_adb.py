"""The benchmark on a phone, against a program that answers as `adb` and the tool do and checks its arguments."""

# ruff: noqa: E501, the tool prints long lines

from __future__ import annotations

import json
import os
import re
import signal
import stat
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from edge import adb_output
from edge.adb import benchmark_on_android
from edge.cli import app
from edge.elf import abi_of
from edge.errors import ModelFileError
from edge.schema import read, validate
from tests.edge_files import model_file
from tests.explicit_files import explicit_file

FAKE = Path(__file__).parent / "fake_adb"
# As the tool prints it: the statistics are of the warm-up, then of the runs.
PLAIN = """STARTING!
INFO: Log parameter values verbosely: [0]
INFO: Graph: [/data/local/tmp/x/0.tflite]
INFO: Loaded model /data/local/tmp/x/0.tflite
INFO: Created TensorFlow Lite XNNPACK delegate for CPU.
INFO: The input model file size (MB): 0.007704
INFO: Initialized session in 1.817ms.
INFO: Running benchmark for at least 3 iterations and at least 0.3 seconds but terminate if exceeding 60 seconds.
INFO: count=3120 first=412 curr=91 min=88 max=412 avg=95.1234 std=8 p5=89 median=94 p95=101

INFO: Running benchmark for at least 50 iterations and at least 1 seconds but terminate if exceeding 60 seconds.
INFO: count=10400 first=93 curr=92 min=87 max=240 avg=92.5 std=4 p5=88 median=92 p95=99

INFO: Inference timings in us: Init: 1817, First inference: 412, Warmup (avg): 95.1234, Inference (avg): 92.5678
INFO: Note: as the benchmark tool itself affects memory footprint, the following is only APPROXIMATE to the actual.
INFO: Memory footprint delta from the start of the tool (MB): init=1.12891 overall=2.38672
"""
TABLE = """INFO: Profiling Info for Benchmark Initialization:
============================== Summary by node type ==============================
\t             [Node type]\t  [count]\t  [avg ms]\t    [avg %]\t    [cdf %]\t  [mem KB]\t[times called]
\t                 AllocateTensors\t        1\t     0.217\t   100.000%\t   100.000%\t     0.000\t        1

Timings (microseconds): count=1 curr=217
Memory (bytes): count=0
1 nodes observed

INFO: Operator-wise Profiling Info for Regular Benchmark Runs:
============================== Run Order ==============================
\t             [node type]\t  [first]\t [avg ms]\t     [%]\t  [cdf%]\t  [mem KB]\t[times called]\t[Name]
\tUNIDIRECTIONAL_SEQUENCE_LSTM\t    0.083\t    0.081\t 88.043%\t 88.043%\t     0.000\t        1\t[lstm]:0

============================== Summary by node type ==============================
\t             [Node type]\t  [count]\t  [avg ms]\t    [avg %]\t    [cdf %]\t  [mem KB]\t[times called]
\tUNIDIRECTIONAL_SEQUENCE_LSTM\t        1\t     0.081\t    88.043%\t    88.043%\t     0.000\t        1
\tFully Connected (NC, F32) GEMM\t        2\t     0.011\t    11.957%\t   100.000%\t     0.000\t        2

Timings (microseconds): count=20 first=95 curr=92 min=90 max=99 avg=92.4 std=2
Memory (bytes): count=0
3 nodes observed
"""
PEAK = "INFO: Overall peak memory footprint (MB) via periodic monitoring: 6.73438\n"


class Phone:
    """What the fake keeps."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.tool = folder, elf(folder / "benchmark_model", 183)
        self.scenario()
        (folder / "plain.txt").write_text(PLAIN)
        (folder / "profile.txt").write_text(PLAIN + PEAK + TABLE)

    def scenario(self, **special: Any) -> None:
        (self.folder / "scenario.json").write_text(
            json.dumps({k.replace("_", " "): v for k, v in special.items()})
        )

    def calls(self) -> list[list[str]]:
        log = self.folder / "log"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def runs(self) -> list[str]:
        """The command lines of the tool."""
        return [call[-1].split("exec ")[1] for call in self.calls() if "exec " in call[-1]]

    def left(self) -> list[str]:
        place = self.folder / "disk/data/local/tmp"
        return sorted(each.name for each in place.iterdir()) if place.exists() else []

    def measure(self, *files: Path, **options: Any) -> dict[str, Any]:
        return benchmark_on_android(list(files) or [model_file("reset")], self.tool, **options)


def elf(path: Path, machine: int, kind: int = 3, word: int = 2) -> Path:
    path.write_bytes(
        b"\x7fELF" + bytes([word, 1, 1]) + bytes(9) + struct.pack("<HH", kind, machine) + bytes(44)
    )
    return path


@pytest.fixture
def phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Phone:
    program = tmp_path / "bin/adb"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {FAKE} "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "phone").mkdir()
    monkeypatch.setenv("FAKE_ADB", str(tmp_path / "phone"))
    return Phone(tmp_path / "phone")


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


@pytest.mark.parametrize(
    ("special", "options", "words"),
    [
        ({"devices": {}}, {}, "There is no Android device here; switch on USB debugging"),
        ({"devices": {"A": "device", "B": "device"}}, {}, "several devices, A, B: say which, --serial A."),
        ({"devices": {"A": "device"}}, {"serial": "Z"}, "There is no device Z; there are: A."),
        ({"devices": {}}, {"serial": "Z"}, "There is no device Z here; switch on USB debugging"),
        ({"devices": {"A": "unauthorized"}}, {}, "unlock it and confirm the dialog"),
        ({"devices": {"A": "offline"}}, {}, "it is offline: pull its cable"),
        ({"devices": {"A": "recovery"}}, {}, "is not ready: adb says 'recovery'"),
        ({"full": True}, {}, "does not take reset.tflite: .*No space left on device"),
    ],
)
def test_a_device_that_cannot_be_used(
    phone: Phone, special: dict[str, Any], options: dict[str, Any], words: str
) -> None:
    phone.scenario(**special)
    with pytest.raises(OSError, match=words) as caught:
        phone.measure(**options)
    assert "\n" not in str(caught.value)
    assert phone.left() == []


@pytest.mark.parametrize(
    ("machine", "words"),
    [(62, "built for x86_64, and the phone .Pixel 7. runs arm64-v8a, armeabi-v7a"), (99, "ELF machine 99")],
)
def test_a_tool_for_another_machine(phone: Phone, machine: int, words: str) -> None:
    elf(phone.tool, machine)
    with pytest.raises(ValueError, match=words) as caught:
        phone.measure()
    assert "android_aarch64_benchmark_model" in str(caught.value)
    assert phone.left() == []
    elf(phone.tool, 40, word=1)  # 32 bits: the phone runs them, too
    validate(phone.measure(profile=False))


def test_what_is_no_tool_at_all(phone: Phone) -> None:
    for missing in (None, "/nowhere/benchmark_model"):
        with pytest.raises(ValueError, match="in no package registry: download") as caught:
            benchmark_on_android([model_file("reset")], missing)
        assert "android_aarch64_benchmark_model" in str(caught.value)
    for content, words in ((b"#!/bin/sh", "no ELF file"), (b"", "no ELF file")):
        phone.tool.write_bytes(content)
        with pytest.raises(ValueError, match=words):
            phone.measure()
    elf(phone.tool, 183, kind=1)
    with pytest.raises(ValueError, match="no program that can be started"):
        phone.measure()
    assert phone.calls() == []


def test_no_adb(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(phone.folder))
    with pytest.raises(OSError, match="There is no adb here; install it"):
        phone.measure()


@pytest.mark.parametrize(
    ("printed", "code", "words"),
    [
        (
            ["ERROR: Didn't find op for builtin opcode 'X' version '12'", "ERROR: Benchmarking failed."],
            1,
            "reset.tflite: benchmark_model failed on the phone: Didn't find op for builtin opcode 'X' version",
        ),
        (["Segmentation fault"], 139, "failed on the phone: Segmentation fault"),
        (["INFO: half of it"], 0, "failed on the phone: INFO: half of it"),
        (["ERROR: Variable tensors not yet supported"], 1, "This is the tool of the CompiledModel; take"),
    ],
)
def test_a_run_that_fails(phone: Phone, printed: list[str], code: int, words: str) -> None:
    phone.scenario(fails=printed, code=code)
    with pytest.raises(ModelFileError, match=re.escape(words) if "take" not in words else words):
        phone.measure()
    assert phone.left() == []


def test_a_run_that_does_not_end(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    phone.scenario(hang=30)
    monkeypatch.setattr("edge.adb.GRACE", 0.3)
    with pytest.raises(ModelFileError, match="reset.tflite: The device was still busy after .*--limit"):
        phone.measure(limit=0.1)
    assert (phone.folder / "killed").exists()  # the process on the phone, not only adb
    assert phone.left() == []


def test_what_cannot_be_removed_is_told(phone: Phone) -> None:
    phone.scenario(cleanup_fails=True)
    (warning,) = phone.measure(profile=False)["warnings"]
    assert re.search(r"/data/local/tmp/edge-\w{8} could not be removed .*adb shell rm -rf", warning)
    phone.scenario(cleanup_fails=True, fails=["Killed"], code=137)
    with pytest.raises(ModelFileError, match="Killed. /data/local/tmp/edge-.* could not be removed"):
        phone.measure()


def test_ctrl_c_leaves_nothing(phone: Phone) -> None:
    phone.scenario(hang=30)
    code = (
        "import sys; from edge.adb import benchmark_on_android as b\n"
        "try: b([sys.argv[1]], sys.argv[2])\nexcept KeyboardInterrupt: print('interrupted')"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(model_file("reset")), str(phone.tool)],
        stdout=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 20
    while not (phone.folder / "hanging").exists():
        assert time.monotonic() < end
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=20)[0] == "interrupted\n"
    assert (phone.folder / "killed").exists()
    assert phone.left() == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"threads": 0}, "threads must be a positive integer, received 0"),
        ({"length": -1}, "length must be a positive integer"),
        ({"runs": True}, "runs must be a positive integer"),
        ({"cpu_mask": "cores"}, "cpu_mask is hexadecimal"),
        ({"limit": 0}, "limit must be a positive number"),
    ],
)
def test_arguments(phone: Phone, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        phone.measure(**options)
    assert phone.calls() == []


def test_the_command(phone: Phone, tmp_path: Path) -> None:
    phone.scenario(devices={"A": "device", "B": "offline"})
    command = ["benchmark", str(model_file("reset")), "--adb", "--length", "20", "--threads", "1,2"]
    more = ["--benchmark-model", str(phone.tool), "--serial", "A", "--json", str(tmp_path / "a.json")]
    done = CliRunner().invoke(app, [*command, *more])
    assert done.exit_code == 0, done.output
    assert "Google Pixel 7" in done.stdout
    result = read(tmp_path / "a.json")
    assert result["platform"] == "android"
    assert [each["threads"] for each in result["files"]] == [1, 2]
    for extra, words in (
        ([], "A benchmark_model is needed (--benchmark-model PATH)."),
        (more[:2], "There are several devices, A, B: say which, --serial A."),
        ([*more, "--stream", "50"], "--stream is not for --adb."),
        ([*more, "--tflm"], "--adb and --tflm are two places"),
    ):
        done = CliRunner().invoke(app, [*command, *extra])
        assert done.exit_code == 1
        assert done.stderr.startswith(f"Error: {words}")
    done = CliRunner().invoke(app, [*command[:2], "--serial", "A"])
    assert done.stderr == "Error: --serial belongs to --adb.\n"


def test_figures_of_equal_runs_and_of_old_tools() -> None:
    timings = "Inference timings in us: Init: 10, First inference: 5, Warmup (avg): 5, Inference (avg): 5"
    same = adb_output.parse(
        f"INFO: count=1 curr=5\nINFO: count=50 curr=5(all same) p5=5 median=5\nINFO: {timings}"
    )
    assert same
    assert same["inference_ms"] == pytest.approx(
        {**dict.fromkeys(("avg", "min", "p5", "median", "p95", "max"), 0.005), "std": 0, "count": 50}
    )
    old = adb_output.parse(
        f"count=2 curr=5 (all same)\ncount=9 first=5 curr=4 min=4 max=7 avg=5 std=1\n{timings}"
    )
    assert old
    assert old["inference_ms"]["p95"] is None
    assert old["inference_ms"]["median"] == 0.005
    big = adb_output.parse(f"count=9 first=1 curr=4 min=4 max=1.5e+06 avg=1e+06 std=1\n{timings}")
    assert big
    assert big["inference_ms"]["max"] == 1500
    assert big["warm_up_ms"]["avg"] == 0.005
    assert adb_output.parse("INFO: count=0\n" + timings) is None
    assert adb_output.parse("") is None
    assert adb_output.reason("") == "it printed nothing"


def test_the_header_of_this_python() -> None:
    assert abi_of(Path(sys.executable).resolve()) in ("x86_64", "arm64-v8a", "armeabi-v7a")
