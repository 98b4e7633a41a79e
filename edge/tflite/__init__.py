"""A TensorFlow Lite file as a checked value, before a runtime written in C++ sees it.

May import: errors.
"""

from edge.tflite.interface import Interface, State, TensorInfo, describe, describe_content
from edge.tflite.model_file import Graph, ModelFile, Operator, Tensor
from edge.tflite.note import Note
from edge.tflite.parser import parse, read

__all__ = [
    "Graph",
    "Interface",
    "ModelFile",
    "Note",
    "Operator",
    "State",
    "Tensor",
    "TensorInfo",
    "describe",
    "describe_content",
    "parse",
    "read",
]
