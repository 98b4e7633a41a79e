"""What is run, and running it: the networks of an experiment learn together, the best is kept."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import keras
from rich.console import Console

from examples.common.progress import steps
from examples.timing.network import Setting, build
from examples.timing.tasks import classics, gers
from examples.timing.tasks.task import Task
from examples.timing.train import Learned, learn


class Experiment(NamedTuple):
    """A task, learned in one setting by networks of one variant, so many at once."""

    task: Task
    setting: Setting
    variant: str
    networks: int


ONE = Setting("1 cell", 1, linear=True, rate=0.05, updates=3000, stops=True)
FIVE = Setting("5 cells", 5, linear=False, rate=0.02, updates=3000)
BOTH = ("standard", "peephole")


def all_experiments(quick: bool, part: str = "all") -> list[list[Experiment]]:
    """Those of one task together, in the order in which they are run."""
    if quick:
        one, five = ONE._replace(updates=300), FIVE._replace(updates=800, every=50)
        timing = [gers.generate_timed_spikes(10), gers.generate_function("cosine", 10)]
        settings, networks = {"GTS": [one], "PFG": [five]}, 4
    else:
        settings, networks = {family: [ONE, FIVE] for family in ("MSD", "GTS", "PFG")}, 10
        timing = [gers.measure_spike_delays(10)]
        timing += [gers.generate_timed_spikes(interval) for interval in (10, 20)]
        timing += [gers.generate_function(shape, n) for n in (10, 25) for shape in gers.SHAPES]
    found = [
        [
            Experiment(task, setting, variant, networks)
            for setting in settings[task.family]
            for variant in BOTH
        ]
        for task in timing
    ]
    born = [_classic(*entry) for entry in (QUICK_CLASSICS if quick else CLASSICS)]
    return (found if part != "1997" else []) + (born if part != "2002" else [])


def _classic(
    task: Task, cells: int, rate: float, updates: int, chrono: int | None, variants: Sequence[str]
) -> list[Experiment]:
    setting = Setting(f"{cells} cells", cells, False, rate, updates, every=20, chrono=chrono)
    return [Experiment(task, setting, variant, 3) for variant in variants]


THREE = (*BOTH, "lstm_1997")
CLASSICS = (
    (classics.embedded_reber(), 12, 0.02, 800, None, (*BOTH, "SimpleRNN")),
    (classics.temporal_order(2), 8, 0.02, 600, 100, (*THREE, "SimpleRNN")),
    (classics.temporal_order(3), 8, 0.02, 1000, 100, BOTH),
    (classics.adding(100), 8, 0.02, 1200, 100, (*THREE, "SimpleRNN")),
    (classics.adding(300), 8, 0.02, 1300, 300, BOTH),
    (classics.adding(1000), 8, 0.02, 1600, 1000, BOTH),
)
QUICK_CLASSICS = ((classics.embedded_reber(), 12, 0.03, 60, None, ("peephole",)),)


class Row(NamedTuple):
    """One experiment and what came of it; `seconds` is how long it took."""

    experiment: Experiment
    learned: Learned
    seconds: float

    @property
    def task(self) -> str:
        return self.experiment.task.name

    @property
    def family(self) -> str:
        return self.experiment.task.family

    @property
    def setting(self) -> str:
        return self.experiment.setting.name

    @property
    def variant(self) -> str:
        return self.experiment.variant

    @property
    def solved(self) -> int:
        return sum(sequences is not None for sequences in self.learned.solved)

    @property
    def median(self) -> int | None:
        """Training sequences until half of all networks had solved it; None: fewer than half did."""
        known = sorted(n for n in self.learned.solved if n is not None)
        middle = (len(self.learned.solved) - 1) // 2
        return known[middle] if middle < len(known) else None

    @property
    def share(self) -> str:
        """Of the runs, those that have solved it: `7/10`."""
        return f"{self.solved}/{len(self.learned.solved)}"


@dataclass
class Kept:
    """The best network of each experiment, by task, setting and variant, with whether it solved the task."""

    best: dict[tuple[str, str, str], tuple[keras.Sequential, bool]] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)


def run(experiment: Experiment, seed: int, kept: Kept, console: Console) -> Row:
    """Let the networks of an experiment learn until all have solved the task or their updates are used up."""
    task, setting, variant, number = experiment
    started = time.perf_counter()
    networks = [build(task, setting, variant, 1000 * seed + run) for run in range(number)]
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
        console.print(f"{text} {row.share} solved, {row.seconds:.0f} s", soft_wrap=True)
    # Solved soonest; else longest right; else most tests right.
    order = sorted(
        range(number),
        key=lambda n: (learned.solved[n] or float("inf"), -learned.lasted[n], -learned.right[n]),
    )
    kept.tasks[task.name] = task
    kept.best[task.name, setting.name, variant] = (networks[order[0]], learned.solved[order[0]] is not None)
    return row
