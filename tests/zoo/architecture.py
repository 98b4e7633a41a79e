"""What an architecture of the zoo is, and the list of them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from keras_lstm_plus import LSTMPlus, LSTMPlusCell

LSTM = Callable[..., Any]  # keras.layers.LSTM, or LSTMPlus in its place
Inputs = list[np.ndarray]  # one array an input, [samples, ...]
Data = Callable[[np.random.Generator, int, int], Inputs]  # of a generator, samples and time steps
# For some random weights 8 bits are too coarse, and the sentence says what to use instead.
COARSE = dict.fromkeys(("int8", "micro"), "differs from Keras by")
LAYERS: dict[str, LSTM] = {"stock": keras.layers.LSTM, "plus": LSTMPlus}


@dataclass(frozen=True)
class Architecture:
    """A network that people publish, rebuilt in our own words.

    Attributes:
        name: of it.
        source: who published it, where and when.
        build: the model, untrained, from the class of its LSTM layers.
        data: inputs like those that it is for.
        steps: time steps of a sequence of the data that it is calibrated on.
        longer: of that on which the file is judged, where its length is free; None: the same.
        options: what `convert` is asked for beside the numbers, as its user would.
        as_stream: whether it runs step by step, its state going on: then it is judged so.
        scaled: what is narrower here than published, with the published figure.
        exact: what its float form may be off by, more where Keras itself computes in 16 bits.
        refused: by form, a piece of the sentence with which it is rightly refused; `"all"` for any form.
            Where the sentence names other options, they are taken, and the file has to be right.
    """

    name: str
    source: str
    build: Callable[[LSTM], keras.Model]
    data: Data
    steps: int
    longer: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    as_stream: bool = False
    scaled: str = ""
    exact: float = 1e-5
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def family(self) -> str:
        """The file in which it stands."""
        return self.build.__module__.rsplit(".", 1)[-1]

    def refusal(self, form: str) -> str | None:
        """A piece of the sentence with which this form has to be refused; None: it has to be right."""
        return None if form == "keras" else self.refused.get(form, self.refused.get("all"))

    def inputs(self, seed: int, samples: int, longer: bool = False) -> Inputs:
        """So many samples; those of another seed are other ones of the same kind."""
        steps = self.longer if longer and self.longer else self.steps
        return self.data(np.random.default_rng(seed), samples, steps)


ZOO: dict[str, Architecture] = {}


def architecture(
    source: str, data: Data, steps: int, longer: int | None = None, **more: Any
) -> Callable[[Callable[[LSTM], keras.Model]], Callable[[LSTM], keras.Model]]:
    """Put the decorated function into the zoo, under its name."""

    def register(build: Callable[[LSTM], keras.Model]) -> Callable[[LSTM], keras.Model]:
        name = build.__name__
        assert name not in ZOO, f"two architectures are called {name}"
        ZOO[name] = Architecture(name, source, build, data, steps, longer, **more)
        return build

    return register


def cell_of(lstm: LSTM) -> Callable[..., Any]:
    """The class of the cells of that layer."""
    return LSTMPlusCell if lstm is LSTMPlus else keras.layers.LSTMCell
