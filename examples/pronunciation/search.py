"""Beam search over many words at once, on the workstation: what Keras says, to judge the files by."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from edge.aliases import Array
from examples.pronunciation.alphabet import END, START, SYMBOLS, letter_numbers
from keras_lstm_plus.attention import join_states

BATCH = 128  # words


def most_phonemes(letters: int) -> int:
    """A bound, so that every search ends: "x" has three phonemes, "www" nine."""
    return 4 + 2 * letters


class Reader:
    """A trained network as it is used: phoneme after phoneme, from its own answers.

    Args:
        model: of `network.build`.
    """

    def __init__(self, model: keras.Model) -> None:
        encoders = [layer for layer in model.layers if isinstance(layer, keras.layers.Bidirectional)]
        memory, *states = encoders[-1].output
        encoder = keras.Model(model.inputs[0], [memory, *join_states(states)])
        vectors, decoder, last = (model.get_layer(name) for name in ("phoneme_vectors", "decoder", "phoneme"))

        def start(letters: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
            memory, *states = encoder(letters)
            return memory, [*states, *decoder.cell.first_feed(tf.shape(letters)[0])]

        def step(
            before: tf.Tensor, states: list[tf.Tensor], memory: tf.Tensor
        ) -> tuple[tf.Tensor, list[tf.Tensor]]:
            attended, states, _ = decoder.cell(vectors(before), states, memory)
            return tf.nn.log_softmax(last(attended)), states

        # One trace for all words: TensorFlow would make one for each length.
        def floats(*shape: int | None) -> tf.TensorSpec:
            return tf.TensorSpec((None, *shape), tf.float32)

        sizes = decoder.cell.state_size
        self.start = tf.function(start, input_signature=[tf.TensorSpec((None, None), tf.int32)])
        self.step = tf.function(
            step,
            input_signature=[
                tf.TensorSpec((None,), tf.int32),
                [floats(size) for size in sizes],
                floats(None, memory.shape[-1]),
            ],
        )

    def read(self, words: Sequence[str], beam: int = 1) -> list[tuple[str, ...]]:
        """The phonemes of each word.

        Args:
            beam: so many beginnings are followed at once; 1 follows the likeliest next phoneme alone.
        """
        order = sorted(range(len(words)), key=lambda n: len(letter_numbers(words[n])))
        found: dict[int, tuple[str, ...]] = {}
        while order:
            letters = [letter_numbers(words[n]) for n in order[:BATCH]]
            same = [n for n, each in zip(order, letters, strict=False) if len(each) == len(letters[0])]
            answers = self._read_batch(np.stack(letters[: len(same)]), beam)
            found |= dict(zip(same, answers, strict=True))
            order = order[len(same) :]
        return [found[n] for n in range(len(words))]

    def _read_batch(self, letters: Array, beam: int) -> list[tuple[str, ...]]:
        """Of words of one length, `[batch, letters]`. The beginnings of a word lie side by side."""
        memory, states = self.start(tf.constant(letters))
        memory, states = tf.repeat(memory, beam, 0), [tf.repeat(state, beam, 0) for state in states]
        batch, symbols = len(letters), len(SYMBOLS)
        scores = np.full((batch, beam), -np.inf, np.float32)
        scores[:, 0] = 0  # all beginnings are the same as yet
        said = np.full((batch, beam, 1), START, np.int32)
        for _ in range(most_phonemes(letters.shape[1])):
            given, states = self.step(tf.constant(said[..., -1].ravel()), states, memory)
            following = given.numpy().reshape(batch, beam, symbols)
            following[..., START] = -np.inf
            ended = said[..., -1] == END
            following[ended] = -np.inf
            following[ended, END] = 0  # what has ended stays as it is
            total = (scores[..., None] + following).reshape(batch, -1)
            best = np.argsort(-total, axis=1, kind="stable")[:, :beam]
            scores = np.take_along_axis(total, best, 1)
            origin, symbol = np.divmod(best, symbols)
            said = np.take_along_axis(said, origin[..., None], 1)
            said = np.concatenate([said, symbol[..., None].astype(np.int32)], -1)
            rows = tf.constant((np.arange(batch)[:, None] * beam + origin).ravel())
            states = [tf.gather(state, rows) for state in states]
            if (said[..., -1] == END).all():
                break
        return [phonemes_of(row) for row in said[:, 0]]


def phonemes_of(numbers: Sequence[int]) -> tuple[str, ...]:
    """What was said, without the marks."""
    return tuple(SYMBOLS[number] for number in numbers if number not in (START, END))
