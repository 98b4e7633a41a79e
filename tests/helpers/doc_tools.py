"""The modules of docs/tools, which is no package."""

from __future__ import annotations

import importlib.util
from typing import Any

from tests.helpers.places import ROOT


def tool(name: str) -> Any:
    """One of them, by its name."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
