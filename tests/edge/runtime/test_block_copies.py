"""A stream in the middle of a block: copied, forked, in another process, on the other runtime, stopped."""

from __future__ import annotations

import copy
import importlib.util
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edge
from tests.edge.runtime.test_blocks import X, close, ends, opened
from tests.helpers.block_files import BLOCK, block_file, stock_file
from tests.helpers.explicit_files import explicit_file
from tests.helpers.places import ROOT

posix = pytest.mark.skipif(os.name != "posix", reason="forks and signals")
WAYS = {"copy": copy.deepcopy, "pickle": lambda each: pickle.loads(pickle.dumps(each))}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["noted", "int8", "sequence"])
def test_a_copy_goes_on_from_the_middle_of_a_block(kind: str, way: str) -> None:
    steps = 4 if kind == "sequence" else BLOCK
    stream, whole = opened(kind, steps), opened(kind, steps)
    wanted = whole.feed(X[0])
    stream.feed(X[0, :7])
    twin = WAYS[way](stream)
    assert (twin.steps, twin.gathered) == (steps, 7 % steps)
    stream.feed(X[1])  # what one sees, the other does not
    done = 7 // steps
    found = twin.feed(X[0, 7:])
    np.testing.assert_array_equal(found[0], wanted[0][done * steps :])
    np.testing.assert_array_equal(found[1], wanted[1][done:])


def test_a_copy_of_what_nobody_can_read() -> None:
    stream = edge.load(stock_file()).stream()
    wanted = stream.feed(X[0])
    with pytest.raises(ValueError, match="resource variables.*reset"):
        copy.copy(stream)
    stream.reset()  # a way out that the sentence names: before the first block is run it can be copied
    stream.feed(X[0, :3])
    twin = copy.copy(stream)
    np.testing.assert_array_equal(twin.feed(X[0, 3:]), wanted)


@posix
def test_a_block_in_a_process_of_its_own() -> None:
    wanted = edge.load(block_file("noted")).stream().feed(X[0])
    with edge.load(block_file("noted"), isolated=True) as model:
        stream = model.stream()
        stream.feed(X[0, :8])
        found = stream.feed(X[0, 8:])
        np.testing.assert_array_equal(found[0], wanted[0][5:])
        process = stream._session._engine._process  # type: ignore[union-attr]
        process.kill()
        process.wait(5)
        with pytest.raises(edge.ModelFileError, match="ended while running it"):
            stream.feed(X[0])
        with pytest.raises(ValueError, match="state of this stream was lost.*reset"):
            stream.step(X[0, 0])  # which fills no block, and would be gathered for nothing
        stream.reset()
        assert stream.gathered == 0
        np.testing.assert_array_equal(stream.feed(X[0])[0], wanted[0])
    with pytest.raises(ValueError, match="is closed"):
        stream.step(X[0, 0])


def test_where_one_of_several_calls_fails_nothing_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first block of those that came together has run, the second has not."""

    def breaks(stream: edge.Stream, after: int) -> None:
        run, left = stream._session.run, iter(range(after))

        def some(values: Any) -> Any:
            if next(left, None) is None:
                raise edge.ModelFileError("the runtime stopped.")
            return run(values)

        with monkeypatch.context() as patch:
            patch.setattr(stream._session, "run", some)
            with pytest.raises(edge.ModelFileError, match="stopped"):
                stream.feed(X[0, 8:])

    for kind in ("int8", "noted"):
        stream = opened(kind, BLOCK)
        wanted = opened(kind, BLOCK).feed(X[0], normalized=True)
        stream.feed(X[0, :8], normalized=True)
        breaks(stream, 1)
        assert stream.gathered == 3
        if kind == "noted":  # the runtime's own state has gone on
            with pytest.raises(ValueError, match="state of this stream was lost.*reset"):
                stream.step(X[0, 8])
            stream.reset()
            stream.feed(X[0, :8], normalized=True)
        np.testing.assert_array_equal(stream.feed(X[0, 8:], normalized=True)[0], wanted[0][5:])


# A program without TensorFlow, beside which tflite-runtime does not run.
PROGRAM = """
import os, sys
import numpy as np
import edge

folder, runtime, *paths = sys.argv[1:]
x = np.load(folder + "/x.npy")
found = {}
for number, path in enumerate(paths):
    stream = edge.load(path, runtime=runtime).stream()
    stream.feed(x[:13])  # a block or two, and some that wait
    stream.reset()
    outputs = [stream.feed(part) for part in (x[:1], x[1:7], x[7:])]
    lists = [each if isinstance(each, list) else [each] for each in outputs]
    for n, parts in enumerate(zip(*lists)):
        found[f"{number}_{n}"] = np.concatenate(parts)
np.savez(folder + "/found.npz", **found)

stream, whole = (edge.load(paths[0], runtime=runtime).stream() for _ in range(2))
wanted = whole.feed(x)
stream.feed(x[:8])
child = os.fork()
if child == 0:
    ok = np.array_equal(stream.feed(x[8:])[0], wanted[0][5:])
    os._exit(0 if ok and stream.gathered == 3 else 1)
assert os.waitpid(child, 0)[1] == 0
assert np.array_equal(stream.feed(x[8:])[0], wanted[0][5:])
print("done")
"""


@posix
@pytest.mark.parametrize("runtime", ["ai-edge-litert", "tflite-runtime"])
def test_both_runtimes_without_tensorflow_and_forked_in_the_middle_of_a_block(
    runtime: str, tmp_path: Path
) -> None:
    if importlib.util.find_spec(runtime.replace("-", "_")) is None:
        pytest.skip(f"{runtime} is not installed")
    np.save(tmp_path / "x.npy", X[0])
    paths = [str(block_file("int8")), str(explicit_file("unrolled")), str(stock_file())]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), runtime, *paths],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.stdout == "done\n", done.stderr
    found = np.load(tmp_path / "found.npz")
    for number, (steps, atol) in enumerate([(BLOCK, 0.05), (10, 1e-5)]):
        for n, each in enumerate(ends(X[:1], steps)):
            close(found[f"{number}_{n}"], each[0], atol)
    close(found["2_0"], edge.load(stock_file()).stream().feed(X[0]), 1e-6)
