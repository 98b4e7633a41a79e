"""`python -m edge`, as people and scripts use it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge.report.style import number, size
from tests.helpers.command_line import run
from tests.helpers.device_files import model_file
from tests.helpers.places import ROOT

KINDS = ("reset", "int8", "stock")


@pytest.mark.parametrize("columns", [80, 120])
def test_benchmark_prints_tables_that_fit(columns: int, tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    files = [model_file(kind) for kind in KINDS]
    code, out, err = run("benchmark", *files, "--runs", 11, "--json", target, columns=columns)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert max(map(len, lines)) <= columns
    for kind in KINDS:  # a line in each table, not folded
        assert sum(line.startswith(f"{kind}.tflite") for line in lines) == 3
    assert "1.00×" in out
    assert "\x1b" not in out
    result = json.loads(target.read_text())
    assert [file["name"] for file in result["files"]] == [f"{kind}.tflite" for kind in KINDS]
    assert result["files"][0]["inference_ms"]["count"] == 11
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


def test_benchmark_json_on_stdout_is_nothing_but_json() -> None:
    code, out, _ = run("benchmark", model_file("reset"), "--runs", 2, "--json", "-", "--length", 17)
    assert code == 0
    assert json.loads(out)["files"][0]["length"] == 17


def test_inspect_prints_what_there_is() -> None:
    code, out, err = run("inspect", model_file("int8"))
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    for words in (
        "int8.tflite",
        "starts anew each call",
        "[1, any, 6]",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "peephole",
    ):
        assert words in out
    assert "native engine  runs" in out
    assert out.count("Hint: ") == 1
    assert "Hint: A fused LSTM in 8-bit integers is for chips" in " ".join(out.split())
    assert "Hint" not in run("inspect", model_file("reset"))[1]
    assert "Hint: WHILE" in run("inspect", model_file("stock"))[1]
    assert json.loads(run("inspect", model_file("int8"), "--json", "-")[1])["state"] == "reset"


def test_brackets_in_names_are_printed(tmp_path: Path) -> None:
    path = tmp_path / "[bold]x.tflite"
    path.write_bytes(model_file("dense").read_bytes())
    out = run("inspect", path)[1]
    assert "[bold]x.tflite" in out
    assert "[any, 6]" in out


def test_failures_are_one_sentence_and_exit_code_1(tmp_path: Path) -> None:
    empty = tmp_path / "empty.tflite"
    empty.touch()
    reset = model_file("reset")
    for arguments, words in (
        (("inspect", tmp_path / "none.tflite"), "There is no file"),
        (("inspect", empty), "empty.tflite is empty."),
        (("benchmark", reset, empty), "empty.tflite is empty."),
        (("benchmark", reset, "--json", tmp_path / "no" / "out.json"), "no does not exist; create it"),
        (("benchmark", reset, "--json", tmp_path), "is a folder"),
        (("benchmark", reset, "--runtime", "tf"), "received 'tf'"),
    ):
        code, out, err = run(*arguments)
        assert (code, out) == (1, ""), arguments
        assert err.startswith("Error: ")
        assert words in err
        assert err.count("\n") == 1


def test_usage_errors_are_exit_code_2() -> None:
    for arguments in (
        ("benchmark",),
        ("benchmark", "x.tflite", "--threads", "0"),
        ("inspect",),
        ("nonsense",),
    ):
        code, out, err = run(*arguments)
        assert (code, out) == (2, "")
        command = "COMMAND" if arguments == ("nonsense",) else arguments[0]
        assert err.startswith(f"Usage: python -m edge {command} ")


def start(*arguments: str, **options: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "edge", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": ROOT}
    return subprocess.Popen(command, **{**pipes, **options})  # type: ignore[call-overload]


def test_a_real_process(tmp_path: Path) -> None:
    out, err = start("benchmark", str(model_file("reset")), "--runs", "3", "--json", "-").communicate()
    assert json.loads(out)["files"][0]["inference_ms"]["count"] == 3
    assert err == ""
    process = start("inspect", "nowhere.tflite")
    assert process.communicate() == ("", "Error: There is no file nowhere.tflite.\n")
    assert process.returncode == 1
    begin = time.perf_counter()
    assert "benchmark" in start("--help").communicate()[0]
    assert time.perf_counter() - begin < 5


@pytest.mark.skipif(not shutil.which("ps"), reason="looks for processes with ps")
@pytest.mark.parametrize("everyone", [True, False], ids=["as a terminal does", "the parent alone"])
def test_ctrl_c_leaves_nothing_behind(everyone: bool, tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    target.write_text("before")
    arguments = ("benchmark", str(model_file("reset")), "--runs", "100000000", "--json", str(target))
    process = start(*arguments, start_new_session=True)
    deadline = time.monotonic() + 30
    while not workers(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1.0)  # into the measurement
    (os.killpg if everyone else os.kill)(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode not in (0, None)
    assert "Traceback" not in out + err
    assert target.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]
    while workers(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not workers(process.pid)


def workers(session: int) -> list[int]:
    """The processes of a session but the first."""
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,sess="], capture_output=True, text=True, check=True
    ).stdout
    pairs = [tuple(map(int, line.split())) for line in listing.splitlines()]
    return [pid for pid, its_session in pairs if its_session == session and pid != session]


def test_figures_are_short() -> None:
    assert [size(n) for n in (0, 999, 1000, 12_345, 7_900_000)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "12.3 kB",
        "7.9 MB",
    ]
    values = (None, 0, 0.01234, 1.5, 12.34, 123.4, 1234.5)
    assert [number(value) for value in values] == ["–", "0", "0.0123", "1.5", "12.3", "123", "1234"]
