"""Every LSTM as a Keras 3 layer, on its way to a device.

Imports run one way: spec -> variants -> step, dropout -> cell -> whole_sequence -> recurrence -> layer,
gates -> gate_page -> gate_plot, and layer, grid_lstm -> interop. This package never imports `edge`.
"""

from keras_lstm_plus.waking import wake as _wake

try:
    _wake()
except ImportError as missing:
    raise ImportError(
        "keras_lstm_plus needs Keras 3 and TensorFlow, which are not installed here: "
        'pip install "keras-lstm-plus[train]". A device needs neither: import edge.'
    ) from missing

from keras_lstm_plus.cell import LSTMPlusCell
from keras_lstm_plus.gate_plot import plot_gates
from keras_lstm_plus.gates import trace
from keras_lstm_plus.grid_lstm import GridLSTM, GridLSTMCell
from keras_lstm_plus.hidden import warn_of_another_edge
from keras_lstm_plus.layer import LSTMPlus
from keras_lstm_plus.spec import LSTMSpec
from keras_lstm_plus.variants import VARIANTS, get_spec

__all__ = [
    "VARIANTS",
    "GridLSTM",
    "GridLSTMCell",
    "LSTMPlus",
    "LSTMPlusCell",
    "LSTMSpec",
    "get_spec",
    "plot_gates",
    "trace",
]

warn_of_another_edge()
