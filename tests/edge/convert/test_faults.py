"""Faults of the machine: a full disk, an interrupt in the middle of a write, two processes at once.

The processes here are real ones, and so are the limits and the signals.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import tensorflow as tf

import edge
import edge.convert
from edge.convert import pipeline
from edge.convert.tf_private import scratch
from edge.errors import ModelFileError
from edge.inspection.overview import inspect
from edge.runtime.model import EdgeModel
from tests.helpers.device_files import CLASSES, keras_model, model_file
from tests.helpers.places import ROOT

resource = pytest.importorskip("resource", reason="limits and signals of POSIX")

STORE = ROOT / "edge" / "convert" / "store.py"
LIMIT = 1000  # bytes that a full disk still takes

# The module alone, which needs no TensorFlow.
WITH_STORE = f"""
import importlib.util, os, resource, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("store", {str(STORE)!r})
store = importlib.util.module_from_spec(spec)
spec.loader.exec_module(store)
path = Path(sys.argv[1])
"""
FULL = f"resource.setrlimit(resource.RLIMIT_FSIZE, ({LIMIT}, {LIMIT}))\n"


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """A Python process of its own, which sees the packages of this checkout."""
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": paths, "TF_CPP_MIN_LOG_LEVEL": "3"},
        check=False,
    )


# -- a full disk -------------------------------------------------------------------------------------------

WRITE = """
try:
    with store.written(path, bytes(100_000)):
        print("written")
except OSError as error:
    print(type(error).__name__, error.errno, error)
"""


def test_a_full_disk_is_one_sentence_and_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(b"the old one")
    done = run(WITH_STORE + FULL + WRITE, path)
    assert done.stdout.startswith("OSError 27 "), done.stderr
    assert f"{path} cannot be written: File too large. It needs 100,000 bytes" in done.stdout
    assert done.stdout.count("\n") == 1
    assert path.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [path]
    assert run(WITH_STORE + WRITE, path).stdout == "written\n"  # it was the limit, then
    assert path.read_bytes() == bytes(100_000)


def test_a_path_that_became_a_folder_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.mkdir()
    done = run(WITH_STORE + WRITE, path)
    assert f"{path} cannot be written: Is a directory" in done.stdout, done.stderr
    assert list(tmp_path.iterdir()) == [path]


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow beyond the limit; inside of this process, so only for as long as needed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_conversion_on_a_full_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = pipeline.written

    @contextmanager
    def written(path: Path, content: bytes) -> Iterator[Path]:
        with full_disk(), right(path, content) as draft:
            yield draft

    monkeypatch.setattr(pipeline, "written", written)
    path = tmp_path / "model.tflite"
    path.write_bytes(b"the old one")
    with pytest.raises(OSError, match=r"model.tflite cannot be written: File too large"):
        edge.convert.convert(keras_model(), path)
    assert path.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_folder_for_temporary_files_is_one_sentence() -> None:
    message = r"temporary files.*: File too large\. Make room there"
    with pytest.raises(OSError, match=message) as caught, scratch() as folder, full_disk():
        tf.io.write_file(f"{folder}/graph", "x" * 100_000)
    assert "\n" not in str(caught.value)
    assert not Path(folder).exists()
    with pytest.raises(tf.errors.NotFoundError), scratch():  # what is wrong elsewhere is not its business
        tf.io.read_file("/nowhere/graph")


BENCHMARK = """
import runpy, sys
if sys.argv[1] == "full":
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
sys.argv[1:] = ["benchmark", sys.argv[2], "--runs", "1", "--length", "3", "--json", sys.argv[3]]
runpy.run_module("edge", run_name="__main__")
"""


def test_figures_that_do_not_fit_on_the_disk_leave_the_old_ones(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    path.write_text("the old ones")
    done = run(BENCHMARK, "full", model_file("reset"), path)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert "File too large" in done.stderr
    assert done.stderr.count("\n") == 1
    assert path.read_text() == "the old ones"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_figures_that_nobody_takes_are_no_success() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    arguments = ["benchmark", str(model_file("reset")), "--runs", "1", "--length", "3", "--json", "-"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "edge", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            check=False,
        )
    assert done.returncode != 0
    assert "No space left on device" in done.stderr


# -- interrupts --------------------------------------------------------------------------------------------

WRITE_FOR_EVER = """
print("ready", flush=True)
while True:
    for letter in b"ab":
        with store.written(path, bytes([letter]) * 3_000_000):
            pass
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_a_signal_in_the_middle_of_a_write_leaves_a_whole_file(name: str, tmp_path: Path) -> None:
    path, rng = tmp_path / "model.tflite", random.Random(name)
    for _ in range(4):
        path.write_bytes(b"b" * 3_000_000)
        process = subprocess.Popen(
            [sys.executable, "-c", WITH_STORE + WRITE_FOR_EVER, str(path)],
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


# -- two at once -------------------------------------------------------------------------------------------

CONVERT = """
import sys
import keras
from edge.convert import convert
model = keras.Sequential([keras.Input((None, 6)), keras.layers.LSTM(5)])
print("ready", flush=True)
sys.stdin.readline()
for path in sys.argv[1:]:
    convert(model, path)
"""


def test_two_processes_convert_to_one_path_and_to_their_own(tmp_path: Path) -> None:
    shared, mine, theirs = (tmp_path / f"{name}.tflite" for name in ("shared", "mine", "theirs"))
    process = subprocess.Popen(
        [sys.executable, "-c", CONVERT, *map(str, (shared, shared, theirs))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert process.stdout is not None
    assert process.stdin is not None
    while process.stdout.readline() not in ("ready\n", ""):
        pass
    process.stdin.write("go\n")
    process.stdin.flush()
    rounds = 0
    while process.poll() is None or rounds < 2:  # as long as the other one converts
        edge.convert.convert(keras_model(), shared)
        edge.convert.convert(keras_model(), mine)
        rounds += 1
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert sorted(tmp_path.iterdir()) == sorted([shared, mine, theirs])
    assert edge.load(mine).outputs[0].shape[-1] == CLASSES
    assert edge.load(theirs).outputs[0].shape[-1] == 5
    assert len(edge.load(shared).outputs[0].shape) in (2, 3)
    assert shared.stat().st_size in (mine.stat().st_size, theirs.stat().st_size)


# -- a file that goes away ---------------------------------------------------------------------------------


def test_a_loaded_model_does_not_need_its_file(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(model_file("reset").read_bytes())
    model = EdgeModel(path)
    path.write_bytes(b"another process truncated it")
    model.prepare(4)
    with pytest.raises(ModelFileError, match=r"model.tflite is not a TensorFlow Lite model"):
        inspect(path)
