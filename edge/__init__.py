"""The device half: run and measure converted models with numpy and a TensorFlow Lite runtime.

Import rules: nothing here, `edge.convert` apart, imports TensorFlow, Keras, flatbuffers, `keras_lstm_plus` or
`edge.convert`; typer and rich belong to the command line (`python -m edge`) alone; a runtime is imported when
a model is loaded.
"""

from edge.errors import ModelFileError
from edge.runtime import Clipping, Decider, EdgeModel, LogMel, Stream, load
from edge.tflite import TensorInfo
from edge.version import __version__

__all__ = [
    "Clipping",
    "Decider",
    "EdgeModel",
    "LogMel",
    "ModelFileError",
    "Stream",
    "TensorInfo",
    "__version__",
    "load",
]
