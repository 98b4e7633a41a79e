"""A small web server for one page, which runs model files in the browser. Standard library only.

What it serves is a table made when it starts: no request ever becomes a path on the disk. Beyond the loopback
it asks for a token; on the loopback it answers only requests that name it so, and no other web site can read
from it through the user's browser.
"""

from __future__ import annotations

import hmac
import io
import secrets
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from edge.web import patience
from edge.web.site import Answer, Site

HEADERS = {
    # The runtimes are WebAssembly, whose loaders make a function or two of text.
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval' 'unsafe-eval'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# With these the clock of the browser is exact enough to measure with. Over plain http from afar it ignores
# them, and complains.
ISOLATED = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
COOKIE = "edge-session"
CONNECTIONS = 64  # at a time; a browser opens six
SECONDS = 30.0  # for a request, from the end of the one before; for an answer, beside
BYTES_A_SECOND = 20_000  # the slowest that an answer may be read
MOST = 16_384  # bytes of a request
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 5\r\nConnection: close\r\n\r\n"


class Server(ThreadingHTTPServer):
    """Serves a site until it is shut down.

    Args:
        site: what it serves.
        host: the address to listen on.
        port: 0 for any that is free.
        certificate: files of a certificate and its key, for https; None: http.
        announce: is given each new address that lets one device in, beyond the loopback.
        connections: so many are answered at a time; those beyond are told to come again.
        seconds: for a whole request, however its bytes are spread over them.

    Attributes:
        address: where a browser finds the page; beyond the loopback with a token that works once.

    Raises:
        OSError: the address cannot be listened on.
    """

    daemon_threads = True
    request_queue_size = 32

    def __init__(
        self,
        site: Site,
        host: str = "127.0.0.1",
        port: int = 0,
        certificate: tuple[Path, Path] | None = None,
        announce: Callable[[str], None] | None = None,
        connections: int = CONNECTIONS,
        seconds: float = SECONDS,
    ) -> None:
        self.seconds, self._most, self._open = seconds, connections, 0
        self.site, self.host, self.is_open = site, host, not is_loopback(host)
        self.scheme = "https" if certificate else "http"
        self._announce, self._lock = announce, threading.Lock()
        self._token, self._sessions = secrets.token_urlsafe(16), set[str]()
        try:
            super().__init__((host, port), Handler)
        except (OSError, OverflowError) as error:
            words = error.strerror if isinstance(error, OSError) else "a port is a number from 0 to 65535"
            raise OSError(
                f"{host} port {port} cannot be listened on: {words}; --port 0 takes a free one."
            ) from None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            # The handshake is made by the thread of the connection: a slow client holds up nobody else.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def address(self) -> str:
        host = own_address(self.host) if self.is_open else self.host
        query = f"?token={self._token}" if self.is_open else ""
        return f"{self.scheme}://{host}:{self.server_address[1]}/{query}"

    def admit(self, token: str) -> str | None:
        """A session for a token, which then is used up; None for a wrong one."""
        with self._lock:
            if not hmac.compare_digest(token.encode(), self._token.encode()):
                return None
            self._token, session = secrets.token_urlsafe(16), secrets.token_urlsafe(32)
            self._sessions.add(session)
        if self._announce:
            self._announce(self.address)
        return session

    def knows(self, session: str) -> bool:
        """Whether a request with this session may be answered."""
        given = session.encode()
        return any(hmac.compare_digest(given, known.encode()) for known in self._sessions)

    @property
    def connections(self) -> int:
        """How many there are now."""
        return self._open

    def process_request(self, request: Any, client_address: Any) -> None:
        """A thread for each connection, up to so many."""
        with self._lock:
            is_one_too_many = self._open >= self._most
            self._open += not is_one_too_many
        if not is_one_too_many:
            try:
                super().process_request(request, client_address)
            except RuntimeError:  # the system gives no thread
                self._open -= 1
                self.shutdown_request(request)
            return
        with suppress(OSError):
            request.settimeout(0)
            if self.scheme == "http":  # https would have to shake hands first
                request.send(BUSY)
        self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open -= 1

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away in the middle is no news."""


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "edge", ""

    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        self._reader = patience.Reader(self.connection)
        self.rfile = io.BufferedReader(self._reader)

    def handle_one_request(self) -> None:
        """One request, with its share of time and bytes."""
        self._reader.begin(self.server.seconds, MOST)
        self.raw_requestline = b""
        try:
            super().handle_one_request()
        except patience.TooLargeError:
            self.requestline, self.request_version, self.command = "", "", ""
            is_line = not self.raw_requestline
            self.send_error(
                HTTPStatus.REQUEST_URI_TOO_LONG if is_line else HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            )

    def do_GET(self) -> None:
        if self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Nothing can be sent to this server.")
            return
        if not self._names_us():
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST, "This server does not go by that name.")
            return
        parts = urlsplit(self.path)
        if self.server.is_open:
            tokens = parse_qs(parts.query).get("token", [])
            session = self.server.admit(tokens[0]) if tokens and parts.path == "/" else None
            if session:
                self._enter(session)
                return
            if not self.server.knows(self._session()):
                self._refuse(
                    HTTPStatus.FORBIDDEN, "Open the address that the terminal shows now: each works once."
                )
                return
        route = self.server.site.routes.get(parts.path)
        if route is None:
            self._refuse(HTTPStatus.NOT_FOUND, "There is nothing here.")
            return
        try:
            answer = route()
        except OSError as error:
            self._refuse(HTTPStatus.BAD_GATEWAY, str(error))
            return
        self._send(HTTPStatus.OK, answer)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _names_us(self) -> bool:
        """Whether the request is for this server by a name that no other site can have pointed at it."""
        try:
            host = urlsplit(f"//{self.headers.get('Host', '')}").hostname or ""
        except ValueError:
            return False
        return self.server.is_open or is_loopback(host)

    def _session(self) -> str:
        try:
            morsel = SimpleCookie(self.headers.get("Cookie", "")).get(COOKIE)
        except CookieError:
            return ""
        return morsel.value if morsel else ""

    def _enter(self, session: str) -> None:
        """Keep the session in a cookie, and the token out of the address bar."""
        secure = "; Secure" if self.server.scheme == "https" else ""
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", "/")
        self.send_header("Set-Cookie", f"{COOKIE}={session}; HttpOnly; SameSite=Lax; Path=/{secure}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        self._send(status, Answer(f"{why}\n".encode(), "text/plain; charset=utf-8"))

    def _send(self, status: HTTPStatus, answer: Answer) -> None:
        self.send_response(status)
        self.send_header("Content-Type", answer.type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "max-age=31536000, immutable" if answer.keep else "no-cache")
        is_trusted = self.server.scheme == "https" or not self.server.is_open
        for name, value in (HEADERS | ISOLATED if is_trusted else HEADERS).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            seconds = self.server.seconds + len(answer.body) / BYTES_A_SECOND
            patience.send(self.connection, answer.body, seconds)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class says of requests that it does not understand, without a page of HTML."""
        self.close_connection = True
        self._refuse(HTTPStatus(code), message or HTTPStatus(code).phrase)
        patience.drain(self.connection, 1.0)

    def log_message(self, format: str, *args: Any) -> None:
        """The terminal is for addresses."""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def own_address(host: str) -> str:
    """An address by which others reach this machine, where it listens on all of them."""
    if host not in ("0.0.0.0", "::", ""):
        return f"[{host}]" if ":" in host else host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: it only chooses the way out
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()
