"""Who takes part in training a model: `model.fit` as a user calls it, and PyTorch's own loop beside it.

The layer and a Dense(1) behind it, on its last step or on all; Adam on the mean square; every model starts
from weights of its own. `fit` reads a `tf.data` set without the autotuner, whose wait at the end of an epoch
has nothing to do with the layer (`benchmarks.feeding` measures it).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import perf_counter, sleep
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from benchmarks.engine_switch import WITHOUT, engine_is_here, switched_off, without
from benchmarks.turns import PAUSE, Figures, Steps, interleave
from keras_lstm_plus import LSTMPlus

BATCHES = 10  # of an epoch
LENGTHS = tuple(range(20, 120, 5))  # of a stream: twenty, each a batch of its own
LATER = 3  # epochs of a stream after its first
FRESH = 3  # models of each that see a stream for the first time; the fastest counts
BARE = "no LSTM"  # a mean over time in its place: what Keras, the optimizer and the data take

Callbacks = dict[str, "FirstBatch"]
Pairs = list[tuple[np.ndarray, np.ndarray]]  # batches of x [batch, time, inputs] and y


def epochs(batch: int, time: int, inputs: int, units: int, every_step: bool) -> Steps:
    """One epoch of ten batches each."""
    x = _normal((BATCHES * batch, time, inputs))
    y = _normal((BATCHES * batch, time, 1) if every_step else (BATCHES * batch, 1))
    data = untuned(tf.data.Dataset.from_tensor_slices((x, y)).batch(batch))
    pairs = [(x[k : k + batch], y[k : k + batch]) for k in range(0, len(x), batch)]
    models = _models((time, inputs), units, every_step)
    return {**_torch_epoch(pairs, inputs, units, every_step), **_fits(models, data)}


def untuned(data: tf.data.Dataset) -> tf.data.Dataset:
    """Without the autotuner, which makes short epochs wait."""
    options = tf.data.Options()
    options.autotune.enabled = False
    return data.with_options(options)


class FirstBatch(keras.callbacks.Callback):
    """Notes the moment at which the first batch of all was done."""

    done = 0.0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.done = self.done or perf_counter()


def streams(batch: int, inputs: int, units: int) -> dict[str, Figures]:
    """What batches of twenty different lengths take, last step shown, in models that never saw them.

    Returns:
        By contestant, in milliseconds: `first_step`, the first batch of all; `first`, the first epoch with
        it, of the fastest of several models; `later`, the fastest of the epochs after it.
    """
    order = np.random.default_rng(1).permutation(LENGTHS)
    pairs = [(_normal((batch, int(time), inputs)), _normal((batch, 1))) for time in order]
    spec = (tf.TensorSpec((None, None, inputs)), tf.TensorSpec((None, 1)))
    data = untuned(tf.data.Dataset.from_generator(lambda: iter(pairs), output_signature=spec))
    data = data.apply(tf.data.experimental.assert_cardinality(len(pairs)))
    found: dict[str, Figures] = {}
    for _ in range(FRESH):
        models = _models((None, inputs), units, every_step=False)
        models[BARE] = _compiled((None, inputs), keras.layers.GlobalAveragePooling1D())
        watching = {name: FirstBatch() for name in models}
        steps = {**_torch_epoch(pairs, inputs, units, False), **_fits(models, data, watching)}
        for name, step in steps.items():
            sleep(PAUSE)
            started = perf_counter()
            returned = step()
            ended = perf_counter()
            first_done = watching[name].done if name in watching else returned
            now = {"first_step": 1e3 * (first_done - started), "first": 1e3 * (ended - started)}
            found[name] = min(now, found.get(name, now), key=lambda figures: figures["first"])
    later = interleave(steps, LATER, warm_up=0)
    return {name: {**found[name], "later": later[name]["min"]} for name in steps}


def _models(shape: tuple[int | None, int], units: int, every_step: bool) -> dict[str, keras.Model]:
    """As `compile()` sets each up: on a processor a graph of TensorFlow, without XLA around the model."""
    shown: dict[str, Any] = {"return_sequences": every_step}
    models = {"Keras": _compiled(shape, keras.layers.LSTM(units, **shown))}
    if shape[0] is not None:  # a length that changes has XLA compile each time
        layer = keras.layers.LSTM(units, use_cudnn=False, **shown)
        models["Keras, XLA"] = _compiled(shape, layer, jit_compile=True)
    if engine_is_here():
        with switched_off():
            models[WITHOUT] = _compiled(shape, LSTMPlus(units, **shown))
    models["LSTMPlus"] = _compiled(shape, LSTMPlus(units, **shown))
    models["LSTMPlus peephole"] = _compiled(shape, LSTMPlus(units, "peephole", **shown))
    return models


def _compiled(shape: tuple[int | None, int], layer: keras.layers.Layer, **options: Any) -> keras.Model:
    model = keras.Sequential([keras.Input(shape), layer, keras.layers.Dense(1)])
    model.compile("adam", "mse", **options)
    return model


def _fits(models: dict[str, keras.Model], data: tf.data.Dataset, callbacks: Callbacks | None = None) -> Steps:
    def fit(name: str) -> Callable[[], Any]:
        watching = [callbacks[name]] if callbacks else []
        step = partial(models[name].fit, data, verbose=0, shuffle=False, callbacks=watching)
        return without(step) if name == WITHOUT else step

    return {name: fit(name) for name in models}


def _torch_epoch(pairs: Pairs, inputs: int, units: int, every_step: bool) -> Steps:
    """PyTorch's own loop over the same batches; a call gives the moment at which the first was done."""
    try:
        import torch
    except ImportError:
        return {}
    lstm, dense = torch.nn.LSTM(inputs, units, batch_first=True), torch.nn.Linear(units, 1)
    optimizer = torch.optim.Adam([*lstm.parameters(), *dense.parameters()], lr=1e-3)
    batches = [(torch.from_numpy(x), torch.from_numpy(y)) for x, y in pairs]

    def epoch() -> float:
        first_done = 0.0
        for x, y in batches:
            optimizer.zero_grad()
            h = lstm(x)[0]
            loss = torch.nn.functional.mse_loss(dense(h if every_step else h[:, -1]), y)
            loss.backward()
            optimizer.step()
            loss.item()  # Keras adds up the losses too
            first_done = first_done or perf_counter()
        return first_done

    return {"torch": epoch}


def _normal(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype("float32")
