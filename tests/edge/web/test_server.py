"""The page's server: what it gives, and the command that starts it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.convert.graph import flatbuffer
from edge.web import runtimes
from edge.web.chromium import serving
from edge.web.models import served_model
from edge.web.runtimes import fetch
from edge.web.server import Server
from tests.helpers.command_line import invoke
from tests.helpers.device_files import FEATURES, edited, model_file, sequences
from tests.helpers.places import ROOT
from tests.helpers.web_client import ask, site


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(site(tmp_path_factory.mktemp("empty"), sequences(3))) as running:
        yield running


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
    assert served_model(path).preferred is None
    assert served_model(model_file("dense")).preferred == "web-litert"
    assert served_model(model_file("dense_int8")).preferred == "web-tfjs"


# -- the command -----------------------------------------------------------------------------------------


def command(*arguments: str) -> str:
    result = invoke(["serve", *arguments])
    assert result.exit_code == 1
    return result.stdout + result.stderr


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
    cache = runtimes.cache_folder()
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
