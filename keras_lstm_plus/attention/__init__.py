"""Attention over the states of an encoder: a cell that looks at a memory, and the layer that runs it.

mechanisms -> cell -> decoder -> steps; alignment_plot. Keras's own `Attention` layers attend once to whole
sequences; these do at every step of a recurrent cell, which goes on with what it saw.
"""

from keras_lstm_plus.attention.alignment_plot import plot_alignments
from keras_lstm_plus.attention.cell import AttentionCell
from keras_lstm_plus.attention.decoder import AttentionDecoder
from keras_lstm_plus.attention.mechanisms import BahdanauAttention, LuongAttention
from keras_lstm_plus.attention.states import join_states
from keras_lstm_plus.attention.steps import DecoderParts, decoder_step

__all__ = [
    "AttentionCell",
    "AttentionDecoder",
    "BahdanauAttention",
    "DecoderParts",
    "LuongAttention",
    "decoder_step",
    "join_states",
    "plot_alignments",
]
