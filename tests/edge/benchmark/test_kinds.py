"""The benchmark on every kind of file, on several lengths and threads, and on streams."""

from __future__ import annotations

import time

import numpy as np
import pytest

from edge.benchmark import subjects, trial
from edge.benchmark.figures import stream_figures
from edge.benchmark.host import benchmark
from edge.benchmark.worker import Worker
from edge.results.benchmark import validate
from tests.helpers.block_files import BLOCK, block_file
from tests.helpers.device_files import STEPS, model_file
from tests.helpers.explicit_files import FILES, explicit_file


def test_every_kind_of_file_that_is_converted_can_be_measured() -> None:
    kinds = [kind for kind in FILES if not kind.startswith(("sequence", "unrolled"))]
    found = benchmark([explicit_file(kind) for kind in kinds], runs=2, length=STEPS)
    validate(found)
    files = dict(zip(kinds, sorted(found["files"], key=lambda f: kinds.index(f["name"][:-7])), strict=True))
    steps = {kind: file["length"] for kind, file in files.items()}
    singles = ("step", "noted", "step_int8", "one_step", "batch_step")
    assert steps == {kind: 1 if kind in singles else STEPS for kind in kinds}
    assert {kind: file["batch"] for kind, file in files.items() if file["batch"] > 1} == {
        **{"batch": 3, "batch_step": 3, "batch_reset": 3, "batch_carry": 2}
    }
    for kind, file in files.items():
        if kind == "one_step":  # for sequences of one step alone
            assert file["error"] is None
        elif "int8" in kind:
            assert 1e-4 < file["error"]["relative"] < 0.1
        else:
            assert file["error"]["max_abs"] < 1e-5
        share = file["length"] * file["batch"] / 1000
        assert file["per_step_us"] * share == pytest.approx(file["inference_ms"]["median"])


def test_there_is_an_entry_for_each_number_of_threads_and_length() -> None:
    kinds = ("stock", "reset", "dense")
    reports: list[tuple[int, int]] = []
    files = benchmark(
        [model_file(kind) for kind in kinds],
        threads=[1, 2],
        length=(5, STEPS),
        runs=3,
        progress=lambda done, total, text: reports.append((done, total)),
    )["files"]
    found = [(file["name"].removesuffix(".tflite"), file["threads"], file["length"]) for file in files]
    assert sorted(found, key=str) == sorted(
        [(kind, threads, length) for threads in (1, 2) for kind, length in
         (("stock", STEPS), ("reset", 5), ("reset", STEPS), ("dense", None))],
        key=str,
    )  # fmt: skip
    assert found[0][0] == "stock"  # what others are compared with comes first
    assert [done for done, _ in reports] == sorted(done for done, _ in reports)
    assert reports[-1] == (24, 24)
    errors = {(name, length): file["error"] for (name, _, length), file in zip(found, files, strict=True)}
    assert errors["reset", STEPS] is not None
    assert errors["reset", 5] is None  # the stock file does not take that length


def test_more_files_than_a_small_board_can_hold_take_turns_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    most = 0
    alive: set[str] = set()
    start, stop = Worker.__enter__, Worker.__exit__

    def enter(worker: Worker) -> Worker:
        nonlocal most
        alive.add(str(id(worker)))
        most = max(most, len(alive))
        return start(worker)

    def leave(worker: Worker, *error: object) -> None:
        alive.discard(str(id(worker)))
        stop(worker, *error)

    monkeypatch.setattr(Worker, "__enter__", enter)
    monkeypatch.setattr(Worker, "__exit__", leave)
    monkeypatch.setattr("edge.benchmark.host.TOGETHER", 2)
    files = benchmark([model_file("reset"), model_file("carry")], length=[4, 5, 6], runs=1)["files"]
    assert (len(files), most, alive) == (6, 2, set())
    assert all(file["error"]["max_abs"] < 1e-6 for file in files)


def test_streams_are_measured_where_a_file_can_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "STREAM_SECONDS", 0.2)
    monkeypatch.setattr(trial, "SECONDS", 0.01)
    paths = [explicit_file(kind) for kind in ("step_int8", "batch_carry", "batch_reset")]
    paths += [model_file("carry"), block_file("noted")]
    found = benchmark(paths, length=[5, 6], stream_rate_hz=200)
    validate(found)
    streams = {(file["name"][:-7], file["length"]): file["stream"] for file in found["files"]}
    measured = {key for key, stream in streams.items() if stream}
    assert measured == {("step_int8", 1), ("batch_carry", 5), ("carry", 5), ("noted_blocks", BLOCK)}
    for key in measured:
        stream = streams[key]
        step, steps = stream["step_ms"], BLOCK if key[0] == "noted_blocks" else 1
        assert stream["steps"] == steps
        assert step["count"] == 40 // steps
        assert stream["rate_hz"] == 200
        assert stream["real_time_factor"] == pytest.approx(step["median"] / 1000 * 200 / steps)
        assert step["median"] <= step["p95"] <= step["p99"] <= step["max"]
        assert stream["jitter_p99_ms"] >= 0
        assert 0 <= stream["late"] <= 40


def test_a_stream_in_figures_by_hand() -> None:
    durations, latencies = [0.001] * 99 + [0.004], [0.002] * 98 + [0.012, 0.030]
    found = stream_figures(durations, latencies, 100.0)
    assert found.real_time_factor == pytest.approx(0.1)
    assert found.late == 2
    assert found.step_ms.median == pytest.approx(1)
    assert found.jitter_p99_ms == pytest.approx(1000 * (np.percentile(latencies, 99) - 0.002))
    blocks = stream_figures(durations, latencies, 100.0, steps=2)  # the next one is due after 20 ms
    assert blocks.real_time_factor == pytest.approx(0.05)
    assert (blocks.late, blocks.steps) == (1, 2)


def test_samples_come_when_they_are_due() -> None:
    x = [subjects.noise([subjects.look(model_file("carry"))], 0, 1, 5, 0)[0]]
    with Worker(str(model_file("carry"))) as worker:
        worker.ask("load", str(model_file("carry")), 1, None)
        assert worker.ask("open_stream", x)
        begin = time.perf_counter()
        found = worker.ask("stream", 0, 21, 100.0)
        assert time.perf_counter() - begin >= 0.2
        assert all(0 < duration <= latency + 1e-9 for duration, latency in found)
        begin = time.perf_counter()
        late = worker.ask("stream", 0, 50, 1e6)  # more than it can do: it falls behind
        assert late[-1][1] > 10 * late[0][0] / 2


def test_slow_files_run_fewer_times() -> None:
    assert [trial._runs([seconds] * 3) for seconds in (1e-4, 0.01, 0.5, 1.0, 60.0)] == [1000, 200, 50, 30, 5]
