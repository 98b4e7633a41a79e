"""A critic that is trained on the slope of its own answers (WGAN-GP, Gulrajani et al. 2017), by `fit`."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_lstm_plus import LSTMPlus

STEPS, FEATURES = 6, 3


class Critic(keras.Model):
    """Its loss holds the norm of the gradient of its answers: the training differentiates twice."""

    def __init__(self, layer: keras.layers.Layer) -> None:
        super().__init__()
        self.memory, self.answer = layer, keras.layers.Dense(1)

    def call(self, x: Any) -> Any:
        return self.answer(self.memory(x))

    def train_step(self, data: tuple[Any, Any]) -> dict[str, Any]:
        real, made = data
        with tf.GradientTape() as tape:
            between = (real + made) / 2
            with tf.GradientTape() as inner:
                inner.watch(between)
                answers = self(between, training=True)
            slope = inner.gradient(answers, between)
            norm = tf.sqrt(tf.reduce_sum(tf.square(slope), axis=(1, 2)) + 1e-12)
            gap = tf.reduce_mean(self(made, training=True)) - tf.reduce_mean(self(real, training=True))
            loss = gap + 10 * tf.reduce_mean(tf.square(norm - 1))
        self.optimizer.apply(tape.gradient(loss, self.trainable_weights), self.trainable_weights)
        return {"judged": loss}


@pytest.mark.parametrize("variant", ["standard", "peephole"])
def test_it_trains_as_with_the_loop_written_out(variant: str) -> None:
    rng = np.random.default_rng(0)
    real, made = (rng.normal(mean, 1, (16, STEPS, FEATURES)).astype("float32") for mean in (0, 1))
    losses, start = [], None
    for unroll in (True, False):
        critic = Critic(LSTMPlus(8, variant, unroll=unroll))
        critic(real)
        start = start or critic.get_weights()
        critic.set_weights(start)
        critic.compile(keras.optimizers.Adam(0.01), jit_compile=False)
        losses.append(
            critic.fit(real, made, batch_size=8, epochs=3, shuffle=False, verbose=0).history["judged"]
        )
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)
    assert losses[0][-1] < losses[0][0]
