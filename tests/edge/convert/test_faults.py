"""Faults of the machine: a full disk, an interrupt in the middle of a write, two processes at once.

The processes here are real ones, and so are the limits and the signals.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import tensorflow as tf

import edge
import edge.convert
from edge import EdgeModel
from edge.convert import making
from edge.convert.tf_private import scratch
from edge.errors import ModelFileError
from edge.inspection import inspect
from tests.helpers.device_files import CLASSES, keras_model, model_file
from tests.helpers.places import ROOT

resource = pytest.importorskip("resource", reason="limits and signals of POSIX")

LIMIT = 1000  # bytes that a full disk still takes


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
    right = making.written

    @contextmanager
    def written(path: Path, content: bytes) -> Iterator[Path]:
        with full_disk(), right(path, content) as draft:
            yield draft

    monkeypatch.setattr(making, "written", written)
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
