"""One experiment: build its networks, let them learn together, keep the best for files and pictures."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import keras
from rich.console import Console

from examples.common.progress import steps
from examples.timing.experiments import Experiment, build
from examples.timing.report import Row, share
from examples.timing.task import Task
from examples.timing.train import learn


@dataclass
class Kept:
    """The best network of each experiment, by task, setting and variant, with whether it solved the task."""

    best: dict[tuple[str, str, str], tuple[keras.Sequential, bool]] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)


def run(experiment: Experiment, seed: int, kept: Kept, console: Console) -> Row:
    """Let the networks of an experiment learn until all have solved the task or their updates are used up."""
    task, setting, variant, number = experiment
    started = time.perf_counter()
    networks = [build(experiment, number_, seed) for number_ in range(number)]
    text = f"{task.name:17} {setting.name:8} {variant:9}"
    with steps(console, text + " {task.fields[said]}") as progress:
        bar = progress.add_task("", total=setting.updates, said="")
        learned = learn(
            networks,
            task,
            setting.updates,
            setting.rate,
            setting.every,
            setting.stops,
            seed,
            lambda updates, said: progress.update(bar, advance=updates, said=said),
        )
    row = Row(experiment, learned, time.perf_counter() - started)
    if progress.disable:
        console.print(f"{text} {share(row)} solved, {row.seconds:.0f} s", soft_wrap=True)
    # Solved soonest; else longest right; else most tests right.
    order = sorted(
        range(number),
        key=lambda n: (learned.solved[n] or float("inf"), -learned.lasted[n], -learned.right[n]),
    )
    kept.tasks[task.name] = task
    kept.best[task.name, setting.name, variant] = (networks[order[0]], learned.solved[order[0]] is not None)
    return row
