"""The figures by which a reader decides, gathered from the pages where commands have printed them.

python docs/tools/figures.py      prints the table of docs/which.md
"""

from __future__ import annotations

import re
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
FORMS = ("float", "float16", "dynamic", "int8")
WHAT = {
    "float": "`None`",
    "float16": '`"float16"`',
    "dynamic": '`"dynamic"`',
    "int8": '`"int8"`',
}


def table() -> str:
    """Sizes and answers of the watch, speeds, and errors over all published models, a row a form."""
    errors, watch = zoo(), demo()
    lines = [
        "| `quantize` | size of the watch's file | its windows right | rms error: median of the models "
        "| largest |",
        "|---|---|---|---|---|",
    ]
    for form in FORMS:
        size, right = watch.get(form, ("–", "–"))
        if form == "float":
            error = largest = "below 0.01%"
        else:
            error, largest = (f"{value:.1f}%" for value in (median(errors[form]), max(errors[form])))
        lines.append(f"| {WHAT[form]} | {size} | {right} | {error} | {largest} |")
    return "\n".join(lines)


def zoo() -> dict[str, list[float]]:
    """The errors in docs/models.md by form: those of files that needed no way out."""
    found: dict[str, list[float]] = {form: [] for form in FORMS[1:]}
    for line in (ROOT / "docs/models.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("| `"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            for form, cell in zip(FORMS[1:], cells[4:], strict=False):
                if re.fullmatch(r"[\d.]+%", cell):
                    found[form].append(float(cell[:-1]))
    return found


def demo() -> dict[str, tuple[str, str]]:
    """Size and share of right windows of the standard network's files, from the example's table."""
    text = (ROOT / "examples/exercise_recognition/README.md").read_text(encoding="utf-8")
    rows = re.findall(r"│ standard +│ (\w+) +│ +([\d.]+%) │ +[\d.]+% │ +([\d.]+) │", text)
    return {form: (f"{size} KiB", right) for form, right, size in rows}


if __name__ == "__main__":
    print(table())
