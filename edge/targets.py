"""What each runtime accepts, as data: one row a place where a file may run. Standard library only.

The converter chooses by it, `inspect` explains by it, and the README's table is printed from it. *Checked* says
how a row is known: run in the tests, run once by hand, or read in the runtime's source.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches

LOWERINGS = ("fused", "unrolled", "step")
QUANTIZE = (None, "float16", "dynamic", "int8", "int16x8")
STATES = ("reset", "carry", "explicit")

_ALL = (None, "float16", "dynamic", "int8")


@dataclass(frozen=True)
class Target:
    """A place where a file may run.

    Attributes:
        name: as in `convert(target=...)`.
        where: what runs the file there.
        lowerings: which forms of an LSTM it runs, the best first.
        fused_variants: `"all"`, or `"plain"` where the fused operator has no peephole, coupled gate, layer
            norm or projection.
        quantize: which numbers, by lowering.
        free_length: whether the time axis of a file may be left open.
        integer_ends: whether inputs and outputs may be 8- or 16-bit integers.
        can_reset: whether the runtime itself can set a state to zero, which `state="carry"` needs for a
            second stream.
        lacks: operators that it does not have and that a conversion may need.
        versions: the newest version of an operator that it has, where a converter may write a newer one.
        checked: how this is known.
    """

    name: str
    where: str
    lowerings: tuple[str, ...] = LOWERINGS
    fused_variants: str = "all"
    quantize: dict[str, tuple[str | None, ...]] = field(default_factory=dict)
    free_length: bool = True
    integer_ends: bool = True
    can_reset: bool = True
    lacks: tuple[str, ...] = ()
    versions: dict[str, int] = field(default_factory=dict)
    checked: str = "tests"


_INTERPRETER = {"fused": _ALL, "unrolled": QUANTIZE, "step": QUANTIZE}

TARGETS: dict[str, Target] = {
    row.name: row
    for row in (
        Target("litert", "ai-edge-litert, Interpreter", quantize=_INTERPRETER),
        Target(
            "tflite-runtime", "tflite-runtime 2.14", quantize=_INTERPRETER, versions={"FULLY_CONNECTED": 11}
        ),
    )
}


def get_target(name: str) -> Target:
    """The row of that name.

    Raises:
        ValueError: there is none; the message suggests the nearest.

    Example:
        >>> get_target("litert").lowerings
        ('fused', 'unrolled', 'step')
    """
    if name in TARGETS:
        return TARGETS[name]
    near = get_close_matches(str(name).lower(), TARGETS, n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"Unknown target {name!r}.{hint} Known: {', '.join(TARGETS)}.")
