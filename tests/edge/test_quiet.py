"""What TensorFlow mutters reaches no terminal; what anybody else says does."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from edge.quiet import MUTTERED, muted
from tests.helpers.places import ROOT

TALK = b"I0000 00:00:1.5 1 port.cc:153] oneDNN custom operations are on.\n"
IN_PYTHON = """
import sys
FIRST
import keras, numpy as np
from edge.convert import convert, verify
from keras_lstm_plus import LSTMPlus
x = np.zeros((4, 5, 2), "f")
model = keras.Sequential([keras.Input((None, 2)), LSTMPlus(3), keras.layers.Dense(2)])
model.compile("sgd", "mse")
model.fit(x, np.zeros((4, 2)), verbose=0)
print("mine", file=sys.stderr)
convert(model, sys.argv[1], "int8", x + np.arange(4)[:, None, None])
verify(model, sys.argv[1], x, drift_steps=0)
"""


@pytest.mark.parametrize(
    "first", ["import edge.convert", pytest.param("import keras_lstm_plus", marks=pytest.mark.slow)]
)
def test_nothing_is_muttered_in_python(first: str, tmp_path: Path) -> None:
    """A whole process: imports, training on a machine that has no GPU, conversion, comparison."""
    environment = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run(
        [sys.executable, "-c", IN_PYTHON.replace("FIRST", first), tmp_path / "m.tflite"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "mine\n")


def test_what_others_say_comes_out(capfd: pytest.CaptureFixture[str]) -> None:
    with muted():
        os.write(2, TALK)
        os.write(2, b"a library of the user's\n")
        with muted():
            os.write(2, TALK)
    assert capfd.readouterr().err == "a library of the user's\n"
    with suppress(KeyError), muted():
        os.write(2, b"before it broke\n")
        raise KeyError
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before it broke\nafter\n"


def test_blocks_of_several_threads_give_stderr_back() -> None:
    """In a process of its own: whoever comes last restores it."""
    code = (
        "import os, sys, threading, time\n"
        "from edge.quiet import muted\n"
        "def work(n):\n"
        "    with muted():\n"
        "        time.sleep(0.02 * n); os.write(2, b'I0000 00:00:1.5 1 x.cc:1] talk\\n')\n"
        "threads = [threading.Thread(target=work, args=(n,)) for n in (1, 3, 2)]\n"
        "for each in threads: each.start(); time.sleep(0.01)\n"
        "print('python goes on', file=sys.stderr)\n"
        "for each in threads: each.join()\n"
        "os.write(2, b'end\\n')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stderr == "python goes on\nend\n"


def test_a_handler_of_logging_made_in_a_block_writes_on_behind_it() -> None:
    """TensorFlow makes its own where it first has something to say, and keeps the stream."""
    code = (
        "import logging, sys\n"
        "from edge.quiet import muted\n"
        "log = logging.getLogger('x')\n"
        "with muted():\n"
        "    log.addHandler(logging.StreamHandler()); log.warning('one')\n"
        "log.warning('two')\n"
        "with muted(): log.warning('three')\n"
        "print('end', file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stderr == "one\ntwo\nthree\nend\n"


@pytest.mark.parametrize(
    ("line", "is_muttered"),
    [
        (TALK, True),
        (b"2026-01-01 10:00:00.1: I tensorflow/core/x.cc:1] x\n", True),
        (b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n", True),
        (b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n", True),
        (b"INFO: my program starts\n", False),
        (b"Traceback (most recent call last):\n", False),
        (b"E: could not read\n", False),
    ],
)
def test_who_said_it(line: bytes, is_muttered: bool) -> None:
    assert bool(MUTTERED.match(line)) is is_muttered
