"""A TensorFlow Lite file as a checked value, before a runtime written in C++ sees it.

May import: errors.
"""

from edge.tflite.interface import TensorInfo, info_of
from edge.tflite.model_file import Graph, ModelFile, Operator, Tensor
from edge.tflite.note import Note, read_note
from edge.tflite.parser import parse, read

__all__ = [
    "Graph",
    "ModelFile",
    "Note",
    "Operator",
    "Tensor",
    "TensorInfo",
    "info_of",
    "parse",
    "read",
    "read_note",
]
