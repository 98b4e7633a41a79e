"""A file of the user's called `edge.py` hides the package beside this one: said before it is puzzled over."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from pathlib import Path

OURS = Path(__file__).resolve().parents[1] / "edge" / "__init__.py"


def warn_of_another_edge() -> None:
    """Warn if Python finds another `edge` before ours; without ours there is nothing to hide."""
    try:
        found = find_spec("edge")
    except ValueError:  # a module without a spec: made by hand, by somebody who knows
        return
    if found is None or not OURS.exists():
        return
    if found.origin is None or Path(found.origin).resolve() != OURS:
        warnings.warn(
            f"{found.origin} hides the package edge of keras-lstm-plus: `import edge` finds it first, and "
            "nothing of edge.convert or edge.load is there. Rename it.",
            stacklevel=3,
        )
