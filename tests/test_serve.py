"""The page's server: what it gives, to whom, and that it gives nothing else."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from edge import web_runtimes, web_site
from edge.browser import serving
from edge.cli import app
from edge.convert import flatbuffer
from edge.serve import COOKIE, Server
from edge.web_certificate import self_signed
from edge.web_models import preferred, served_model
from edge.web_runtimes import RUNTIMES, fetch
from edge.web_site import Site
from tests.edge_files import FEATURES, edited, model_file, sequences

ROOT = Path(__file__).parent.parent
SECRET = "nobody may read this"


def site(cache: Path, samples: np.ndarray | None = None) -> Site:
    models = [served_model(model_file(kind)) for kind in ("reset", "carry")]
    return Site(models, samples, "x.npy", 50.0, cache)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(site(tmp_path_factory.mktemp("empty"), sequences(3))) as running:
        yield running


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


# -- what it gives ---------------------------------------------------------------------------------------


def test_the_page_and_all_that_it_names_are_there(server: Server) -> None:
    status, headers, body = ask(server, "/")
    assert status == 200
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    for path in (ROOT / "edge" / "web").glob("*.js"):
        assert ask(server, f"/{path.name}")[2] == path.read_bytes()
    for name in ("style.css", "app.js", "icon.svg"):
        assert f'"{name}"'.encode() in body
        assert ask(server, f"/{name}")[0] == 200


def test_files_samples_and_what_is_known_of_them(server: Server) -> None:
    assert ask(server, "/models/0.tflite")[2] == model_file("reset").read_bytes()
    assert ask(server, "/models/1.tflite")[2] == model_file("carry").read_bytes()
    np.testing.assert_array_equal(
        np.frombuffer(ask(server, "/samples.f32")[2], "<f4").reshape(3, -1, FEATURES), sequences(3)
    )
    session = json.loads(ask(server, "/session.json")[2])
    assert [model["state"] for model in session["models"]] == ["reset", "carry"]
    assert session["samples"] == {"name": "x.npy", "shape": list(sequences(3).shape)}
    assert session["models"][0]["inputs"][0]["shape"] == [1, -1, FEATURES]
    assert session["models"][0]["verdicts"]["compiled-model"]["verdict"] == "refused"


def test_head_gives_the_headers_alone(server: Server) -> None:
    status, headers, body = ask(server, "/models/0.tflite", "HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) == model_file("reset").stat().st_size


def test_the_length_stands_where_the_description_says() -> None:
    model = served_model(model_file("reset"))
    ((axis, place),) = model.description["inputs"][0]["free"]
    patched = bytearray(model.content)
    patched[place : place + 4] = (37).to_bytes(4, "little")
    before, after = (flatbuffer.load(bytes(each)).subgraphs[0] for each in (model.content, patched))
    source = before.inputs[0]
    assert axis == 1
    assert list(after.tensors[source].shape) == [1, 37, FEATURES]
    for n, (old, new) in enumerate(zip(before.tensors, after.tensors, strict=True)):
        assert n == source or list(old.shape) == list(new.shape)


def test_a_file_that_no_browser_runs_has_no_runtime(tmp_path: Path) -> None:
    def mystery(model: object) -> None:
        model.operatorCodes[0].builtinCode = 32  # type: ignore[attr-defined]
        model.operatorCodes[0].deprecatedBuiltinCode = 32  # type: ignore[attr-defined]
        model.operatorCodes[0].customCode = b"Mystery"  # type: ignore[attr-defined]

    path = tmp_path / "mystery.tflite"
    path.write_bytes(edited("dense", mystery))
    assert preferred(served_model(path).description) is None
    assert preferred(served_model(model_file("dense")).description) == "web-litert"
    assert preferred(served_model(model_file("dense_int8")).description) == "web-tfjs"


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


# -- the command -----------------------------------------------------------------------------------------


def command(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["serve", *arguments])
    assert result.exit_code == 1
    return result.output


def test_errors_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(model_file("reset"))
    assert "Error: There is no file nowhere.tflite." in command("nowhere.tflite")
    assert "Error: There is no file none.npy." in command(path, "--data", "none.npy")
    monkeypatch.setenv("PATH", "")
    words = command(path, "--cache", str(tmp_path))
    assert "Error: @litertjs/core 0.2.1, which runs files in the browser, has to be fetched once" in words
    assert "install npm, or copy" in words


@pytest.fixture(scope="module")
def runtime() -> str:
    """The folder of the preferred runtime, or a reason to pass over the test."""
    cache = web_runtimes.cache_folder()
    try:
        fetch("web-litert", cache)
    except OSError as error:
        pytest.skip(str(error))
    return str(cache)


def test_a_port_in_use(runtime: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        words = command(str(model_file("reset")), "--port", port, "--cache", runtime)
    assert f"127.0.0.1 port {port} cannot be listened on: Address already in use" in words


def test_the_command_serves_until_ctrl_c(runtime: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", "serve", str(model_file("reset")), "--port", "0", "--cache", runtime],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().removeprefix("Open ").strip()
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{address}session.json", timeout=10) as answer:
            base = json.load(answer)["runtimes"]["web-litert"]["base"]
        with urllib.request.urlopen(f"{address}{base}/index.js", timeout=10) as answer:
            module = answer.read()
            assert "immutable" in answer.headers["Cache-Control"]
        assert b"@litertjs/wasm-utils" not in module  # browsers know modules by their address
        assert b'"./wasm-utils.js"' in module
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert errors.splitlines() == ["Ctrl-C ends it.", "Ended."]
