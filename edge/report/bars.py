"""Pictures with a line for each measurement: the spread of the times, and the sizes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from edge.report.chosen import BARS, chosen
from edge.report.drawing import ROW, Marks, grid, literal, plain_logarithm, short
from edge.report.style import number, size
from edge.report.tables import Row, unit


def percentiles(rows: Sequence[Row]) -> Any:
    """The spread of the times: thin from least to most, thick from 5 to 95 %, a dot for the median."""
    word, factor = unit(row.median for row in rows)
    rows, which = chosen(rows, BARS, fastest=lambda row: row.median)
    figure, (axis,) = grid(1, 1.0 + ROW * len(rows))
    colours = Marks(rows).colours
    ends: list[float] = []
    for place, row in enumerate(rows):
        times, colour = row.entry.inference_ms, colours[row.file]
        for low, high, width in (("min", "max", 1.2), ("p5", "p95", 6.0)):
            span = [getattr(times, name) for name in (low, high)]
            if None not in span:
                ends += [time * factor for time in span]
                axis.plot(ends[-2:], [place] * 2, color=colour, linewidth=width, solid_capstyle="butt")
        ends.append(row.median * factor)
        axis.plot(ends[-1], place, "o", color="white", markeredgecolor=colour, markersize=7, zorder=3)
        text = f"{number(row.median * factor)} {word}"
        axis.annotate(text, (ends[-1], place), (0, 7), textcoords="offset points", ha="center", fontsize=7)
    axis.set_yticks(range(len(rows)), [literal(short(row.label)) for row in rows])
    axis.set_title(which)
    axis.set_ylim(len(rows) - 0.4, -0.8)
    axis.grid(visible=False, axis="y")
    axis.set_xscale("log" if min(ends) > 0 and max(ends) > 10 * min(ends) else "linear")
    if axis.get_xscale() == "log":
        plain_logarithm(axis.xaxis, ends)
    axis.set_xlabel(f"one inference, {word}: least and most (thin), 5 to 95 % (thick), median (dot)")
    return figure


def sizes(rows: Sequence[Row]) -> Any:
    """A bar a file, and the memory of a microcontroller beside it where that is known."""
    seen: dict[tuple[str, int], Row] = {}
    for row in rows:
        key = (row.file, row.entry.size_bytes or 0)
        if key[1] and (key not in seen or row.entry.arena_bytes):
            seen[key] = row
    if not seen:
        return None
    kept, which = chosen(list(seen.items()), BARS, smallest=lambda pair: pair[0][1])
    names = dict(zip(seen, _shortest(list(seen.values())), strict=True))
    seen = dict(kept)
    figure, (axis,) = grid(1, 1.0 + ROW * len(seen))
    colours = Marks(rows).colours
    for place, ((file, count), row) in enumerate(seen.items()):
        axis.barh(place, count, color=colours[file], height=0.6)
        arena = row.entry.arena_bytes
        words = size(count) + (f", arena {size(int(arena))}" if arena else "")
        axis.annotate(words, (count, place), (4, 0), textcoords="offset points", va="center", fontsize=8)
    axis.set_yticks(range(len(seen)), [literal(short(names[key])) for key in seen])
    axis.set_title(which)
    axis.set_ylim(len(seen) - 0.4, -0.6)
    axis.grid(visible=False, axis="y")
    axis.set_xlim(0, 1.18 * max(count for _, count in seen))
    axis.xaxis.set_major_formatter(lambda count, _: size(int(count)))
    axis.set_xlabel("size of the file")
    return figure


def _shortest(rows: Sequence[Row]) -> list[str]:
    """For each the file, with its group or all else where that alone is not clear."""
    choices = [(row.file, f"{row.file}, {row.entry.group}", row.label) for row in rows]
    counts = Counter(name for names in choices for name in names[:2])
    return [next((name for name in names[:2] if counts[name] == 1), names[2]) for names in choices]
