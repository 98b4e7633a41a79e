"""All the trainings: for every variant on every set the best learning rate first, then the seeds that count.

Each training is written down when it ends. A run that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console

from examples.common.files import write_json
from examples.common.progress import steps
from examples.search_space.data import Task
from examples.search_space.train import Trainer

# Greff et al. 2015: the LSTM with peepholes, V, and eight that each differ from it in one thing.
VARIANTS = {
    "V": "peephole",
    "NIG": "nig",
    "NFG": "nfg",
    "NOG": "nog",
    "NIAF": "niaf",
    "NOAF": "noaf",
    "CIFG": "peephole+cifg",
    "NP": "np",
    "FGR": "fgr",
}


class Plan(NamedTuple):
    """What is trained.

    Attributes:
        variants: names of `VARIANTS`, V among them.
        rates: learning rates to choose from.
        choosing: seeds that each rate is tried with.
        judging: other seeds, for the chosen rate; these results count.
        epochs: of each training.
    """

    variants: tuple[str, ...]
    rates: tuple[float, ...]
    choosing: tuple[int, ...]
    judging: tuple[int, ...]
    epochs: int

    @property
    def trainings(self) -> int:
        """How many on each set."""
        return len(self.variants) * (len(self.rates) * len(self.choosing) + len(self.judging))


class Training(NamedTuple):
    """One training and its errors, 0 to 1; `stage` is `"choose"` or `"judge"`."""

    task: str
    variant: str
    stage: str
    rate: float
    seed: int
    validation: float
    test: float
    seconds: float


class Store:
    """The trainings done, in a file that is whole after each of them.

    Args:
        path: of the file. One that is there is gone on with if it was made with the same settings, and else
            kept under another name.
        settings: plain values.
    """

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        self.path, self.settings = path, json.loads(json.dumps(settings))
        self.done: list[Training] = []
        self.note = ""
        if path.is_file():
            self._take_up(path)

    def _take_up(self, path: Path) -> None:
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            if found["settings"] == self.settings:
                self.done = [Training(**each) for each in found["trainings"]]
                self.note = f"{len(self.done)} trainings were done before."
                return
        except (ValueError, KeyError, TypeError):
            pass  # cut, or of another version: as with other settings
        kept = path.with_name("results_before.json")
        path.replace(kept)
        self.note = f"{path.name} is of other settings; it is now {kept.name}."

    def get(self, task: str, variant: str, stage: str, rate: float, seed: int) -> Training | None:
        """The training, if it was done."""
        wanted = (task, variant, stage, rate, seed)
        return next((each for each in self.done if each[:5] == wanted), None)

    def add(self, training: Training) -> None:
        """Write it down."""
        self.done.append(training)
        self.write({})

    def write(self, more: dict[str, Any]) -> None:
        """Write the file, with what else was found."""
        trainings = [each._asdict() for each in self.done]
        write_json(self.path, {"settings": self.settings, **more, "trainings": trainings})


def search(tasks: Sequence[Task], plan: Plan, store: Store, console: Console) -> None:
    """Do every training of the plan that is not in the store."""
    with steps(console) as progress:
        bar = progress.add_task("", total=len(tasks) * plan.trainings)
        for task in tasks:
            for variant in plan.variants:
                progress.update(bar, description=f"{task.name}, {variant}")
                for _ in _trainings(task, variant, plan, store):
                    progress.advance(bar)
                if progress.disable:
                    errors = judged(store.done, task.name, variant)
                    share = f"{len(store.done)}/{len(tasks) * plan.trainings}"
                    console.print(f"{share} {task.name}, {variant}: median error {np.median(errors):.1%}")


def _trainings(task: Task, variant: str, plan: Plan, store: Store) -> Any:
    """The trainings of one variant on one set, one after the other."""
    trainer: Trainer | None = None

    def result(stage: str, rate: float, seed: int) -> Training:
        nonlocal trainer
        done = store.get(task.name, variant, stage, rate, seed)
        if done is None:
            trainer = trainer or Trainer(task, VARIANTS[variant], plan.epochs)
            started = time.perf_counter()
            errors = trainer.train(rate, seed)
            seconds = time.perf_counter() - started
            done = Training(task.name, variant, stage, rate, seed, *errors, seconds)
            store.add(done)
        return done

    tried = []
    for rate in plan.rates:
        for seed in plan.choosing:
            tried.append(result("choose", rate, seed))
            yield tried[-1]
    for seed in plan.judging:
        yield result("judge", best_rate(tried), seed)


def best_rate(tried: Sequence[Training]) -> float:
    """The rate with the smallest mean error on the validation part; the first of equals."""
    rates = list(dict.fromkeys(each.rate for each in tried))
    return min(
        rates, key=lambda rate: float(np.mean([each.validation for each in tried if each.rate == rate]))
    )


def judged(done: Sequence[Training], task: str, variant: str) -> list[float]:
    """The errors that count, 0 to 1: on the test part, a seed each."""
    return [each.test for each in done if (each.task, each.variant, each.stage) == (task, variant, "judge")]
