"""What `benchmarks.training` found as tables: every figure in them is one of its JSON, or a ratio of two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.engine_switch import WITHOUT
from benchmarks.tables import Sheet, geometric_mean
from edge.report.style import number

Figures = dict[str, float]
BySize = dict[str, dict[str, Figures]]  # size, contestant

KERAS = ("Keras", "Keras, plain", "Keras, XLA")  # its settings: the best one of a row counts
FIVE = "of the five marked *"


def sheets(results: dict[str, Any]) -> list[Sheet]:
    """All tables that there are figures for."""
    marked, found = results["marked"], []
    steps: BySize = results["steps"]
    rounds = f"{_runs(steps):.0f} rounds"
    if steps:
        title = f"One gradient step, ms: fastest (median) of {rounds}; times as fast as Keras's best setting"
        found.append(_speeds(title, "batch x time x inputs x units", steps, marked))
        found.append(
            _plain("Cores kept busy in that step: CPU time over wall time", steps, marked, "cores", 2)
        )
        title = "The very first step of a size, ms: what a new shape costs in tracing and compiling"
        found.append(_plain(title, steps, marked, "first", 0))
    for shown, epochs in results["fit"].items():
        title = (
            f"One epoch of `model.fit`, 10 batches, {shown} shown, without the autotuner, ms: fastest "
            f"(median) of {_runs(epochs):.0f} rounds; times as fast as Keras's best setting"
        )
        found.append(_speeds(title, "batch x time x inputs x units", epochs, ()))
    if results["streams"]:
        found.append(_streams(results["streams"]))
    if results["feeding"]:
        found.append(_feeding(results["feeding"]))
    for what, rows in results["growth"].items():
        found.append(_growth(what, rows))
    if results["memory"]:
        found.append(_memory(results["memory"]))
    return found


def machine_lines(results: dict[str, Any]) -> list[str]:
    """What it was measured on, and what makes that doubtful."""
    machine, versions = results["machine"], results["versions"]
    load = f", load {machine['load']:.1f} before" if machine.get("load") is not None else ""
    names = ", ".join(f"{name} {version}" for name, version in versions.items())
    measured = f"{machine['cpu']}, {machine['cores']} cores, {machine['os']}{load}; {names}."
    return [measured, *(f"Warning: {each}" for each in results["warnings"])]


def markdown(results: dict[str, Any]) -> str:
    """All tables, and the machine."""
    return "\n\n".join([*(sheet.markdown() for sheet in sheets(results)), *machine_lines(results)])


def best_of_keras(row: dict[str, Figures], figure: str) -> float:
    """The time of Keras in the setting that suits it best."""
    return min(row[name][figure] for name in KERAS if name in row)


def speeds(figures: BySize, name: str, figure: str, sizes: Sequence[str]) -> list[float]:
    """At each size, how many times as fast as Keras's best setting."""
    return [best_of_keras(figures[size], figure) / figures[size][name][figure] for size in sizes]


def _runs(figures: BySize) -> float:
    return next(iter(next(iter(figures.values())).values()))["runs"] if figures else 0


def _names(figures: BySize) -> list[str]:
    """Who took part, Keras in its best setting first."""
    return [name for name in next(iter(figures.values())) if name not in KERAS]


def _speeds(title: str, what: str, figures: BySize, marked: Sequence[str]) -> Sheet:
    names = _names(figures)
    sheet = Sheet(title, [what, "Keras", *names])
    for size, row in figures.items():
        cells = [f"{number(best_of_keras(row, 'min'))} ({number(best_of_keras(row, 'median'))})"]
        for name in names:
            mine, speed = row[name], speeds(figures, name, "min", [size])[0]
            cells.append(f"{number(mine['min'])} ({number(mine['median'])}) {speed:.2f}x")
        sheet.rows.append([_mark(size, marked), *cells])
    sizes = list(figures)
    groups = [(FIVE, [size for size in sizes if size in marked]), (f"of all {len(sizes)}", sizes)]
    for words, group in groups:
        if words == FIVE and not 0 < len(marked) == len(group) < len(sizes):
            continue
        for figure, said in (("min", "fastest"), ("median", "median")):
            means = [geometric_mean(speeds(figures, name, figure, group)) for name in names]
            sheet.means.append([f"mean {words}, {said}", "", *(f"{mean:.2f}x" for mean in means)])
    sheet.below = _compared(figures)
    return sheet


