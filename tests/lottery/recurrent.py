"""Draws recurrent layers: any kind, variant, direction, merge mode, mask and state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_lstm_plus import LSTMPlus
from keras_lstm_plus.variants import VARIANTS

JOINED = ("peephole+cifg", "cifg+layer_norm", "peephole+layer_norm", "peephole+cifg+layer_norm")
MERGES = ("concat", "sum", "mul", "ave")
ACTIVATIONS = ("tanh", "tanh", "tanh", "relu", "linear", "sigmoid", "softsign")


@dataclass
class Recurrent:
    """One recurrent layer that was drawn.

    Attributes:
        layer: of Keras.
        words: what it is, to print.
        forwards: whether it reads the sequence as it comes, so that it can stream.
        returns: how many states it returns beside its output.
    """

    layer: Any
    words: str
    forwards: bool = True
    returns: int = 0


def draw_recurrent(rng: np.random.Generator, sequences: bool, streams: bool) -> Recurrent:
    """A layer that returns sequences or its last output; one that `streams` reads forwards."""
    units = int(rng.integers(1, 20))
    options: dict[str, Any] = {"return_sequences": sequences, "use_bias": bool(rng.random() > 0.1)}
    if not streams and rng.random() < 0.1:
        options["go_backwards"] = True
    kind = rng.choice(
        ["plus", "stock", "gru", "rnn", "cell", "stacked"], p=[0.55, 0.2, 0.08, 0.07, 0.05, 0.05]
    )
    layer, words = _KINDS[kind](rng, units, options)
    words += "".join(f" {name}" for name, value in options.items() if value is True and name != "use_bias")
    words += "" if options.get("use_bias", True) else " no bias"
    forwards = not options.get("go_backwards", False)
    if not streams and forwards and rng.random() < 0.2:
        merge = str(rng.choice(MERGES))
        return Recurrent(
            keras.layers.Bidirectional(layer, merge_mode=merge), f"bidirectional({words}, {merge})", False
        )
    if rng.random() < 0.1 and kind in ("plus", "stock", "gru", "rnn"):
        config = {**layer.get_config(), "return_state": True}
        layer = type(layer).from_config(config)
        count = len(keras.tree.flatten(layer.cell.state_size))
        return Recurrent(layer, words + " return_state", forwards, count)
    return Recurrent(layer, words, forwards)


def _plus(rng: np.random.Generator, units: int, options: dict[str, Any]) -> tuple[Any, str]:
    variant = str(rng.choice([*VARIANTS, *JOINED]))
    extra: dict[str, Any] = {}
    if rng.random() < 0.15 and variant != "indy":
        extra["projection_units"] = int(rng.integers(1, 12))
    if rng.random() < 0.15:
        extra["cell_clip"] = round(float(rng.uniform(0.5, 3)), 2)
    try:
        layer = LSTMPlus(units, variant, **options, **extra)
    except ValueError:  # a layer norm has no bias, an IndRNN no projection: leave that out
        options["use_bias"] = True
        layer, extra = LSTMPlus(units, variant, **options), {}
    return layer, f"LSTMPlus({units}, {variant}{''.join(f', {k}={v}' for k, v in extra.items())})"


def _stock(rng: np.random.Generator, units: int, options: dict[str, Any]) -> tuple[Any, str]:
    activation = str(rng.choice(ACTIVATIONS))
    gates = "hard_sigmoid" if rng.random() < 0.1 else "sigmoid"
    layer = keras.layers.LSTM(units, activation=activation, recurrent_activation=gates, **options)
    return layer, f"LSTM({units}, {activation}, {gates})"


def _gru(rng: np.random.Generator, units: int, options: dict[str, Any]) -> tuple[Any, str]:
    after = bool(rng.random() < 0.5)
    return keras.layers.GRU(units, reset_after=after, **options), f"GRU({units}, reset_after={after})"


def _rnn(rng: np.random.Generator, units: int, options: dict[str, Any]) -> tuple[Any, str]:
    activation = str(rng.choice(("tanh", "relu", "linear")))
    return keras.layers.SimpleRNN(
        units, activation=activation, **options
    ), f"SimpleRNN({units}, {activation})"


def _cell(rng: np.random.Generator, units: int, options: dict[str, Any]) -> tuple[Any, str]:
    bias = options.pop("use_bias")
    return keras.layers.RNN(keras.layers.LSTMCell(units, use_bias=bias), **options), f"RNN(LSTMCell({units}))"


def _stacked(rng: np.random.Generator, units: int, options: dict[str, Any]) -> tuple[Any, str]:
    options.pop("use_bias")
    widths = [units, int(rng.integers(1, 20))]
    cells = [keras.layers.LSTMCell(width) for width in widths]
    return keras.layers.RNN(cells, **options), f"RNN([LSTMCell{tuple(widths)}])"


_KINDS = {"plus": _plus, "stock": _stock, "gru": _gru, "rnn": _rnn, "cell": _cell, "stacked": _stacked}
