"""What TensorFlow, Keras or a layer of the user's raises while a model is converted, in one sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import keras

import edge
import keras_lstm_plus
from edge.convert.keras_model.preprocessing import without
from edge.convert.stages import Stages
from edge.errors import ModelFileError
from keras_lstm_plus.private import flat_layers

_OURS = tuple(str(Path(str(package.__file__)).parent) for package in (edge, keras_lstm_plus))
_BORDER = "tf_private.py"  # its frames are the last ones of what is raised in TensorFlow's own code
# What was being done, by the function of ours that was doing it.
_STAGES = {
    "keras_outputs": "Keras runs it",
    "run_keras": "Keras runs it",
    "keras_calls": "Keras runs it",
    "probe": "its graph is recorded",
    "export": "its graph is recorded",
    "convert_saved_model": "TensorFlow's converter turns it into a file",
    "calibrate": "it is calibrated",
    "gather_calls": "it is calibrated",
    "quantize_calibrated": "TensorFlow's quantizer turns it into integers",
    "file_outputs": "the file is run",
    "file_calls": "the file is run",
    "stream_note": "the file is run",
}
_NOISE = re.compile(
    r"^(Exception encountered|Arguments received|Graph execution error|Detected at|in user code|File |\s*•|"
    r"Traceback|Stack trace|Could not translate MLIR)"
)
_LONGEST = 200  # letters of the cause


@contextmanager
def in_words(model: keras.Model) -> Iterator[None]:
    """Let no error out that is not ours: it becomes a ValueError of one sentence, caused by it."""
    was_filtering = keras.config.is_traceback_filtering_enabled()
    keras.config.disable_traceback_filtering()  # Keras would cut off the frames that say which layer it was
    try:
        yield
    except (OSError, MemoryError):
        raise
    except Exception as error:
        if _is_ours(error):
            raise
        raise ValueError(_sentence(model, error)) from error
    finally:
        if was_filtering:
            keras.config.enable_traceback_filtering()


def _is_ours(error: Exception) -> bool:
    frames = list(_frames(error.__traceback__))
    place = frames[-1].f_code.co_filename
    if any(frame.f_code is Stages.begin.__code__ for frame in frames):
        return True  # or rather of who asked for progress: it is for them
    if isinstance(error, ModelFileError):  # of a file that nobody has seen yet
        return False
    return place.startswith(_OURS) and not place.endswith(_BORDER) and "\n" not in str(error)


def _sentence(model: keras.Model, error: Exception) -> str:
    frames = list(_frames(error.__traceback__))
    stage = next((_STAGES[f.f_code.co_name] for f in reversed(frames) if _is_stage(f)), "it is converted")
    layer = _layer(model, frames, str(error))
    cause = _useful_line(str(error))
    found = f"Model {model.name!r} cannot be converted: while {stage}, "
    found += f"layer {layer.name!r} ({type(layer).__name__}) " if layer is not None else "something in it "
    found += f"fails with {type(error).__name__}" + (f": {cause}" if cause else "") + ". "
    if layer is None:
        return (
            found + "Leave out layers until it converts: the last one is what to replace or to run outside."
        )
    return found + without(model, layer)


def _is_stage(frame: FrameType) -> bool:
    return frame.f_code.co_name in _STAGES and frame.f_code.co_filename.startswith(_OURS)


def _layer(model: keras.Model, frames: list[FrameType], message: str) -> Any:
    """The innermost layer at work when it happened, or the one whose name is in the message."""
    known = {id(layer): layer for layer in flat_layers(model) if not isinstance(layer, keras.Model)}
    for frame in reversed(frames):
        for name in ("layer", "self"):
            if id(frame.f_locals.get(name)) in known:
                return known[id(frame.f_locals[name])]
    named = [layer for layer in known.values() if re.search(rf"\b{re.escape(layer.name)}\b", message)]
    return max(named, key=lambda layer: len(layer.name), default=None)


def _useful_line(message: str) -> str:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", message)
    plain = re.sub(r"\S+\.(?:tmp|tflite)(: )?", lambda file: "" if file[1] else "the file", plain)
    told = re.search(r"error: (?:loc\(.*?\)\s?: )?(.+)", plain)
    lines = [told[1]] if told else [line.strip() for line in plain.splitlines()]
    line = next((line for line in lines if line and not _NOISE.match(line)), "")
    line = re.sub(r"\s*(\[Op:.*|\{\{.*?\}\})", "", line).strip().rstrip(".:")
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} ..."


def _frames(traceback: TracebackType | None) -> Iterator[FrameType]:
    while traceback is not None:
        yield traceback.tb_frame
        traceback = traceback.tb_next
