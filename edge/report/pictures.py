"""Results of benchmarks as pictures. matplotlib is imported here alone, and only when something is drawn."""

from __future__ import annotations

import io
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from edge.report.style import number, size
from edge.report.tables import Row, steps, unit

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F", "#8C564B")
MARKERS = "os^DvP*X"
WIDTH, ROW, DPI = 8.0, 0.34, 150  # inches, inches, dots per inch
EXACT = 1e-7  # errors below are those of float32; a logarithm has no zero
STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "axes.axisbelow": True,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "legend.frameon": False,
}


def pictures(rows: Sequence[Row]) -> dict[str, bytes]:
    """PNGs by name, those for which there is something to show: `latency`, `sizes`, `percentiles`, `lengths`.

    Raises:
        ImportError: matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
    except ImportError:
        raise ImportError("The pictures of a report need one more package: pip install matplotlib") from None
    drawn = {
        "latency": _latency,
        "percentiles": _percentiles,
        "sizes": _sizes,
        "lengths": _lengths,
    }
    with mpl.rc_context():
        mpl.rcdefaults()  # not as the user has set up their own plots
        for key, value in STYLE.items():
            mpl.rcParams[key] = value
        figures = {name: draw(rows) for name, draw in drawn.items()}
        return {name: _png(figure) for name, figure in figures.items() if figure is not None}


def _latency(rows: Sequence[Row]) -> Any:
    """Latency against the share of right answers if somebody measured it, else against the error."""
    judged = any(row.entry.accuracy is not None for row in rows)
    fewest = min(row.entry.threads or 0 for row in rows)
    points = [r for r in rows if _value(r, judged) is not None and (r.entry.threads or 0) == fewest]
    panels = {title: members for title, members in _panels(points).items() if len(members) > 1}
    if not panels:
        return None
    points = [row for members in panels.values() for row in members]
    figure, axes = _grid(len(panels), 3.0)
    marks = Marks(rows)
    for axis, (title, members) in zip(axes, panels.items(), strict=True):
        for row in members:
            value = _value(row, judged)
            assert value is not None
            axis.plot(
                row.median,
                value if judged else max(value, EXACT),
                marks.of(row),
                color=marks.colours[row.file],
                markersize=9,
                markeredgecolor="white",
                alpha=0.8,
                zorder=3,
                clip_on=False,
            )
        axis.set_title(title)
        axis.set_xscale("log")
        low, high = min(row.median for row in members), max(row.median for row in members)
        axis.set_xlim(min(low / 1.4, high / 4), max(high * 1.4, low * 4))
        _plain_logarithm(axis.xaxis, axis.get_xlim())
        axis.set_xlabel("median of one inference, ms: left is faster")
        if judged:
            axis.set_ylabel("right answers")
            axis.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        else:
            axis.set_yscale("log")
            axis.set_ylim(EXACT / 2, 2 * max(EXACT, *(_value(row, False) or 0 for row in points)))
            axis.set_ylabel("error/σ: below is more exact")
            axis.yaxis.set_major_formatter(
                lambda share, _: "exact" if share <= EXACT else f"{100 * share:g} %"
            )
    _legend(figure, marks, points)
    return figure


def _percentiles(rows: Sequence[Row]) -> Any:
    """The spread of the times: thin from least to most, thick from 5 to 95 %, a dot for the median."""
    word, factor = unit(row.median for row in rows)
    figure, (axis,) = _grid(1, 1.0 + ROW * len(rows))
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
    axis.set_yticks(range(len(rows)), [row.label for row in rows])
    axis.set_ylim(len(rows) - 0.4, -0.8)
    axis.grid(visible=False, axis="y")
    axis.set_xscale("log" if min(ends) > 0 and max(ends) > 10 * min(ends) else "linear")
    if axis.get_xscale() == "log":
        _plain_logarithm(axis.xaxis, ends)
    axis.set_xlabel(f"one inference, {word}: least and most (thin), 5 to 95 % (thick), median (dot)")
    return figure


def _sizes(rows: Sequence[Row]) -> Any:
    """A bar a file, and the memory of a microcontroller beside it where that is known."""
    seen: dict[tuple[str, int], Row] = {}
    for row in rows:
        key = (row.file, row.entry.size_bytes or 0)
        if key[1] and (key not in seen or row.entry.arena_bytes):
            seen[key] = row
    if not seen:
        return None
    figure, (axis,) = _grid(1, 1.0 + ROW * len(seen))
    colours = Marks(rows).colours
    for place, ((file, count), row) in enumerate(seen.items()):
        axis.barh(place, count, color=colours[file], height=0.6)
        arena = row.entry.arena_bytes
        words = size(count) + (f", arena {size(int(arena))}" if arena else "")
        axis.annotate(words, (count, place), (4, 0), textcoords="offset points", va="center", fontsize=8)
    axis.set_yticks(range(len(seen)), _shortest(list(seen.values())))
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


def _lengths(rows: Sequence[Row]) -> Any:
    """Time against the length of the sequence, where a file was measured at several."""
    lines: dict[Any, list[Row]] = {}
    for row in rows:
        if row.length:
            key = (row.entry.group, row.file, row.entry.threads, row.source)
            lines.setdefault(key, []).append(row)
    lines = {key: line for key, line in lines.items() if len({row.length for row in line}) > 1}
    if not lines:
        return None
    groups = list(dict.fromkeys(group for group, *_ in lines))
    figure, axes = _grid(len(groups), 3.0)
    marks = Marks(rows)
    styles = dict(
        zip(sorted({row.entry.threads or 0 for row in rows}), ("-", "--", ":", "-.") * 9, strict=False)
    )
    for axis, group in zip(axes, groups, strict=True):
        for (its_group, file, threads, _), line in lines.items():
            if its_group == group:
                line = sorted(line, key=lambda row: row.length)
                axis.plot(
                    [row.length for row in line],
                    [row.median for row in line],
                    styles[threads or 0] + marks.of(line[0]),
                    color=marks.colours[file],
                    alpha=0.8,
                )
        members = [row for line in lines.values() for row in line if row.entry.group == group]
        axis.set_title(group or "")
        axis.set_xscale("log")
        axis.set_yscale("log")
        _plain_logarithm(axis.xaxis, [row.length for row in members])
        _plain_logarithm(axis.yaxis, [row.median for row in members])
        axis.set_xlabel("time steps in a sequence")
        axis.set_ylabel("median of one inference, ms")
    shown = [row for line in lines.values() for row in line]
    _legend(figure, marks, shown, styles if len(styles) > 1 else None)
    return figure


def _panels(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """What may be compared, in a panel of its own: the same group and length."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        title = ", ".join(filter(None, (row.entry.group, steps(row.entry.length))))
        found.setdefault(title, []).append(row)
    return found


