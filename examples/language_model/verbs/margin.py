"""The loss: how much likelier than the wrong form of a verb the right one must be (Noji & Takamura 2020).

Beside -log P of every word, the difference log P(right) - log P(wrong) at a verb is asked to be at least
`margin`; what it lacks is added. Over the softmax its denominator cancels, so that two rows of the table of
words are all that is computed:

    loss = weight * mean(max(0, margin - (outputs . (E[right] - E[wrong]) + b[right] - b[wrong])))
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from keras_lstm_plus import LSTMPlus
from keras_lstm_plus.aliases import Tensor

MARGIN = 3.0  # e^3: the right form twenty times as likely
WEIGHT = 0.15  # against the loss of the words


class FromStart(keras.layers.Layer):
    """Another LSTM's outputs, from a state of zeros, and of them the one at a place of each row.

    A stateful layer goes on with the text; sentences that stand by themselves need its weights and not its
    state.

    Args:
        memory: the LSTM.

    Call arguments: `vectors [batch, time, width]`, `last [batch]`, what is taken of the time. Gives
    `[batch, width]`.
    """

    def __init__(self, memory: LSTMPlus, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.memory = memory

    def call(self, vectors: Tensor, last: Tensor, training: bool = False) -> Tensor:
        zeros = self.memory.cell.get_initial_state(ops.shape(vectors)[0])
        _, outputs, _ = self.memory.inner_loop(vectors, list(zeros), None, training)
        return ops.take_along_axis(outputs, last[:, None, None], axis=1)[:, 0]

    def compute_output_spec(self, vectors: Tensor, last: Tensor, training: bool = False) -> keras.KerasTensor:
        return keras.KerasTensor((vectors.shape[0], self.memory.cell.output_size), dtype=self.compute_dtype)


class Margin(keras.layers.Layer):
    """Adds the loss above to that of the model, and gives the difference of the two forms, `[batch]`.

    Args:
        words: the layer whose `embeddings [vocabulary, width]` and `bias [vocabulary]` make scores.
        margin: in nats.
        weight: of this loss.

    Call arguments: `outputs [batch, width]`, before the verb; `verbs [batch, 2]`, numbers of its right and
    its wrong form.
    """

    def __init__(
        self, words: keras.layers.Layer, margin: float = MARGIN, weight: float = WEIGHT, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.words, self.margin, self.weight = words, margin, weight

    def call(self, outputs: Tensor, verbs: Tensor) -> Tensor:
        rows = ops.take(self.words.embeddings, verbs, axis=0)
        bias = ops.take(self.words.bias, verbs, axis=0)
        found = ops.sum(outputs * (rows[:, 0] - rows[:, 1]), axis=-1) + bias[:, 0] - bias[:, 1]
        self.add_loss(self.weight * ops.mean(ops.relu(self.margin - found)))
        return found
