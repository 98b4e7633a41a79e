"""One of the networks as files, judged again on the device half."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from examples.common.files import predict_file, write_files
from examples.search_space.data import Task
from examples.search_space.experiment import VARIANTS, Plan
from examples.search_space.report import Finding
from examples.search_space.train import Trainer

FILED = "CIFG"  # a quarter fewer weights than V, and no worse in the paper
CALIBRATION = 200  # sequences


def write_and_judge(
    task: Task, plan: Plan, found: Sequence[Finding], folder: Path
) -> tuple[dict[str, float], dict[str, Path]]:
    """Train it with its first seed once more, write it as float, dynamic and int8 files, and ask each.

    Returns:
        The share of wrong answers on the test part as `"Keras"` and as each kind of file; the files by kind.
    """
    rate = next(each.rate for each in found if (each.task, each.variant) == (task.name, FILED))
    trainer = Trainer(task, VARIANTS[FILED], plan.epochs)
    errors = {"Keras": trainer.train(rate, plan.judging[0]).test}
    paths = write_files(
        trainer.model, FILED.lower(), folder, task.train.x[:: len(task.train.x) // CALIBRATION]
    )
    for kind, path in paths.items():
        answers = predict_file(path, task.test.x)
        errors[kind] = float(np.mean(answers.argmax(axis=-1) != task.test.label))
    return errors, paths
