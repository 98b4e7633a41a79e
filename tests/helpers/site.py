"""The built documentation, and what its pages hold: links, anchors, pictures."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from tests.helpers.places import ROOT

SITE = ROOT / "build" / "docs"


@cache
def built() -> Path:
    """The site, built anew by `mkdocs build --strict`; `make docs` has just built it and says so."""
    if os.environ.get("KERAS_LSTM_PLUS_SITE") != "built":
        command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return SITE


@cache
def pages() -> dict[str, Parsed]:
    """Every page by its path in the site."""
    return {path.relative_to(built()).as_posix(): parsed(path) for path in sorted(built().rglob("*.html"))}


def parsed(path: Path) -> Parsed:
    page = Parsed()
    page.feed(path.read_text(encoding="utf-8"))
    return page


class Parsed(HTMLParser):
    """Attributes:
    links: what `href` and `src` name.
    anchors: the ids.
    wordless: pictures without words for those who cannot see them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.wordless: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors |= {value for name in ("id", "name") if (value := given.get(name))}
        self.links += [value for name in ("href", "src") if (value := given.get(name))]
        drawing = tag == "svg" and "drawing" in (given.get("class") or "")
        if tag == "img" and not (given.get("alt") or "").strip():
            self.wordless.append(str(given.get("src")))
        if drawing and not (given.get("role") == "img" and (given.get("aria-label") or "").strip()):
            self.wordless.append("a drawing")
        if tag == "iframe" and not (given.get("title") or "").strip():
            self.wordless.append(str(given.get("src")))
