"""The figures of the inference benchmark where people see them: in docs/speed.md and the README."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.engine_table import figures_of, mean_speed, print_engine, share
from benchmarks.inference_contestants import ENGINE, ONNX, ONNX_INT8, OURS
from benchmarks.inference_table import print_inference
from benchmarks.real_table import print_real
from edge.files import write_whole

ROOT = Path(__file__).parent.parent
WIDTH = 100
ROWS = {
    "float": (ENGINE[0], OURS[0], ONNX),
    "8-bit weights": (ENGINE[1], OURS[1], ONNX_INT8),
    "int8, the same bytes": (ENGINE[2], OURS[2], None),
}


def speed_tables(result: dict[str, Any]) -> str:
    """All tables as plain text."""
    text = StringIO()
    console = Console(file=text, width=WIDTH, color_system=None)
    print_engine(result, console)
    print_real(result, console)
    print_inference(result, console)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def readme_table(result: dict[str, Any]) -> str:
    """A row a precision and a length of call: the means of all sizes, and the range of the share reached."""
    figures = figures_of(result)
    headers = ("against TensorFlow Lite's kernel", "against ONNX Runtime", "of what the machine allows")
    lines = [f"| numbers, steps a call | {' | '.join(headers)} |", "|---|---|---|---|"]
    for length in (100, 1):
        for said, (name, kernel, peer) in ROWS.items():
            means = [mean_speed(figures, name, other, length) for other in (kernel, peer) if other]
            shares = [
                share(figures, group, length, name) for group in dict.fromkeys(g for _, g, _ in figures)
            ]
            there = [each for each in shares if each is not None]
            cells = ["–" if not each else f"{each:.2f}x" for each in means]
            cells += ["–"] * (2 - len(cells))
            cells.append(f"{min(there):.2f} – {max(there):.2f}" if there else "–")
            lines.append(f"| {said}, {length} | {' | '.join(cells)} |")
    return "\n".join(lines)


def write_docs(result: dict[str, Any], root: Path = ROOT) -> None:
    """Put them between the marks `<!-- inference -->` of either file.

    Raises:
        ValueError: a file has not those marks.
    """
    shown = {"README.md": readme_table(result), "docs/speed.md": f"```\n{speed_tables(result)}```"}
    for name, text in shown.items():
        path = root / name
        before, after = block(path)
        write_whole(path, f"{before}{text}\n{after}".encode())


def block(path: Path) -> tuple[str, str]:
    """What stands in a file before the figures, and behind them."""
    found = re.fullmatch(
        r"(.*<!-- inference -->\n).*?(<!-- /inference -->.*)", path.read_text("utf-8"), re.DOTALL
    )
    if not found:
        raise ValueError(f"{path} has no <!-- inference --> ... <!-- /inference --> that figures go into.")
    return found.group(1), found.group(2)
