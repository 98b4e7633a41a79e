"""What is published: its metadata, its README for readers elsewhere, what is in the archives."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from edge.version import __version__
from tests.helpers.places import ROOT

ADDRESS = "https://example.org/keras-lstm-plus"


def tracked() -> list[str]:
    """What is in the repository."""
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("this is no checkout: what should be in the archive is not known")
    return done.stdout.splitlines()


def copied(folder: Path) -> Path:
    """The tracked files elsewhere: a build leaves nothing in the checkout."""
    for name in tracked():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    return folder


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The source archive, and the wheel that is built from it: nothing but the archive may be needed."""
    source = copied(tmp_path_factory.mktemp("source"))
    run(source, "setup.py", "-q", "sdist")
    (archive,) = (source / "dist").glob("*.tar.gz")
    unpacked = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(archive) as file:
        file.extractall(unpacked, filter="data")
    (inside,) = unpacked.iterdir()
    run(inside, "setup.py", "-q", "bdist_wheel")
    (wheel,) = (inside / "dist").glob("*.whl")
    return archive, wheel


def run(folder: Path, *arguments: str, **environment: str) -> str:
    """A command of Python there; the engine has tests of its own, and takes a minute."""
    variables = {**os.environ, "EDGE_WITHOUT_NATIVE": "1", **environment}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=variables, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as file:
        (name,) = [each for each in file.namelist() if each.endswith(".dist-info/METADATA")]
        return message_from_bytes(file.read(name))


def test_a_registry_would_take_it(archives: tuple[Path, Path]) -> None:
    if importlib.util.find_spec("twine") is None:
        pytest.skip("twine is not installed")
    said = run(ROOT, "-m", "twine", "check", "--strict", *map(str, archives))
    assert said.count("PASSED") == 2


def test_the_metadata_says_who_and_what(archives: tuple[Path, Path]) -> None:
    found = metadata(archives[1])
    assert found["Author"] == "The keras-lstm-plus developers"
    assert found["Version"] == __version__
    assert "lstm" in found["Keywords"]
    assert "Programming Language :: Python :: 3.14" in found.get_all("Classifier", [])
    assert found.get_all("Project-URL") is None  # nobody has given it an address
    assert {"train", "edge", "report"} <= set(found.get_all("Provides-Extra", []))


def test_the_readme_can_be_read_elsewhere(archives: tuple[Path, Path]) -> None:
    text = str(metadata(archives[1]).get_payload())
    assert "Every LSTM as a Keras 3 layer" in text
    assert "[all](" not in text
    for link in re.findall(r"\]\(([^)]+)\)|src=\"([^\"]+)\"", text):
        assert re.match(r"\w+:|#", "".join(link)), link


def test_where_there_is_an_address_everything_leads_there(tmp_path: Path) -> None:
    source = copied(tmp_path)
    run(source, "setup.py", "-q", "egg_info", KERAS_LSTM_PLUS_URL=ADDRESS)
    (info,) = source.glob("*.egg-info")
    found = message_from_bytes((info / "PKG-INFO").read_bytes())
    urls = dict(each.split(", ") for each in found.get_all("Project-URL", []))
    assert urls["Changelog"] == f"{ADDRESS}/blob/main/CHANGELOG.md"
    text = str(found.get_payload())
    assert f"({ADDRESS}/blob/main/docs/speed.md)" in text
    assert f'src="{ADDRESS}/raw/main/edge/web/screenshots/' in text
    for path in urls.values():
        place = path.removeprefix(ADDRESS).removeprefix("/blob/main").strip("/")
        assert (ROOT / place).exists(), place


def test_the_source_archive_has_all_that_the_repository_has(archives: tuple[Path, Path]) -> None:
    with tarfile.open(archives[0]) as file:
        names = {name.partition("/")[2] for name in file.getnames()}
    assert set(tracked()) - names == set()
    assert not [name for name in names if name.endswith((".so", ".dylib", ".pyc"))]


def test_the_wheel_has_what_devices_run_and_nothing_of_the_tests(archives: tuple[Path, Path]) -> None:
    names = set(zipfile.ZipFile(archives[1]).namelist())
    parts = {name for name in tracked() if name.startswith(("edge/devices/", "edge/web/page/"))}
    assert parts <= names
    assert {"lstm_edge.py", "edge/py.typed", "keras_lstm_plus/py.typed"} <= names
    assert {name.split("/")[0] for name in names} == {
        *("edge", "keras_lstm_plus", "lstm_edge.py", f"keras_lstm_plus-{__version__}.dist-info")
    }


def test_citation_and_versions_are_those_of_the_package() -> None:
    assert f"\nversion: {__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    setup = (ROOT / "setup.py").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "versions.md").read_text(encoding="utf-8")
    oldest, newest = re.search(r'"tensorflow>=([\d.]+),<2\.(\d+)"', setup).groups()  # type: ignore[union-attr]
    assert f"| TensorFlow | {oldest}, 2.{int(newest) - 1} |" in page
    assert "range(10, 15)" in setup
    assert "| Python, `edge` alone | 3.10 – 3.14 |" in page
    for name in ("keras", "ai-edge-litert"):
        for version in re.findall(rf'"{name}>=([\d.]+)', setup):
            assert version in page, (name, version)


def test_templates_for_issues_ask_for_what_inspect_says() -> None:
    forms = [path.read_text("utf-8") for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("w*.yml")]
    assert len(forms) == 2
    assert all("edge inspect FILE.tflite --json -" in text for text in forms)
