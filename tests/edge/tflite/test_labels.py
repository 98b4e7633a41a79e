"""Labels that are not as many as the values of an output are refused, wherever the two meet."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.convert.graph import flatbuffer
from edge.convert.verification.outputs import check_labels
from edge.devices.microcontroller.c_array import write_c_array
from edge.devices.raspberry_pi.classify import Classifier
from edge.errors import ModelFileError
from edge.tflite import describe
from edge.tflite.labels import label_fault
from edge.web.models import served_model
from tests.helpers.command_line import invoke
from tests.helpers.device_files import CLASSES, keras_model, model_file


def noted(path: Path, count: int) -> Path:
    """A file that notes so many labels: `convert` does not write it."""
    model = flatbuffer.load(model_file("carry").read_bytes())
    buffer = model.buffers[model.metadata[-1].buffer]
    note = json.loads(bytes(buffer.data))
    note["labels"] = [f"class {n}" for n in range(count)]
    buffer.data = np.frombuffer(json.dumps(note).encode(), np.uint8)
    path.write_bytes(flatbuffer.pack(model))
    return path


READERS: dict[str, Callable[[Path], Any]] = {
    "serve": served_model,
    "c_array": lambda path: write_c_array(path, path.parent, "model"),
    "classify": Classifier,
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("count", [0, 2, CLASSES + 1])
def test_a_file_whose_labels_do_not_fit_is_refused(reader: str, count: int, tmp_path: Path) -> None:
    path = noted(tmp_path / "m.tflite", count)
    with pytest.raises(
        ModelFileError, match=f"m.tflite: there are {count} labels, and output .* has {CLASSES} "
    ):
        READERS[reader](path)
    assert [each.name for each in tmp_path.iterdir()] == ["m.tflite"]


@pytest.mark.parametrize("reader", READERS)
def test_labels_that_fit_are_taken(reader: str, tmp_path: Path) -> None:
    READERS[reader](noted(tmp_path / "m.tflite", CLASSES))
    describe(model_file("dense")).check_labels()  # none at all


def test_the_command_refuses_before_it_writes(tmp_path: Path) -> None:
    model = tmp_path / "model.keras"
    keras_model().save(model)
    arguments = ["convert", str(model), "-o", str(tmp_path / "m.tflite"), "--labels", "a,b"]
    done = invoke(arguments)
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert re.search(rf"there are 2 labels, and output 'dense\w*' has {CLASSES} values", done.stderr)
    assert [each.name for each in tmp_path.iterdir()] == ["model.keras"]


def test_one_of_several_outputs_is_enough() -> None:
    assert label_fault(3, {"a": 3, "b": 7}) is None
    assert label_fault(3, {"a": -1}) is None
    assert (
        label_fault(2, {"a": 3, "b": 1})
        == "there are 2 labels, and output 'a' has 3 values and 'b' has 1 value"
    )


def test_one_hot_labels_of_another_number_of_classes() -> None:
    with pytest.raises(ValueError, match="labels for output 'y' are one-hot over 2 classes, and it has 7"):
        check_labels(np.eye(2)[[0, 1, 1]], {"y": np.zeros((3, 7), np.float32)})
    with pytest.raises(ValueError, match="run from 0 to 7; it has the classes 0 to 6"):
        check_labels([0, 7, 1], {"y": np.zeros((3, 7), np.float32)})
