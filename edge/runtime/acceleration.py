"""Which LSTM of a file runs on the native engine, which on the runtime's own kernel, and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from edge.errors import ModelFileError
from edge.native import Delegate, Library, NativeError, find_library
from edge.tflite import Interface

WISHES = ("auto", True, False)
SWITCHED_OFF = "it was loaded with accelerate=False"
NO_LAYER = "it has no fused LSTM"
WITHOUT = "load it with accelerate='auto', which takes the runtime's own kernel there"

Wish = str | bool


@dataclass(frozen=True)
class LayerPlace:
    """Where one LSTM of a file runs.

    Attributes:
        name: of the layer where `edge.convert` noted it, else of its output in the file.
        accelerated: whether the native engine runs it; else the runtime's own kernel does.
        kind: of an accelerated one: `"float"`, `"float16 weights"`, `"8-bit weights"` or `"int8"`.
        why_not: of another, in a clause.
    """

    name: str
    accelerated: bool
    kind: str = ""
    why_not: str = ""

    def __str__(self) -> str:
        where = f"native engine, {self.kind}" if self.accelerated else f"runtime, {self.why_not}"
        return f"{self.name}: {where}"


@dataclass(frozen=True)
class Acceleration:
    """What the native engine does for a file.

    Attributes:
        version: of the engine; None where it is not used at all.
        isa: the instruction set that it uses, as `"avx512vnni"`; None where it is not used.
        why_not: why it is not used, a sentence or a clause; empty where it is.
        layers: each LSTM of the file.
    """

    version: str | None
    isa: str | None
    why_not: str
    layers: tuple[LayerPlace, ...]

    @property
    def taken(self) -> int:
        """How many layers the engine runs."""
        return sum(layer.accelerated for layer in self.layers)

    def __str__(self) -> str:
        if self.version is None:
            return f"not accelerated: {self.why_not}"
        lines = [f"native engine {self.version} ({self.isa}): {self.taken} of {len(self.layers)} LSTM layers"]
        return "\n  ".join([*lines, *map(str, self.layers)])

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Acceleration:
        """From plain data."""
        return cls(**{**plain, "layers": tuple(LayerPlace(**layer) for layer in plain["layers"])})


class Accelerator(NamedTuple):
    """A delegate of the engine for one interpreter, and the library that it comes from."""

    library: Library
    delegate: Delegate

    def report(self, interface: Interface) -> Acceleration:
        """What it has taken of the file that it was applied to."""
        refused, found = self.library.report(self.delegate.address)
        if refused:
            return unused(interface, refused)
        known = {layer.node: layer for layer in found}
        layers = tuple(
            LayerPlace(name, layer.taken, layer.kind, layer.why_not)
            if (layer := known.get(node)) is not None
            else LayerPlace(name, False, "", "the runtime did not show it to the engine")
            for node, name in interface.lstms.items()
        )
        return Acceleration(self.library.version, self.library.isa, "", layers)


def check_wish(accelerate: Any) -> Wish:
    """What `edge.load` was asked for.

    Raises:
        ValueError: it is none of the three.
    """
    if isinstance(accelerate, bool) or accelerate == "auto":
        return accelerate
    raise ValueError(f"accelerate must be 'auto', True or False, received {accelerate!r}.")


def unused(interface: Interface, why_not: str) -> Acceleration:
    """What is so where the engine is not used."""
    layers = tuple(LayerPlace(name, False, "", "the engine is not used") for name in interface.lstms.values())
    return Acceleration(None, None, why_not, layers)


def accelerator(interface: Interface, wish: Wish) -> Accelerator | str:
    """A delegate for an interpreter of the file, or why there is none.

    Raises:
        ImportError: the engine is insisted on and cannot be used here.
        ModelFileError: it is insisted on, and the file has nothing for it.
    """
    if wish is False:
        return SWITCHED_OFF
    if not interface.lstms:
        if wish is True:
            raise ModelFileError(f"{interface.name}: {NO_LAYER} that the native engine could run; {WITHOUT}.")
        return NO_LAYER
    try:
        found = find_library()
        return Accelerator(found, found.delegate())
    except NativeError as error:
        if wish is True:
            words = str(error).rstrip(".")
            raise ImportError(f"{words}. Or {WITHOUT}.") from None
        return str(error).rstrip(".")


def insist(name: str, found: Acceleration) -> None:
    """Every LSTM of a file is to run on the engine.

    Raises:
        ModelFileError: one does not.
    """
    if found.version is None:
        raise ModelFileError(f"{name}: the native engine is not used: {found.why_not}. Or {WITHOUT}.")
    for layer in found.layers:
        if not layer.accelerated:
            raise ModelFileError(
                f"{name}: the native engine leaves the LSTM {layer.name!r} to the runtime: "
                f"{layer.why_not}; {WITHOUT}."
            )
