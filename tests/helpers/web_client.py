"""A server of two files, and requests to it exactly as they are given."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path

import numpy as np

from edge.web.models import served_model
from edge.web.server import Server
from edge.web.site import Site
from tests.helpers.device_files import model_file


def site(cache: Path, samples: np.ndarray | None = None) -> Site:
    models = [served_model(model_file(kind)) for kind in ("reset", "carry")]
    return Site(models, samples, "x.npy", 50.0, cache)


def ask(server: Server, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """A request exactly as it is given: no client cleans the path."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def raw(server: Server, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=10) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(1 << 16), b""))
