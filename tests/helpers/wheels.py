"""This project as a wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.helpers.places import ROOT

FILES = ("setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE", "lstm_edge.py")
NO_MORE: Mapping[str, str] = {}
FOLDERS = ("edge", "keras_lstm_plus", "native")


def sources(folder: Path) -> Path:
    """A copy of all that is packaged: in a checkout, an old build folder would come along."""
    folder.mkdir(parents=True)
    for name in FILES:
        shutil.copy(ROOT / name, folder)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def build_wheel(
    folder: Path, *options: str, source: Path | None = None, environment: Mapping[str, str] = NO_MORE
) -> tuple[Path, str]:
    """A wheel in that folder, made by pip, and what pip said.

    Args:
        source: a copy of the project, which may have been built before; None: a new one.
        options: of `pip wheel`.
        environment: beside that of this process: CXX, EDGE_WITHOUT_NATIVE, PATH.
    """
    source = source or sources(folder / "source")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, *options, source],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    if done.returncode:
        raise RuntimeError(f"pip wheel: {done.stderr.strip()}")
    (wheel,) = folder.glob("*.whl")
    return wheel, done.stdout + done.stderr
