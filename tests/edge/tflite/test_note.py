"""The note that `edge.convert` leaves in a file: checked before anybody believes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edge
from tests.helpers.device_files import sequences
from tests.helpers.explicit_files import changed, expected

X = sequences(4, seed=7)


def noted(kind: str, edit: Callable[[dict[str, Any]], None], folder: Path) -> edge.EdgeModel:
    """The file with another note in it."""

    def rewrite(model: Any) -> None:
        (entry,) = [e for e in model.metadata if e.name in (b"keras_lstm_plus", "keras_lstm_plus")]
        buffer = model.buffers[entry.buffer]
        content = json.loads(bytes(buffer.data))
        edit(content)
        buffer.data = np.frombuffer(json.dumps(content).encode(), np.uint8)

    return changed(kind, rewrite, folder)


CALIBRATION = {"samples": 3, "held_out": 0, "steps": 5, "inputs": []}
DAMAGE: list[tuple[str, Callable[[dict[str, Any]], Any], str]] = [
    ("format", lambda note: note.update(format="2"), "'format' is no known number"),
    ("old", lambda note: note.update(format=1), "'format' is no known number"),
    ("state", lambda note: note.update(state="maybe"), "'state' must be one of reset, carry, explicit"),
    ("states", lambda note: note["states"].pop(), "4 inputs, states included, and 5 in the graph"),
    ("kind", lambda note: note["outputs"].append(3), "'outputs' is not the list"),
    ("timed", lambda note: note["outputs"][0].pop("timed"), "'timed' is missing"),
    (
        "timed input",
        lambda note: note["inputs"][0].update(timed=1),
        "'timed' is missing or of the wrong kind",
    ),
    ("explicit", lambda note: note.update(state="carry"), "there are 'states'"),
    ("labels", lambda note: note.update(labels=[1, 2]), "'labels' is not the list"),
    ("std", lambda note: note["normalization"].update(std=[0.0] * 6), "std > 0"),
    ("mean", lambda note: note["normalization"].update(mean=[1.0]), "a number for each feature"),
    ("calibration", lambda note: note.update(calibration=[3]), "'calibration' is no object"),
    ("samples", lambda note: note.update(calibration={**CALIBRATION, "samples": -1}), "'samples' is no num"),
    (
        "checks",
        lambda note: note.update(checks=[3]),
        "'checks' is not the list",
    ),
]


@pytest.mark.parametrize(("edit", "message"), [row[1:] for row in DAMAGE], ids=[row[0] for row in DAMAGE])
def test_a_damaged_note(edit: Callable[[dict[str, Any]], None], message: str, tmp_path: Path) -> None:
    with pytest.raises(edge.ModelFileError, match=f"changed.tflite is damaged: in its metadata .*{message}"):
        noted("noted", edit, tmp_path)


def test_a_calibration_is_read(tmp_path: Path) -> None:
    """What is infinite is null in JSON."""
    check = {"kind": "longer", "steps": 200, "errors": [{"relative": 0.5}, {"relative": None}]}
    ranges = [{"name": "x", "low": -1, "high": 2.5}]
    content = {"calibration": {**CALIBRATION, "inputs": ranges}, "checks": [check]}
    note = noted("step", lambda note: note.update(content), tmp_path).interface.note
    assert note is not None
    assert note.calibration == (3, 0, 5, (("x", -1.0, 2.5),))
    assert note.checks == (("longer", 200, np.inf),)


def test_a_file_of_a_newer_version_says_so(tmp_path: Path) -> None:
    with pytest.raises(
        edge.ModelFileError, match="made by a newer version .*format 3.*update keras-lstm-plus"
    ):
        noted("step", lambda note: note.update(format=3), tmp_path)


def test_a_file_of_others_for_a_batch_takes_that_batch_only(tmp_path: Path) -> None:
    """Its first axis may be something else, and rows made up could be steps of a sequence."""

    def forget(model: Any) -> None:
        model.metadata = []

    model = changed("batch_reset", forget, tmp_path)
    for found, wanted in zip(model.predict(X[:3]), expected(X[:3]), strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-5)
    with pytest.raises(ValueError, match="axis 0 must be 3, not 4"):
        model.predict(X)
