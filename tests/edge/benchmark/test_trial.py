"""How files take turns, on a made-up machine: whoever runs after another is slow once, as on a real one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edge.benchmark import trial
from edge.benchmark.interpreter_process import Loaded, Memory
from edge.benchmark.subjects import Job, look
from edge.benchmark.trial import Settings, Trial
from edge.results.benchmark import Entry, RuntimeName
from edge.runtime.acceleration import Acceleration
from tests.helpers.device_files import model_file

# Seconds of an inference: as usual; after that of another file; of a young process.
WARM, COLD, NEW = 0.01, 0.5, 0.03
YOUNG = 8  # inferences after which a process is no longer young
RUNS = 40


class Machine:
    """What all workers share: the caches, and a list of who measured how many inferences, in order."""

    def __init__(self) -> None:
        self.in_cache = ""
        self.asked: list[tuple[str, int]] = []


class FakeWorker:
    """A worker that runs nothing."""

    machine: Machine

    def __init__(self, path: str, limit: float | None = None) -> None:
        self.name, self.age = path, 0

    def __enter__(self) -> FakeWorker:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def ask(self, method: str, *arguments: Any) -> Any:
        if method == "measure":
            self.machine.asked.append((self.name, arguments[0]))
            return [self.inference() for _ in range(arguments[0])]
        return {
            "load": Loaded(0.1, 1000, RuntimeName("none", None), None, Acceleration(None, None, "", ())),
            "allocate": 0.1,
            "set_inputs": 1,
            "predict": [np.zeros(1)],
            "memory": Memory(None, None),
        }[method]

    def inference(self) -> float:
        self.age += 1
        cold, self.machine.in_cache = self.machine.in_cache != self.name, self.name
        return COLD if cold else NEW if self.age <= YOUNG else WARM


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    FakeWorker.machine = Machine()
    monkeypatch.setattr(trial, "Worker", FakeWorker)
    return FakeWorker.machine


def measured(names: str, runs: int | None = RUNS) -> list[Entry]:
    seen = look(model_file("reset"))
    subjects = [seen._replace(path=name) for name in names]
    jobs = [Job(n, 1, 10, is_first=True) for n in range(len(names))]
    settings = Settings(runs, None, 0, None, None)
    return [entry for entry, *_ in Trial(subjects, jobs, 10, settings, lambda *_: None).run()]


def test_what_a_young_process_and_another_files_turn_cost_is_not_counted(machine: Machine) -> None:
    for entry in measured("abc"):
        assert entry.first_ms == 1e3 * COLD
        assert entry.inference_ms.count == RUNS
        # All of them: nothing of the start, and nothing of what coming after another file costs.
        assert entry.inference_ms.max == entry.inference_ms.min == pytest.approx(1e3 * WARM)


def test_before_the_measurement_each_file_runs_for_a_while(machine: Machine) -> None:
    for entry in measured("ab"):
        assert entry.warm_up_ms is not None
        assert entry.warm_up_ms.count is not None
        assert entry.warm_up_ms.avg is not None
        assert entry.warm_up_ms.count > YOUNG
        assert entry.warm_up_ms.max == pytest.approx(1e3 * NEW)
        assert entry.warm_up_ms.count * entry.warm_up_ms.avg >= 1e3 * trial.WARM_UP_SECONDS


def test_files_take_turns_of_equal_size(machine: Machine) -> None:
    measured("abc")
    # Each turn: one inference that does not count, and then a tenth of all.
    turns = [(name, runs) for name in "abc" for runs in (1, RUNS // trial.ROUNDS)]
    assert machine.asked[-len(turns) * trial.ROUNDS :] == turns * trial.ROUNDS


def test_a_machine_that_becomes_slower_is_as_slow_for_each(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, plain = [0], FakeWorker.inference

    def slower(worker: FakeWorker) -> float:
        count[0] += 1
        return plain(worker) * (1 + count[0] / 100)

    monkeypatch.setattr(FakeWorker, "inference", slower)
    first, second = measured("ab")
    assert second.inference_ms.median == pytest.approx(first.inference_ms.median, rel=0.1)
    assert (first.inference_ms.max or 0) > 1.5 * (first.inference_ms.min or 0)  # it did become slower
