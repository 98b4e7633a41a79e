"""The native engine in the package, as `make native` leaves it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from native.build import BuildError, find_compiler
from native.package import build_into_package


@cache
def built() -> Path:
    """The library in the package, made of these sources; without a compiler the test is skipped."""
    try:
        find_compiler()
    except BuildError as error:
        pytest.skip(str(error))
    return build_into_package()
