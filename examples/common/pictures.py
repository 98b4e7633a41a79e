"""The look of the pictures. A title is the finding; numbers stand where the eye already is."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from edge.files import write_whole

INK, SOFT, LINE = "#1f2430", "#6b7285", "#e3e6ec"
GREY = "#a9afbd"
# In the order in which a picture should take them; they differ for the colour-blind too.
BLUE, ORANGE, GREEN, PURPLE, GOLD, RED = "#2563c9", "#d9661f", "#1d8f6d", "#a33ea1", "#b8860b", "#c0304a"
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, GOLD, RED)
STYLE: Any = {
    "font.size": 11,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": SOFT,
    "axes.titlesize": 14,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
}


def headline(figure: Figure, text: str) -> None:
    """The finding, over the whole picture."""
    figure.suptitle(text, x=0.02, ha="left", fontsize=14, fontweight="bold")


def annotate(axes: Any, place: float, value: float, text: str) -> None:
    """Write beside the end of a horizontal bar."""
    axes.annotate(text, (value, place), xytext=(6, 0), textcoords="offset points", va="center", fontsize=10.5)


def label_ends(axes: Any, ends: Sequence[tuple[float, str, str]]) -> None:
    """Name each line at its right end, `(value, text, colour)`, moved down where two would overlap."""
    low, high = axes.get_ylim()
    height = float("inf")
    for value, text, colour in sorted(ends, reverse=True):
        height = min(value, height - 0.05 * (high - low))
        place = (1.012, height)
        axes.annotate(
            text, place, xycoords=("axes fraction", "data"), va="center", color=colour, fontsize=10.5
        )


def span(values: Sequence[float]) -> str:
    """`90%` or `90 to 93%`."""
    low, high = f"{100 * min(values):.0f}", f"{100 * max(values):.0f}"
    return f"{low}%" if low == high else f"{low} to {high}%"


def save(figure: Figure, path: Path, dpi: int = 110, foot: float = 0) -> None:
    """Write the picture whole or not at all; `foot` is the share of its height kept free for a legend."""
    buffer = io.BytesIO()
    if figure.get_layout_engine() is None:
        figure.tight_layout(rect=(0, foot, 1, 1))
    figure.savefig(buffer, format="png", dpi=dpi, bbox_inches="tight", pad_inches=0.25, facecolor="white")
    plt.close(figure)
    write_whole(path, buffer.getvalue())
