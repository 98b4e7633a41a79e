"""A picture of where each step looked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from keras import ops

LONGEST = 60  # so many labels are still read


def plot_alignments(
    alignments: Any,
    sources: Sequence[str] | None = None,
    targets: Sequence[str] | None = None,
    title: str | None = None,
    path: str | Path | None = None,
) -> Any:
    """Draw the alignments of one sequence: a row a step of the decoder, a column a position of the memory.

    Args:
        alignments: `[time, positions]`, from an `AttentionDecoder(..., return_alignments=True)`, 0 (not
            looked at) to 1 (at nothing else).
        sources: what stands at the positions, letters for example; their number cuts the columns.
        targets: what was said at the steps; their number cuts the rows.
        title: over the picture.
        path: where to write it; the ending says the format.

    Returns:
        The matplotlib figure.

    Raises:
        ImportError: matplotlib is missing.
        ValueError: another shape, more labels than there are rows or columns.

    Example:
        >>> figure = plot_alignments(np.eye(3), sources="bus", targets=["B", "AH", "S"])
        >>> [label.get_text() for label in figure.axes[0].get_xticklabels()]
        ['b', 'u', 's']
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise ImportError("plot_alignments draws with matplotlib: pip install matplotlib") from missing
    values = np.asarray(ops.convert_to_numpy(alignments), dtype="float64")
    if values.ndim != 2 or not values.size:
        raise ValueError(
            f"plot_alignments draws one sequence, [time, positions]; received the shape {values.shape}: "
            "choose one of the batch, alignments[0]."
        )
    rows, columns = (
        _number(labels, size, name)
        for labels, size, name in (
            (targets, values.shape[0], "targets"),
            (sources, values.shape[1], "sources"),
        )
    )
    values = values[:rows, :columns]
    size = [float(np.clip(0.36 * number + extra, 3.2, 18)) for number, extra in ((columns, 2.2), (rows, 1.4))]
    figure = Figure(figsize=(size[0], size[1]), layout="constrained")
    axis = figure.subplots()
    image = axis.imshow(values, cmap="Greens", vmin=0.0, vmax=1.0, aspect="auto", interpolation="nearest")
    axis.set_title(title or "where each step looked", loc="left", fontsize=11, weight="bold")
    axis.set_xlabel("memory")
    axis.set_ylabel("step")
    axis.xaxis.set_ticks_position("top")
    axis.xaxis.set_label_position("top")
    if sources is not None and columns <= LONGEST:
        long = max(map(len, sources), default=0) > 4
        axis.set_xticks(
            range(columns), labels=list(sources), rotation=60 * long, ha="left" if long else "center"
        )
    if targets is not None and rows <= LONGEST:
        axis.set_yticks(range(rows), labels=list(targets))
    bar = figure.colorbar(image, ax=axis, fraction=0.04, pad=0.02)
    bar.set_ticks([0, 1], labels=["0", "1"])
    if path is not None:
        figure.savefig(path, dpi=130)
    return figure


def _number(labels: Sequence[str] | None, size: int, name: str) -> int:
    if labels is None:
        return size
    if not 0 < len(labels) <= size:
        raise ValueError(
            f"{name} has {len(labels)} labels, the alignments have {size}: give 1 to {size} of them."
        )
    return len(labels)
