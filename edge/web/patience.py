"""A connection is given so many bytes and seconds for a request, however slowly they come."""

from __future__ import annotations

import io
import socket
import time
from contextlib import suppress
from typing import Any

CHUNK = 1 << 16  # bytes that are sent, or thrown away, at a time
DRAINED = (
    1 << 18
)  # bytes thrown away of a request that was refused, so that its sender gets to read the answer


class TooLargeError(Exception):
    """A request has more bytes than it may."""


class Reader(io.RawIOBase):
    """What a client sends, with a limit for all of a request; wrap it into a `BufferedReader`."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__()
        self._connection = connection
        self._end, self._left = 0.0, 0

    def begin(self, seconds: float, most: int) -> None:
        """From now on, until the next call."""
        self._end, self._left = time.monotonic() + seconds, most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """TimeoutError or TooLargeError where the request has had its share."""
        if self._left <= 0:
            raise TooLargeError
        self._connection.settimeout(_left(self._end))
        count = self._connection.recv_into(buffer)
        self._left -= count
        return count


def send(connection: socket.socket, content: bytes, seconds: float) -> None:
    """All of it, within so many seconds; else TimeoutError."""
    end, view = time.monotonic() + seconds, memoryview(content)
    while view:
        connection.settimeout(_left(end))
        view = view[connection.send(view[:CHUNK]) :]


def drain(connection: socket.socket, seconds: float) -> None:
    """Throw away what still comes: a connection closed before that loses the answer on its way."""
    end, left = time.monotonic() + seconds, DRAINED
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        while left > 0:
            connection.settimeout(_left(end))
            count = len(connection.recv(CHUNK))
            if not count:
                return
            left -= count


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError("the request takes too long")
    return left
