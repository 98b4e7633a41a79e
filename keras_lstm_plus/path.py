"""The way that a layer takes through a sequence, as a value."""

from __future__ import annotations

from typing import NamedTuple


class Path(NamedTuple):
    """A way through the sequence.

    Attributes:
        name: `"cuDNN"`, the kernel of a GPU; `"engine"`, the library in C++; `"compiled loop"` and
            `"plain loop"`, all steps at once in TensorFlow, compiled by XLA and not; `"steps"`, one by one.
        reason: why not one of those before it, a clause; empty where there is none.

    Example:
        >>> print(Path("steps", "unroll=True asks for it"))
        steps: unroll=True asks for it
    """

    name: str
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}" if self.reason else self.name
