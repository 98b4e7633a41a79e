"""FlatBuffers, read with care: a damaged file raises `DamageError` and nothing else happens.

A file consists of tables, which point to vectors, texts and other tables by offsets relative to where they
stand. A table's `vtable` says which of its fields are present, and where.
What a field means is known elsewhere.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np


class DamageError(Exception):
    """Something in a file is where it cannot be; the message says what."""


class VTable(NamedTuple):
    """Size of a table, the place of each field in it (0: absent), and the furthest of those."""

    size: int
    fields: list[int]
    furthest: int


class Reader:
    """Reads values at positions, never outside of the file and never more of them than it can hold."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.vtables: dict[int, VTable] = {}
        # Overlapping vectors of vectors could describe far more than the file's length, and take for ever.
        self.left = len(content)

    def number(self, kind: str, at: int) -> Any:
        try:
            return struct.unpack_from(f"<{kind}", self.content, at)[0]
        except struct.error:
            raise DamageError(f"a value is missing at byte {at}") from None

    def target(self, at: int) -> int:
        """Where the offset that stands at `at` points to; whoever reads there checks it."""
        return at + int(self.number("I", at))

    def elements(self, at: int, width: int) -> tuple[int, int]:
        """Start and length of the vector at `at`."""
        length = self.number("I", at)
        if length * width > len(self.content) - at - 4:
            raise DamageError(f"the {length} values from byte {at} do not fit into the file")
        return at + 4, length

    def spend(self, amount: int) -> None:
        self.left -= amount
        if self.left < 0:
            raise DamageError("it describes more than a file of this length can hold")

    def vtable(self, at: int) -> VTable:
        """The description of a table; many tables share one."""
        if at not in self.vtables:
            if at < 0:
                raise DamageError("a table has no description")
            size = self.number("H", at)
            if size < 4 or size % 2 or size > len(self.content) - at:
                raise DamageError(f"the description of a table at byte {at} does not fit into the file")
            length, *fields = struct.unpack_from(f"<{size // 2 - 1}H", self.content, at + 2)
            self.vtables[at] = VTable(length, fields, max(fields, default=0))
        return self.vtables[at]


class Table:
    """A table of the file; fields are known by their number in the schema."""

    def __init__(self, reader: Reader, at: int) -> None:
        reader.spend(4)
        size, self.fields, furthest = reader.vtable(at - reader.number("i", at))
        if size < 4 or at + size > len(reader.content) or furthest >= size:
            raise DamageError(f"the table at byte {at} does not fit into the file")
        self.reader, self.at = reader, at

    def _place(self, field: int) -> int | None:
        place = self.fields[field] if field < len(self.fields) else 0
        return self.at + place if place else None

    def number(self, field: int, kind: str, default: int = 0) -> int:
        place = self._place(field)
        return default if place is None else int(self.reader.number(kind, place))

    def blob(self, field: int) -> slice:
        """Where a vector of bytes lies."""
        place = self._place(field)
        if place is None:
            return slice(0, 0)
        start, length = self.reader.elements(self.reader.target(place), 1)
        return slice(start, start + length)

    def text(self, field: int) -> str:
        place = self._place(field)
        if place is None:
            return ""
        start, length = self.reader.elements(self.reader.target(place), 1)
        if self.reader.number("B", start + length) != 0:  # C++ reads up to it
            raise DamageError(f"the text at byte {start} has no end")
        self.reader.spend(length)
        return self.reader.content[start : start + length].decode("utf-8", "replace")

    def numbers(self, field: int, dtype: str) -> tuple[Any, ...]:
        place = self._place(field)
        if place is None:
            return ()
        start, length = self.reader.elements(self.reader.target(place), np.dtype(dtype).itemsize)
        self.reader.spend(length)
        return tuple(np.frombuffer(self.reader.content, dtype, length, start).tolist())

    def words(self, field: int) -> tuple[int, ...]:
        return self.numbers(field, "<i4")

    def table(self, field: int) -> Table | None:
        place = self._place(field)
        return None if place is None else Table(self.reader, self.reader.target(place))

    def tables(self, field: int) -> Iterator[Table]:
        place = self._place(field)
        if place is not None:
            start, length = self.reader.elements(self.reader.target(place), 4)
            for at in range(start, start + 4 * length, 4):
                yield Table(self.reader, self.reader.target(at))
