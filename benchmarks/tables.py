"""The figures of a benchmark as tables, for a terminal and in Markdown."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, log

from rich.console import Console
from rich.table import Table

CONSOLE = Console(width=None if sys.stdout.isatty() else 100)  # as the docs show them


@dataclass
class Sheet:
    """A table with its title above it and a line of text below."""

    title: str
    columns: Sequence[str]
    rows: list[list[str]] = field(default_factory=list)
    means: list[list[str]] = field(default_factory=list)  # rows set apart
    below: str = ""

    def markdown(self) -> str:
        """As Markdown writes it."""
        lines = ["| " + " | ".join(self.columns) + " |", "|---" + "|---:" * (len(self.columns) - 1) + "|"]
        lines += ["| " + " | ".join(row) + " |" for row in self.rows]
        lines += [
            "| " + " | ".join(f"**{cell}**" if cell else "" for cell in row) + " |" for row in self.means
        ]
        text = f"**{self.title}**\n\n" + "\n".join(lines)
        return f"{text}\n\n{self.below}" if self.below else text

    def print(self) -> None:
        """On the terminal."""
        table = Table(title=self.title, title_justify="left")
        for k, name in enumerate(self.columns):
            table.add_column(name, justify="right" if k else "left")
        for row in self.rows:
            table.add_row(*row)
        if self.means:
            table.add_section()
        for row in self.means:
            table.add_row(*row)
        CONSOLE.print(table)
        if self.below:
            CONSOLE.print(self.below + "\n", highlight=False)


def geometric_mean(values: Sequence[float]) -> float:
    """exp of the mean of the logarithms."""
    return exp(sum(log(value) for value in values) / len(values))
