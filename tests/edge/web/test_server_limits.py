"""The page's server gives nothing else, and to nobody else."""

from __future__ import annotations

import shutil
import socket
import ssl
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.web import site as web_site
from edge.web.certificate import self_signed
from edge.web.chromium import serving
from edge.web.runtimes import RUNTIMES
from edge.web.server import COOKIE, Server
from tests.helpers.device_files import model_file, sequences
from tests.helpers.web_client import ask, raw, site

SECRET = "nobody may read this"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(site(tmp_path_factory.mktemp("empty"), sequences(3))) as running:
        yield running


# -- and nothing else ------------------------------------------------------------------------------------

OUTSIDE = [
    "/../serve.py",
    "/../../setup.py",
    "/%2e%2e/serve.py",
    "/..%2fserve.py",
    "/%2e%2e%2f%2e%2e%2fsetup.py",
    "/..\\serve.py",
    "/./../serve.py",
    "/index.html/../../serve.py",
    "/models/../../serve.py",
    "/models/2.tflite",
    "/models/-1.tflite",
    "/models/",
    "/runtimes/../../setup.py",
    "/runtimes/web-litert-0.2.1/../../../../../../etc/passwd",
    "/etc/passwd",
    "//etc/passwd",
    "///etc/passwd",
    "file:///etc/passwd",
    "http://127.0.0.1/etc/passwd",
    "/README.md",
    "/index.html%00.js",
    "/index.html.",
    "/INDEX.HTML",
    "*",
    "..",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_outside_is_served(server: Server, path: str) -> None:
    status, _, body = ask(server, path)
    assert status == 404
    assert body == b"There is nothing here.\n"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.text("./%\\2eEfFc~etpaswd:?#&=x", min_size=1, max_size=30))
def test_no_spelling_of_a_path_gets_outside(server: Server, path: str) -> None:
    status, _, body = ask(server, f"/{path}")
    page = ask(server, "/")[2]
    assert (status, body) == (404, b"There is nothing here.\n") or body == page  # "/?..." is the page


def test_links_lead_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret.js"
    secret.write_text(SECRET)
    page, cache = tmp_path / "web", tmp_path / "cache"
    shutil.copytree(web_site.PAGE, page)
    (page / "link.js").symlink_to(secret)
    (page / "folder.js").mkdir()
    monkeypatch.setattr(web_site, "PAGE", page)
    monkeypatch.setenv("PATH", "")  # no npm
    for package in RUNTIMES["web-tfjs"]:
        for name in package.files:
            (cache / package.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (cache / package.folder / name).symlink_to(secret)
    with serving(site(cache)) as running:
        assert ask(running, "/link.js")[0] == 404
        assert ask(running, "/folder.js")[0] == 404
        status, _, body = ask(running, "/runtimes/web-tfjs-0.0.1-alpha.10/tflite_web_api_client.js")
    assert status == 502
    assert SECRET.encode() not in body
    assert b"npm is not installed" in body


# -- to whom ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:80", "", "[", "0"])
def test_no_other_site_reads_through_the_users_browser(server: Server, host: str) -> None:
    status, _, body = ask(server, "/", Host=host)
    assert status == 421
    assert b"<html" not in body


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]:80"])
def test_the_loopback_has_several_names(server: Server, host: str) -> None:
    assert ask(server, "/", Host=host)[0] == 200


def test_beyond_the_loopback_a_token_lets_one_device_in(tmp_path: Path) -> None:
    announced: list[str] = []
    with serving(site(tmp_path), host="0.0.0.0", announce=announced.append) as running:
        first = running.address
        token = first.partition("?token=")[2]
        assert len(token) >= 20
        for path in (
            "/",
            "/session.json",
            "/models/0.tflite",
            "/?token=",
            "/?token=x",
            f"/app.js?token={token}",
        ):
            status, _, body = ask(running, path)
            assert status == 403
            assert b"the terminal shows" in body
        assert ask(running, "/", Cookie=f"{COOKIE}=x")[0] == 403
        assert ask(running, "/", Cookie="\x01;=;")[0] == 403
        status, headers, _ = ask(running, f"/?token={token}")
        assert (status, headers["location"]) == (303, "/")  # out of the address bar
        cookie = headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        session = cookie.partition(";")[0]
        assert ask(running, "/models/0.tflite", Cookie=session)[2] == model_file("reset").read_bytes()
        assert ask(running, f"/?token={token}")[0] == 403  # once
        (second,) = announced
        assert second == running.address != first
        assert ask(running, f"/?token={second.partition('?token=')[2]}")[0] == 303
        assert ask(running, "/", Cookie=session)[0] == 200


def test_on_the_loopback_the_address_has_no_token(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert server.address == f"http://127.0.0.1:{server.server_address[1]}/"


def test_requests_that_are_none(server: Server) -> None:
    assert ask(server, "/", "POST")[0] == 501
    assert ask(server, "/", "DELETE")[0] == 501
    assert raw(server, b"\x16\x03\x01\x02\x00\x01\r\n\r\n").startswith(b"Bad request")
    assert b" 414 " in raw(server, b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\n\r\n").partition(b"\r\n")[0]
    assert ask(server, "/")[0] == 200


def test_a_silent_client_holds_up_nobody(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.server_address[1])) as silent:
        silent.sendall(b"GET / HTTP/1.1\r\n")
        assert ask(server, "/")[0] == 200


def test_https_with_a_certificate_of_its_own(tmp_path: Path) -> None:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    certificate, key = self_signed(tmp_path, "127.0.0.1")
    trusting = ssl.create_default_context(cafile=str(certificate))
    with serving(site(tmp_path), certificate=(certificate, key)) as running:
        assert running.address.startswith("https://127.0.0.1:")
        with (
            socket.create_connection(("127.0.0.1", running.server_address[1])),  # never says a word
            urllib.request.urlopen(running.address, context=trusting, timeout=10) as answer,
        ):
            assert answer.status == 200