def _value(row: Row, judged: bool) -> float | None:
    if judged:
        return row.entry.accuracy
    return None if row.entry.error is None else row.entry.error.relative


def _grid(count: int, height: float) -> tuple[Any, list[Any]]:
    """A figure with so many panels, two in a line."""
    from matplotlib.figure import Figure

    columns = min(count, 2)
    lines = math.ceil(count / columns)
    figure = Figure((WIDTH, height * lines + 0.4), layout="constrained")
    axes = [figure.add_subplot(lines, columns, n + 1) for n in range(count)]
    return figure, axes


class Marks:
    """How a measurement is drawn: colours by file, marks by platform, or by file where there is one."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.files = list(dict.fromkeys(row.file for row in rows))
        self.platforms = list(dict.fromkeys(row.platform for row in rows))
        self.colours = {file: COLOURS[n % len(COLOURS)] for n, file in enumerate(self.files)}

    def of(self, row: Row) -> str:
        several = len(self.platforms) > 1
        place = self.platforms.index(row.platform) if several else self.files.index(row.file)
        return MARKERS[place % len(MARKERS)]


def _legend(figure: Any, marks: Marks, shown: Sequence[Row], styles: dict[int, str] | None = None) -> None:
    """Files, and platforms and threads where there are several of them."""
    from matplotlib.lines import Line2D

    firsts = {row.file: row for row in reversed(shown)}
    several = len(marks.platforms) > 1
    keys = [
        Line2D([], [], color=marks.colours[file], marker="o" if several else marks.of(row), ls="", label=file)
        for file, row in sorted(firsts.items(), key=lambda pair: marks.files.index(pair[0]))
    ]
    if several:
        platforms = {row.platform: row for row in shown}
        keys += [
            Line2D([], [], color="#444444", marker=marks.of(row), ls="", label=platform)
            for platform, row in platforms.items()
        ]
    for threads, style in (styles or {}).items():
        label = f"{threads} thread{'' if threads == 1 else 's'}" if threads else "threads not known"
        keys.append(Line2D([], [], color="#444444", ls=style, label=label))
    figure.legend(handles=keys, loc="outside lower center", ncols=min(len(keys), 4))


def _plain_logarithm(axis: Any, values: Iterable[float]) -> None:
    """Ticks as numbers that people read: 0.05, 0.1, 0.2."""
    from matplotlib.ticker import LogLocator, NullFormatter

    values = [value for value in values if value > 0]
    decades = math.log10(max(values) / min(values)) if values else 1
    subs = (1.0,) if decades > 2.5 else (1.0, 3.0) if decades > 1.5 else (1.0, 2.0, 5.0)
    axis.set_major_locator(LogLocator(subs=subs))
    axis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    axis.set_minor_formatter(NullFormatter())


def _png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    return buffer.getvalue()
