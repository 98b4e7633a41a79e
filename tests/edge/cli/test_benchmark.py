"""`python -m edge benchmark` on several lengths and threads, and on streams."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.command_line import run
from tests.helpers.device_files import model_file


def test_several_lengths_threads_and_a_stream_are_in_the_tables_and_the_json(tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    arguments = ("--length", "5,7", "--threads", "1,2", "--runs", 1, "--stream", 500, "--json", target)
    code, out, err = run("benchmark", model_file("carry"), *arguments, columns=110)
    assert (code, err) == (0, "")
    for length in (5, 7):
        for threads in (1, 2):
            assert f"carry.tflite, {length} steps, {threads} thr." in out
    assert "real-time factor" in out
    assert "Time by operator: this runtime does not tell it." in out
    assert "1 and 2 threads, 5 and 7 time steps, streams at 500 Hz" in out
    found = json.loads(target.read_text())
    assert found["settings"]["lengths"] == [5, 7]
    assert [file["stream"] is not None for file in found["files"]] == [True, True, False, False]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--stream", 500), "None of the files can be used as a stream: convert with --state carry or"),
        (("--ssh-python", "python3.12"), "--ssh-python belongs to --ssh."),
        (("--serial", "A"), "--serial belongs to --adb."),
        (("--tflm", "--data", "x.npy"), "--data is not for --tflm."),
    ],
)
def test_options_that_would_do_nothing_are_refused(arguments: tuple[object, ...], words: str) -> None:
    code, out, err = run("benchmark", model_file("reset"), "--runs", 1, *arguments)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert words in err


def test_options_that_mean_nothing_to_these_files_are_refused() -> None:
    dense = ("benchmark", model_file("dense"), "--runs", 1)
    assert run(*dense, "--length", 3)[2] == "Error: --length would do nothing: no file takes sequences.\n"
    assert "no file has a fused LSTM" in run(*dense, "--no-accelerate")[2]
    assert run(*dense)[0] == 0


@pytest.mark.parametrize("value", ["0", "1,", "a", "1,-2", "1.5", ""])
@pytest.mark.parametrize("option", ["--threads", "--length"])
def test_what_is_no_list_of_numbers_is_a_usage_error(option: str, value: str) -> None:
    code, out, err = run("benchmark", model_file("reset"), option, value)
    assert (code, out) == (2, "")
    assert "one or several positive integers" in " ".join(err.replace("│", " ").split())
