"""The engine for JAX and PyTorch, each by its own door: an operation of XLA, a function of autograd.

Only what Keras runs on is imported. May import all up to `cell`, and the engine in C++.
"""

from keras_lstm_plus.other_backends.paths import path_of
from keras_lstm_plus.other_backends.running import run_by_engine

__all__ = ["path_of", "run_by_engine"]
