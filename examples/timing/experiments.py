"""What is run: tasks, networks, how long each may learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np

from examples.timing import classics, gers
from examples.timing.task import Task
from keras_lstm_plus import LSTMPlus, LSTMSpec


class Setting(NamedTuple):
    """A shape of network and how it learns.

    Attributes:
        name: for tables.
        cells: of each network.
        linear: the candidate and the cell's output are not squashed, as in Gers et al. 2002.
        rate: first learning rate of Adam.
        updates: at most.
        stops: a sequence ends at its first error, as in Gers et al. 2002.
        every: updates between two tests.
        chrono: the longest memory expected, which sets the first biases; None: forget bias 1.
    """

    name: str
    cells: int
    linear: bool
    rate: float
    updates: int
    stops: bool = False
    every: int = 100
    chrono: int | None = None


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


def build(experiment: Experiment, run: int, seed: int) -> keras.Sequential:
    """One network: a recurrent layer and a dense layer, any number of steps to as many answers."""
    task, setting, variant, _ = experiment
    keras.utils.set_random_seed(1000 * seed + run)
    example = task.draw(np.random.default_rng(0), 1)
    squash = {"binary": "sigmoid", "categorical": "softmax", "squared": None}[task.loss]
    return keras.Sequential(
        [
            keras.Input((None, example.x.shape[-1]), name="sequence"),
            recurrent(variant, setting),
            keras.layers.Dense(example.y.shape[-1], squash, name="answer"),
        ]
    )


def recurrent(variant: str, setting: Setting) -> keras.layers.Layer:
    """The layer by its name in the tables."""
    if variant == "SimpleRNN":
        return keras.layers.SimpleRNN(setting.cells, return_sequences=True, name="memory")
    spec: str | LSTMSpec = variant
    if setting.linear:
        spec = LSTMSpec(
            f"linear {variant}",
            peephole=variant == "peephole",
            candidate_activation="linear",
            output_activation="linear",
        )
    return LSTMPlus(setting.cells, spec, return_sequences=True, chrono=setting.chrono, name="memory")
