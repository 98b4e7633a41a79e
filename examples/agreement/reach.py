"""How much of the gradient reaches a word that stands k words back."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from edge.aliases import Array
from examples.agreement.data import encode
from examples.agreement.grammar import Sentence
from examples.agreement.network import parts


def gradient_reach(model: keras.Model, sentences: Sequence[Sentence], back: int) -> Array:
    """The norm of d loss / d embedding 1, 2, ... `back` words before the word that is predicted, `[back]`.

    The loss is the cross entropy of the right word; the norm is taken over the embedding of one word of one
    sentence, then the mean over the sentences.

    Args:
        sentences: each with a prefix of at least `back` words.

    Raises:
        ValueError: a shorter prefix.
    """
    shortest = min(len(sentence.prefix) for sentence in sentences)
    if shortest < back:
        raise ValueError(f"The gradient {back} words back: a prefix has {shortest} words.")
    words, targets = encode(sentences)
    embedding, memory, following = parts(model)
    with tf.GradientTape() as tape:
        x = embedding(words)
        tape.watch(x)
        answer = following(memory(x, mask=tf.constant(words != 0)))
        loss = tf.reduce_sum(keras.losses.sparse_categorical_crossentropy(targets, answer))
    norms = np.linalg.norm(tape.gradient(loss, x).numpy(), axis=-1)
    return norms[:, ::-1][:, :back].mean(axis=0)
