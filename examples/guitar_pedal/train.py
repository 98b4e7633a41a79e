"""Training: stretches of half a second, learned from in windows, with the state carried from one to the next.

Truncated backpropagation as in Wright et al. 2020: the first window of a stretch only brings the state to
where it belongs, then every window is one update, and its gradient ends where the window begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from rich.console import Console

from edge.aliases import Array
from examples.common.progress import LINES, steps
from examples.guitar_pedal.data import SAMPLE_RATE, Pair
from examples.guitar_pedal.measure import EMPHASIS
from examples.guitar_pedal.network import silence, training

WINDOW = 512  # samples from one update to the next
WINDOWS = SAMPLE_RATE // 2 // WINDOW  # of a stretch, the one without an update among them
STRETCHES = 32  # side by side
LEARNING_RATE = 5e-3


def train(
    seen: Sequence[Pair], units: int, rounds: int, seed: int, console: Console
) -> tuple[keras.Model, list[float]]:
    """Train the network.

    Args:
        seen: recordings to learn from, each longer than a stretch.
        units: of the LSTM.
        rounds: how often `STRETCHES` new stretches are drawn; each gives `WINDOWS - 1` updates.
        seed: of the weights and of the stretches.
        console: where the progress is shown.

    Returns:
        The network, see `network.training`, and the mean loss of every round.
    """
    keras.utils.set_random_seed(seed)
    model = training(units)
    total = rounds * (WINDOWS - 1)
    warmup = max(1, total // 50)
    rate = keras.optimizers.schedules.CosineDecay(
        0.05 * LEARNING_RATE, total - warmup, alpha=0.02, warmup_target=LEARNING_RATE, warmup_steps=warmup
    )
    update, listen = _compiled(model, keras.optimizers.Adam(rate, global_clipnorm=1.0))
    rng = np.random.default_rng(seed)
    every = max(1, rounds // LINES)
    history: list[float] = []
    with steps(console, f"LSTM({units}) {{task.description}}") as progress:
        task = progress.add_task("", total=total)
        for number in range(1, rounds + 1):
            dry, wet = draw(seen, rng)
            _, h, c = listen(dry[:, :WINDOW], *silence(STRETCHES, units))
            losses = []
            for start in range(WINDOW, WINDOWS * WINDOW, WINDOW):
                window = slice(start, start + WINDOW)
                loss, h, c = update(dry[:, window], wet[:, window], h, c)
                losses.append(loss)
                progress.advance(task)
            history.append(float(np.mean([float(loss) for loss in losses])))
            text = f"loss {np.mean(history[-every:]):.4f}"
            progress.update(task, description=text)
            if progress.disable and (number % every == 0 or number == rounds):
                console.print(f"LSTM({units}) round {number:4}/{rounds} {text}")
    return model, history


def draw(pairs: Sequence[Pair], rng: np.random.Generator) -> tuple[Array, Array]:
    """Stretches from any place, longer recordings more often: dry and wet, `[STRETCHES, time, 1]` each."""
    length = WINDOW * WINDOWS
    places = np.array([len(pair.dry) - length + 1 for pair in pairs])
    chosen = rng.choice(len(pairs), STRETCHES, p=places / places.sum())
    starts = [int(rng.integers(places[number])) for number in chosen]
    parts = zip(chosen, starts, strict=True)
    cuts = [(pairs[number], slice(start, start + length)) for number, start in parts]
    dry = np.stack([pair.dry[where] for pair, where in cuts])
    wet = np.stack([pair.wet[where] for pair, where in cuts])
    return dry[..., None], wet[..., None]


def loss_of(wet: Any, output: Any) -> Any:
    """ESR with pre-emphasis plus a third of ESR without, which holds the bass; over `[batch, time, 1]`."""
    error = wet - output

    def power(sound: Any) -> Any:
        return tf.reduce_mean(tf.square(sound))

    def treble(sound: Any) -> Any:
        return sound[:, 1:] - EMPHASIS * sound[:, :-1]

    quiet = 1e-5  # a window without sound must not count as much as one with
    return power(treble(error)) / (power(treble(wet)) + quiet) + power(error) / (power(wet) + quiet) / 3


def _compiled(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> tuple[Any, Any]:
    """`update(dry, wet, h, c) -> loss, h, c` and `listen(dry, h, c) -> wet, h, c`, compiled."""
    optimizer.build(model.trainable_variables)

    @tf.function(jit_compile=True)
    def update(dry: Any, wet: Any, h: Any, c: Any) -> Any:
        with tf.GradientTape() as tape:
            output, h, c = model([dry, h, c], training=True)
            loss = loss_of(wet, output)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss, h, c

    @tf.function(jit_compile=True)
    def listen(dry: Any, h: Any, c: Any) -> Any:
        return model([dry, h, c], training=False)

    return update, listen
