"""One ticket of the lottery: a model and what is asked of `convert`, all of it drawn from one seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from tests.helpers.keras_models import randomised
from tests.lottery.recurrent import draw_recurrent

QUANTIZE = (None, "float16", "dynamic", "int8", "int16x8")


@dataclass(frozen=True)
class Ticket:
    """A model and a request.

    Attributes:
        seed: that all of it was drawn from.
        model: of Keras, with one input and one output or several.
        words: what it is, to print.
        options: of `convert`, but for the data.
        tokens: size of the table where the input is tokens, else 0.
        features: numbers a step, where it is not tokens.
        length: time steps, None where any number may come.
        pad: the value that its Masking takes for padding; None: it has none.
    """

    seed: int
    model: keras.Model
    words: str
    options: dict[str, Any]
    tokens: int
    features: int
    length: int | None
    pad: float | None


def draw(seed: int, quantize: str | None) -> Ticket:
    """The ticket of that seed for that kind of numbers."""
    rng = np.random.default_rng([seed, QUANTIZE.index(quantize)])
    keras.utils.set_random_seed(seed)
    state = str(rng.choice(["reset", "carry", "explicit"], p=[0.7, 0.15, 0.15]))
    streams = state != "reset"
    length = None if streams or rng.random() < 0.5 else int(rng.integers(3, 14))
    tokens = int(rng.integers(5, 400)) if rng.random() < 0.15 else 0
    features = int(rng.integers(1, 8))
    pad = (
        float(rng.choice([0.0, -1.0, -10.0])) if not streams and not tokens and rng.random() < 0.15 else None
    )
    shape = (length,) if tokens else (length, features)
    inputs = keras.Input(shape, dtype="int32" if tokens else "float32", name="x")
    x, words = inputs, [f"Input{shape}"]
    if tokens:
        masked = not streams and rng.random() < 0.4
        x = keras.layers.Embedding(tokens, int(rng.integers(2, 10)), mask_zero=bool(masked))(x)
        words.append(f"Embedding({tokens}{', mask_zero' if masked else ''})")
    elif pad is not None:
        x = keras.layers.Masking(pad)(x)
        words.append(f"Masking({pad:g})")
    elif rng.random() < 0.25:
        x, before = _before(rng, x, streams)
        words.append(before)
    outputs = _recurrent_part(rng, x, words, streams, fixed=length is not None)
    model = randomised(keras.Model(inputs, outputs), seed)
    options = _options(rng, quantize, state, length)
    return Ticket(seed, model, " -> ".join(words), options, tokens, features, length, pad)


def _before(rng: np.random.Generator, x: Any, streams: bool) -> tuple[Any, str]:
    kinds = ["dense", "dropout", "norm"] if streams else ["dense", "dropout", "norm", "conv", "batch_norm"]
    kind = str(rng.choice(kinds))
    layer = {
        "dense": lambda: keras.layers.Dense(int(rng.integers(2, 9)), activation="relu"),
        "dropout": lambda: keras.layers.Dropout(0.3),
        "norm": lambda: keras.layers.LayerNormalization(),
        "conv": lambda: keras.layers.Conv1D(int(rng.integers(2, 9)), 3, padding="same"),
        "batch_norm": lambda: keras.layers.BatchNormalization(),
    }[kind]()
    return layer(x), type(layer).__name__


def _recurrent_part(
    rng: np.random.Generator, x: Any, words: list[str], streams: bool, fixed: bool
) -> list[Any]:
    """One to three recurrent layers, and what people put behind them."""
    depth = int(rng.choice([1, 2, 3], p=[0.55, 0.35, 0.1]))
    timed = bool(rng.random() < 0.5)
    states: list[Any] = []
    for position in range(depth):
        drawn = draw_recurrent(rng, sequences=timed or position < depth - 1, streams=streams)
        result = drawn.layer(x)
        new, *given = result if drawn.returns else (result,)
        residual = position > 0 and new.shape == x.shape and rng.random() < 0.5
        x = keras.layers.Add()([x, new]) if residual else new
        states += given
        words.append(drawn.words + (" + residual" if residual else ""))
    x = _after(rng, x, words, timed, fixed, streams)
    return [x, *states]


def _after(
    rng: np.random.Generator, x: Any, words: list[str], timed: bool, fixed: bool, streams: bool
) -> Any:
    kind = str(rng.choice(["nothing", "dense", "softmax", "tanh", "spread", "pool", "flat"]))
    classes = int(rng.integers(2, 7))
    if kind == "nothing":
        return x
    words.append(kind)
    if kind == "pool" and timed and not streams:
        return keras.layers.Dense(classes)(keras.layers.GlobalAveragePooling1D()(x))
    if kind == "flat" and timed and fixed:
        return keras.layers.Dense(classes)(keras.layers.Flatten()(x))
    if kind == "spread" and timed:
        return keras.layers.TimeDistributed(keras.layers.Dense(classes))(x)
    activation = kind if kind in ("softmax", "tanh") else None
    return keras.layers.Dense(classes, activation=activation)(x)


def _options(
    rng: np.random.Generator, quantize: str | None, state: str, length: int | None
) -> dict[str, Any]:
    options: dict[str, Any] = {"quantize": quantize, "state": None if state == "reset" else state}
    if rng.random() < 0.15 and length is not None:
        options["lowering"] = "unrolled"
    if state == "explicit" and rng.random() < 0.4:
        options["lowering"] = "step"
    if rng.random() < 0.2:
        options["batch"] = int(rng.integers(2, 5))
    if quantize in ("int8", "int16x8") and rng.random() < 0.3:
        options["input_type"] = options["output_type"] = "float32"
    return options
