"""What each runtime accepts, as data: one row a place where a file may run. Standard library only.

The converter chooses by it, `inspect` explains by it, and docs/targets.md is printed from it. *Checked*
says how a row is known: run in the tests, run once by hand, or the same code as another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any

from edge.micro_operators import MICRO_OPERATORS, Kernel

LOWERINGS = ("fused", "unrolled", "step")
QUANTIZE = (None, "float16", "dynamic", "int8", "int16x8")
STATES = ("reset", "carry", "explicit")

_EIGHT_BITS = (None, "float16", "dynamic", "int8")


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
        page_sets_length: whether the page of `serve` writes a length into a file that leaves it open, as the
            runtime cannot resize.
        integer_ends: whether inputs and outputs may be 8- or 16-bit integers.
        can_reset: whether the runtime itself can set a state to zero; else a file with `state="carry"` starts
            anew only when it is loaded again.
        int8_layer_norm: whether its integer kernel of the fused operator is right with a layer norm.
        symmetric_state: whether its integer kernel needs a zero point of 0 for the hidden state.
        operators: the operators that it has, by name, with types and axes; None: all of TensorFlow Lite.
        versions: the newest version of an operator that it has, where a converter may write a newer one.
        checked: how this is known.
    """

    name: str
    where: str
    lowerings: tuple[str, ...] = LOWERINGS
    fused_variants: str = "all"
    quantize: dict[str, tuple[str | None, ...]] = field(
        default_factory=lambda: {"fused": _EIGHT_BITS, "unrolled": QUANTIZE, "step": QUANTIZE}
    )
    free_length: bool = True
    page_sets_length: bool = False
    integer_ends: bool = True
    can_reset: bool = True
    int8_layer_norm: bool = True
    symmetric_state: bool = False
    operators: Mapping[str, Kernel] | None = None
    versions: dict[str, int] = field(default_factory=dict)
    checked: str = "run in the tests"

    def has(self, operator: str) -> bool:
        """Whether it has an operator; on what numbers is in `operators`."""
        return self.operators is None or operator in self.operators

    def to_dict(self) -> dict[str, Any]:
        """As plain values, fit for JSON."""
        plain: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(self)}
        if self.operators is not None:
            plain["operators"] = {name: kernel.to_dict() for name, kernel in self.operators.items()}
        return plain


_OLD = {"FULLY_CONNECTED": 11}  # tflite-runtime 2.14 and what was built with it
_PLAIN = ("unrolled", "step")
_MICRO = (None, "int8", "int16x8")

TARGETS: dict[str, Target] = {
    row.name: row
    for row in (
        Target("litert", "ai-edge-litert, its Interpreter"),
        Target("tflite-runtime", "tflite-runtime 2.14", versions=_OLD),
        Target(
            "raspberry-pi",
            "ai-edge-litert on 64-bit Raspberry Pi OS",
            checked="as litert; for Arm, run by emulation",
        ),
        Target(
            "raspberry-pi-armv7",
            "tflite-runtime 2.14 on 32-bit Raspberry Pi OS",
            int8_layer_norm=False,
            versions=_OLD,
            checked="as tflite-runtime; for Arm, run by emulation",
        ),
        Target("android", "LiteRT's Interpreter on Android", checked="the same code as litert"),
        Target("ios", "LiteRT's Interpreter on iOS", checked="the same code as litert"),
        Target(
            "web-tfjs",
            "@tensorflow/tfjs-tflite in a browser",
            free_length=False,
            page_sets_length=True,
            can_reset=False,
            symmetric_state=True,
            versions=_OLD,
            checked="run by hand in headless Chromium",
        ),
        Target(
            "web-litert",
            "@litertjs/core 0.2 in a browser",
            free_length=False,
            page_sets_length=True,
            integer_ends=False,
            can_reset=False,
            checked="run by hand in headless Chromium",
        ),
        Target(
            "compiled-model",
            "LiteRT's CompiledModel and @litertjs/core 2",
            lowerings=_PLAIN,
            quantize=dict.fromkeys(_PLAIN, QUANTIZE),
            integer_ends=False,  # the one in the browser has none, that of Python has
            free_length=False,
            page_sets_length=True,
        ),
        Target(
            "microcontroller",
            "TensorFlow Lite Micro",
            fused_variants="plain",
            quantize={"fused": (None, "int8"), "unrolled": _MICRO, "step": _MICRO},
            free_length=False,
            operators=MICRO_OPERATORS,
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
