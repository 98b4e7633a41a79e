"""What the pictures share: their look, marks, legends and axes. matplotlib is imported here alone."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from typing import Any

from edge.report.tables import Row

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F", "#8C564B")
MARKERS = "os^DvP*X"
WIDTH, ROW, DPI = 8.0, 0.34, 150  # inches, inches, dots per inch
WIDE, LINE, LONGEST = 130, 0.2, 60  # letters in a line of a legend, its height in inches; letters of a name
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


def literal(text: str) -> str:
    """Text as it is: a dollar in a name begins no formula."""
    return text.replace("$", r"\$")


def short(text: str) -> str:
    """A name that fits: its beginning and its end."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]}…{text[-LONGEST // 2 + 1 :]}"


def grid(count: int, height: float) -> tuple[Any, list[Any]]:
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
        names = self.platforms if len(self.platforms) > 1 else self.files
        self._marks = {name: MARKERS[n % len(MARKERS)] for n, name in enumerate(names)}

    def of(self, row: Row) -> str:
        return self._marks[row.platform if len(self.platforms) > 1 else row.file]


def legend(figure: Any, marks: Marks, shown: Sequence[Row], styles: dict[int, str] | None = None) -> None:
    """Files, and platforms and threads where there are several of them."""
    from matplotlib.lines import Line2D

    firsts = {row.file: row for row in reversed(shown)}
    several = len(marks.platforms) > 1
    keys = [
        Line2D(
            [],
            [],
            color=marks.colours[file],
            marker="o" if several else marks.of(firsts[file]),
            ls="",
            label=literal(f" {short(file)}"),  # a label that begins with an underscore is left out
        )
        for file in marks.files
        if file in firsts
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
    longest = max(len(str(key.get_label())) for key in keys)
    columns = max(1, min(len(keys), 4, WIDE // (longest + 6)))
    figure.set_figheight(figure.get_figheight() + LINE * math.ceil(len(keys) / columns))
    figure.legend(handles=keys, loc="outside lower center", ncols=columns)


def plain_logarithm(axis: Any, values: Iterable[float]) -> None:
    """Ticks as numbers that people read: 0.05, 0.1, 0.2."""
    from matplotlib.ticker import LogLocator, NullFormatter

    values = [value for value in values if value > 0]
    decades = math.log10(max(values) / min(values)) if values else 1
    subs = (1.0,) if decades > 2.5 else (1.0, 3.0) if decades > 1.5 else (1.0, 2.0, 5.0)
    axis.set_major_locator(LogLocator(subs=subs))
    axis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    axis.set_minor_formatter(NullFormatter())


def png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    return buffer.getvalue()
