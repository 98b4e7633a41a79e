"""What goes through the pipes of an isolated file: a line of JSON, then the bytes of arrays. No pickle: what
comes from a process that runs a file nobody trusts is checked before it is believed."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np

from edge.aliases import Array

TYPES = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1")
LONGEST = 2**20  # bytes of JSON
LARGEST = 2**34  # bytes of an array
MOST = 4096  # arrays
AT_ONCE = 2**20  # bytes; memory grows with what has come, not with what was announced


class MessageError(Exception):
    """What came is no message."""


def send(stream: BinaryIO, said: dict[str, Any], arrays: Sequence[Array] = ()) -> None:
    """Write a message and flush."""
    plain = [np.ascontiguousarray(array).reshape(np.shape(array)) for array in arrays]
    ends = [[f"{array.dtype.kind}{array.dtype.itemsize}", list(array.shape)] for array in plain]
    head = json.dumps({**said, "arrays": ends}).encode()
    stream.write(struct.pack("<I", len(head)) + head)
    for array in plain:
        stream.write(array.reshape(-1).view(np.uint8).data if array.size else b"")
    stream.flush()


def receive(stream: BinaryIO) -> tuple[dict[str, Any], list[Array]]:
    """Read a message.

    Raises:
        EOFError: the other end is gone.
        MessageError: it is none.
    """
    (length,) = struct.unpack("<I", _read(stream, 4))
    if length > LONGEST:
        raise MessageError("a head of that length is none")
    try:
        said = json.loads(_read(stream, length))
        ends = said.pop("arrays")
        shapes = [(_dtype(kind), tuple(map(_size, shape))) for kind, shape in ends]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise MessageError("its head is none") from None
    if len(shapes) > MOST:
        raise MessageError("so many arrays are none")
    arrays = []
    for dtype, shape in shapes:
        size = math.prod(shape) * dtype.itemsize
        if size > LARGEST or len(shape) > 32:
            raise MessageError("an array of that size is none")
        arrays.append(np.frombuffer(_read(stream, size), dtype).reshape(shape))
    return said, arrays


def _dtype(kind: Any) -> np.dtype:
    if kind not in TYPES:
        raise ValueError(kind)
    return np.dtype(str(kind))


def _size(n: Any) -> int:
    if type(n) is not int or n < 0:
        raise ValueError(n)
    return n


def _read(stream: BinaryIO, size: int) -> bytearray:
    content = bytearray()
    while len(content) < size:
        part = stream.read(min(size - len(content), AT_ONCE))
        if not part:
            raise EOFError
        content += part
    return content
