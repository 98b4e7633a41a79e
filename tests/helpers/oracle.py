"""The LSTM family in plain NumPy float64, one gate and one step at a time.

Written from the papers and sharing no code with the package. `options` is a dictionary with the fields of a
spec, `weights` the arrays by name, gate blocks in the order i, f, g, o with the absent ones left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edge.aliases import Array

FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "tanh": np.tanh,
    "sigmoid": lambda v: 1 / (1 + np.exp(-v)),
    "relu": lambda v: np.maximum(v, 0),
    "relu6": lambda v: np.clip(v, 0, 6),
    "linear": lambda v: v,
    "hard_sigmoid": lambda v: np.clip(v / 6 + 0.5, 0, 1),
}


def per_gate(options: dict[str, Any], weights: dict[str, Array], units: int) -> dict[str, dict[str, Array]]:
    """The weights sorted by gate."""
    kept = {name[0]: options[f"{name}_gate"] for name in ("input", "forget", "output")}
    with_weights = [gate for gate in "ifgo" if kept.get(gate, "learned") == "learned"]
    learned = [gate for gate in with_weights if gate != "g"]
    result: dict[str, dict[str, Array]] = {}
    for k, gate in enumerate(with_weights):
        block = slice(k * units, (k + 1) * units)
        recurrent = weights["recurrent_kernel"]
        mine = {"W": weights["kernel"][:, block]}
        mine["R"] = recurrent[k] if options["recurrence"] == "diagonal" else recurrent[:, block]
        mine["b"] = weights["bias"][block] if "bias" in weights else np.zeros(units)
        if "layer_norm_scale" in weights:
            mine["n"] = weights["layer_norm_scale"][k]
        if gate != "g":
            j = learned.index(gate)
            if "peephole_kernel" in weights:
                mine["p"] = weights["peephole_kernel"][j]
            if "gate_kernel" in weights:
                mine["G"] = weights["gate_kernel"][:, j * units : (j + 1) * units]
        result[gate] = mine
    return result


def run(
    options: dict[str, Any],
    weights: dict[str, Array],
    x: Array,
    h0: Array,
    c0: Array,
    gates0: Array | None = None,
    mask: Array | None = None,
) -> dict[str, Array]:
    """All of i, f, g, o, c, h, each `[batch, time, ...]`, for x `[batch, time, features]`."""
    units = c0.shape[-1]
    gate = per_gate(options, weights, units)
    sigma = FUNCTIONS[options["recurrent_activation"]]
    phi_in, phi_out = FUNCTIONS[options["candidate_activation"]], FUNCTIONS[options["output_activation"]]
    h, c, before = h0, c0, gates0
    history: dict[str, list[Array]] = {name: [] for name in "ifgoch"}
    for t in range(x.shape[1]):
        h_old, c_old, before_old = h, c, before

        def total(name: str, cell: Array, t: int = t, h: Array = h, before: Array | None = before) -> Array:
            w = gate[name]
            z = x[:, t] @ w["W"] + (h * w["R"] if w["R"].ndim == 1 else h @ w["R"])
            if "G" in w:
                assert before is not None
                z = z + before @ w["G"]
            if "p" in w:
                z = z + w["p"] * cell
            if "n" in w:
                z = (z - z.mean(-1, keepdims=True)) / np.sqrt(z.var(-1, keepdims=True) + 1e-8) * w["n"]
            return z + w["b"]

        one = np.ones_like(c)
        f = sigma(total("f", c)) if "f" in gate else one
        i = 1 - f if options["input_gate"] == "coupled" else (sigma(total("i", c)) if "i" in gate else one)
        g = phi_in(total("g", c))
        c = f * c + i * g
        if options["cell_clip"]:
            c = np.clip(c, -options["cell_clip"], options["cell_clip"])
        o = sigma(total("o", c)) if "o" in gate else one
        h = o * phi_out(c)
        if "projection_kernel" in weights:
            h = h @ weights["projection_kernel"]
            if options["projection_clip"]:
                h = np.clip(h, -options["projection_clip"], options["projection_clip"])
        if options["gate_recurrence"]:
            now = {"i": i, "f": f, "o": o}
            before = np.concatenate([now[name] for name in "ifo" if name in gate], axis=-1)
        if mask is not None:
            keep = mask[:, t, None]
            h, c = np.where(keep, h, h_old), np.where(keep, c, c_old)
            if before is not None and before_old is not None:
                before = np.where(keep, before, before_old)
        for name, value in zip("ifgoch", (i, f, g, o, c, h), strict=True):
            history[name].append(value)
    return {name: np.stack(values, axis=1) for name, values in history.items()}