def _compared(figures: BySize) -> str:
    """LSTMPlus against those that people ask about, by the fastest: in the mean, and at its worst."""
    pairs = (
        ("LSTMPlus", "Keras", lambda row: best_of_keras(row, "min")),
        ("LSTMPlus peephole", "Keras", lambda row: best_of_keras(row, "min")),
        ("LSTMPlus", "torch", lambda row: row["torch"]["min"]),
        ("LSTMPlus", WITHOUT, lambda row: row[WITHOUT]["min"]),
        ("LSTMPlus peephole", "LSTMPlus", lambda row: row["LSTMPlus"]["min"]),
    )
    said = []
    for name, other, time in pairs:
        if other != "Keras" and not all(other in row for row in figures.values()):
            continue
        ratios = {size: time(row) / row[name]["min"] for size, row in figures.items()}
        worst = min(ratios, key=lambda size: ratios[size])
        mean = geometric_mean(list(ratios.values()))
        said.append(f"{name} against {other}: {mean:.2f}x, at its worst {ratios[worst]:.2f}x ({worst}).")
    return " ".join(said)


def _plain(title: str, figures: BySize, marked: Sequence[str], figure: str, digits: int) -> Sheet:
    names = list(next(iter(figures.values())))
    sheet = Sheet(title, ["batch x time x inputs x units", *names])
    for size, row in figures.items():
        sheet.rows.append([_mark(size, marked), *(f"{row[name][figure]:,.{digits}f}" for name in names)])
    return sheet


def _mark(size: str, marked: Sequence[str]) -> str:
    return f"{size} *" if size in marked else size


def _streams(streams: BySize) -> Sheet:
    title = (
        "A stream of twenty batches of twenty lengths, 20 to 115 steps, `model.fit`, ms: the first batch, "
        "the first epoch, the fastest later one; times as fast as Keras"
    )
    sheet = Sheet(
        title, ["batch x inputs x units", "contestant", "first batch", "first epoch", "later epoch"]
    )
    for size, row in streams.items():
        for name, mine in row.items():
            cells = [f"{mine['first_step']:,.0f}"]
            for figure in ("first", "later"):
                ratio = "" if name == "Keras" else f" {row['Keras'][figure] / mine[figure]:.2f}x"
                cells.append(f"{mine[figure]:,.0f}{ratio}")
            sheet.rows.append([size, name, *cells])
    return sheet


def _feeding(feeding: dict[str, Any]) -> Sheet:
    rows: dict[str, Figures] = feeding["ways"]
    title = f"The same epoch, {feeding['size']}, fed in three ways, ms: what the autotuner's wait costs"
    sheet = Sheet(title, ["layer, data", "fastest", "median", "slowest"])
    for name, mine in rows.items():
        sheet.rows.append([name, *(f"{mine[figure]:,.0f}" for figure in ("min", "median", "max"))])
    return sheet


def _growth(what: str, rows: dict[str, dict[str, Figures]]) -> Sheet:
    """Linear means that the cost of a step of a sequence stays the same."""
    names = list(next(iter(rows.values())))
    other = 16 if what == "time" else 100  # sequences of a batch; steps of a sequence
    sheet = Sheet(f"As the {what} grows, ms (fastest), and microseconds a step of a sequence", [what, *names])
    for size, row in rows.items():
        cells = [
            f"{row[name]['min']:.1f}  {1e3 * row[name]['min'] / (int(size) * other):.2f}" for name in names
        ]
        sheet.rows.append([f"{int(size):,}", *cells])
    return sheet


def _memory(rows: dict[str, dict[str, float]]) -> Sheet:
    names = list(next(iter(rows.values())))
    sheet = Sheet("What a gradient step of 16 x time x 16 x 32 adds to the peak memory, MB", ["time", *names])
    for time, row in rows.items():
        sheet.rows.append([f"{int(time):,}", *(f"{row[name]:,.0f}" for name in names)])
    return sheet
