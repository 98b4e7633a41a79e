"""The whole sequence at once, for TensorFlow: what makes `LSTMPlus` train faster than a loop of steps.

Two public names; `recurrence` takes them, lazily, because other backends have no TensorFlow. May import all
up to `cell`.
"""

from keras_lstm_plus.whole_sequence.forward import supports
from keras_lstm_plus.whole_sequence.shards import run_at_once

__all__ = ["run_at_once", "supports"]
