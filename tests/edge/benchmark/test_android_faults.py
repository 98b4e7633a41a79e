"""A phone, a tool or a run that fails: the reason is told, and nothing is left on the phone."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from edge.benchmark.android import benchmark_on_android
from edge.errors import ModelFileError
from edge.results.benchmark import validate
from tests.helpers.device_files import model_file
from tests.helpers.phone import Phone, elf, phone_at


@pytest.fixture
def phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Phone:
    return phone_at(tmp_path, monkeypatch)


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
            "reset.tflite: benchmark_model failed on the phone: "
            "Didn't find op for builtin opcode 'X' version",
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
    monkeypatch.setattr("edge.benchmark.android.GRACE", 0.3)
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
        "import sys; from edge.benchmark.android import benchmark_on_android as b\n"
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
