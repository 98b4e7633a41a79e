"""Benchmarks over ssh, against a real server on the loopback."""

from __future__ import annotations

import ast
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.benchmark import benchmark, ssh, ssh_remote
from edge.benchmark.ssh import benchmark_over_ssh
from edge.errors import ModelFileError
from edge.results.benchmark import validate
from tests.helpers.device_files import model_file, sequences
from tests.helpers.native_library import built
from tests.helpers.places import ROOT
from tests.helpers.sshd import Device, device


@pytest.fixture(scope="module")
def pi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    """A server with a Python that has all it needs."""
    with device(tmp_path_factory.mktemp("ssh")) as found:
        found.python("python")
        yield found


def over(pi: Device, files: list[Path], host: str = "pi", python: str | None = None, **more: Any) -> Any:
    python = python or pi.python("python")
    return benchmark_over_ssh(
        host, files, python=python, ssh_options=("-F", str(pi.config)), **{"runs": 3, **more}
    )


def started(pi: Device, file: Path) -> subprocess.Popen[str]:
    """A program that measures for hours, once the files have arrived there."""
    call = (
        f"benchmark_over_ssh('pi', [{str(file)!r}], python={pi.python('python')!r}, "
        f"ssh_options=('-F', {str(pi.config)!r}), runs=10**8)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", f"from edge.benchmark.ssh import benchmark_over_ssh; {call}"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    end = time.monotonic() + 30
    while len(working(pi)) < 2 and time.monotonic() < end:
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)
    assert len(working(pi)) >= 2, "the benchmark and its worker run there"
    return process


def working(pi: Device) -> list[str]:
    return [each for each in pi._left() if each.startswith("process")]


def test_it_measures_there_and_brings_back_the_figures(pi: Device) -> None:
    files = [model_file("reset"), model_file("int8")]
    said: list[tuple[int, int, str]] = []
    found = over(pi, files, progress=lambda *what: said.append(what), length=12)
    validate(found)
    assert found["platform"] == "pi"
    assert [entry["path"] for entry in found["files"]] == [str(path) for path in files]
    assert [entry["name"] for entry in found["files"]] == ["reset.tflite", "int8.tflite"]
    assert [entry["size_bytes"] for entry in found["files"]] == [path.stat().st_size for path in files]
    assert all(entry["inference_ms"]["count"] == 3 for entry in found["files"])
    assert found["files"][0]["error"]["max_abs"] == 0
    assert 0 < found["files"][1]["error"]["relative"] < 0.1
    assert any("int8.tflite" in text for _, _, text in said)
    assert pi.left_behind() == []


def test_two_files_of_one_name(pi: Device, tmp_path: Path) -> None:
    other = tmp_path / "reset.tflite"
    shutil.copy(model_file("int8"), other)
    found = over(pi, [model_file("reset"), other])
    assert [entry["path"] for entry in found["files"]] == [str(model_file("reset")), str(other)]
    assert found["files"][0]["size_bytes"] != found["files"][1]["size_bytes"]


def test_what_a_login_prints_does_no_harm(pi: Device) -> None:
    noisy = pi.python("noisy", noise="echo 'Welcome! {\"result\": 1}'; echo edge")
    assert over(pi, [model_file("reset")], python=noisy)["files"][0]["name"] == "reset.tflite"


def test_only_the_device_half_is_sent(pi: Device) -> None:
    # Were it not there, or did it need more, this Python could not run it.
    blocked = "tensorflow,keras,flatbuffers,keras_lstm_plus,rich,matplotlib"
    assert over(pi, [model_file("reset")], python=pi.python("bare", BLOCKED=blocked))["files"]
    message = ssh._message({}, {}, {})
    code, size, _ = map(int, message.split(b"\n", 1)[0].split())
    assert code > 0
    assert b"edge/runtime/model.py" in message[-size:]
    assert b"edge/convert" not in message[-size:]


def test_data_and_answers_go_along(pi: Device) -> None:
    x = sequences(6)
    answers = np.zeros(x.shape[:2], int)
    there = over(pi, [model_file("reset")], data=x, answers=answers)
    here = benchmark([model_file("reset")], data=x, answers=answers, runs=1)
    assert there["files"][0]["accuracy"] == here["files"][0]["accuracy"] > 0
    assert there["settings"]["samples"] == 6
    with pytest.raises(ValueError, match="must be class numbers"):
        over(pi, [model_file("reset")], data=x, answers=answers[:3])


def test_the_native_engine_goes_along(pi: Device) -> None:
    name = built().parent.name
    (entry,) = over(pi, [model_file("reset")])["files"]
    assert entry["engine"]["taken"] == 1
    (entry,) = over(pi, [model_file("reset")], accelerate=False)["files"]
    assert "engine" not in entry
    assert f"edge/native/{name}/libedge_lstm.so".encode() in ssh._message({}, {}, {})


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_when_this_end_is_stopped(pi: Device, how: signal.Signals) -> None:
    process = started(pi, model_file("reset"))
    process.send_signal(how)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == -how or (how == signal.SIGINT and "KeyboardInterrupt" in output)
    assert pi.left_behind() == []


