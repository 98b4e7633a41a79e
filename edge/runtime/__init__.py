"""Run a file: what a device needs, with NumPy and a TensorFlow Lite runtime.

May import: tflite, native, errors; a runtime by name, when a model is loaded.
"""

from edge.runtime.acceleration import Acceleration, LayerPlace
from edge.runtime.clipping import Clipping
from edge.runtime.decisions import Decider, Decision
from edge.runtime.interpreter import find_runtime
from edge.runtime.loading import load
from edge.runtime.log_mel import LogMel
from edge.runtime.model import EdgeModel
from edge.runtime.stream import Stream

__all__ = [
    "Acceleration",
    "Clipping",
    "Decider",
    "Decision",
    "EdgeModel",
    "LayerPlace",
    "LogMel",
    "Stream",
    "find_runtime",
    "load",
]
