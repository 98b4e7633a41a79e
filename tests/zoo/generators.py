"""Text and molecules, letter by letter; language models; what Keras's own pages show of the layer."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tests.zoo.architecture import COARSE, LSTM, Inputs, architecture, cell_of
from tests.zoo.signals import one_hot, sensors, tokens

layers = keras.layers


@architecture(
    "keras.io, Character-level text generation with LSTM (2015)",
    one_hot(56),
    40,
    scaled="128 units",
)
def char_generation(lstm: LSTM) -> keras.Model:
    inputs = keras.Input((40, 56))
    return keras.Model(inputs, layers.Dense(56, activation="softmax")(lstm(96)(inputs)))


@architecture(
    "Karpathy, The unreasonable effectiveness of RNNs (2015); TensorFlow tutorial, Text generation (2018)",
    tokens(65),
    30,
    50,
    options={"state": "carry"},
    as_stream=True,
    scaled="256 wide letters, 1,024 units",
)
def char_rnn_stateful(lstm: LSTM) -> keras.Model:
    """As it generates: one sequence, any length, the state goes on."""
    return keras.Sequential(
        [
            keras.Input(batch_shape=(1, None), dtype="int32"),
            layers.Embedding(65, 32),
            lstm(96, return_sequences=True, stateful=True),
            layers.Dense(65),
        ]
    )


@architecture(
    "Zaremba, Sutskever and Vinyals, Recurrent neural network regularization (2014)",
    tokens(500),
    20,
    35,
    scaled="10,000 words, 650 units",
)
def word_language_model(lstm: LSTM) -> keras.Model:
    ids = keras.Input((None,), dtype="int32")
    x = layers.Dropout(0.5)(layers.Embedding(500, 64)(ids))
    for _ in range(2):
        x = layers.Dropout(0.5)(lstm(64, return_sequences=True)(x))
    return keras.Model(ids, layers.Dense(500)(x))


class TiedLanguageModel(keras.Model):
    """The table of words is the output, too."""

    def __init__(self, lstm: LSTM) -> None:
        super().__init__()
        self.words = layers.Embedding(300, 40)
        self.memories = [lstm(units, return_sequences=True) for units in (64, 64, 40)]

    def call(self, ids: Any) -> Any:
        x = self.words(ids)
        for memory in self.memories:
            x = memory(x)
        return ops.matmul(x, ops.transpose(self.words.embeddings))


@architecture(
    "Merity, Keskar and Socher, AWD-LSTM (2017): tied, three layers, subclassed",
    tokens(300),
    18,
    scaled="33,278 words of 400, 1,150 units",
)
def tied_language_model(lstm: LSTM) -> keras.Model:
    model = TiedLanguageModel(lstm)
    model(keras.Input((None,), dtype="int32"))
    return model


@architecture(
    "Segler et al., Generating focused molecule libraries (2018): three layers",
    one_hot(30),
    25,
    40,
    scaled="1,024 units",
)
def molecule_generator(lstm: LSTM) -> keras.Model:
    inputs = keras.Input((None, 30))
    x = inputs
    for _ in range(3):
        x = layers.Dropout(0.2)(lstm(64, return_sequences=True)(x))
    return keras.Model(inputs, layers.TimeDistributed(layers.Dense(30, activation="softmax"))(x))


@architecture("Keras guide, Working with RNNs (2019): RNN(LSTMCell(64)) over rows of pixels", sensors(28), 28)
def rnn_of_a_cell(lstm: LSTM) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((None, 28)),
            layers.RNN(cell_of(lstm)(64)),
            layers.BatchNormalization(),
            layers.Dense(10),
        ]
    )


@architecture(
    "Keras reference, StackedRNNCells (2017): one RNN of two cells; TensorFlow 1's MultiRNNCell",
    sensors(9),
    20,
    30,
)
def stacked_cells(lstm: LSTM) -> keras.Model:
    cell = cell_of(lstm)
    inputs = keras.Input((None, 9))
    return keras.Model(inputs, layers.Dense(4)(layers.RNN([cell(32), cell(24)])(inputs)))


@architecture(
    "Keras 1 and 2.0 - 2.2 (2015 - 2018): recurrent_activation was hard_sigmoid by default",
    sensors(6),
    25,
    40,
)
def hard_sigmoid_gates(lstm: LSTM) -> keras.Model:
    inputs = keras.Input((None, 6))
    x = lstm(32, recurrent_activation="hard_sigmoid", return_sequences=True)(inputs)
    x = lstm(24, recurrent_activation="hard_sigmoid")(x)
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(x))


@architecture(
    "TensorFlow guide, Mixed precision (2020): mixed_float16, the last layer in float32",
    sensors(6),
    25,
    40,
    exact=5e-3,
)
def mixed_precision(lstm: LSTM) -> keras.Model:
    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy("mixed_float16")
    try:
        inputs = keras.Input((None, 6))
        x = layers.Dense(32, activation="relu")(lstm(48)(inputs))
        return keras.Model(inputs, layers.Dense(4, activation="softmax", dtype="float32")(x))
    finally:
        keras.mixed_precision.set_dtype_policy(before)


def _merged(lstm: LSTM, merge: str | None) -> keras.Model:
    inputs = keras.Input((None, 4))
    x = layers.Bidirectional(lstm(20, return_sequences=True), merge_mode=merge)(inputs)
    if merge is None:
        forwards, backwards = x
        return keras.Model(inputs, [layers.Dense(1)(forwards), layers.Dense(1)(backwards)])
    return keras.Model(inputs, layers.TimeDistributed(layers.Dense(1, activation="sigmoid"))(x))


MERGES = "Brownlee, How to develop a bidirectional LSTM (2017): merge_mode {}"


@architecture(MERGES.format("sum"), sensors(4), 10, 18)
def bidirectional_sum(lstm: LSTM) -> keras.Model:
    return _merged(lstm, "sum")


@architecture(MERGES.format("mul"), sensors(4), 10, 18)
def bidirectional_mul(lstm: LSTM) -> keras.Model:
    return _merged(lstm, "mul")


@architecture(MERGES.format("ave"), sensors(4), 10, 18)
def bidirectional_ave(lstm: LSTM) -> keras.Model:
    return _merged(lstm, "ave")


@architecture(MERGES.format("concat"), sensors(4), 10, 18)
def bidirectional_concat(lstm: LSTM) -> keras.Model:
    return _merged(lstm, "concat")


@architecture(
    "Keras reference, Bidirectional (2016): merge_mode None, the directions apart", sensors(4), 10, 18
)
def bidirectional_apart(lstm: LSTM) -> keras.Model:
    return _merged(lstm, None)


@architecture(
    "Keras reference, Bidirectional: backward_layer, another class backwards (2019)",
    sensors(4),
    10,
    18,
    refused={"int8": "writing it out needs a fixed length"},
)
def bidirectional_two_kinds(lstm: LSTM) -> keras.Model:
    """A relu LSTM backwards, as the reference shows it."""
    forwards = lstm(10, return_sequences=True)
    backwards = lstm(10, activation="relu", return_sequences=True, go_backwards=True)
    inputs = keras.Input((None, 4))
    x = layers.Bidirectional(forwards, backward_layer=backwards)(inputs)
    return keras.Model(inputs, layers.Dense(5)(layers.Bidirectional(lstm(10))(x)))


def _letters(rng: Any, samples: int, steps: int) -> Inputs:
    """Words of up to nine letters, `[samples, steps, 9]`."""
    (letters,) = tokens(30, padded=True)(rng, samples * steps, 9)
    return [letters.reshape(samples, steps, 9)]


@architecture(
    "Kim et al., Character-aware neural language models (2016): convolutions, highway, two LSTMs",
    _letters,
    12,
    17,
    scaled="words of 21 characters of 15, 525 features, 300 units",
    refused=COARSE,
)
def character_aware_highway(lstm: LSTM) -> keras.Model:
    letters = keras.Input((None, 9), dtype="int32")
    spelt = layers.TimeDistributed(layers.Embedding(30, 12))(letters)
    widths = [
        layers.TimeDistributed(layers.Conv1D(8 * width, width, activation="tanh"))(spelt)
        for width in (1, 2, 3)
    ]
    x = layers.Concatenate()([layers.TimeDistributed(layers.GlobalMaxPooling1D())(each) for each in widths])
    gate = layers.Dense(48, activation="sigmoid")(x)
    changed = layers.Dense(48, activation="relu")(x)
    carried = layers.Multiply()([layers.Lambda(lambda value: 1.0 - value)(gate), x])
    x = layers.Add()([layers.Multiply()([gate, changed]), carried])
    x = lstm(40, return_sequences=True)(x)
    x = lstm(40, return_sequences=True)(x)
    return keras.Model(letters, layers.Dense(60, activation="softmax")(x))
