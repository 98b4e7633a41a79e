"""Every kind with every seed, each kept in a file of its own: a run that is cut off goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from edge.files import write_whole
from examples.common.progress import steps
from examples.grid.data import split
from examples.grid.network import KINDS
from examples.grid.train import Learned, Lesson, Trainer

RATES = (0.004, 0.01)
TRIAL = 1000  # the seed that the rate is chosen with; it counts nowhere else
HELD_OUT = 1000
QUICK = ("grid, 2 deep", "stack of 2")  # the kinds of a short run


class Run(NamedTuple):
    """One network: its kind, its seed, the rate of Adam and what came of it."""

    name: str
    seed: int
    rate: float
    learned: Learned


def lesson(quick: bool, seed: int) -> Lesson:
    """Two digits in full, which is 10,000 sums; one digit, and hardly trained, in small."""
    if quick:
        learned, asked = split(1, 20, seed)
        return Lesson(1, 3000, 120, 40, learned, asked)
    learned, asked = split(2, HELD_OUT, seed)
    return Lesson(2, 17000, 5000, 250, learned, asked)


def run_all(
    what: Lesson,
    seeds: Sequence[int],
    rates: Sequence[float],
    folder: Path,
    console: Console,
    names: Sequence[str] = tuple(KINDS),
) -> list[Run]:
    """First the rate of each kind, the better one of a trial seed; then all kinds with each seed in turn.

    Args:
        what: is learned.
        seeds: of the networks; rates: of Adam, to choose from.
        folder: where they are kept.
        console: where it is told.
        names: the kinds, of `network.KINDS`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    trainers: dict[str, Trainer] = {}

    def one(name: str, seed: int, rate: float) -> Run:
        path = place(folder, name, seed, rate)
        if not path.with_suffix(".json").exists():
            if name not in trainers:
                trainers[name] = Trainer(name, what)
            learned = _trained(trainers[name], seed, rate, console)
            trainers[name].model.save(path.with_suffix(".keras"))
            kept = {"curve": learned.curve, "seconds": learned.seconds}
            write_whole(path.with_suffix(".json"), json.dumps(kept).encode())
        return read(folder, name, seed, rate)

    chosen = dict.fromkeys(names, rates[0])
    if len(rates) > 1:
        for name in names:
            chosen[name] = better([one(name, TRIAL, rate) for rate in rates]).rate
    return [one(name, seed, chosen[name]) for seed in seeds for name in names]


def better(runs: Sequence[Run]) -> Run:
    """The run that solved the task soonest; where none did, the one with most sums right at the end."""
    return min(runs, key=lambda run: (run.learned.solved or float("inf"), -run.learned.curve[-1][-1]))


def place(folder: Path, name: str, seed: int, rate: float) -> Path:
    """Where a run is kept, without the ending: `.json` is what was measured, `.keras` the network."""
    words = name.replace(",", "").replace(" ", "_")
    return folder / f"{words}-{seed}-{rate:g}".replace(".", "_")


def read(folder: Path, name: str, seed: int, rate: float) -> Run:
    """A run that is kept."""
    kept: Mapping[str, list[list[float]]] = json.loads(
        place(folder, name, seed, rate).with_suffix(".json").read_text()
    )
    curve = [(int(seen), digits, whole) for seen, digits, whole in kept["curve"]]
    return Run(name, seed, rate, Learned(curve, float(kept["seconds"])))  # type: ignore[arg-type]


def _trained(trainer: Trainer, seed: int, rate: float, console: Console) -> Learned:
    text = f"{trainer.name:18} seed {seed:<4} rate {rate:<5g}"
    with steps(console, text + " {task.fields[said]}") as progress:
        bar = progress.add_task("", total=trainer.lesson.updates, said="")
        learned = trainer.train(
            seed, rate, lambda done, whole: progress.update(bar, completed=done, said=f"{whole:.0%} right")
        )
    if progress.disable:
        found = f"{learned.curve[-1][-1]:.1%} right, {learned.seconds:.0f} s"
        console.print(f"{text} {found}", soft_wrap=True)
    return learned
