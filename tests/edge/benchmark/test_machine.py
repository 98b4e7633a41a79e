"""The description of the machine, and what makes its timings doubtful."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge.benchmark import machine as board
from edge.results.benchmark import Machine
from tests.helpers.places import ROOT


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
    assert str(machine["os"]).startswith("Debian GNU/Linux 12 (bookworm), ")
    assert (machine["governor"], machine["temperature_c"]) == ("ondemand", 81.277)
    assert machine["throttled"] is None  # there is no vcgencmd here
    governor, heat = board.warnings(machine)
    assert "'ondemand'" in governor
    assert "81 °C" in heat


@pytest.mark.skipif(os.name != "posix", reason="a script stands in for vcgencmd")
def test_what_the_firmware_says_of_power_and_heat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, tool = raspberry_pi(tmp_path / "root"), tmp_path / "vcgencmd"
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    def answer(text: str) -> list[str] | None:
        tool.write_text(f"#!/bin/sh\n[ $1 = get_throttled ] && {text}\n")
        tool.chmod(0o755)
        return board.throttled(root)

    assert answer("echo throttled=0x0") == []
    assert answer("echo nonsense") is None
    assert answer("exit 1") is None
    before = answer("echo throttled=0x20000")  # once, before we came: no fault of this measurement
    assert before == ["clock capped since the start"]
    machine: Machine = {**board.describe(root), "governor": "performance", "temperature_c": 50.0, "load": 0.0}
    assert machine["throttled"] == before
    assert board.warnings(board.measured_again(machine, tmp_path)) == []
    answer("echo throttled=0x70005")
    (words,) = board.warnings({**board.measured_again(machine, root), "temperature_after_c": 60.0})
    expected = "under-voltage now, throttled now, under-voltage since the start, throttled since the start"
    assert expected in words


def test_a_busy_machine_is_a_warning(tmp_path: Path) -> None:
    here = board.describe(raspberry_pi(tmp_path))
    quiet: Machine = {**here, "governor": None, "temperature_c": None, "cores": 4}
    assert board.warnings(quiet) == []
    (tmp_path / "proc/loadavg").write_text("3.21 1.00 0.50 2/200 4321\n")
    busy: Machine = {**quiet, "load": board.describe(tmp_path)["load"]}
    (words,) = board.warnings(busy)
    assert words.startswith("The machine was busy before we began: 3.2 processes on 4 cores")


def test_a_machine_that_tells_nothing(tmp_path: Path) -> None:
    machine = board.describe(tmp_path)
    assert {machine["board"], machine["governor"], machine["temperature_c"], machine["memory_mb"]} == {None}
    assert board.warnings(machine) == []


def test_peak_memory_grows_with_what_is_held() -> None:
    code = (
        "from edge.benchmark.machine import peak_memory_mb as peak\n"
        "before = peak(); held = bytearray(64 << 20); print(peak() - before)\n"
    )
    root = ROOT
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert 60 < float(done.stdout) < 80
