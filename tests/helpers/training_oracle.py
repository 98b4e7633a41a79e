"""What the training engine has to compute, in NumPy: the equations one step at a time, and exact derivatives.

Shares no code with the package. In complex numbers: the derivative along a direction is the imaginary part
that a step of 1e-30 in that direction gives, to the last digit of a double.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edge.aliases import Array

SLOPED = ("x", "kernel", "recurrent", "h0", "c0", "bias", "peephole", "projection")
STEP = 1e-30
NAMES = {"i": "input", "f": "forget", "o": "output"}


def run(options: dict[str, Any], given: dict[str, Any], backwards: bool) -> tuple[Array, Array, Array]:
    """(h of every step `[batch, time, outputs]`, the final h, the final c).

    Args:
        options: fields of a spec.
        given: the arrays by their names in `keras_lstm_plus.native.Given`, None where there is none.
    """
    x, h, c = given["x"], given["h0"], given["c0"]
    units = c.shape[1]
    learned = [gate for gate in "ifo" if options[f"{NAMES[gate]}_gate"] == "learned"]
    gates = [g for g in "ifgo" if g == "g" or g in learned]
    shown = []
    for t in range(x.shape[1]):
        now = x[:, x.shape[1] - 1 - t if backwards else t]
        totals = {}
        for k, gate in enumerate(gates):
            block = slice(k * units, (k + 1) * units)
            seen = h if given["masks"] is None else h * given["masks"][k]
            if options["recurrence"] == "diagonal":
                recurrent = seen * given["recurrent"][k]
            else:
                recurrent = seen @ given["recurrent"][:, block]
            totals[gate] = now @ given["kernel"][:, block] + recurrent
            if given["bias"] is not None:
                totals[gate] = totals[gate] + given["bias"][block]

        def opened(gate: str, cell: Array, totals: dict[str, Array] = totals) -> Array:
            if gate not in totals:
                return np.ones_like(cell)
            total = totals[gate]
            if given["peephole"] is not None:
                total = total + given["peephole"][learned.index(gate)] * cell
            return 1 / (1 + np.exp(-total))

        f = opened("f", c)
        i = 1 - f if options["input_gate"] == "coupled" else opened("i", c)
        new_c = f * c + i * np.tanh(totals["g"])
        if options["cell_clip"]:
            new_c = bounded(new_c, options["cell_clip"])
        new_h = opened("o", new_c) * np.tanh(new_c)
        if given["projection"] is not None:
            new_h = new_h @ given["projection"]
            if options["projection_clip"]:
                new_h = bounded(new_h, options["projection_clip"])
        h = new_h if given["hold_h"] is None else np.where(given["hold_h"][t], h, new_h)
        c = new_c if given["hold_c"] is None else np.where(given["hold_c"][t], c, new_c)
        shown.append(h)
    every = np.stack(shown, axis=1) if shown else np.zeros((len(x), 0, h.shape[1]))
    return every, h, c


def bounded(value: Array, bound: float) -> Array:
    """Clipped by the real part, past which nothing changes."""
    return np.where(np.abs(value.real) < bound, value, np.sign(value.real) * bound)


def derivative(
    options: dict[str, Any],
    given: dict[str, Any],
    backwards: bool,
    slopes: list[Array],
    along: dict[str, Array],
) -> float:
    """That of sum(slope * result) along a direction, an array by the name of what it moves."""
    moved = {
        name: value if value is None or name not in along else value + 1j * STEP * along[name]
        for name, value in given.items()
    }
    results = run(options, moved, backwards)
    return sum(
        float(np.sum(slope * result.imag / STEP)) for slope, result in zip(slopes, results, strict=True)
    )
