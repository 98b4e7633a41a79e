"""The training engine on a 64-bit Arm: forwards and backwards against the equations, every instruction set.

There is no TensorFlow there, and none is needed: the library, its Python half and the oracle take NumPy.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from native.build import BuildError, find_compiler
from native.package import build_training_into_package
from tests.helpers.training_calls import SPECS
from tests.pi.conftest import ready
from tests.pi.machine import PROJECT

COMPILER = "aarch64-linux-gnu-g++-12"
PARTS = (
    *("keras_lstm_plus/aliases.py", "keras_lstm_plus/spec.py", "keras_lstm_plus/native"),
    *("tests/helpers/training_calls.py", "tests/helpers/training_oracle.py"),
)
SCRIPT = """
from keras_lstm_plus.native import find_engine
from tests.helpers.training_calls import SIZES, SPECS, WAYS, random_call, worst_error

engine = find_engine()
small, odd, shared = (SIZES[1], WAYS[2]), (SIZES[3], WAYS[4]), ((33, 24, 40, 40), WAYS[3])
for isa in engine.isas:
    one = engine.with_isa(isa)
    for name in SPECS if isa == "neon" else ("all of it",):
        calls = [small, *[odd] * (name == "all of it"), *[shared] * (name == "peephole")]
        found = [worst_error(one, *random_call(SPECS[name], size, **way)) for size, way in calls]
        print(one.isa, name, max(found), sep="|")
"""


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What runs there: without the layer, which needs Keras."""
    try:
        library = build_training_into_package(find_compiler(COMPILER))
    except BuildError as error:
        pytest.skip(str(error))
    assert library is not None
    folder = tmp_path_factory.mktemp("training")
    for part in PARTS:
        source, into = PROJECT / part, folder / part
        into.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, into, ignore=shutil.ignore_patterns("__pycache__", "linux-x86_64"))
        else:
            shutil.copy(source, into)
    (folder / "keras_lstm_plus/__init__.py").write_text("")
    (folder / "run.py").write_text(SCRIPT)
    return folder


def test_values_and_gradients_are_those_of_the_equations(code: Path) -> None:
    ran = ready("arm64").run([code / "run.py"], PYTHONPATH=str(code))
    assert ran.returncode == 0, ran.stderr
    errors = {}
    for line in ran.stdout.splitlines():
        isa, name, error = line.split("|")
        errors[isa, name] = float(error)
    assert {isa for isa, _ in errors} == {"neon", "portable"}
    assert len(errors) == len(SPECS) + 1
    assert {key: error for key, error in errors.items() if not error < 1e-5} == {}