def test_nothing_is_left_when_the_other_end_is_killed(pi: Device) -> None:
    process = started(pi, model_file("reset"))
    for line in working(pi):
        os.kill(int(line.split()[1]), signal.SIGKILL)
    output, _ = process.communicate(timeout=20)
    last = output.strip().splitlines()[-1]
    assert last == "OSError: pi: the benchmark was ended there by SIGKILL." or "ended in 'measure'" in last
    assert pi.left_behind() == []


@pytest.mark.parametrize(
    ("python", "kind", "message"),
    [
        (
            {"name": "old", "VERSION": "3.9"},
            ImportError,
            "pi: Python 3.9 is too old, 3.10 or newer is needed.",
        ),
        ({"name": "no_numpy", "BLOCKED": "numpy"}, ImportError, "sudo apt install python3-numpy"),
        (
            {"name": "no_runtime", "BLOCKED": "ai_edge_litert,tflite_runtime"},
            ImportError,
            "pi: No TensorFlow Lite runtime can be imported .* pip install ai-edge-litert",
        ),
    ],
)
def test_what_is_missing_there(pi: Device, python: dict[str, str], kind: type, message: str) -> None:
    with pytest.raises(kind, match=message):
        over(pi, [model_file("reset")], python=pi.python(**python))
    assert pi.left_behind() == []


def test_no_python_there(pi: Device) -> None:
    with pytest.raises(ImportError, match=r"pi: there is no /no/python there; install it .*--ssh-python"):
        over(pi, [model_file("reset")], python="/no/python")


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("locked", "locked: it refuses our key, .*ssh-copy-id locked"),
        ("stranger", "stranger: its host key is not known here; connect once by hand: ssh stranger"),
        ("off", "off: nothing answers ssh there"),
        ("no.such.host.invalid", "no.such.host.invalid: there is no host of that name"),
    ],
)
def test_no_connection_is_one_sentence(pi: Device, host: str, message: str) -> None:
    with pytest.raises(ConnectionError, match=message):
        over(pi, [model_file("reset")], host=host)


def test_errors_of_the_benchmark_come_back_as_what_they_are(pi: Device, tmp_path: Path) -> None:
    cut = tmp_path / "cut.tflite"
    cut.write_bytes(model_file("reset").read_bytes()[:500])
    with pytest.raises(ModelFileError, match=r"^pi: cut.tflite is cut short"):
        over(pi, [cut])
    with pytest.raises(ValueError, match="threads must be"):
        over(pi, [model_file("reset")], threads=0)
    with pytest.raises(ModelFileError, match="absent.tflite"):
        over(pi, [tmp_path / "absent.tflite"])
    assert pi.left_behind() == []


@pytest.mark.parametrize("destination", ["", "-oProxyCommand=touch /tmp/x", "pi host"])
def test_what_is_no_destination(destination: str) -> None:
    with pytest.raises(ValueError, match="like pi@host, received"):
        benchmark_over_ssh(destination, [model_file("reset")])


def test_no_client(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="no ssh client here; install it"):
        benchmark_over_ssh("pi@host", [model_file("reset")])


def test_the_first_code_there_runs_on_an_old_python() -> None:
    source = Path(ssh_remote.__file__).read_text()
    tree = ast.parse(source, feature_version=(3, 6))
    names = {
        alias.name
        for node in tree.body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    assert names <= {*sys.stdlib_module_names, "suppress", "BinaryIO"}
    with pytest.raises(SyntaxError):
        ast.parse(source + "\nif (x := 1): pass\n", feature_version=(3, 6))


def command(pi: Device, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m edge benchmark` of a user whose ssh knows the hosts."""
    client = folder / "ssh"
    client.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {pi.config} "$@"\n')
    client.chmod(0o755)
    return subprocess.run(
        [sys.executable, "-m", "edge", "benchmark", str(model_file("reset")), *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"},
    )


def test_the_command(pi: Device, tmp_path: Path) -> None:
    python = pi.python("python")
    done = command(pi, tmp_path, "--ssh", "pi", "--ssh-python", python, "--runs", "3", "--json", "-")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    validate(found)
    assert (found["platform"], found["files"][0]["inference_ms"]["count"]) == ("pi", 3)
    failed = command(pi, tmp_path, "--ssh", "locked", "--ssh-python", python)
    assert failed.returncode == 1
    assert failed.stderr.startswith("Error: locked: it refuses our key")
    assert len(failed.stderr.strip().splitlines()) == 1
