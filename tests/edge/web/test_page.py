"""The page in headless Chromium at the size of a phone: a person can use it.

Passed over, with the reason, where there is no Chromium or where npm cannot fetch the runtimes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edge
from edge.benchmark.browser import benchmark_in_browser
from edge.errors import ModelFileError
from edge.results import benchmark as schema
from edge.web.chromium import PHONE, Browser, serving
from edge.web.models import served_model
from edge.web.site import Site
from tests.helpers.device_files import STEPS, edited, sequences
from tests.helpers.web_files import LABELS, packages_here, web_file
from tests.helpers.web_page import Page

AFAR = "pi.example"  # the name of this machine, as a phone might know it


@pytest.fixture(scope="module")
def packages() -> Path:
    return packages_here()


@pytest.fixture(scope="module")
def browser(packages: Path) -> Iterator[Browser]:
    with Browser([f"--host-resolver-rules=MAP {AFAR} 127.0.0.1"]) as running:
        yield running


def percents(probabilities: np.ndarray) -> dict[str, str]:
    return {label: f"{round(100 * float(p))} %" for label, p in zip(LABELS, probabilities, strict=True)}


@pytest.fixture
def page(browser: Browser, packages: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page with the file that the parameter names."""
    kind, samples = getattr(request, "param", ("free", 2))
    x = 3 * sequences(samples, seed=3) if samples else None
    with serving(Site([served_model(web_file(kind))], x, "x.npy", 200.0, packages)) as running:
        browser.problems.clear()
        browser.open(running.address)
        yield Page(browser)
        errors = [each for each in browser.problems if "INFO: Created" not in each]
        assert errors == []


@pytest.mark.parametrize("page", [("free", 2), ("step", 2)], indirect=True)
def test_a_recording_moves_the_bars(page: Page) -> None:
    kind = page.text("#file").removeprefix("web_").removesuffix(".tflite")
    page.tap("#start")
    page.wait("#pace", "The recording is over")
    model = edge.load(web_file(kind))
    wanted = model.predict(3 * sequences(2, seed=3))[-1]
    assert page.bars() == percents(wanted)
    assert page.text("#best") == LABELS[int(wanted.argmax())]
    assert page.text("#pace").startswith(f"The recording is over. {2 * STEPS} samples, ")
    assert page.alert is None


@pytest.mark.parametrize("page", [("free", 0)], indirect=True)
def test_motion_moves_the_bars(page: Page) -> None:
    still = [0.5, -9.5, 1.0, 30.0, -60.0, 90.0]  # m/s², °/s
    page.set("#window", 10)
    page.set("#units", "g, rad/s")
    page.tap("#start")
    x, y, z, alpha, beta, gamma = still
    page.browser.run(
        f"""(async () => {{ for (let n = 0; n < 20; n++) {{
          dispatchEvent(new DeviceMotionEvent('devicemotion', {{
            accelerationIncludingGravity: {{ x: {x}, y: {y}, z: {z} }}, interval: 16,
            rotationRate: {{ alpha: {alpha}, beta: {beta}, gamma: {gamma} }} }}));
          await new Promise((resolve) => setTimeout(resolve, 16)); }} }})()"""
    )
    page.wait("#pace", "ms an answer")
    model = edge.load(web_file("free"))
    units = np.array([1 / 9.80665] * 3 + [np.pi / 180] * 3)
    window = np.tile(np.array(still) * units, (1, 10, 1))
    assert page.bars() == percents(model.predict(window)[0])
    page.tap("#start")
    assert page.text("#pace").startswith("Stopped. ")
    assert page.alert is None


@pytest.mark.parametrize("page", [("free", 0)], indirect=True)
def test_without_sensors_the_page_says_so(page: Page) -> None:
    page.tap("#start")
    page.browser.wait_for("!document.querySelector('#alert').hidden", 10)
    assert (
        page.alert
        == "No motion sensor answers: this device has none, or its settings keep it from web pages."
    )
    assert page.text("#start") == "Start"


@pytest.mark.parametrize("page", [("step", 0)], indirect=True)
def test_a_user_may_refuse(page: Page) -> None:
    page.browser.run("DeviceMotionEvent.requestPermission = async () => 'denied'")
    page.tap("#start")
    page.browser.wait_for("!document.querySelector('#alert').hidden", 5)
    assert "You did not allow motion sensors" in (page.alert or "")


