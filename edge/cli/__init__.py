"""`python -m edge`: the commands, a file each.

May import: all; `edge.convert` by name, inside a command; rich.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

# Imported when asked for: without rich there is a sentence, not a traceback.
_HOMES = {
    "main": "edge.cli.main",
}

__all__ = ["main"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
