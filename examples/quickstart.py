"""The whole path in forty lines: fit, convert, load, stream. `python -m examples.quickstart`; no downloads.

A motor shakes 5 times a second, with a worn bearing 7 times, strongly or weakly and in noise. No sample alone
tells which: the network has to remember. It learns that in seconds, and hears at once when a bearing goes."""

from pathlib import Path

import keras
import numpy as np

import edge
from edge.convert import convert
from keras_lstm_plus import LSTMPlus

RATE, SHAKES = 50, (5, 7)  # samples a second; shakes a second of a good bearing, and of a worn one
rng = np.random.default_rng(0)


def motor(worn: np.ndarray) -> np.ndarray:
    """What the sensor on a motor gives, `[time, 1]`, while its bearing is good (0) or worn (1), `[time]`."""
    phase = 2 * np.pi * (np.cumsum(np.take(SHAKES, worn)) / RATE + rng.uniform())
    return (rng.uniform(0.5, 2) * np.sin(phase) + rng.normal(0, 0.2, len(worn)))[:, None]


if __name__ == "__main__":
    keras.utils.set_random_seed(0)
    worn = np.repeat(rng.integers(2, size=(800, 2)), 2 * RATE, axis=1)  # 4 s; it may change after 2
    x, y = np.stack([motor(each) for each in worn]), worn[..., None]
    layers = [LSTMPlus(16, return_sequences=True), keras.layers.Dense(1, "sigmoid")]
    model = keras.Sequential([keras.Input((None, 1)), *layers])
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=6, batch_size=32, verbose=2)

    path = Path("results/quickstart.tflite")
    path.parent.mkdir(exist_ok=True)
    print(convert(model, path, quantize="int8", representative_data=x[:100], state="carry"))

    stream = edge.load(path).stream()  # from here on a device: NumPy and a runtime are all it needs
    print("A bearing that goes after 3 s. Worn, says the file after")
    for step, sample in enumerate(motor(np.repeat([0, 1], 3 * RATE)), start=1):
        probability = stream.step(sample).item()
        if step % RATE == 0:
            print(f"{step // RATE} s with {probability:4.0%}")
