"""The page in headless Chromium at the size of a phone: its answers are Python's, and a person can use it.

Passed over, with the reason, where there is no Chromium or where npm cannot fetch the runtimes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import edge
from edge import schema
from edge.browser import PHONE, Browser, find_browser, serving
from edge.browser_runs import benchmark, predict
from edge.convert import convert
from edge.errors import ModelFileError
from edge.serve import Server
from edge.web_models import recording, served_model
from edge.web_runtimes import RUNTIMES, cache_folder, fetch
from edge.web_site import Site
from keras_lstm_plus import LSTMPlus
from tests.edge_files import CLASSES, FEATURES, FOLDER, STEPS, edited, sequences

LABELS = ("squat", "lunge", "plank", "bridge", "<b>rest</b>")
NORMALIZATION = {"mean": [0.1, -0.2, 0.3, 0, 0, 1], "std": [1.5, 1, 0.5, 2, 1, 3]}
NOTED: dict[str, Any] = {"labels": LABELS, "normalization": NORMALIZATION}
AFAR = "pi.example"  # the name of this machine, as a phone might know it
FLOAT = 1e-5
DYNAMIC = 0.03  # root mean square difference over the standard deviation

# The files, and the runtimes that they are for.
FILES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "free": ({**NOTED}, ("web-litert", "web-tfjs")),
    "fixed": ({"target": "web-litert", "length": STEPS}, ("web-litert", "web-tfjs")),
    "dynamic": ({"target": "web-tfjs", "length": STEPS, "quantize": "dynamic"}, ("web-litert", "web-tfjs")),
    "int8": ({"target": "web-tfjs", "length": STEPS, "quantize": "int8"}, ("web-tfjs",)),
    "step": ({**NOTED, "lowering": "step", "target": "compiled-model"}, tuple(RUNTIMES)),
    "explicit": ({"state": "explicit"}, ("web-litert", "web-tfjs")),
    "carry": ({"state": "carry"}, ("web-litert", "web-tfjs")),
    "unrolled": (
        {"lowering": "unrolled", "target": "compiled-model", "length": STEPS, "quantize": "dynamic"},
        tuple(RUNTIMES),
    ),
}
PAIRS = [(kind, target) for kind, (_, targets) in FILES.items() for target in targets]


@cache
def network() -> keras.Model:
    """A classifier of two layers with random weights; probabilities far enough from even."""
    keras.utils.set_random_seed(5)
    x = keras.Input((None, FEATURES), name="x")
    h = LSTMPlus(8, "peephole", return_sequences=True, name="first")(x)
    h = LSTMPlus(6, "cifg", name="second")(h)
    model = keras.Model(x, keras.layers.Dense(CLASSES, activation="softmax")(h))
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=w.shape, scale=0.7) for w in model.get_weights()])
    return model


@cache
def web_file(kind: str) -> Path:
    path = FOLDER / f"web_{kind}.tflite"
    options = dict(FILES[kind][0])
    if options.get("quantize") == "int8":
        options["representative_data"] = sequences(16)
    convert(network(), path, **options)
    return path


@pytest.fixture(scope="module")
def packages() -> Path:
    """Where the runtimes lie; a reason to pass over the tests where they cannot be had."""
    folder = cache_folder()
    try:
        find_browser()
        for target in RUNTIMES:
            fetch(target, folder)
    except OSError as error:
        pytest.skip(str(error))
    return folder


@pytest.fixture(scope="module")
def browser(packages: Path) -> Iterator[Browser]:
    with Browser([f"--host-resolver-rules=MAP {AFAR} 127.0.0.1"]) as running:
        yield running


@pytest.fixture(scope="module")
def server(packages: Path) -> Iterator[Server]:
    models = [served_model(web_file(kind)) for kind in FILES]
    with serving(Site(models, sequences(3), "x.npy", 50.0, packages)) as running:
        yield running


@pytest.fixture(scope="module")
def all_files(server: Server, browser: Browser) -> Browser:
    """The browser with the page that has all files."""
    browser.open(server.address)
    return browser


# -- answers ---------------------------------------------------------------------------------------------


def in_browser(browser: Browser, kind: str, target: str, x: np.ndarray, length: int = STEPS) -> np.ndarray:
    """What a file gives after the last step of each sequence, `[batch, classes]`."""
    streams = FILES[kind][0].get("state") in ("carry", "explicit")
    calls = predict(browser, list(FILES).index(kind), target, x, 1 if streams else length)
    return calls[:, -1]


def in_python(kind: str, x: np.ndarray) -> np.ndarray:
    model = edge.load(web_file(kind))
    if model.state != "carry":
        result: np.ndarray = model.predict(x)
        return result
    stream, answers = model.stream(), []
    for sequence in x:
        stream.reset()
        answers.append([stream.step(sample) for sample in sequence][-1])
    return np.array(answers)


def relative(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.sqrt(np.square(found - wanted).mean()) / wanted.std())


@pytest.mark.parametrize(("kind", "target"), PAIRS)
def test_the_answers_are_pythons_and_keras(all_files: Browser, kind: str, target: str) -> None:
    x = sequences(3, seed=7)
    x = np.concatenate([x, x[:1]])  # the first again: what came between must not matter
    found, wanted = in_browser(all_files, kind, target, x), in_python(kind, x)
    keras_says = network().predict(x, verbose=0)
    assert wanted[:3].std(0).max() > 0.02  # the answers differ
    np.testing.assert_array_equal(found[3], found[0])
    quantize = FILES[kind][0].get("quantize")
    if quantize is None:
        np.testing.assert_allclose(found, wanted, atol=FLOAT)
        np.testing.assert_allclose(found, keras_says, atol=FLOAT)
    else:
        assert relative(found, wanted) < DYNAMIC
        assert relative(found, keras_says) < (DYNAMIC if quantize == "dynamic" else 0.1)


@pytest.mark.parametrize("target", ["web-litert", "web-tfjs"])
@pytest.mark.parametrize("length", [1, 7, 40])
def test_a_free_time_axis_is_free_there_too(all_files: Browser, target: str, length: int) -> None:
    x = sequences(2, length, seed=length)
    found = in_browser(all_files, "free", target, x, length)
    np.testing.assert_allclose(found, network().predict(x, verbose=0), atol=FLOAT)


@pytest.mark.parametrize(
    ("kind", "target", "words"),
    [
        ("free", "compiled-model", "takes no variable tensors"),
        ("int8", "web-litert", "takes no 8- or 16-bit integers in and out"),
    ],
)
def test_what_a_runtime_refuses_is_said_before(
    all_files: Browser, kind: str, target: str, words: str
) -> None:
    with pytest.raises(OSError, match=words) as caught:
        in_browser(all_files, kind, target, sequences(1))
    assert "Way out: " in str(caught.value)


def test_nothing_is_wrong_on_the_console(all_files: Browser) -> None:
    # Said by a runtime of itself: tfjs that it is there, LiteRT 2 that a headless browser has no GPU.
    harmless = (
        "INFO: Created TensorFlow Lite XNNPACK",
        "No available adapters",
        "Failed to create default WebGPU",
    )
    in_browser(all_files, "step", "compiled-model", sequences(1))
    assert [each for each in all_files.problems if not any(known in each for known in harmless)] == []


# -- the modules of the page -----------------------------------------------------------------------------


def test_motion_is_resampled_as_numpy_does(all_files: Browser) -> None:
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.uniform(5, 30, 40))  # milliseconds
    values = rng.normal(size=(40, 3))
    script = f"""import('./sensors.js').then(({{ Resampler }}) => {{
      const found = [], resampler = new Resampler(50, (sample) => found.push(Array.from(sample)));
      {json.dumps(values.tolist())}.forEach((row, n) => resampler.push({json.dumps(times.tolist())}[n], row));
      return found;
    }})"""
    found = np.array(all_files.run(script))
    due = np.arange(times[0], times[-1] + 1e-6, 20)
    wanted = np.stack([np.interp(due, times, column) for column in values.T], 1)
    assert len(due) > 20
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_statistics_are_numpys(all_files: Browser) -> None:
    times = np.random.default_rng(0).gamma(2, size=101)
    found = all_files.run(
        f"import('./benchmark.js').then((page) => page.statistics({json.dumps(times.tolist())}))"
    )
    wanted = {f"p{p}": np.percentile(times, p) for p in (5, 95)}
    wanted |= {"avg": times.mean(), "std": times.std(), "min": times.min(), "max": times.max()}
    assert found == pytest.approx(wanted | {"median": np.median(times), "count": 101})


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n3,4.5\n",
        "1;2\r\n3;4.5",
        "1\t2\n\n3\t4.5",
        "[[1,2],[3,4.5]]",
        ' {"samples": [[[1,2],[3,4.5]]]}',
    ],
)
def test_files_of_the_users(all_files: Browser, text: str, tmp_path: Path) -> None:
    parse = f"import('./recording.js').then((page) => page.parseRecording({json.dumps(text)}, 'x'))"
    script = f"{parse}.then((found) => ({{ ...found, samples: Array.from(found.samples) }}))"
    found = all_files.run(script)
    assert found == {"name": "x", "windows": 1, "steps": 2, "features": 2, "samples": [1, 2, 3, 4.5]}
    if "," in text and text[0] not in " [":
        (tmp_path / "x.csv").write_text(text)
        np.testing.assert_array_equal(recording(tmp_path / "x.csv").ravel(), found["samples"])


@pytest.mark.parametrize("text", ["", "a,b", "1,2\n3", "[[1,2],[3]]", "[1,2]", "[[1,null]]", "{", "1,x"])
def test_files_that_are_no_recordings(all_files: Browser, text: str) -> None:
    with pytest.raises(OSError, match="Error: x (must hold|is neither CSV nor JSON)"):
        all_files.run(
            f"import('./recording.js').then((page) => page.parseRecording({json.dumps(text)}, 'x'))"
        )


# -- what a person does ----------------------------------------------------------------------------------


class Page:
    """The page as a person sees and taps it."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    def text(self, place: str) -> str:
        return str(self.browser.run(f"document.querySelector({json.dumps(place)}).innerText"))

    def tap(self, place: str) -> None:
        self.browser.run(f"document.querySelector({json.dumps(place)}).click()")

    def set(self, place: str, value: Any) -> None:
        self.browser.run(
            f"(() => {{ const e = document.querySelector({json.dumps(place)}); e.value = {json.dumps(value)};"
            "e.dispatchEvent(new Event('change')); })()"
        )
        time.sleep(0.2)

    def wait(self, place: str, words: str) -> None:
        condition = f"document.querySelector({json.dumps(place)}).textContent.includes({json.dumps(words)})"
        self.browser.wait_for(condition, 15)

    def bars(self) -> dict[str, str]:
        cells = "(bar) => Array.from(bar.children, (cell) => cell.innerText)"
        return dict(self.browser.run(f"Array.from(document.querySelectorAll('#bars li'), {cells})"))

    @property
    def alert(self) -> str | None:
        shown = self.browser.run("document.querySelector('#alert').hidden")
        return None if shown else self.text("#alert")


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
    wanted = model.predict(model.normalise(3 * sequences(2, seed=3)))[-1]
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
    window = np.tile(model.normalise(np.array(still) * units), (1, 10, 1))
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
        benchmark([path])


def test_a_runtime_that_cannot_be_had(
    browser: Browser, packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with serving(Site([served_model(web_file("fixed"))], None, "", 50.0, tmp_path)) as running:
        browser.open(running.address)
        assert "has to be fetched once, and npm is not installed" in (Page(browser).alert or "")


def test_a_benchmark_without_a_hand(packages: Path) -> None:
    result = benchmark([web_file("free"), web_file("step")], length=20, seconds=0.1, cache=packages)
    schema.validate(result)
    assert [file["length"] for file in result["files"]] == [20, 1]
    assert result["settings"]["lengths"] == [20, 1]
    with pytest.raises(ValueError, match="There is no runtime 'chrome' for browsers; known: web-litert"):
        benchmark([web_file("free")], "chrome")
