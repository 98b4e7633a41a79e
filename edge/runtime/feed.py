"""From what a caller gives to what a file holds: normalized, looked up, quantized, and counted on the way."""

from __future__ import annotations

from collections.abc import Sequence

from edge.aliases import Array
from edge.runtime.clipping import Clipping, ClippingCounter
from edge.runtime.inputs import check_tables
from edge.runtime.normalization import Scaler
from edge.runtime.values import encode
from edge.tflite import Interface
from edge.tflite.lookups import table_of


class Feed:
    """The way in of one file; what it counts belongs to one `EdgeModel` or one `Stream`."""

    def __init__(self, interface: Interface) -> None:
        self._inputs, self._name = interface.inputs, interface.name
        self._tables = [table_of(interface.graph, n) for n in range(len(interface.inputs))]
        self.scale = Scaler(interface)
        self._counter = ClippingCounter(interface)

    def prepared(
        self, arrays: Sequence[Array], normalized: bool
    ) -> tuple[list[Array], list[Array], list[int]]:
        """The inputs as real numbers, as the file holds them, and how many of each were clipped.

        Args:
            arrays: checked, in the order of the file.
            normalized: whether they are scaled already.

        Raises:
            ValueError: a token beyond its table, or a normalization that does not fit.
        """
        scaled = list(arrays) if normalized else self.scale(arrays)
        check_tables(scaled, self._inputs, self._tables, self._name)
        values = [encode(array, info) for array, info in zip(scaled, self._inputs, strict=True)]
        return scaled, values, self._counter.found(scaled)

    def count(self, scaled: Sequence[Array], beyond: Sequence[int]) -> None:
        """Count values that were run."""
        self._counter.add(scaled, beyond)

    def reset_clipping(self) -> None:
        """Count from zero."""
        self._counter.reset()

    @property
    def clipping(self) -> dict[str, Clipping]:
        """What was clipped so far, by the name of the input."""
        return self._counter.as_dict()
