"""Sessions survive what Python programs do to them: threads that fork, copies, pickles, pools."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import edge
from tests.helpers.device_files import model_file, sequences
from tests.helpers.explicit_files import explicit_file
from tests.helpers.places import ROOT

X = sequences(3)
WAYS: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda each: pickle.loads(pickle.dumps(each)),
}


def same(found: Any, wanted: Any) -> None:
    pairs = zip(found, wanted, strict=True) if isinstance(wanted, list) else [(found, wanted)]
    for one, other in pairs:
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_of_a_model_is_a_model_of_its_own(way: str) -> None:
    for path in (model_file("int8_carry"), explicit_file("noted")):
        model = edge.load(path, num_threads=2)
        wanted = model.predict(X)
        twin = WAYS[way](model)
        same(twin.predict(X), wanted)
        assert (twin.session is model.session, twin.opening.threads, repr(twin)) == (False, 2, repr(model))
        model.close()
        same(twin.predict(X), wanted)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["carry", "int8_carry", "explicit"])
def test_a_copy_of_a_stream_goes_on_from_where_it_was(kind: str, way: str) -> None:
    model = edge.load(explicit_file("step_int8") if kind == "explicit" else model_file(kind))
    stream, whole = model.stream(), model.stream()
    wanted = [whole.step(x) for x in X[0]]
    for x in X[0][:5]:
        stream.step(x)
    twin = WAYS[way](stream)
    for x in X[1]:  # what one sees, the other does not
        stream.step(x)
    for x, y in zip(X[0][5:], wanted[5:], strict=True):
        same(twin.step(x), y)
    twin.reset()
    same(twin.step(X[0][0]), wanted[0])


def test_a_state_that_nobody_can_read_is_not_copied_in_silence() -> None:
    stream = edge.load(model_file("stateful")).stream()
    fresh = copy.copy(stream)  # it has not begun: there is nothing to read
    first = stream.step(X[0][0])
    same(fresh.step(X[0][0]), first)
    for way in WAYS.values():
        with pytest.raises(
            ValueError, match="stateful.tflite: the runtime keeps .*resource variables.*reset"
        ) as caught:
            way(stream)
        assert "\n" not in str(caught.value)
    stream.reset()  # a way out that the sentence names
    same(copy.copy(stream).step(X[0][0]), first)


# In processes of their own: in this one, TensorFlow has threads that no fork survives.
POOL = """
import multiprocessing, sys
import numpy as np
import edge

def answer(model_and_x):
    model, x = model_and_x
    return model.predict(x)

if __name__ == "__main__":
    model, x = edge.load(sys.argv[1], num_threads=2), np.load(sys.argv[2])
    wanted = model.predict(x)
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            for found in pool.map(answer, [(model, x)] * 4):
                np.testing.assert_array_equal(found, wanted)
    with multiprocessing.get_context("fork").Pool(2) as pool:  # the model itself, inherited
        for found in pool.map(model.predict, [x] * 4):
            np.testing.assert_array_equal(found, wanted)
    print("done")
"""

# A thread is in `predict` for as long as the program runs, and forks come in the middle of it.
FORK = """
import os, signal, sys, threading, time
import numpy as np
import edge

path, where, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
model, x = edge.load(path, num_threads=threads), np.load(where)
stream, whole = model.stream(), model.stream()
wanted = model.predict(x)
steps = [whole.step(each) for each in x[0]]
for each in x[0][:5]:
    stream.step(each)
long, stop = np.tile(x[:1], (1, 400, 1)), threading.Event()

def work():
    while not stop.is_set():
        model.predict(long)

worker = threading.Thread(target=work)
worker.start()
held = 0
for n in range(20):
    while model.session.lock.acquire(blocking=False):  # until the other thread holds it
        model.session.lock.release()
        time.sleep(1e-4)
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        ok = np.array_equal(model.predict(x), wanted)
        ok &= all(np.array_equal(stream.step(a), b) for a, b in zip(x[0][5:], steps[5:]))
        if n == 0:
            sys.exit(0 if ok else 1)  # with all that Python does at its end
        os._exit(0 if ok else 1)
    status = os.waitpid(child, 0)[1]
    assert status == 0, (n, status)
stop.set()
worker.join()
assert np.array_equal(model.predict(x), wanted)  # the parent is as it was
assert all(np.array_equal(stream.step(a), b) for a, b in zip(x[0][5:], steps[5:]))
print("done")
"""

# A thread is in a step of the very stream that the child uses: its state is in nobody's hands.
LOST = """
import os, sys, threading, time
import numpy as np
import edge

stream, x = edge.load(sys.argv[1]).stream(), np.load(sys.argv[2])
first = stream.step(x[0][0])
inside, leave = threading.Event(), threading.Event()

def work():
    with stream._session.lock:
        inside.set()
        leave.wait()

worker = threading.Thread(target=work)
worker.start()
inside.wait()
child = os.fork()
if child == 0:
    try:
        stream.step(x[0][1])
        os._exit(1)
    except ValueError as error:
        if "lost" not in str(error) or "reset()" not in str(error):
            os._exit(2)
    stream.reset()
    os._exit(0 if np.array_equal(stream.step(x[0][0]), first) else 3)
status = os.waitpid(child, 0)[1]
leave.set()
worker.join()
assert status == 0, status
print("done")
"""


def program(code: str, *arguments: object, folder: Any) -> str:
    """What a program prints; its models are files, so that it needs no TensorFlow."""
    script = folder / "program.py"
    script.write_text(code)
    np.save(folder / "x.npy", X)
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, str(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@needs_fork
def test_a_pool_takes_a_model(tmp_path: Any) -> None:
    assert program(POOL, model_file("int8"), tmp_path / "x.npy", folder=tmp_path) == "done\n"


@needs_fork
@pytest.mark.parametrize(("kind", "threads"), [("carry", 1), ("int8_carry", 2)])
def test_a_fork_in_the_middle_of_predict(kind: str, threads: int, tmp_path: Any) -> None:
    assert program(FORK, model_file(kind), tmp_path / "x.npy", threads, folder=tmp_path) == "done\n"


@needs_fork
def test_a_fork_in_the_middle_of_a_step_says_that_the_state_is_lost(tmp_path: Any) -> None:
    assert program(LOST, model_file("carry"), tmp_path / "x.npy", folder=tmp_path) == "done\n"


def test_what_is_closed_says_so() -> None:
    with edge.load(model_file("carry")) as model:
        stream = model.stream()
        stream.step(X[0][0])
    for use in (
        lambda: model.predict(X),
        lambda: stream.step(X[0][0]),
        stream.reset,
        lambda: copy.copy(stream),
    ):
        with pytest.raises(ValueError, match="carry.tflite is closed; load it again"):
            use()
