"""The layers: words -> vectors -> LSTM -> vectors -> words, with one table of vectors at both ends.

A tied table (Press & Wolf 2017, arXiv:1608.05859) halves the model, most of which is that table, and asks the
LSTM for outputs as wide as its inputs. The recurrent projection does that inside the layer (Sak 2014), as in
the keyboard of Hard et al. 2018 (arXiv:1811.03604); the standard LSTM gets a linear layer behind it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
from keras import ops

from examples.language_model.verbs.lessons import STEPS
from examples.language_model.verbs.margin import FromStart, Margin
from keras_lstm_plus import LSTMPlus
from keras_lstm_plus.aliases import Tensor


class Size(NamedTuple):
    """How large a network is: cells of the LSTM, and numbers in the vector of a word."""

    cells: int
    width: int


@keras.saving.register_keras_serializable("examples.language_model")
class Words(keras.layers.Embedding):
    """Numbers of words to vectors, and with `reverse` vectors to a score for every word, by the same table.

    A score is the logarithm of a probability but for a constant: softmax makes probabilities of them. That
    is left out here, because 8-bit probabilities would be zero for all words but a few.

    Call arguments: `inputs [batch, time]` integers, or with `reverse` `[batch, time, width]`.
    """

    def build(self, input_shape: Any = None) -> None:
        super().build(input_shape)
        self.bias = self.add_weight(shape=(self.input_dim,), initializer="zeros", name="bias")

    def call(self, inputs: Tensor, reverse: bool = False) -> Tensor:
        if not reverse:
            return super().call(inputs)
        return ops.matmul(inputs, ops.transpose(self.embeddings)) + self.bias

    def compute_output_spec(self, inputs: Tensor, reverse: bool = False) -> keras.KerasTensor:
        size = self.input_dim if reverse else self.output_dim
        before = inputs.shape[:-1] if reverse else inputs.shape
        return keras.KerasTensor((*before, size), dtype=self.compute_dtype)

    # Embedding saves its table by name and would leave the bias out.
    def save_own_variables(self, store: Any) -> None:
        store["0"], store["1"] = self.embeddings.numpy(), self.bias.numpy()

    def load_own_variables(self, store: Any) -> None:
        self.embeddings.assign(store["0"])
        self.bias.assign(store["1"])


@keras.saving.register_keras_serializable("examples.language_model")
class WordLoss(keras.layers.Layer):
    """Mean of -log P(next word), added to the loss of the model; in training against some of the words alone.

    With `samples` the softmax runs over the right words and so many drawn ones, frequent words more often,
    corrected for that (Jean et al. 2015, arXiv:1412.2007). It is several times as fast as all words, which
    `samples` 0 takes.

    Call arguments: `outputs [batch, time, width]`, `following [batch, time]`, the words to be predicted.
    """

    def __init__(self, words: Words, samples: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.words, self.samples = words, samples

    def call(self, outputs: Tensor, following: Tensor, training: bool = False) -> Tensor:
        import tensorflow as tf

        vectors = ops.reshape(outputs, (-1, self.words.output_dim))
        labels = ops.reshape(following, (-1,))
        if training and 0 < self.samples < self.words.input_dim:
            table, bias = self.words.embeddings, self.words.bias
            each = tf.nn.sampled_softmax_loss(
                ops.convert_to_tensor(table),
                ops.convert_to_tensor(bias),
                ops.cast(labels, "int64")[:, None],
                vectors,
                self.samples,
                self.words.input_dim,
            )
        else:
            scores = self.words(vectors[:, None], reverse=True)[:, 0]
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, scores)
        loss = ops.mean(each)
        self.add_loss(loss)
        return loss


def memory(kind: str, size: Size, **kwargs: Any) -> LSTMPlus:
    """The LSTM of a network: `cifg` with a projection to the width, or `standard` without one."""
    projection = size.width if kind == "cifg" else None
    return LSTMPlus(
        size.cells, variant=kind, projection_units=projection, return_sequences=True, name="memory", **kwargs
    )


def build(kind: str, vocabulary: int, size: Size) -> keras.Model:
    """The network for use: numbers of words `[batch, time]` to scores `[batch, time, vocabulary]`.

    Args:
        kind: `"cifg"` or `"standard"`.
        vocabulary: number of words.
        size: of the network.
    """
    spread = keras.initializers.RandomNormal(stddev=size.width**-0.5)
    words = Words(vocabulary, size.width, embeddings_initializer=spread, name="words")
    ids = keras.Input((None,), dtype="int32", name="word")
    vectors = memory(kind, size)(words(ids))
    if kind != "cifg":
        vectors = keras.layers.Dense(size.width, name="projection")(vectors)
    return keras.Model(ids, words(vectors, reverse=True), name=f"{kind}_language_model")


def trainable_twin(
    model: keras.Model,
    kind: str,
    size: Size,
    batch: int,
    steps: int,
    dropout: float,
    samples: int,
    lessons: int = 0,
) -> keras.Model:
    """The same network for training: it keeps its state from batch to batch and gives the loss.

    It shares the table of words with `model`; the LSTM is a copy that `bring_back` brings back.

    Args:
        batch: streams side by side.
        steps: words of each at a time, over which gradients go back.
        dropout: share of each vector set to zero before and after the LSTM.
        samples: see `WordLoss`.
        lessons: so many sentences up to a verb beside the streams, see `verbs.margin`; they are three more
            inputs: words `[lessons, time]`, place of the last `[lessons]`, forms of the verb `[lessons, 2]`.
    """
    ids = keras.Input(batch_shape=(batch, steps), dtype="int32", name="word")
    following = keras.Input(batch_shape=(batch, steps), dtype="int32", name="following")
    words = model.get_layer("words")
    own = memory(kind, size, stateful=True)
    vectors = own(keras.layers.Dropout(dropout)(words(ids)))
    own.set_weights(model.get_layer("memory").get_weights())
    if kind != "cifg":
        vectors = model.get_layer("projection")(vectors)
    loss = WordLoss(words, samples, name="loss")(keras.layers.Dropout(dropout)(vectors), following)
    if not lessons:
        return keras.Model([ids, following], loss)
    asked = keras.Input(batch_shape=(lessons, STEPS), dtype="int32", name="asked")
    last = keras.Input(batch_shape=(lessons,), dtype="int32", name="last")
    verbs = keras.Input(batch_shape=(lessons, 2), dtype="int32", name="verbs")
    before = FromStart(own, name="from_start")(keras.layers.Dropout(dropout)(words(asked)), last)
    if kind != "cifg":
        before = model.get_layer("projection")(before)
    found = Margin(words, name="margin")(keras.layers.Dropout(dropout)(before), verbs)
    return keras.Model([ids, following, asked, last, verbs], [loss, found])


def memory_twin(model: keras.Model, batch: int, steps: int) -> keras.Model:
    """The same network, for use, with a state that it keeps from one call to the next."""
    ids = keras.Input(batch_shape=(batch, steps), dtype="int32", name="word")
    words, old = model.get_layer("words"), model.get_layer("memory")
    own = LSTMPlus.from_config({**old.get_config(), "stateful": True})
    vectors = own(words(ids))
    own.set_weights(old.get_weights())
    if "projection" in {layer.name for layer in model.layers}:
        vectors = model.get_layer("projection")(vectors)
    return keras.Model(ids, words(vectors, reverse=True))


def bring_back(twin: keras.Model, model: keras.Model) -> None:
    """Give the LSTM of `model` the weights of its twin."""
    model.get_layer("memory").set_weights(twin.get_layer("memory").get_weights())