def test_from_afar_a_token_opens_the_page_and_sensors_need_https(browser: Browser, packages: Path) -> None:
    site = Site([served_model(web_file("step"))], sequences(1), "x.npy", 200.0, packages)
    with serving(site, host="0.0.0.0") as running:
        token = running.address.partition("?")[2]
        browser.problems.clear()
        browser.open(f"http://{AFAR}:{running.server_address[1]}/?{token}")
        page = Page(browser)
        assert browser.run("[isSecureContext, location.search]") == [False, ""]
        page.tap("#start")
        page.wait("#pace", "The recording is over")
        page.tap("input[value=motion]")
        assert "Start the server with --https" in page.text("#source-note")
        page.tap("#start")
        browser.wait_for("!document.querySelector('#alert').hidden", 5)
        assert "Start the server with --https" in (page.alert or "")
        assert "adb reverse" in (page.alert or "")
        assert browser.problems == []


@pytest.mark.parametrize("page", [("fixed", 2)], indirect=True)
def test_the_benchmark_button(page: Page) -> None:
    page.tap("#measure")
    page.browser.wait_for("!document.querySelector('#exports').hidden", 40)
    assert page.browser.run("document.querySelector('#save').href").startswith("blob:")
    result = json.loads(page.browser.run("document.querySelector('#save').dataset.text"))
    schema.validate(result)
    (file,) = result["files"]
    assert result["platform"] == "browser"
    assert file["runtime"] == {"name": "@litertjs/core", "version": "0.2.1"}
    assert (file["length"], file["batch"], file["size_bytes"]) == (STEPS, 1, web_file("fixed").stat().st_size)
    times = file["inference_ms"]
    assert 0 < times["min"] <= times["p5"] <= times["median"] <= times["p95"] <= times["max"] < 1000
    assert file["per_step_us"] == pytest.approx(1000 * times["median"] / STEPS)
    assert f"{times['median']:.3g}".rstrip("0") in page.text("#figures")


def test_it_fits_a_phone(page: Page) -> None:
    page.tap("summary")
    assert page.browser.run("[innerWidth, document.documentElement.scrollWidth]") == [PHONE[0], PHONE[0]]
    small = (
        "Array.from(document.querySelectorAll('button, select, .button'), (e) => e.getBoundingClientRect())"
    )
    heights = page.browser.run(f"{small}.map((box) => [box.height, box.right]).filter(([height]) => height)")
    assert len(heights) >= 4
    assert all(height >= 44 and right <= PHONE[0] for height, right in heights)


def test_a_file_that_no_runtime_takes(browser: Browser, packages: Path, tmp_path: Path) -> None:
    def mystery(model: Any) -> None:
        model.operatorCodes[0].builtinCode = model.operatorCodes[0].deprecatedBuiltinCode = 32
        model.operatorCodes[0].customCode = b"Mystery"

    path = tmp_path / "mystery.tflite"
    path.write_bytes(edited("dense", mystery))
    with serving(Site([served_model(path)], None, "", 50.0, packages)) as running:
        browser.open(running.address)
        page = Page(browser)
        assert page.alert == (
            "No runtime of a browser takes mystery.tflite.\n"
            "Mystery is a custom operator. Way out: register it in the program."
        )
        assert browser.run("document.querySelector('#start').disabled")
    with pytest.raises(
        ModelFileError, match="mystery.tflite: no runtime of a browser does not take it|Mystery"
    ):
        benchmark_in_browser([path])


def test_a_runtime_that_cannot_be_had(
    browser: Browser, packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with serving(Site([served_model(web_file("fixed"))], None, "", 50.0, tmp_path)) as running:
        browser.open(running.address)
        assert "has to be fetched once, and npm is not installed" in (Page(browser).alert or "")


def test_a_benchmark_without_a_hand(packages: Path) -> None:
    result = benchmark_in_browser(
        [web_file("free"), web_file("step")], length=20, seconds=0.1, cache=packages
    )
    schema.validate(result)
    assert [file["length"] for file in result["files"]] == [20, 1]
    assert result["settings"]["lengths"] == [20, 1]
    with pytest.raises(ValueError, match="There is no runtime 'chrome' for browsers; known: web-litert"):
        benchmark_in_browser([web_file("free")], "chrome")
