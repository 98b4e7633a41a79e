"""The tables of the examples look the same."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from examples.common.files import Cost


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> Table:
    """A table: its title, a column each, and rows of text.

    Args:
        left: so many columns are text and stand at the left; the others are numbers.
        rows: an empty row draws a line.
    """
    made = Table(title=title, title_justify="left")
    for number, heading in enumerate(columns):
        made.add_column(heading, justify="left" if number < left else "right")
    for number, row in enumerate(rows):
        if row:
            made.add_row(*row, end_section=number + 1 < len(rows) and not rows[number + 1])
    return made


def price(cost: Cost | None) -> list[str]:
    """Size in KiB, median ms and speed as three cells; empty for a model in memory."""
    if cost is None:
        return ["", "", ""]
    return [f"{cost.size:.1f}", f"{cost.latency:.3f}", f"{cost.speed:.2f}x"]
