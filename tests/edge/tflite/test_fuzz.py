"""Damaged files, by the thousand: refused in a sentence, or run, and nothing in between.

What the reader lets through goes to the runtime in a forked process, whose death is seen and counted.
`python -m tests.helpers.damaged_runs` does so for any file.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import edge
from edge.benchmark.host import benchmark
from edge.benchmark.worker import Worker
from edge.errors import ModelFileError
from edge.inspection import inspect
from tests.helpers.damage import flipped
from tests.helpers.device_files import OURS, model_file
from tests.helpers.explicit_files import FILES, explicit_file
from tests.helpers.places import ROOT

KINDS = ("reset", "int8", "dynamic", "carry", "stock")
STOCK = (
    "stock", "gru", "dense", "dense_int8", "cnn", "cnn_int8", "cnn_dynamic", "tokens", "multi", "stateful",
)  # fmt: skip
QUICKLY = 2.0  # seconds for any file of this size
SEED = 4


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    kind=st.sampled_from(KINDS),
    cut=st.none() | st.integers(0, 2**20),
    changes=st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 255)), max_size=8),
)
def test_inspect_refuses_damage_in_a_sentence_or_tells(
    kind: str, cut: int | None, changes: list[tuple[int, int]], tmp_path_factory: Any
) -> None:
    content = bytearray(model_file(kind).read_bytes())
    for position, value in changes:
        content[position % len(content)] = value
    path = tmp_path_factory.getbasetemp() / "damaged.tflite"
    path.write_bytes(content[: None if cut is None else cut % len(content)])
    start = time.perf_counter()
    try:
        json.dumps(inspect(path))
    except ModelFileError as error:
        assert "damaged.tflite" in str(error)  # noqa: PT017
        assert "\n" not in str(error)  # noqa: PT017
    assert time.perf_counter() - start < QUICKLY


@pytest.mark.parametrize("kind", KINDS)
def test_load_refuses_a_file_that_is_cut_at_any_place(kind: str, tmp_path: Path) -> None:
    content, path = model_file(kind).read_bytes(), tmp_path / "cut.tflite"
    places = {*range(0, 64), *range(64, len(content) - 16, 499)}  # the last bytes may be padding
    for place in sorted(places):
        path.write_bytes(content[:place])
        with pytest.raises(ModelFileError, match=r"cut\.tflite"):
            edge.load(path)


def fates(runtime: str, path: Path, count: int) -> dict[str, int]:
    """What becomes of that many damaged files: see `tests.helpers.damaged_runs`."""
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-m", "tests.helpers.damaged_runs", runtime, str(path), str(count), str(SEED)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
        cwd=ROOT,
        check=True,
    )
    found: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    assert sum(found.values()) == count
    return found


RUNTIMES = ("ai-edge-litert", "tflite-runtime")
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@needs_fork
@pytest.mark.parametrize("kind", ["int8_carry", "stock", "cnn_int8", "step"])
@pytest.mark.parametrize("name", RUNTIMES)
def test_damage_is_refused_or_harmless(name: str, kind: str) -> None:
    """Bytes and fields; the seed is fixed, so that these very files are tried each time."""
    pytest.importorskip(name.replace("-", "_"))
    found = fates(name, explicit_file(kind) if kind in FILES else model_file(kind), 60)
    assert (found["crashed"], found["raw"]) == (0, 0)
    assert min(found["refused"], found["ran"]) >= 6  # of 60: both ways were taken


@pytest.mark.slow
@needs_fork
@pytest.mark.parametrize("kind", [*OURS, *STOCK, *FILES])
@pytest.mark.parametrize("name", RUNTIMES)
def test_thousands_of_damaged_files_are_refused_or_harmless(name: str, kind: str) -> None:
    pytest.importorskip(name.replace("-", "_"))
    found = fates(name, explicit_file(kind) if kind in FILES else model_file(kind), 400)
    assert found["raw"] == 0
    assert found["crashed"] == 0


def test_the_benchmark_measures_or_names_a_damaged_file(tmp_path: Path) -> None:
    rng, path = random.Random(SEED), tmp_path / "damaged.tflite"
    content = model_file("int8").read_bytes()
    refused = 0
    for n in range(6):
        path.write_bytes(content[: rng.randrange(len(content))] if n % 2 else flipped(content, rng))
        try:
            assert benchmark([path], runs=1, length=3)["files"][0]["inference_ms"]["count"] == 1
        except ValueError as error:
            refused += 1
            assert "damaged.tflite" in str(error)  # noqa: PT017
            assert "\n" not in str(error)  # noqa: PT017
    assert refused >= 3  # all that were cut


@pytest.mark.skipif(not hasattr(os, "kill"), reason="needs signals")
def test_a_crash_in_the_benchmark_is_a_sentence_that_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "crashing.tflite"
    path.write_bytes(model_file("reset").read_bytes())
    workers: list[Worker] = []
    ask = Worker.ask

    def crash(worker: Worker, method: str, *arguments: Any) -> Any:
        workers.append(worker)
        if worker.name == path.name and method == "allocate":
            os.kill(worker._process.pid, 11)
        return ask(worker, method, *arguments)

    monkeypatch.setattr(Worker, "ask", crash)
    with pytest.raises(
        ModelFileError, match=r"^crashing\.tflite: the process that ran it ended in 'allocate'"
    ):
        benchmark([model_file("reset"), path], runs=1, length=3)
    assert all(worker._process.poll() is not None for worker in workers)  # the other one is gone, too
