"""What the page shows of a trace, as plain lists: so many steps, the strongest units, five digits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_lstm_plus.aliases import Array
from keras_lstm_plus.gates import GateTrace
from keras_lstm_plus.spec import LSTMSpec

MOST_STEPS, MOST_UNITS = 200, 64
DIGITS = 5


def numbers(
    trace: GateTrace,
    labels: Sequence[str],
    sample: int,
    units: Sequence[int] | None,
    title: str,
    plain: Array | None,
) -> dict[str, Any]:
    """All that the page needs.

    Args:
        trace: of one layer.
        labels: a word a step; their number cuts the sequence.
        sample: which sequence of the batch.
        units: which cells; None: the strongest.
        title: over the page.
        plain: states of a plain RNN over the same words, `[time, units]`, or None.
    """
    all_steps, all_units = len(labels), trace.c.shape[-1]
    steps = min(all_steps, MOST_STEPS)
    gates = {name: np.asarray(getattr(trace, name)[sample, :steps], float) for name in "ifgoc"}
    before = _before(gates)
    chosen = _strongest(gates["c"]) if units is None else np.asarray(units, int)
    chosen = chosen[:MOST_UNITS]
    parts = {**gates, "before": before, "squashed": _squashed(trace.spec, gates["c"])}
    parts["shown"] = gates["o"] * parts["squashed"]
    seen = np.ones(steps, bool) if trace.mask is None else np.asarray(trace.mask[sample, :steps], bool)
    parts["left"] = _left(np.where(seen[:, None], gates["f"], 1.0))
    return {
        "title": title,
        "layer": trace.layer,
        "variant": trace.spec.name,
        "equations": trace.spec.equations().splitlines(),
        "squash": trace.spec.output_activation,
        "peephole": trace.spec.peephole,
        "coupled": trace.spec.input_gate == "coupled",
        "open": [gate for gate, kind in _kinds(trace.spec).items() if kind == "open"],
        "words": [str(label) for label in labels[:steps]],
        "allSteps": all_steps,
        "units": chosen.tolist(),
        "allUnits": int(all_units),
        "skipped": np.flatnonzero(~seen).tolist(),
        "values": {name: _lists(value[:, chosen]) for name, value in parts.items()},
        "likeness": {"lstm": _lists(_likeness(gates["c"]))},
        **({} if plain is None else _plain(np.asarray(plain, float)[:steps])),
    }


def _plain(state: Array) -> dict[str, Any]:
    chosen = np.sort(_strongest(state)[:MOST_UNITS])
    return {"plain": _lists(state[:, chosen]), "plainLikeness": _lists(_likeness(state))}


def _kinds(spec: LSTMSpec) -> dict[str, str]:
    return {"i": spec.input_gate, "f": spec.forget_gate, "o": spec.output_gate}


def _before(gates: dict[str, Array]) -> Array:
    """The memory before each step. Before the first it is what the first was made of: mostly zeros."""
    c = gates["c"]
    before = np.concatenate([np.zeros_like(c[:1]), c[:-1]])
    with np.errstate(all="ignore"):
        rest = c[0] - gates["i"][0] * gates["g"][0]
        first = np.where(np.abs(rest) < 1e-4, 0.0, rest / gates["f"][0])
    before[0] = np.where(np.isfinite(c[0]), first, np.nan)
    return before


def _left(kept: Array) -> Array:
    """Of what each step wrote, the share that is there after the last: the product of the later f."""
    left = np.ones_like(kept)
    left[:-1] = np.cumprod(kept[:0:-1], axis=0)[::-1]
    return left


def _squashed(spec: LSTMSpec, c: Array) -> Array:
    """The memory as the output gate sees it; NaN where its function is the user's own."""
    try:
        function = keras.activations.get(spec.output_activation)
    except (ValueError, TypeError):
        return np.full_like(c, np.nan)
    return np.asarray(keras.ops.convert_to_numpy(function(keras.ops.convert_to_tensor(c, "float32"))), float)


def _strongest(value: Array) -> Array:
    """The units by the largest value that they ever hold, the largest first."""
    return np.argsort(-np.nanmax(np.nan_to_num(np.abs(value), nan=-1.0), axis=0), kind="stable")


def _likeness(state: Array) -> Array:
    """The cosine between the state after one step and after another, `[time, time]`."""
    with np.errstate(all="ignore"):
        unit = state / np.linalg.norm(state, axis=1, keepdims=True)
        return np.clip(unit @ unit.T, -1.0, 1.0)


def _lists(value: Array) -> list[Any]:
    """As JSON has it: five digits, and null for what is no number."""
    return [[_short(number) for number in row] for row in value.tolist()]


def _short(number: float) -> float | None:
    return float(f"{number:.{DIGITS}g}") if math.isfinite(number) else None
