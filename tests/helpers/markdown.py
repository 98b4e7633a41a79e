"""The pages of the house: every Markdown file of a checkout."""

from __future__ import annotations

from pathlib import Path

from tests.helpers.places import ROOT

# Everything but what a command leaves: results, environments, builds, caches.
MARKDOWN = [
    path
    for path in sorted(ROOT.rglob("*.md"))
    if path.relative_to(ROOT).parts[0] not in ("results", "build", "dist")
    and not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
]


def name(path: Path) -> str:
    """Of a file of the house, as its readers know it."""
    return path.relative_to(ROOT).as_posix()
