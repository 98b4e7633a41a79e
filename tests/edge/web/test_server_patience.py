"""The page's server has so many connections, seconds and bytes for a client, and no more."""

from __future__ import annotations

import shutil
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from edge.web.certificate import self_signed
from edge.web.chromium import serving
from edge.web.server import CONNECTIONS, MOST, SECONDS, Server
from tests.helpers.web_client import ask, raw, site

PATIENCE = 0.8  # seconds, in place of half a minute
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    samples = np.zeros((1, 1_000_000, 6), np.float32)  # more than the system keeps for a slow reader
    with serving(site(tmp_path_factory.mktemp("empty"), samples), connections=6, seconds=PATIENCE) as running:
        yield running


def client(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=10)


def until_closed(connection: socket.socket) -> bytes:
    """What still comes; b"" too where the other end drops the connection."""
    found = b""
    try:
        while part := connection.recv(1 << 16):
            found += part
    except ConnectionError:
        pass
    return found


def wait_for_none(server: Server, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while server.connections and time.monotonic() < end:
        time.sleep(0.02)
    assert server.connections == 0


def test_the_limits_are_those_of_a_page() -> None:
    assert 6 < CONNECTIONS <= 256
    assert 5 <= SECONDS <= 60
    assert MOST <= 65_536


def test_those_beyond_the_cap_are_told_to_come_again(hasty: Server) -> None:
    wait_for_none(hasty)
    with ExitStack() as stack:
        silent = [stack.enter_context(client(hasty)) for _ in range(6)]
        end = time.monotonic() + 5
        while hasty.connections < 6 and time.monotonic() < end:
            time.sleep(0.01)
        for _ in range(3):
            with client(hasty) as late:
                assert until_closed(late).startswith(b"HTTP/1.1 503 ")
        assert hasty.connections == 6
        silent[0].sendall(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert until_closed(silent[0]).startswith(b"HTTP/1.1 200 ")
    wait_for_none(hasty)
    assert ask(hasty, "/")[0] == 200


SLOW = {
    "the line": GET,
    "the headers": GET[:16] + b"X: " + b"y" * 500,
}


@pytest.mark.parametrize("where", SLOW)
def test_a_byte_now_and_then_does_not_hold_a_connection(hasty: Server, where: str) -> None:
    """Each comes in time; all of them together do not."""
    with client(hasty) as slow:
        begin = time.monotonic()
        sent = 0
        if where == "the headers":
            slow.sendall(SLOW[where][:16])
        try:
            for byte in SLOW[where][16 if where == "the headers" else 0 :]:
                slow.sendall(bytes([byte]))
                sent += 1
                time.sleep(PATIENCE / 8)
                if time.monotonic() - begin > 10 * PATIENCE:
                    break
        except ConnectionError:
            pass
        assert time.monotonic() - begin < 5 * PATIENCE
        assert 2 < sent < 40
        assert until_closed(slow) == b""
    wait_for_none(hasty)


def test_a_connection_between_two_requests_is_given_no_more(hasty: Server) -> None:
    with client(hasty) as idle:
        idle.sendall(GET)
        begin = time.monotonic()
        assert until_closed(idle).startswith(b"HTTP/1.1 200 ")
        assert time.monotonic() - begin < 5 * PATIENCE


def test_who_does_not_read_does_not_hold_a_connection(hasty: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.web.server.BYTES_A_SECOND", 1e9)
    with client(hasty) as deaf:
        deaf.sendall(GET.replace(b"GET /", b"GET /samples.f32"))
        end = time.monotonic() + 5
        while not hasty.connections and time.monotonic() < end:
            time.sleep(0.01)
        wait_for_none(hasty)
    status, _, body = ask(hasty, "/samples.f32")  # and who reads gets it all
    assert (status, len(body)) == (200, 24_000_000)


def test_a_handshake_that_does_not_come_holds_nothing(tmp_path: Path) -> None:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    certificate, key = self_signed(tmp_path, "127.0.0.1")
    options = {"certificate": (certificate, key), "connections": 2, "seconds": PATIENCE}
    with serving(site(tmp_path), **options) as running:
        with client(running) as silent:
            assert until_closed(silent) == b""
        wait_for_none(running)
        trusting = ssl.create_default_context(cafile=str(certificate))
        with client(running) as plain, trusting.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
            secure.sendall(GET.replace(b"localhost", b"127.0.0.1"))
            assert until_closed(secure).startswith(b"HTTP/1.1 200 ")


LARGE = {
    "a line": (b"GET /" + b"a" * 2 * MOST + b" HTTP/1.1\r\n\r\n", b" 414 "),
    "a header": (GET[:-2] + b"X: " + b"y" * 2 * MOST + b"\r\n\r\n", b" 431 "),
    "many headers": (GET[:-2] + b"".join(b"X%d: y\r\n" % n for n in range(90)) * 20 + b"\r\n", b" 431 "),
    "more headers than a hundred": (GET[:-2] + b"X: y\r\n" * 200 + b"\r\n", b" 431 "),
    "a body": (GET[:-2] + b"Content-Length: 5\r\n\r\nhello", b" 413 "),
    "a body in chunks": (GET[:-2] + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b" 413 "),
    "a second request in a body": (GET[:-2] + b"Content-Length: %d\r\n\r\n" % len(GET) + GET, b" 413 "),
}


@pytest.mark.parametrize("what", LARGE)
def test_headers_and_bodies_have_an_end(hasty: Server, what: str) -> None:
    request, status = LARGE[what]
    answer = raw(hasty, request)
    assert status in answer.partition(b"\r\n")[0], answer[:200]
    assert answer.count(b"HTTP/1.1 ") == 1
    wait_for_none(hasty)


def test_several_requests_on_one_connection_are_answered_in_turn(hasty: Server) -> None:
    with client(hasty) as connection:
        connection.sendall(GET + GET.replace(b"GET /", b"GET /none"))
        found = until_closed(connection)
    assert found.count(b"HTTP/1.1 200 ") == found.count(b"HTTP/1.1 404 ") == 1
