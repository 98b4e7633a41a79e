"""The library is found in the package alone; what is wrong with it is a sentence, never a dead process."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import edge
from edge.errors import ModelFileError
from edge.native import NativeError, find_library, places, platform_of
from tests.helpers.device_files import model_file, sequences
from tests.helpers.native_library import built
from tests.helpers.places import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the faults are those of ELF files")


def noted(path: Path) -> None:
    """Write the checksum of what is there."""
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name(path.name + places.CHECKSUM).write_text(f"{checksum}  {path.name}\n")


def patched(path: Path, at: int, content: bytes) -> None:
    whole = bytearray(path.read_bytes())
    whole[at : at + len(content)] = content
    path.write_bytes(whole)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5000])
    noted(path)


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


def compiled(path: Path, code: str) -> None:
    subprocess.run(["cc", "-shared", "-fPIC", "-xc", "-", "-o", path], input=code, text=True, check=True)
    noted(path)


OTHER_VERSION = """
const char* edge_native_version(void) { return "0.0.7"; }
const char* edge_native_isa(void) { return "avx2"; }
const char* edge_native_isa_error(void) { return ""; }
const char* edge_native_isas(void) { return "avx2"; }
char* edge_native_report(void* delegate) { return 0; }
void edge_native_free(char* text) {}
void* tflite_plugin_create_delegate(char** keys, char** values, long n, void* report) { return 0; }
void tflite_plugin_destroy_delegate(void* delegate) {}
"""
NEEDS_MORE = (
    "extern int of_a_newer_system(void); int edge_native_version(void) { return of_a_newer_system(); }"
)
FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: path.unlink(), "There is no native engine for"),
    "a folder": (folder_instead, "There is no native engine for"),
    "empty": (lambda path: path.write_bytes(b""), "is empty"),
    "text": (lambda path: path.write_text("Not Found " * 20), "it is no ELF file"),
    "cut": (cut, "is cut"),
    "of another processor": (lambda path: patched(path, 18, b"\xf3\x00"), "is for RISC-V"),
    "a program": (lambda path: patched(path, 16, b"\x02\x00"), "is no library (its ELF type is 2)"),
    "one byte wrong": (lambda path: patched(path, 300_000, b"\xaa\x55"), "is not what was built"),
    "zeros at the end": (lambda path: patched(path, 700_000, bytes(4000)), "is not what was built"),
    "no checksum": (
        lambda path: path.with_name(path.name + places.CHECKSUM).unlink(),
        "without its checksum",
    ),
    "another version": (lambda path: compiled(path, OTHER_VERSION), "is of version 0.0.7, this package of"),
    "another library": (
        lambda path: compiled(path, "int f(void) { return 1; }"),
        "but not the native engine",
    ),
    "does not load": (lambda path: compiled(path, NEEDS_MORE), "does not load"),
}


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the library where the package looks for it."""
    made = built()
    shutil.copytree(made.parent, tmp_path / made.parent.name)
    monkeypatch.setattr(places, "HERE", tmp_path)
    return tmp_path / made.parent.name / made.name


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_with_the_library_is_a_sentence(fault: str, copied: Path) -> None:
    break_it, words = FAULTS[fault]
    break_it(copied)
    model = edge.load(model_file("reset"))
    assert model.predict(sequences(2)).any()
    assert words in model.acceleration.why_not
    assert "make native" in model.acceleration.why_not
    assert not any(layer.accelerated for layer in model.acceleration.layers)
    with pytest.raises(ImportError, match="accelerate='auto'") as error:
        edge.load(model_file("reset"), accelerate=True)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_a_sound_copy_is_taken_and_the_working_folder_is_not_looked_at(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_library().path == copied
    monkeypatch.setattr(places, "HERE", copied.parent / "elsewhere")
    monkeypatch.chdir(copied.parent.parent)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(copied.parent))
    with pytest.raises(NativeError, match="There is no native engine"):
        find_library()


def test_an_instruction_set_that_is_not_here(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_NATIVE_ISA", "sparc")
    model = edge.load(model_file("reset"))
    assert model.acceleration.why_not.startswith("EDGE_NATIVE_ISA is sparc, which this machine does not have")
    with pytest.raises(ImportError, match=r"EDGE_NATIVE_ISA is sparc.*leave it out"):
        edge.load(model_file("reset"), accelerate=True)
    for isa in library_isas(monkeypatch):
        monkeypatch.setenv("EDGE_NATIVE_ISA", isa)
        forced = edge.load(model_file("reset"), accelerate=True)
        assert forced.acceleration.isa == isa
        np.testing.assert_allclose(forced.predict(sequences(2)), model.predict(sequences(2)), atol=1e-6)


def library_isas(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.delenv("EDGE_NATIVE_ISA")
    return find_library().isas


def test_a_machine_that_it_is_not_made_for(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "sparc64")
    assert "not for this machine" in edge.load(model_file("reset")).acceleration.why_not
    with pytest.raises(ImportError, match="not for this machine"):
        edge.load(model_file("reset"), accelerate=True)


def test_a_file_with_nothing_for_it_does_not_ask_for_the_library(copied: Path) -> None:
    copied.unlink()
    assert edge.load(model_file("dense")).acceleration.why_not == "it has no fused LSTM"
    with pytest.raises(ModelFileError, match=r"no fused LSTM.*accelerate='auto'"):
        edge.load(model_file("dense"), accelerate=True)


@pytest.mark.parametrize(
    ("system", "processor", "bits", "name"),
    [
        ("linux", "x86_64", 64, "linux-x86_64"),
        ("linux", "aarch64", 64, "linux-aarch64"),
        ("linux", "aarch64", 32, "linux-armv7l"),  # 32-bit Raspberry Pi OS with a 64-bit kernel
        ("linux", "armv7l", 32, "linux-armv7l"),
        ("linux", "armv6l", 32, None),  # a Pi Zero lacks what the code is made of
        ("linux", "x86_64", 32, None),
        ("linux", "riscv64", 64, None),
        ("darwin", "arm64", 64, "darwin-aarch64"),
        ("win32", "AMD64", 64, None),
    ],
)
def test_the_folder_for_a_machine(system: str, processor: str, bits: int, name: str | None) -> None:
    assert platform_of(system, processor, bits) == name


def test_the_folder_copied_to_another_place_works_there(tmp_path: Path) -> None:
    built()
    ignored = shutil.ignore_patterns("convert", "__pycache__", "web", "report")
    shutil.copytree(ROOT / "edge", tmp_path / "edge", ignore=ignored)
    code = (
        "import edge, sys; print(edge.__file__, edge.load(sys.argv[1], accelerate=True).acceleration.taken)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, model_file("reset")], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout.split() == [str(tmp_path / "edge" / "__init__.py"), "1"], done.stderr
