"""The library beside the layer: found, checked before it is loaded, refused in a sentence; and without it."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from edge.native import platform_of
from edge.native.places import this_platform
from keras_lstm_plus import LSTMPlus
from keras_lstm_plus.native import EngineError, find_engine, library
from keras_lstm_plus.native.problem import INTERFACE
from native import build
from native.package import TRAINING_INTO, build_training_into_package, target_of
from tests.helpers.places import ROOT
from tests.helpers.training_engine import training_engine

X = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
SAYS_HOW = r".*`make native` in a checkout, or `pip install \.` where a C\+\+ compiler is at hand\.$"


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The library in a folder of its own."""
    monkeypatch.delenv("KERAS_LSTM_PLUS_ENGINE", raising=False)
    monkeypatch.delenv("EDGE_NATIVE_ISA", raising=False)
    own = training_engine().path
    shutil.copytree(own.parent, tmp_path / own.parent.name)
    return tmp_path / own.parent.name / own.name


def noted(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")


def test_it_is_found_where_it_is_built() -> None:
    assert training_engine().path.parent == TRAINING_INTO / str(this_platform())
    assert (
        library.library_path(Path("there"))
        == Path("there") / str(this_platform()) / training_engine().path.name
    )
    assert platform_of("linux", "x86_64") == "linux-x86_64"  # the names of both engines' folders are the same


def test_a_copy_is_taken(copy: Path) -> None:
    assert find_engine(copy.parent.parent).path == copy


def test_what_is_wrong_with_it_is_said(copy: Path) -> None:
    folder, content = copy.parent.parent, copy.read_bytes()

    def refused(sentence: str) -> None:
        library._found.clear()
        for _ in range(2):  # the second time from what is remembered
            with pytest.raises(EngineError, match=sentence + SAYS_HOW):
                find_engine(folder)

    copy.write_bytes(content[: len(content) // 2])
    refused(r"^The training engine is not what was built \(.*\.sha256 does not fit it\)")
    noted(copy).unlink()
    refused("^The training engine came without its checksum")
    copy.unlink()
    refused(f"^There is no training engine for {this_platform()} in this installation")
    copy.write_bytes(b"no library")
    noted(copy).write_text(hashlib.sha256(b"no library").hexdigest())
    refused("^This system does not load the training engine")
    library._found.clear()


def test_one_of_another_interface_is_not_taken(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "INTERFACE", INTERFACE + 1)
    library._found.clear()
    with pytest.raises(EngineError, match=f"has interface {INTERFACE}, this package {INTERFACE + 1}"):
        find_engine(copy.parent.parent)
    library._found.clear()


def test_a_layer_without_it_says_so_and_computes_the_same(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = LSTMPlus(4, "peephole")
    with_it = layer(X, training=True)
    shutil.rmtree(copy.parent)
    library._found.clear()
    folder = copy.parent.parent
    monkeypatch.setattr("keras_lstm_plus.whole_sequence.paths.find_engine", lambda: find_engine(folder))
    way = layer.which_path(5)
    assert way.name == "compiled loop"
    assert way.reason.startswith("There is no training engine for")
    np.testing.assert_allclose(layer(X, training=True), with_it, atol=1e-6)


def test_another_instruction_set_is_used_where_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = training_engine()
    assert engine.isa == engine.isas[0]
    assert engine.isas[-1] == "portable"
    monkeypatch.setenv("EDGE_NATIVE_ISA", "portable")
    assert find_engine().isa == "portable"
    assert find_engine() is find_engine()  # what is traced with it is found again


def test_the_interface_is_that_of_the_sources() -> None:
    header = (ROOT / "native" / "training" / "problem.h").read_text()
    assert f"#define TRAINING_INTERFACE {INTERFACE} " in header


def test_it_is_built_again_only_where_a_source_is_newer(tmp_path: Path) -> None:
    made = build_training_into_package()
    assert made is not None
    before = made.stat().st_mtime_ns
    assert build_training_into_package() == made
    assert made.stat().st_mtime_ns == before


@pytest.mark.skipif(shutil.which("arm-linux-gnueabihf-g++-12") is None, reason="no compiler for 32-bit Arm")
def test_there_is_none_for_where_tensorflow_is_not() -> None:
    assert target_of("arm-linux-gnueabihf-g++-12") == "linux-armv7l"
    assert build_training_into_package("arm-linux-gnueabihf-g++-12") is None


def test_every_set_of_a_family_is_known_to_the_source() -> None:
    declared = (ROOT / "native" / "training" / "engine.cc").read_text()
    for sets in build.TRAINING_SETS.values():
        for name in sets:
            assert f"EDGE_DECLARE({name})" in declared
