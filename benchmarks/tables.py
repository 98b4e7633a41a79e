"""The figures of a benchmark as tables."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from math import exp, log

from rich.console import Console
from rich.table import Table

Figures = dict[str, dict[str, float]]

CONSOLE = Console(width=None if sys.stdout.isatty() else 100)  # as the docs show them


def geometric_mean(values: Sequence[float]) -> float:
    """exp of the mean of the logarithms."""
    return exp(sum(log(value) for value in values) / len(values))


def print_sizes(title: str, figures: Figures, keras: Sequence[str], ours: Sequence[str]) -> None:
    """A row a size, a column a contestant, the ratio of Keras's best to each of ours behind it."""
    names = list(next(iter(figures.values())))
    table = Table(title=title, title_justify="left")
    table.add_column("batch x time\nx inputs x units")
    for name in names:
        table.add_column(name, justify="right")
    ratios: dict[str, list[float]] = {name: [] for name in names if name not in keras}
    for size, row in figures.items():
        best = min(row[name] for name in keras)
        cells = []
        for name in names:
            cells.append(f"{row[name]:.1f}")
            if name in ratios:
                ratios[name].append(best / row[name])
                cells[-1] += f"  {best / row[name]:.2f}x"
        table.add_row(size, *cells)
    table.add_section()
    means = [f"{geometric_mean(ratios[name]):.2f}x" if name in ratios else "" for name in names]
    table.add_row("geometric mean", *means)
    CONSOLE.print(table)
    worst = min(min(ratios[name]) for name in ours)
    CONSOLE.print(f"LSTMPlus against Keras's best: {worst:.2f}x at the size where it is slowest.\n")


def print_growth(growth: dict[str, dict[int, dict[str, float]]]) -> None:
    """How the cost grows: linear means that the cost of a step of a sequence stays the same."""
    for what, rows in growth.items():
        names = list(next(iter(rows.values())))
        memory = what.startswith("memory")
        unit = "MB" if memory else "ms, and microseconds a step of a sequence"
        table = Table(title=f"{what.removesuffix(', MB')}: {unit}", title_justify="left")
        table.add_column("time" if memory else what, justify="right")
        for name in names:
            table.add_column(name, justify="right")
        for size, row in rows.items():
            steps = size * (16 if what == "time" else 100)
            shown = [f"{value:.0f}" if memory else _per_step(value, steps) for value in row.values()]
            table.add_row(f"{size:,}", *shown)
        CONSOLE.print(table)


def _per_step(milliseconds: float, steps: int) -> str:
    return f"{milliseconds:.1f}  {1e3 * milliseconds / steps:.2f}"
