"""A classifier as files for the browser, and the runtimes that they are for."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edge.convert import convert
from edge.web.chromium import find_browser
from edge.web.runtimes import RUNTIMES, cache_folder, fetch
from keras_lstm_plus import LSTMPlus
from tests.helpers.device_files import CLASSES, FEATURES, FOLDER, STEPS, sequences

LABELS = ("squat", "lunge", "plank", "bridge", "<b>rest</b>")
NORMALIZATION = {"mean": [0.1, -0.2, 0.3, 0, 0, 1], "std": [1.5, 1, 0.5, 2, 1, 3]}
NOTED: dict[str, Any] = {"labels": LABELS, "normalization": NORMALIZATION}

# The files, and the runtimes that they are for.
FILES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "free": ({**NOTED}, ("web-litert", "web-tfjs")),
    "fixed": ({"target": "web-litert", "length": STEPS}, ("web-litert", "web-tfjs")),
    "dynamic": ({"target": "web-tfjs", "length": STEPS, "quantize": "dynamic"}, ("web-litert", "web-tfjs")),
    "int8": ({"target": "web-tfjs", "length": STEPS, "quantize": "int8"}, ("web-tfjs",)),
    "step": ({**NOTED, "lowering": "step", "target": "compiled-model"}, tuple(RUNTIMES)),
    "explicit": ({"state": "explicit"}, ("web-litert", "web-tfjs")),
    "carry": ({"state": "carry"}, ("web-litert", "web-tfjs")),
    "unrolled": (
        {"lowering": "unrolled", "target": "compiled-model", "length": STEPS, "quantize": "dynamic"},
        tuple(RUNTIMES),
    ),
}


@cache
def network() -> keras.Model:
    """A classifier of two layers with random weights; probabilities far enough from even."""
    keras.utils.set_random_seed(5)
    x = keras.Input((None, FEATURES), name="x")
    h = LSTMPlus(8, "peephole", return_sequences=True, name="first")(x)
    h = LSTMPlus(6, "cifg", name="second")(h)
    model = keras.Model(x, keras.layers.Dense(CLASSES, activation="softmax")(h))
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=w.shape, scale=0.7) for w in model.get_weights()])
    return model


@cache
def web_file(kind: str) -> Path:
    path = FOLDER / f"web_{kind}.tflite"
    options = dict(FILES[kind][0])
    if options.get("quantize") == "int8":
        options["representative_data"] = sequences(16)
    convert(network(), path, **options)
    return path


def packages_here() -> Path:
    """Where the runtimes lie; a reason to pass over the tests where they cannot be had."""
    folder = cache_folder()
    try:
        find_browser()
        for target in RUNTIMES:
            fetch(target, folder)
    except OSError as error:
        pytest.skip(str(error))
    return folder
