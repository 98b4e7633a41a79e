"""The examples' own models, with the native engine and without it: whole files as their devices run them.

A file that a training left in `results/` is taken; else the example's own code builds the network, and its
weights are random: no time depends on them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import keras
import numpy as np

from benchmarks.inference_contestants import Worker, in_a_worker
from benchmarks.inference_turns import in_turns
from benchmarks.real_table import ENGINE, KERNEL
from edge.aliases import Array, Progress
from edge.convert import convert
from edge.results.benchmark import Entry
from examples.common.files import KINDS

ROOT = Path(__file__).parent.parent
FORMS = {"float": "float", "dynamic": "8-bit", "int8": "int8"}
WORDS = 17_907  # that the keyboard learns from the Brown corpus


class RealModel(NamedTuple):
    """One example's.

    Attributes:
        name: of its row.
        example: the folder in `examples/`, and in `results/`.
        file: how the example calls its files, with `{form}`.
        steps: time steps of one call on the device.
        state: as `convert` is asked for.
        build: its network with random weights.
        draw: inputs `[samples, steps, ...]` like its data, of so many samples and steps.
    """

    name: str
    example: str
    file: str
    steps: int
    state: str
    build: Callable[[], keras.Model]
    draw: Callable[[int, int], Array]


def _noise(features: int, scale: float = 1.0) -> Callable[[int, int], Array]:
    def draw(samples: int, steps: int) -> Array:
        rng = np.random.default_rng(samples)
        return rng.normal(scale=scale, size=(samples, steps, features)).astype(np.float32)

    return draw


def models() -> list[RealModel]:
    """Of the four examples that end in a file for a device."""
    from examples.exercise_recognition import network as exercises
    from examples.exercise_recognition.train import WINDOW
    from examples.guitar_pedal import network as pedal
    from examples.guitar_pedal.realtime import BLOCKS
    from examples.language_model import network as keyboard
    from examples.language_model.train import FULL
    from examples.spoken_digits import network as digits
    from examples.spoken_digits.settings import FEATURES

    def exercise() -> keras.Model:
        return exercises.build(exercises.lstm_plus("peephole"), np.zeros(6), np.ones(6))

    def ids(samples: int, steps: int) -> Array:
        return np.random.default_rng(samples).integers(0, WORDS, (samples, steps), np.int32)

    return [
        RealModel(
            *("watch: an exercise", "exercise_recognition", "peephole_{form}", WINDOW, "reset"),
            *(exercise, _noise(6)),
        ),
        RealModel(
            *("keyboard: the next word", "language_model", "cifg_{form}", 1, "carry"),
            *(lambda: keyboard.build("cifg", WORDS, FULL["cifg"].size), ids),
        ),
        RealModel(
            *("spoken digits, a frame", "spoken_digits", "digits_stream_{form}", 1, "carry"),
            *(lambda: digits.build(np.zeros(FEATURES.mels), 1.0), _noise(FEATURES.mels)),
        ),
        RealModel(
            *("guitar pedal, a block", "guitar_pedal", "pedal_{form}", BLOCKS[0], "carry"),
            *(lambda: pedal.streaming(pedal.training()), _noise(1, 0.1)),
        ),
    ]


def measure_real(
    chosen: Sequence[RealModel], rounds: int, report: Progress
) -> list[tuple[Entry, dict[str, Any]]]:
    """With and without the engine, each form of each model: the entry, and what else is told of it."""
    found = []
    for number, model in enumerate(chosen):
        report(number, len(chosen), f"measuring {model.name}")
        with TemporaryDirectory() as folder:
            for form, (path, trained) in _files(model, Path(folder)).items():
                more = {"model": model.name, "form": FORMS[form], "trained": trained}
                found += [(entry, more) for entry in _both(model, form, path, rounds)]
    return found


def _files(model: RealModel, folder: Path) -> dict[str, tuple[Path, bool]]:
    """By form the file, and whether somebody trained it here."""
    kept = {
        form: sorted((ROOT / "results" / model.example).rglob(model.file.format(form=form) + ".tflite"))
        for form in FORMS
    }
    if all(kept.values()):
        return {form: (paths[0], True) for form, paths in kept.items()}
    keras.utils.set_random_seed(0)
    built = model.build()
    samples = model.draw(64, max(model.steps, 20))
    made = {}
    for form in FORMS:
        path = folder / f"{form}.tflite"
        convert(built, path, KINDS[form], samples, model.state)
        made[form] = (path, False)
    return made


def _both(model: RealModel, form: str, path: Path, rounds: int) -> list[Entry]:
    x = model.draw(1, model.steps)
    with ExitStack() as stack:
        pair = [
            in_a_worker(name, path, x, stack.enter_context(Worker(str(path), limit=600)), name == ENGINE)
            for name in (KERNEL, ENGINE)
        ]
        entries, _ = in_turns(pair, pair[0].answer(), rounds, model.steps)
    return [replace(entry, group=f"{model.name}, {FORMS[form]}", length=model.steps) for entry in entries]
