"""Weights to and from `keras.layers.LSTM`, PyTorch state dicts and ONNX LSTM nodes.

Where each keeps its gates (i input, f forget, g candidate, which Keras and ONNX call c, o output):

    ==================  ===================================  ==========  ===================================
    where               matrices                             gates       biases, peepholes
    ==================  ===================================  ==========  ===================================
    LSTMPlus            `[input, gates * units]`             i, f, g, o  one bias; peepholes i, f, o
    keras.layers.LSTM   `[input, 4 * units]`                 i, f, c, o  one bias
    torch.nn.LSTM       `[4 * units, input]`                 i, f, g, o  two biases, added
    ONNX LSTM           `[directions, 4 * units, input]`     i, o, f, c  two biases, added; peepholes i, o, f
    ==================  ===================================  ==========  ===================================

Imports the layer and what it is made of; PyTorch and ONNX by the functions that need them, when called.
"""

from keras_lstm_plus.interop.directions import bidirectional
from keras_lstm_plus.interop.keras_models import from_keras, to_keras
from keras_lstm_plus.interop.onnx_lstm import from_onnx, to_onnx
from keras_lstm_plus.interop.torch_lstm import from_torch, to_torch
from keras_lstm_plus.interop.weight_files import load_weights

__all__ = [
    "bidirectional",
    "from_keras",
    "from_onnx",
    "from_torch",
    "load_weights",
    "to_keras",
    "to_onnx",
    "to_torch",
]
