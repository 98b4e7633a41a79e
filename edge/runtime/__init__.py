"""Run a file: what a device needs, with NumPy and a TensorFlow Lite runtime.

May import: tflite, errors; a runtime by name, when a model is loaded.
"""

from edge.runtime.clipping import Clipping
from edge.runtime.decisions import Decider, Decision
from edge.runtime.interpreter import find_runtime
from edge.runtime.loading import load
from edge.runtime.log_mel import LogMel
from edge.runtime.model import EdgeModel
from edge.runtime.stream import Stream

__all__ = ["Clipping", "Decider", "Decision", "EdgeModel", "LogMel", "Stream", "find_runtime", "load"]
