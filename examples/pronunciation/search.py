"""The search of `edge.search` over many words at once, in Keras: what the files are judged by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import keras
import numpy as np
import tensorflow as tf

from edge.aliases import Array
from examples.pronunciation.alphabet import END, START, SYMBOLS, letter_numbers, most_phonemes
from keras_lstm_plus.attention import decoder_step

BATCH = 128  # words


class Reader:
    """A trained network as it is used: phoneme after phoneme, from its own answers.

    Args:
        model: of `network.build`.
    """

    def __init__(self, model: keras.Model) -> None:
        encoder, step, token = decoder_step(model)
        scores = next(name for name in step.output if name == model.output_names[0])

        def following(given: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor, dict[str, tf.Tensor]]:
            said = step(given)
            states = {name: said[f"next_{name}"] for name in given if name.startswith("state_")}
            return tf.nn.log_softmax(said[scores][:, 0]), said["alignments"][:, 0], states

        self.token = token
        self.widths = {spec.name: spec.shape[-1] for spec in step.inputs if spec.name.startswith("state_")}
        # One trace for all words: TensorFlow would make one for each length.
        self.encode = tf.function(encoder, input_signature=[tf.TensorSpec((None, None), tf.int32)])
        specs = {spec.name: tf.TensorSpec(spec.shape, spec.dtype) for spec in step.inputs}
        self.step = tf.function(following, input_signature=[specs])

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

    def look(self, word: str) -> tuple[tuple[str, ...], Array]:
        """The phonemes of a word without a beam, and where each looked, `[phonemes, letters]`."""
        said, looked = [START], []
        fixed, states = self._begin(letter_numbers(word)[None], 1)
        while said[-1] != END and len(said) <= most_phonemes(len(word)):
            scores, where, states = self.step({self.token: tf.constant([said[-1:]]), **fixed, **states})
            said.append(int(np.argmax(scores)))
            looked.append(where[0].numpy())
        phonemes = phonemes_of(said)
        return phonemes, np.array(looked)[: len(phonemes)]

    def _begin(self, letters: Array, beam: int) -> tuple[dict[str, tf.Tensor], dict[str, tf.Tensor]]:
        """What every step is given, and the first states; the beginnings of a word lie side by side."""
        read = {name: tf.repeat(value, beam, 0) for name, value in self.encode(tf.constant(letters)).items()}
        rows = len(letters) * beam
        states = {
            name: read.pop(name) if name in read else tf.zeros((rows, width))
            for name, width in self.widths.items()
        }
        return read, states

    def _read_batch(self, letters: Array, beam: int) -> list[tuple[str, ...]]:
        """Of words of one length, `[batch, letters]`."""
        fixed, states = self._begin(letters, beam)
        batch, symbols = len(letters), len(SYMBOLS)
        scores = np.full((batch, beam), -np.inf, np.float32)
        scores[:, 0] = 0  # all beginnings are the same as yet
        said = np.full((batch, beam, 1), START, np.int32)
        done = np.full(batch, -np.inf, np.float32)
        answers: list[Array] = [np.array([])] * batch
        for _ in range(most_phonemes(letters.shape[1])):
            asked = {self.token: tf.constant(said[..., -1].reshape(-1, 1)), **fixed, **states}
            given, _, states = self.step(asked)
            total = (scores[..., None] + given.numpy().reshape(batch, beam, symbols)).reshape(batch, -1)
            best = np.argsort(-total, axis=1, kind="stable")[:, :beam]
            scores = np.take_along_axis(total, best, 1)
            origin, symbol = np.divmod(best, symbols)
            said = np.take_along_axis(said, origin[..., None], 1)
            said = np.concatenate([said, symbol[..., None].astype(np.int32)], -1)
            for row, place in np.argwhere(symbol == END):
                if scores[row, place] > done[row]:
                    done[row], answers[row] = scores[row, place], said[row, place]
            scores[symbol == END] = -np.inf  # what has ended leaves the beam
            if (done >= scores.max(axis=1)).all():
                break
            rows = tf.constant((np.arange(batch)[:, None] * beam + origin).ravel())
            states = {name: tf.gather(state, rows) for name, state in states.items()}
        best = scores.argmax(axis=1)  # of those that never ended
        return [
            phonemes_of(answer if len(answer) else said[row, best[row]]) for row, answer in enumerate(answers)
        ]


def phonemes_of(numbers: Iterable[int]) -> tuple[str, ...]:
    """What was said, without the marks."""
    return tuple(SYMBOLS[number] for number in numbers if number not in (START, END))
