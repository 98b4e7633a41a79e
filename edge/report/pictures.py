"""Results of benchmarks as pictures. matplotlib is imported only when something is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edge.report.bars import percentiles, sizes
from edge.report.chosen import LINES, PANELS, POINTS, chosen
from edge.report.drawing import STYLE, Marks, grid, legend, literal, plain_logarithm, png, short
from edge.report.tables import Row, steps

SAME = 1e-7  # differences below are those of float32; a logarithm has no zero


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
        "percentiles": percentiles,
        "sizes": sizes,
        "lengths": _lengths,
    }
    with mpl.rc_context():
        mpl.rcdefaults()  # not as the user has set up their own plots
        for key, value in STYLE.items():
            mpl.rcParams[key] = value
        figures = {name: draw(rows) for name, draw in drawn.items()}
        return {name: png(figure) for name, figure in figures.items() if figure is not None}


def _latency(rows: Sequence[Row]) -> Any:
    """Latency against the share of right answers if somebody measured it, else against the error."""
    judged = any(row.entry.accuracy is not None for row in rows)
    fewest = min(row.entry.threads or 0 for row in rows)
    points = [r for r in rows if _value(r, judged) is not None and (r.entry.threads or 0) == fewest]
    found = [pair for pair in _panels([row for row in points if row.median > 0]).items() if len(pair[1]) > 1]
    if not found:
        return None
    shown, words = chosen(found, PANELS, largest=lambda pair: -len(pair[1]))
    sign = -1.0 if judged else 1.0
    nearest = "most often right" if judged else "nearest"
    panels = {
        title: chosen(
            members,
            max(POINTS // len(shown), 4),
            fastest=lambda row: row.median,
            **{nearest: lambda row: sign * (_value(row, judged) or 0.0)},
        )
        for title, members in shown
    }
    points = [row for members, _ in panels.values() for row in members]
    figure, axes = grid(len(panels), 3.0)
    if words:
        figure.suptitle(f"panels: {words}", fontsize=9)
    marks = Marks(rows)
    for axis, (title, (members, which)) in zip(axes, panels.items(), strict=True):
        for row in members:
            value = _value(row, judged)
            assert value is not None
            axis.plot(
                row.median,
                value if judged else max(value, SAME),
                marks.of(row),
                color=marks.colours[row.file],
                markersize=9,
                markeredgecolor="white",
                alpha=0.8,
                zorder=3,
                clip_on=False,
            )
        axis.set_title(literal("\n".join(filter(None, (title, which)))))
        axis.set_xscale("log")
        low, high = min(row.median for row in members), max(row.median for row in members)
        axis.set_xlim(min(low / 1.4, high / 4), max(high * 1.4, low * 4))
        plain_logarithm(axis.xaxis, axis.get_xlim())
        axis.set_xlabel("median of one inference, ms: left is faster")
        if judged:
            axis.set_ylabel("right answers")
            axis.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        else:
            axis.set_yscale("log")
            axis.set_ylim(SAME / 2, 2 * max(SAME, *(_value(row, False) or 0 for row in points)))
            axis.set_ylabel(literal(f"difference/σ from\n{_references(members)}"), fontsize=8)
            axis.yaxis.set_major_formatter(lambda share, _: "none" if share <= SAME else f"{100 * share:g} %")
    legend(figure, marks, points)
    return figure


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
    all_groups = list(dict.fromkeys(group for group, *_ in lines))
    groups, words = chosen(all_groups, PANELS, first=lambda group: float(all_groups.index(group)))
    inside = [pair for pair in lines.items() if pair[0][0] in groups]
    kept, which = chosen(inside, LINES, fastest=lambda pair: max(pair[1], key=lambda row: row.length).median)
    lines = dict(kept)
    groups = [group for group in groups if any(key[0] == group for key in lines)]
    figure, axes = grid(len(groups), 3.0)
    if words or which:
        figure.suptitle(
            ", ".join(filter(None, (words and f"panels: {words}", which and f"lines: {which}"))), fontsize=9
        )
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
        axis.set_title(literal(group or ""))
        axis.set_xscale("log")
        axis.set_yscale("log")
        plain_logarithm(axis.xaxis, [row.length for row in members])
        plain_logarithm(axis.yaxis, [row.median for row in members])
        axis.set_xlabel("time steps in a sequence")
        axis.set_ylabel("median of one inference, ms")
    shown = [row for line in lines.values() for row in line]
    legend(figure, marks, shown, styles if len(styles) > 1 else None)
    return figure


def _panels(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """What may be compared, in a panel of its own: the same group and length."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        title = ", ".join(filter(None, (row.entry.group, steps(row.entry.length))))
        found.setdefault(title, []).append(row)
    return found


def _references(rows: Sequence[Row]) -> str:
    """What the errors of these are measured against."""
    names = list(dict.fromkeys(row.reference for row in rows))
    return " or ".join(map(short, names)) if len(names) < 3 else "the first file of each result"


def _value(row: Row, judged: bool) -> float | None:
    if judged:
        return row.entry.accuracy
    return None if row.entry.error is None else row.entry.error.relative
