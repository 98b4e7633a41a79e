"""A file is written whole or not at all: on a full disk, and with an interrupt in the middle.

The processes here are real ones, and so are the limits and the signals.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.helpers.places import ROOT

pytest.importorskip("resource", reason="limits and signals of POSIX")

LIMIT = 1000  # bytes that a full disk still takes
START = f"""
import os, resource, sys
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
from edge.files import written
path = Path(sys.argv[1])
"""
FULL = f"resource.setrlimit(resource.RLIMIT_FSIZE, ({LIMIT}, {LIMIT}))\n"
WRITE = """
try:
    with written(path, bytes(100_000)):
        print("written")
except OSError as error:
    print(type(error).__name__, error.errno, error)
"""


def run(script: str, path: Path) -> subprocess.CompletedProcess[str]:
    """A Python process of its own."""
    return subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, timeout=120, check=False
    )


def test_a_full_disk_is_one_sentence_and_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(b"the old one")
    done = run(START + FULL + WRITE, path)
    assert done.stdout.startswith("OSError 27 "), done.stderr
    assert f"{path} cannot be written: File too large. It needs 100,000 bytes" in done.stdout
    assert done.stdout.count("\n") == 1
    assert path.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [path]
    assert run(START + WRITE, path).stdout == "written\n"  # it was the limit, then
    assert path.read_bytes() == bytes(100_000)


def test_a_path_that_became_a_folder_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    late = WRITE.replace('print("written")', "path.mkdir()")
    done = run(START + late, path)
    assert f"{path} cannot be written: Is a directory" in done.stdout, done.stderr
    assert list(tmp_path.iterdir()) == [path]
    assert f"{path} is a folder" in run(START + WRITE, path).stdout
    assert list(tmp_path.iterdir()) == [path]


WRITE_FOR_EVER = """
print("ready", flush=True)
while True:
    for letter in b"ab":
        with written(path, bytes([letter]) * 3_000_000):
            pass
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_a_signal_in_the_middle_of_a_write_leaves_a_whole_file(name: str, tmp_path: Path) -> None:
    path, rng = tmp_path / "model.tflite", random.Random(name)
    for _ in range(4):
        path.write_bytes(b"b" * 3_000_000)
        process = subprocess.Popen(
            [sys.executable, "-c", START + WRITE_FOR_EVER, str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(rng.uniform(0, 0.05))
        process.send_signal(getattr(signal, name))
        assert process.wait(timeout=20) == -getattr(signal, name)
        process.stdout.close()
        content = path.read_bytes()
        assert len(content) == 3_000_000
        assert content in (b"a" * 3_000_000, b"b" * 3_000_000)
        drafts = [each for each in tmp_path.iterdir() if each != path]
        assert all(draft.name.startswith(".") and draft.suffix == ".tmp" for draft in drafts)
        if name == "SIGINT":  # which Python turns into an exception
            assert not drafts
        for draft in drafts:
            draft.unlink()
