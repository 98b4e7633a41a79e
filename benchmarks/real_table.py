"""The examples' own models with the native engine and without it, as a table."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.tables import CONSOLE
from edge.report.style import number

KERNEL, ENGINE = "runtime's kernel", "native engine"


def print_real(result: dict[str, Any], console: Console = CONSOLE) -> None:
    """A row a file: KiB, the time of a call either way, how many times as fast the engine makes it."""
    files = [file for file in result["files"] if "model" in file]
    if not files:
        return
    table = Table(
        title="The examples' own files, whole, one thread (fastest of all runs, µs)", title_justify="left"
    )
    table.add_column("model", no_wrap=True)
    table.add_column("steps\na call", justify="right")
    for header in ("numbers", "weights"):
        table.add_column(header)
    for header in ("KiB", "runtime's\nkernel", "native\nengine", "speed"):
        table.add_column(header, justify="right")
    before = None
    for plain, fast in zip(files[::2], files[1::2], strict=True):
        assert (plain["name"], fast["name"], plain["group"]) == (KERNEL, ENGINE, fast["group"])
        if before not in (None, plain["model"]):
            table.add_section()
        times = [file["inference_ms"]["min"] for file in (plain, fast)]
        first = plain["model"] != before
        table.add_row(
            plain["model"] if first else "",
            str(plain["length"]) if first else "",
            plain["form"],
            "trained" if plain["trained"] else "random",
            f"{plain['size_bytes'] / 1024:.1f}",
            *(number(time * 1e3) for time in times),
            f"{times[0] / times[1]:.2f}x",
        )
        before = plain["model"]
    console.print(table)
