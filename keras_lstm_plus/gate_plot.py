"""A picture of what the gates let through, when."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_lstm_plus.aliases import Array
from keras_lstm_plus.gate_page import write_gate_page
from keras_lstm_plus.gates import GateTrace

# Panel by panel in the order in which a step works.
PANELS = (
    ("f", "Forget gate f", "how much of the old memory stays"),
    ("i", "Input gate i", "how much of the new is written"),
    ("g", "Candidate g", "what would be written"),
    ("c", "Cell c", "the memory after this step"),
    ("o", "Output gate o", "how much of the memory is shown"),
    ("h", "Hidden state h", "what the next layer sees"),
)
LEGEND = "at every step:   memory = forget × old memory + input × candidate,    shown = output × tanh(memory)"
NUMBERED = 12  # up to so many units the rows are numbered; more are sorted, so that stripes become shapes


def plot_gates(
    trace: GateTrace | dict[str, GateTrace],
    labels: Sequence[str] | None = None,
    sample: int = 0,
    units: Sequence[int] | None = None,
    title: str | None = None,
    path: str | Path | None = None,
    plain: Any = None,
) -> Any:
    """Draw gates, candidate, cell and hidden state of one sequence: time from left to right, a row a unit.

    Args:
        trace: from `keras_lstm_plus.trace`; a dictionary must hold one layer.
        labels: what stands under each step, a word for example; their number cuts the sequence.
        sample: which sequence of the batch.
        units: which cells, in this order; otherwise all, sorted by what they remember if there are many.
        title: over the picture.
        path: where to write it; the ending says the format. `.html`: not the picture, but a page on which the
            cell works word by word, which needs neither a network nor matplotlib (`write_gate_page`).
        plain: for the page alone: what a plain RNN held over the same words, `[batch, time, units]`.

    Returns:
        The matplotlib figure; of a page its path.

    Raises:
        ImportError: matplotlib is missing.
        ValueError: more labels than steps, several layers, a sample or unit that is not there.

    Example:
        >>> from keras_lstm_plus import LSTMPlus, trace
        >>> seen = trace(LSTMPlus(4, name="memory"), np.ones((1, 3, 2), "float32"))
        >>> plot_gates(seen["memory"], labels=["the", "buses", "were"]).axes[0].get_ylabel()
        'unit'
    """
    if path is not None and Path(path).suffix.lower() in (".html", ".htm"):
        return write_gate_page(_single(trace), path, labels, sample, units, title, plain)
    if plain is not None:
        raise ValueError(
            "plain stands beside the cell on a page alone: give path='....html', or leave plain out."
        )
    try:
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise ImportError("plot_gates draws with matplotlib: pip install matplotlib") from missing
    trace = _single(trace)
    batch, time, cells = trace.c.shape
    if not 0 <= sample < batch:
        raise ValueError(f"sample {sample} is not in the trace, which has {batch} sequences.")
    if labels is not None and len(labels) > time:
        raise ValueError(f"{len(labels)} labels for {time} steps: give at most one a step.")
    steps = time if labels is None else len(labels)
    rows = _rows(trace.c[sample, :steps], units)
    panels = [panel for panel in PANELS if _learned(trace, panel[0])]

    height = float(np.clip(0.17 * len(rows), 0.75, 2.2))
    width = float(np.clip(2.6 + 0.46 * steps, 7, 24))
    figure = Figure(figsize=(width, height * len(panels) + 1.7), layout="constrained")
    figure.suptitle(title or f"{trace.layer}: what each gate let through", fontsize=14, weight="bold")
    figure.supxlabel(LEGEND, fontsize=9, color="0.35")
    axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    limits = {name: max(float(np.abs(getattr(trace, name)[sample, :steps]).max()), 1e-6) for name in "gch"}
    for axis, (name, head, says) in zip(axes, panels, strict=True):
        value = getattr(trace, name)[sample, :steps]
        # A projected h has units of its own.
        value = value[:, rows] if value.shape[-1] == cells else value
        limit = limits.get(name)
        scale = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit} if limit else _GATE
        image = axis.imshow(value.T, aspect="auto", interpolation="nearest", **scale)
        bold = head.replace(" ", "~")
        axis.set_title(f"$\\bf{{{bold}}}$:  {says}", fontsize=10, loc="left")
        _decorate(axis, rows if value.shape[-1] == len(rows) else np.arange(value.shape[-1]), steps)
        bar = figure.colorbar(image, ax=axis, pad=0.01, fraction=0.03, aspect=12)
        bar.ax.tick_params(labelsize=8)
        if limit is None:
            bar.set_ticks([0, 1], labels=["0 shut", "1 open"])
        if trace.mask is not None:
            for step in np.flatnonzero(~trace.mask[sample, :steps]):
                axis.axvspan(step - 0.5, step + 0.5, color="white", alpha=0.75, lw=0)
    _label(axes[-1], labels, steps)
    if path is not None:
        figure.savefig(path, dpi=130)
    return figure


_GATE = {"cmap": "Greens", "vmin": 0.0, "vmax": 1.0}


def _single(trace: GateTrace | dict[str, GateTrace]) -> GateTrace:
    if not isinstance(trace, dict):
        return trace
    if len(trace) != 1:
        raise ValueError(f"plot_gates draws one layer, received {', '.join(trace)}: choose one, trace[name].")
    return next(iter(trace.values()))


def _learned(trace: GateTrace, name: str) -> bool:
    """An open gate is the constant 1 and nothing to look at."""
    return name in "gch" or name in trace.spec.gates or (name == "i" and trace.spec.input_gate == "coupled")


def _rows(cell: Array, units: Sequence[int] | None) -> Array:
    """Which units, from the top: few in their order, many by sign and moment of their strongest memory."""
    if units is not None:
        wrong = [unit for unit in units if not 0 <= unit < cell.shape[1]]
        if wrong:
            raise ValueError(f"unit {wrong[0]} is not in the layer, which has {cell.shape[1]} cells.")
        return np.asarray(units)
    if cell.shape[1] <= NUMBERED:
        return np.arange(cell.shape[1])
    peak = np.abs(cell).argmax(axis=0)
    sign = np.sign(cell[peak, np.arange(cell.shape[1])])
    return np.lexsort((peak, -sign))


def _label(axis: Any, labels: Sequence[str] | None, steps: int) -> None:
    if labels is None:
        axis.set_xticks(np.unique(np.linspace(0, steps - 1, 12, dtype=int)))
        axis.set_xlabel("time step")
        return
    turned = max((len(label) for label in labels), default=0) > 4
    axis.set_xticks(range(steps), labels=labels, rotation=40 * turned, ha="right" if turned else "center")


def _decorate(axis: Any, rows: Array, steps: int) -> None:
    if len(rows) <= NUMBERED:
        axis.set_yticks(range(len(rows)), labels=[str(row) for row in rows], fontsize=8)
        axis.set_ylabel("unit", fontsize=8)
        axis.set_yticks(np.arange(len(rows) + 1) - 0.5, minor=True)
    else:
        axis.set_yticks([])
        axis.set_ylabel(f"{len(rows)} units", fontsize=8)
    if steps <= 60:
        axis.set_xticks(np.arange(steps + 1) - 0.5, minor=True)
    axis.grid(which="minor", color="white", lw=0.6)
    axis.tick_params(which="minor", length=0)
    for spine in axis.spines.values():
        spine.set_visible(False)
