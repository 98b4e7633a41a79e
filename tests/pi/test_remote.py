"""The benchmark over ssh, on both emulated machines: real server, Arm's Python."""

from __future__ import annotations

from pathlib import Path

from edge.benchmark.ssh import benchmark_over_ssh
from edge.results.benchmark import validate
from tests.helpers.device_files import model_file
from tests.helpers.sshd import device
from tests.pi.machine import MODEL, Machine


def test_benchmark_on_a_pi(machine: Machine, tmp_path: Path) -> None:
    with device(tmp_path) as pi:
        found = benchmark_over_ssh(
            "pi",
            [model_file("reset"), model_file("dynamic")],
            python=str(machine.python()),
            ssh_options=("-F", str(pi.config)),
            runs=3,
            length=5,
        )
        assert pi.left_behind() == []
    validate(found)
    assert found["platform"] == "pi"
    assert (found["machine"]["board"], found["machine"]["arch"]) == (MODEL, machine.machine)
    for entry in found["files"]:
        assert entry["runtime"]["name"] == {"edge": "ai-edge-litert"}.get(machine.extra, "tflite-runtime")
        assert entry["inference_ms"]["count"] == 3
        assert 5 < entry["peak_memory_mb"] < 2000
    assert 0 < found["files"][1]["error"]["relative"] < 0.1
