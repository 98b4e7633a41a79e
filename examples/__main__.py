"""`python -m examples`: every example, one after the other, and how each ended."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from examples.common.command import NOTHING

HERE = Path(__file__).parent
PRINTED = "printed.txt"  # what the example printed, beside what it wrote


def names() -> list[str]:
    """The examples: the folders here that can be run."""
    return sorted(path.parent.name for path in HERE.glob("*/__main__.py"))


def main(
    only: Annotated[list[str] | None, typer.Argument(help="Which examples; all if none is named.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Each under a minute.")] = False,
    out: Annotated[Path, typer.Option(help="A folder with a folder for each.")] = Path("results"),
) -> None:
    """Run the examples. What each prints is kept as OUT/NAME/printed.txt. Exit code 1 if one failed."""
    unknown = sorted(set(only or ()) - set(names()))
    if unknown:
        raise SystemExit(f"There is no example {', '.join(unknown)}; there are {', '.join(names())}.")
    console = Console()
    ended = Table(title="The examples", title_justify="left")
    for heading in ("example", "ended", "seconds"):
        ended.add_column(heading, justify="right" if heading == "seconds" else "left")
    failed = False
    for name in only or names():
        console.rule(name)
        started = time.perf_counter()
        code = run(name, out / name, quick)
        failed |= code != 0
        ended.add_row(name, how_it_ended(code, out / name), f"{time.perf_counter() - started:.0f}")
    console.print(ended)
    raise typer.Exit(int(failed))


def how_it_ended(code: int, out: Path) -> str:
    """In a word or two, by its exit code and what it printed."""
    if code:
        return f"exit {code}"
    printed = (out / PRINTED).read_text(encoding="utf-8")
    return "left out: no data" if any(line.startswith(NOTHING) for line in printed.splitlines()) else "well"


def run(name: str, out: Path, quick: bool) -> int:
    """One example in a process of its own: its output is shown as it comes, and kept. Gives its exit code."""
    out.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", f"examples.{name}", "--out", str(out), *["--quick"] * quick]
    with (
        subprocess.Popen(
            command, cwd=HERE.parent, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        ) as child,
        (out / PRINTED).open("w", encoding="utf-8") as kept,
    ):
        assert child.stdout is not None
        for line in child.stdout:
            print(line, end="", flush=True)
            kept.write(line)
    return child.returncode


if __name__ == "__main__":
    typer.run(main)
