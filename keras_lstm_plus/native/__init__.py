"""The training engine in C++, a shared library beside this package: found, checked, loaded, called.

Arrays of NumPy in and out, no framework. May import: aliases, spec. Its sources are in `native/training/`
of a checkout.
"""

from keras_lstm_plus.native.engine import Engine, Given, Gradients, Layer, Shown, obstacle
from keras_lstm_plus.native.library import EngineError, find_engine
from keras_lstm_plus.native.problem import Problem
from keras_lstm_plus.native.task import Task

__all__ = [
    "Engine",
    "EngineError",
    "Given",
    "Gradients",
    "Layer",
    "Problem",
    "Shown",
    "Task",
    "find_engine",
    "obstacle",
]
