"""Attention decoders in plain NumPy float64, from the papers: no code of the package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edge.aliases import Array
from tests.helpers import oracle

Scores = Callable[[Array, Array], float]
States = list[tuple[Array, Array]]  # h and c of each cell, from below, of one sequence


def score_of(kind: str, weights: dict[str, Array]) -> Scores:
    """How well one query fits one position: two vectors."""
    if kind in ("bahdanau", "concat"):
        w, u, v = (weights[f"{name}_kernel"] for name in ("query", "memory", "score"))
        both = np.concatenate([w, u])
        return lambda q, m: float(np.tanh(np.concatenate([q, m]) @ both) @ v[:, 0])
    if kind == "general":
        return lambda q, m: float(q @ weights["kernel"] @ m)
    return lambda q, m: float(q @ m) / (np.sqrt(len(m)) if kind == "scaled_dot" else 1.0)


def look(score: Scores, query: Array, memory: Array, mask: Array) -> tuple[Array, Array]:
    """Context and alignments of one query, position by position."""
    exponents = np.array(
        [np.exp(score(query, m)) if keep else 0.0 for m, keep in zip(memory, mask, strict=True)]
    )
    alignments = exponents / exponents.sum() if mask.any() else exponents
    return sum(a * m for a, m in zip(alignments, memory, strict=True)), alignments


def step_of(cell: Any, x: Array, states: States) -> tuple[Array, States]:
    """One step of a stack of LSTM cells of ours, by the oracle."""
    new = []
    for each, (h, c) in zip(getattr(cell, "cells", [cell]), states, strict=True):
        names = each.spec.weight_shapes(len(x), each.units)
        weights = {name: np.asarray(getattr(each, name), "float64") for name in names}
        out = oracle.run(each.spec.to_dict(), weights, x[None, None], h[None], c[None])
        x = out["h"][0, 0]
        new.append((x, out["c"][0, 0]))
    return x, new


def decode(
    attention_cell: Any,
    kind: str,
    targets: Array,
    memory: Array,
    states: States,
    targets_mask: Array,
    memory_mask: Array,
) -> tuple[Array, Array, list[Array]]:
    """Outputs and alignments of one sequence, and its last states."""
    names = ("query_kernel", "memory_kernel", "score_kernel", "kernel")
    found = {name: getattr(attention_cell.attention, name, None) for name in names}
    score = score_of(kind, {name: np.asarray(each) for name, each in found.items() if each is not None})
    w = None if attention_cell.vector is None else np.asarray(attention_cell.vector.kernel)
    fed = np.zeros(attention_cell.output_size)
    outputs, alignments = [], []
    for x, keep in zip(targets, targets_mask, strict=True):
        if not keep:
            outputs.append(np.zeros(attention_cell.output_size))
            alignments.append(np.zeros(len(memory)))
            continue
        if attention_cell.attend == "before":
            context, where = look(score, states[-1][0], memory, memory_mask)
            h, states = step_of(attention_cell.cell, np.concatenate([x, context]), states)
        else:
            seen = np.concatenate([x, fed]) if attention_cell.input_feeding else x
            h, states = step_of(attention_cell.cell, seen, states)
            context, where = look(score, h, memory, memory_mask)
        both = np.concatenate([context, h])
        fed = both if w is None else np.tanh(both @ w)
        outputs.append(fed)
        alignments.append(where)
    last = [each for pair in states for each in pair]
    return np.stack(outputs), np.stack(alignments), [*last, *([fed] if attention_cell.input_feeding else [])]
