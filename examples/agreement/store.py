"""Trained networks are kept beside what was measured on them, so that a run need not train them again."""

from __future__ import annotations

import hashlib
from pathlib import Path

import keras
import numpy as np

from edge.aliases import Array
from examples.agreement.judge import Marks

HERE = Path(__file__).parent
MADE_BY = ("data.py", "grammar.py", "judge.py", "network.py", "reach.py", "train.py")
Kept = tuple[Marks, Array, Array, keras.Model]


def fingerprint(settings: str) -> str:
    """Of the settings and the code that a trial depends on: another one means another trial."""
    code = b"".join((HERE / name).read_bytes() for name in MADE_BY)
    return hashlib.sha256(code + settings.encode()).hexdigest()


def save_trial(
    path: Path, settings: str, marks: Marks, before: Array, after: Array, model: keras.Model
) -> None:
    """Write the model to `path`, ending in `.keras`, and the rest beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    model.save(path)
    values = {**marks._asdict(), "before": before, "after": after}
    np.savez(path.with_suffix(".npz"), made_by=fingerprint(settings), **values)


def load_trial(path: Path, settings: str) -> Kept | None:
    """What `save_trial` wrote; None if there is nothing, or if it was made by other code or settings."""
    beside = path.with_suffix(".npz")
    if not (path.is_file() and beside.is_file()):
        return None
    with np.load(beside) as values:
        if str(values["made_by"]) != fingerprint(settings):
            return None
        marks = Marks(*(values[name] for name in Marks._fields))
        before, after = values["before"], values["after"]
    return marks, before, after, keras.models.load_model(path)
