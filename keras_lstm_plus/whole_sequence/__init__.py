"""The whole sequence at once, for TensorFlow: what makes `LSTMPlus` train faster than a loop of steps.

Three public names, which `recurrence` takes; other backends have no TensorFlow. May import all
up to `cell`, and the engine in C++.
"""

from keras_lstm_plus.whole_sequence.natively import run_by_engine
from keras_lstm_plus.whole_sequence.paths import path_of
from keras_lstm_plus.whole_sequence.shards import run_at_once

__all__ = ["path_of", "run_at_once", "run_by_engine"]
