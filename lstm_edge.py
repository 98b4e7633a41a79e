"""`lstm-edge`: the command `python -m edge` under a name of its own, which no file of yours can hide."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent


def hidden_by() -> str | None:
    """The file or folder that Python takes for `edge` instead of ours; None where it takes ours."""
    found = find_spec("edge")
    origin = found.origin if found is not None else None
    return None if origin and Path(origin).resolve() == HERE / "edge" / "__init__.py" else str(origin)


def main() -> None:
    """The command line.

    Raises:
        SystemExit: always, with the exit code.
    """
    stray = hidden_by()
    if stray is not None:
        sys.exit(
            f"Error: {stray} hides the package edge of keras-lstm-plus: Python finds it first. Rename it, or "
            "start from another folder."
        )
    from edge.__main__ import run

    run("lstm-edge")


if __name__ == "__main__":
    main()
