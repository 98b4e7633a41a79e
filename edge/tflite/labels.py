"""Names of classes against the outputs that they are names for."""

from __future__ import annotations

from collections.abc import Mapping


def label_fault(count: int, sizes: Mapping[str, int]) -> str | None:
    """Why names do not fit, as the first part of a sentence; None if they fit one of the outputs.

    Args:
        count: how many names.
        sizes: the last axis of each output by its name, -1 where it is free.
    """
    if count in sizes.values() or -1 in sizes.values():
        return None
    names = "1 label" if count == 1 else f"{count} labels"
    listed = " and ".join(f"{name!r} has {size} value{'s' * (size != 1)}" for name, size in sizes.items())
    return f"there {'is' if count == 1 else 'are'} {names}, and output {listed}"
