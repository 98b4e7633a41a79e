"""A notebook with its output as a page of Markdown, each picture with the words that its cell gave it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

FENCE = "```"


def as_markdown(path: Path) -> tuple[str, dict[str, bytes]]:
    """The page, and its pictures by their file names.

    Raises:
        ValueError: a picture without words for those who cannot see it, or an output that has no form here.
    """
    notebook = json.loads(path.read_text(encoding="utf-8"))
    parts: list[str] = []
    pictures: dict[str, bytes] = {}
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(f"{FENCE}python\n{source}\n{FENCE}")
        parts += [shown(output, path.stem, pictures) for output in cell["outputs"]]
    download = f"[This page as a notebook, to run and to change]({path.name})"
    return "\n\n".join([*parts, download, ""]), pictures


def shown(output: dict[str, Any], stem: str, pictures: dict[str, bytes]) -> str:
    """An output of a cell in Markdown; its picture goes into `pictures`."""
    if output["output_type"] == "stream":
        return text("".join(output["text"]))
    data = output.get("data", {})
    if "image/png" in data:
        words = output["metadata"].get("image/png", {}).get("alt")
        if not words:
            raise ValueError(f"{stem}.ipynb: a picture without alt= in IPython.display.Image.")
        name = f"{stem}_{len(pictures) + 1}.png"
        pictures[name] = base64.b64decode(data["image/png"])
        return f"![{words}]({name})"
    if "text/plain" in data:
        return text("".join(data["text/plain"]))
    raise ValueError(f"{stem}.ipynb: an output of the kind {output['output_type']}; print it instead.")


def text(words: str) -> str:
    return f"{FENCE}text\n{words.rstrip()}\n{FENCE}"
