"""What the tables for people share: their look, and how sizes and numbers are written."""

from __future__ import annotations

from rich import box
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text


def table(first: str, *headers: str) -> Table:
    """An empty table: names to the left, numbers to the right."""
    made = Table(box=box.SIMPLE, pad_edge=False, collapse_padding=True, show_edge=False)
    made.add_column(first, overflow="fold", header_style="bold")
    for header in headers:
        made.add_column(header, justify="right", overflow="fold")
    return made


def add(rows: Table, *cells: str | Text) -> None:
    """A row; brackets in a name or a shape are no markup."""
    rows.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in cells))


def spaced(*parts: RenderableType) -> list[RenderableType]:
    """With an empty line after each."""
    return [Padding(part, (0, 0, 1, 0), expand=False) for part in parts]


def size(count: int) -> str:
    """`10.5 kB`: a count of bytes in powers of ten, as file managers show it."""
    amount, units = float(count), ["B", "kB", "MB", "GB"]
    while amount >= (1000 if units[0] == "B" else 999.95) and len(units) > 1:  # 1000.0 kB is 1.0 MB
        amount /= 1000
        units.pop(0)
    return f"{amount:.0f} B" if units[0] == "B" else f"{amount:.1f} {units[0]}"


def number(value: float | None) -> str:
    """Three digits that count; a dash for what is not known."""
    if value is None:
        return "–"
    return f"{value:.0f}" if value == 0 or abs(value) >= 100 else f"{value:.3g}"
