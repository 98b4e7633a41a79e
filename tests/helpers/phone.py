"""A phone that is none: a program that answers as `adb` and the tool do, and checks its arguments."""

from __future__ import annotations

import json
import os
import stat
import struct
import sys
from pathlib import Path
from typing import Any

import pytest

from edge.benchmark.android import benchmark_on_android
from tests.helpers.device_files import model_file

FAKE = Path(__file__).parent / "fake_adb"
# As the tool prints it: the statistics are of the warm-up, then of the runs.
PLAIN = """STARTING!
INFO: Log parameter values verbosely: [0]
INFO: Graph: [/data/local/tmp/x/0.tflite]
INFO: Loaded model /data/local/tmp/x/0.tflite
INFO: Created TensorFlow Lite XNNPACK delegate for CPU.
INFO: The input model file size (MB): 0.007704
INFO: Initialized session in 1.817ms.
INFO: Running benchmark for at least 3 iterations and at least 0.3 seconds \
but terminate if exceeding 60 seconds.
INFO: count=3120 first=412 curr=91 min=88 max=412 avg=95.1234 std=8 p5=89 median=94 p95=101

INFO: Running benchmark for at least 50 iterations and at least 1 seconds \
but terminate if exceeding 60 seconds.
INFO: count=10400 first=93 curr=92 min=87 max=240 avg=92.5 std=4 p5=88 median=92 p95=99

INFO: Inference timings in us: Init: 1817, First inference: 412, Warmup (avg): 95.1234, \
Inference (avg): 92.5678
INFO: Note: as the benchmark tool itself affects memory footprint, \
the following is only APPROXIMATE to the actual.
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


def phone_at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Phone:
    """A phone that keeps its things in that folder; from now on `adb` is the fake one."""
    program = folder / "bin/adb"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {FAKE} "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    (folder / "phone").mkdir()
    monkeypatch.setenv("FAKE_ADB", str(folder / "phone"))
    return Phone(folder / "phone")
