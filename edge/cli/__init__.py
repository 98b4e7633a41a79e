"""`python -m edge`: the commands.

May import: all; `edge.convert` by name, inside a command; typer and rich.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

# Imported when asked for: without typer and rich there is a sentence, not a traceback.
_HOMES = {
    "app": "edge.cli.main",
}

__all__ = ["app"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
