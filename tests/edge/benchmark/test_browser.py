"""The page's runtimes and modules in headless Chromium: their answers are Python's.

Passed over, with the reason, where there is no Chromium or where npm cannot fetch the runtimes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import edge
from edge.benchmark.browser import predict
from edge.web.chromium import Browser, serving
from edge.web.models import recording, served_model
from edge.web.server import Server
from edge.web.site import Site
from tests.helpers.device_files import STEPS, sequences
from tests.helpers.web_files import FILES, network, packages_here, web_file

FLOAT = 1e-5
DYNAMIC = 0.03  # root mean square difference over the standard deviation
PAIRS = [(kind, target) for kind, (_, targets) in FILES.items() for target in targets]


@pytest.fixture(scope="module")
def packages() -> Path:
    return packages_here()


@pytest.fixture(scope="module")
def browser(packages: Path) -> Iterator[Browser]:
    with Browser() as running:
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
        result: np.ndarray = model.predict(x, normalized=True)  # as the graph takes it
        return result
    stream, answers = model.stream(), []
    for sequence in x:
        stream.reset()
        answers.append([stream.step(sample, normalized=True) for sample in sequence][-1])
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
