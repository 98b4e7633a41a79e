"""`pip` puts the engine into the wheel where a C++ compiler is at hand; without one everything else works."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.helpers.device_files import model_file
from tests.helpers.native_library import built
from tests.helpers.wheels import build_wheel, sources

# The setuptools that is installed: nothing is fetched, and pip shows what setup.py says.
HERE = ("--no-build-isolation", "--verbose")
CODE = """
import edge, json, sys
model = edge.load(sys.argv[1])
print(json.dumps([edge.__file__, model.acceleration.taken, model.acceleration.why_not]))
"""


def unpacked(wheel: Path, folder: Path) -> tuple[str, int, str]:
    """What a model says that is run by the package in a wheel: where that is, and what the engine runs."""
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder)
    done = subprocess.run(
        [sys.executable, "-c", CODE, model_file("reset")], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    where, taken, why_not = json.loads(done.stdout.splitlines()[-1])
    assert where.startswith(str(folder))
    return where, taken, why_not


def test_with_a_compiler_the_engine_is_in_the_wheel(tmp_path: Path) -> None:
    name = built().parent.name
    wheel, _ = build_wheel(tmp_path, *HERE)
    assert wheel.name.startswith("keras_lstm_plus-")
    assert "-py3-none-" in wheel.name
    assert wheel.stem.endswith(name.split("-")[1])
    names = zipfile.ZipFile(wheel).namelist()
    for package, library in (("edge", "libedge_lstm"), ("keras_lstm_plus", "libkeras_lstm")):
        libraries = [each for each in names if library in each]  # and its checksum
        assert [each.split("/")[:3] for each in libraries] == [[package, "native", name]] * 2
    assert not any(each.startswith("native/") for each in names)
    assert unpacked(wheel, tmp_path / "unpacked")[1:] == (1, "")
    # What that has left behind does not go into the next one.
    without, _ = build_wheel(
        tmp_path / "other", *HERE, source=tmp_path / "source", environment={"EDGE_WITHOUT_NATIVE": "1"}
    )
    assert not [each for each in zipfile.ZipFile(without).namelist() if ".so" in each or ".dylib" in each]


@pytest.mark.parametrize("how", ["no compiler", "not wanted", "does not compile"])
def test_without_the_engine_the_wheel_is_for_every_machine_and_works(how: str, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    environment = {"no compiler": {"PATH": str(tools), "CXX": ""}, "not wanted": {"EDGE_WITHOUT_NATIVE": "1"}}
    if how == "does not compile":
        broken = tools / "broken-c++"
        broken.write_text("#!/bin/sh\n[ $1 = -dumpmachine ] && echo riscv64-unknown-linux-gnu\n")
        broken.chmod(0o755)
        environment[how] = {"CXX": str(broken)}
    wheel, said = build_wheel(tmp_path / "wheel", *HERE, environment=environment[how])
    assert wheel.name.endswith("-py3-none-any.whl")
    words = {
        "no compiler": "Without the native engine: No C++ compiler was found",
        "not wanted": "",
        "does not compile": "compiles for riscv64-unknown-linux-gnu, which the engine is not made for",
    }
    assert words[how] in said
    _, taken, why_not = unpacked(wheel, tmp_path / "unpacked")
    assert taken == 0
    assert why_not.startswith("There is no native engine for")


def test_the_source_archive_holds_the_engine_and_no_library(tmp_path: Path) -> None:
    source = sources(tmp_path / "source")
    subprocess.run([sys.executable, "setup.py", "-q", "sdist"], cwd=source, check=True, capture_output=True)
    (archive,) = (source / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as file:
        names = {"/".join(name.split("/")[1:]) for name in file.getnames()}
    wanted = {f"native/{path.name}" for path in (source / "native").iterdir() if path.is_file()}
    assert wanted <= names
    assert not [name for name in names if "libedge_lstm" in name]
