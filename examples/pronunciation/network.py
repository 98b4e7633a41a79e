"""The layers: letters -> a bidirectional LSTM -> a decoder that attends to it -> the next phoneme.

    memory = BiLSTM(letters)                    one vector a letter, read from both sides
    a_t = attention cell(phoneme_{t-1}, a_{t-1}, memory)
    scores of phoneme_t = W a_t

The attention is that of Bahdanau et al. 2015 (arXiv:1409.0473), with the input feeding of Luong et al. 2015
(arXiv:1508.04025). Luong's general score has no bound: it became all or nothing here, one letter a phoneme,
and got stuck. The decoder starts from the last states of the encoder. In training it is told the right
phoneme before each; in use it gets its own.
"""

from __future__ import annotations

from typing import NamedTuple

import keras

from examples.pronunciation.alphabet import LETTERS, SYMBOLS
from keras_lstm_plus import LSTMPlus, LSTMPlusCell
from keras_lstm_plus.attention import AttentionCell, AttentionDecoder, BahdanauAttention, join_states


class Size(NamedTuple):
    """How large the network is.

    Attributes:
        width: numbers in the vector of a letter, and of a phoneme.
        units: of the encoder in either direction; the decoder has twice as many, a and the attention as many.
        layers: of the encoder.
    """

    width: int
    units: int
    layers: int


def build(size: Size, dropout: float = 0.0) -> keras.Model:
    """The network for training: letters `[batch, letters]` and the phonemes before, `[batch, time]`, int32,
    to a score for every symbol, `[batch, time, symbols]` (softmax makes probabilities of them).

    Args:
        size: of the network.
        dropout: share of each vector set to zero in training, after every layer but the last.
    """
    letters = keras.Input((None,), dtype="int32", name="letters")
    before = keras.Input((None,), dtype="int32", name="before")
    memory = keras.layers.Embedding(len(LETTERS) + 1, size.width, name="letter_vectors")(letters)
    for number in range(1, size.layers + 1):
        memory = keras.layers.Dropout(dropout, name=f"encoder_dropout_{number}")(memory)
        layer = LSTMPlus(size.units, return_sequences=True, return_state=True)
        memory, *states = keras.layers.Bidirectional(layer, name=f"encoder_{number}")(memory)
    memory = keras.layers.Dropout(dropout, name="memory_dropout")(memory)
    vectors = keras.layers.Embedding(len(SYMBOLS), size.width, name="phoneme_vectors")(before)
    vectors = keras.layers.Dropout(dropout, name="phoneme_dropout")(vectors)
    cell = AttentionCell(
        LSTMPlusCell(2 * size.units), BahdanauAttention(size.units), attention_units=size.units
    )
    attended = AttentionDecoder(cell, name="decoder")(vectors, memory, initial_state=join_states(states))
    attended = keras.layers.Dropout(dropout, name="decoder_dropout")(attended)
    scores = keras.layers.Dense(len(SYMBOLS), name="phoneme")(attended)
    return keras.Model([letters, before], scores, name="pronunciation")
