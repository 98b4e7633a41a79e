"""A step of a decoder as a function, whatever runs it: a file on a device, or Keras."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from edge.aliases import Array

NEXT = "next_"
ALIGNMENTS = "alignments"


class Decoder:
    """One step of a decoder, made ready for a search.

    Args:
        step: an `EdgeModel` of a step file (inputs `memory`, `state_0`, ... and the token; outputs
            `next_state_0`, ... and the scores; `alignments` if it has them), or any function from a
            dictionary of arrays to a dictionary of arrays, for which the next two say what it takes.
        states: the width of each state by the name of its input, of a function.
        token: the name of the input that takes the token; scores: that of the output with the scores. None:
            the one that is left when memory, keys, masks, states and alignments are taken away.
        logits: whether the scores are logits or logarithms of probabilities, which come to the same; False:
            they are probabilities, as behind a softmax.

    Raises:
        ValueError: a file that is no step of a decoder.
    """

    def __init__(
        self,
        step: Any,
        states: Mapping[str, int] | None = None,
        token: str | None = None,
        scores: str | None = None,
        logits: bool = True,
    ) -> None:
        self.logits = logits
        self.call: Callable[[dict[str, Array]], Mapping[str, Any]]
        if hasattr(step, "predict") and hasattr(step, "interface"):
            inputs = {info.name: info for info in step.inputs}
            outputs = [info.name for info in step.outputs]
            sizes = {name: int(info.shape[-1]) for name, info in inputs.items() if f"{NEXT}{name}" in outputs}
            self.call = lambda given: dict(zip(outputs, _listed(step.predict(given)), strict=True))
            self.name = step.file.name
            context = {"memory", "keys", "memory_mask"}
            self.context: tuple[str, ...] | None = tuple(name for name in inputs if name in context)
            token = token or _left(
                self.name, "input", "token", [n for n in inputs if n not in {*sizes, *context}]
            )
            rest = [name for name in outputs if not name.startswith(NEXT) and name != ALIGNMENTS]
            scores = scores or _left(self.name, "output", "scores", rest)
            self.token_dtype, self.token_rank = inputs[token].dtype, len(inputs[token].shape)
        elif callable(step) and states is not None and token and scores:
            self.call, sizes, self.name, self.context = step, dict(states), "The step", None
            self.token_dtype, self.token_rank = np.dtype("int32"), 2
        else:
            raise ValueError(
                "step is an edge.load(...) of a step file, or a function together with states, token and "
                f"scores; received {step!r}."
            )
        self.sizes, self.token, self.scores = sizes, token, scores

    def begin(self, memory: Mapping[str, Any]) -> tuple[dict[str, Array], dict[str, Array]]:
        """What every step is given, and the first states, of what the encoder said: `[1, ...]` each.

        States that it does not have begin with zeros.

        Raises:
            ValueError: something is missing, empty, or there is more than one sequence.
        """
        if not isinstance(memory, Mapping):
            raise ValueError(
                "memory is what the encoder said, a dictionary by name: memory, and the first states "
                f"state_0, ...; received {type(memory).__name__}."
            )
        given = {name: np.asarray(value) for name, value in memory.items()}
        rows = {name: value.shape[:1] for name, value in given.items() if value.shape[:1] != (1,)}
        if rows:
            name = min(rows)
            raise ValueError(
                f"A search takes one sequence at a time, [1, ...]; {name!r} has the shape "
                f"{given[name].shape}. Search for each row: value[n:n + 1]."
            )
        missing = [name for name in (self.context or ()) if name not in given]
        if missing:
            raise ValueError(
                f"{self.name} takes {missing[0]!r}, which memory does not have: {sorted(given)}."
            )
        empty = [name for name, value in given.items() if not value.size]
        if empty:
            raise ValueError(
                f"{empty[0]!r} is empty, of shape {given[empty[0]].shape}: there is nothing to read."
            )
        for name, size in self.sizes.items():
            if name in given and given[name].shape != (1, size):
                raise ValueError(f"{name} has the shape {given[name].shape}, {self.name} takes {(1, size)}.")
        states = {name: given.pop(name, np.zeros((1, size), np.float32)) for name, size in self.sizes.items()}
        wanted = given if self.context is None else {name: given[name] for name in self.context}
        return wanted, states

    def __call__(
        self, token: int, context: dict[str, Array], states: dict[str, Array]
    ) -> tuple[Array, dict[str, Array], Array | None]:
        """One step: the scores `[vocabulary]`, the states after it, and the alignments `[positions]`."""
        asked = np.full((1,) * self.token_rank, token, self.token_dtype)
        said = self.call({self.token: asked, **context, **states})
        new = {name: np.asarray(said[f"{NEXT}{name}"]) for name in states}
        where = said.get(ALIGNMENTS)
        scores = np.asarray(said[self.scores]).reshape(-1)
        return scores, new, None if where is None else np.asarray(where).reshape(-1)


def _listed(values: Any) -> list[Any]:
    return list(values) if isinstance(values, (list, tuple)) else [values]


def _left(name: str, end: str, role: str, names: list[str]) -> str:
    if len(names) != 1:
        shown = ", ".join(map(repr, names)) or "none"
        raise ValueError(
            f"Which {end} of {name} has the {role} is not clear, left are {shown}. Name it: "
            f'Decoder(model, {role}="..."). A step file is made of '
            "keras_lstm_plus.attention.decoder_step(model).step."
        )
    return names[0]
