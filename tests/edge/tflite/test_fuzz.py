"""Damaged files, by the thousand: refused in a sentence, or run, and nothing in between.

What the reader lets through goes to the runtime in a forked process, whose death is seen and counted.
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
from tests.helpers.device_files import model_file
from tests.helpers.places import ROOT

KINDS = ("reset", "int8", "dynamic", "carry", "stock")
QUICKLY = 2.0  # seconds for any file of this size
SEED = 4


def flipped(content: bytes, rng: random.Random) -> bytes:
    """One byte is another, or one bit."""
    damaged, at = bytearray(content), rng.randrange(len(content))
    other = rng.randrange(1, 256) if rng.random() < 0.5 else 1 << rng.randrange(8)
    damaged[at] ^= other
    return bytes(damaged)


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


# argv: runtime, file, how many, seed. The runtime is imported once; each child loads and runs one file.
LOAD_AND_RUN = """
import os, random, resource, signal, sys, tempfile
from pathlib import Path
from edge.errors import ModelFileError
from edge.runtime.interpreter import find_runtime
from edge import EdgeModel
from edge.tflite import parse
runtime, path, count, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
find_runtime(runtime)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
content, rng, names = path.read_bytes(), random.Random(seed), {}
def flipped():
    damaged, at = bytearray(content), rng.randrange(len(content))
    damaged[at] ^= rng.randrange(1, 256) if rng.random() < 0.5 else 1 << rng.randrange(8)
    return bytes(damaged)
def use(target):
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    signal.alarm(10)
    try:
        model = EdgeModel(target, None, runtime)
        model.prepare(3)
        for _ in range(2):
            model.session.invoke()
    except ValueError as error:
        return 1 if str(error).count("\\n") == 0 else 2
    except MemoryError:
        return 1
    except BaseException as error:
        return 2
    return 0
counts = {"refused": 0, "ran": 0, "stopped": 0, "crashed": 0, "other": 0}
with tempfile.TemporaryDirectory() as folder:
    target = Path(folder) / "damaged.tflite"
    for _ in range(count):
        damaged = flipped()
        try:
            parse(damaged)
        except ModelFileError:
            counts["refused"] += 1
            continue
        target.write_bytes(damaged)
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            os._exit(use(target))
        status = os.waitpid(child, 0)[1]
        if os.WIFSIGNALED(status):
            counts["crashed"] += 1
        else:
            counts[("ran", "stopped", "other")[os.WEXITSTATUS(status)]] += 1
print(__import__("json").dumps(counts))
"""


def fates(runtime: str, kind: str, count: int) -> dict[str, int]:
    """What becomes of that many files with one flip each."""
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-c", LOAD_AND_RUN, runtime, str(model_file(kind)), str(count), str(SEED)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
        check=True,
    )
    found: dict[str, int] = json.loads(done.stdout)
    assert sum(found.values()) == count
    return found


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("kind", KINDS)
def test_a_flip_is_refused_or_harmless(kind: str) -> None:
    found = fates("ai-edge-litert", kind, 120)
    assert found["other"] == 0
    assert found["crashed"] <= 1  # none was seen; kernels of another version may trip over another flip
    assert min(found["refused"], found["ran"]) > 25  # both ways were taken


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("kind", [*KINDS, "int8_carry", "stateful", "multi", "dense_int8", "tokens"])
@pytest.mark.parametrize("name", ["ai-edge-litert", "tflite-runtime"])
def test_thousands_of_flips_are_refused_or_harmless(name: str, kind: str) -> None:
    pytest.importorskip(name.replace("-", "_"))
    found = fates(name, kind, 5000)
    assert found["other"] == 0
    assert found["crashed"] <= 2


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
