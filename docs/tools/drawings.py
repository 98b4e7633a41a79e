"""Drawings become part of their page, so that they take its colours when a reader switches light and dark.

As a file, in a repository's own view, a drawing goes by the reader's system instead: its `<style>` says so,
and is left out here.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

PICTURE = re.compile(r"!\[(?P<words>[^\]]+)\]\((?P<path>[^)\s]+\.svg)\)")


def inlined(markdown: str, folder: Path) -> str:
    """The text with every `![words](drawing.svg)` replaced by the drawing, its words for a screen reader."""

    def drawn(found: re.Match[str]) -> str:
        svg = (folder / found["path"]).read_text(encoding="utf-8")
        svg = re.sub(r"<style>.*?</style>\s*", "", svg, flags=re.DOTALL)
        svg = re.sub(r"\n\s*", "\n", svg).strip()
        label = escape(found["words"], quote=True)
        return svg.replace("<svg ", f'<svg class="drawing" role="img" aria-label="{label}" ', 1)

    return PICTURE.sub(drawn, markdown)
