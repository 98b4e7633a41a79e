"""Files with the native engine and without, on one runtime, through `edge.load`: how far apart.

A process of its own, because tflite-runtime fails where TensorFlow has been imported:

    python -m tests.helpers.accelerated_runs RUNTIME FILE...

It prints, as JSON, for each file a dictionary: the largest difference of every kind of call. What is the same
integer is the same real number, so of a file in integers each is 0.
"""

from __future__ import annotations

import copy
import json
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

import edge
from edge.runtime import EdgeModel, Stream

Pair = tuple[Any, Any]


def apart(one: Any, other: Any) -> float:
    """The largest difference; infinite where the shapes differ."""
    if np.shape(one) != np.shape(other):
        return float("inf")
    return float(np.abs(np.subtract(one, other)).max(initial=0.0))


def compare(path: str, runtime: str) -> dict[str, float]:
    """All of it for one file."""
    plain = edge.load(path, runtime=runtime, accelerate=False)
    fast = edge.load(path, num_threads=3, runtime=runtime, accelerate=True)
    assert plain.acceleration.taken == 0, plain.acceleration
    assert fast.acceleration.taken == len(fast.acceleration.layers) > 0, fast.acceleration
    features = plain.inputs[0].shape[-1]
    found = {}
    for batch, steps in ((1, 12), (3, 12), (2, 1), (5, 70), (1, 12)):
        x = np.random.default_rng(steps).normal(size=(batch, steps, features)).astype(np.float32)
        wanted = plain.predict(x)
        assert np.any(wanted)
        found[f"predict {batch} x {steps}"] = apart(fast.predict(x), wanted)
    with edge.load(path, runtime=runtime, isolated=True, accelerate=True) as alone:
        assert alone.acceleration == fast.acceleration
        found["isolated"] = apart(alone.predict(x), wanted)
    with ThreadPoolExecutor(3) as pool:
        found["threads"] = max(apart(y, wanted) for y in pool.map(lambda _: fast.predict(x), range(6)))
    found["pickle"] = apart(pickle.loads(pickle.dumps(fast)).predict(x), wanted)
    found["fork"] = forked(lambda: apart(fast.predict(x), wanted))
    found["no steps"] = apart(*(without_steps(model) for model in (fast, plain)))
    if plain.state in ("carry", "explicit"):
        found |= dict(streams(plain, fast, features))
    return found


def streams(plain: EdgeModel, fast: EdgeModel, features: int) -> Iterator[tuple[str, float]]:
    """Streams side by side, copied, forked and reset."""
    one, other = plain.stream(), fast.stream()
    samples = np.random.default_rng(3).normal(size=(40, features)).astype(np.float32)
    yield "stream", max(apart(other.step(x), one.step(x)) for x in samples)
    ways: dict[str, Callable[[Stream], Stream]] = {
        "copied stream": copy.copy,
        "pickled stream": lambda stream: pickle.loads(pickle.dumps(stream)),
    }
    twins = {name: way(other) for name, way in ways.items()}
    wanted = one.step(samples[0])
    for name, twin in twins.items():
        yield name, apart(twin.step(samples[0]), wanted)
    yield "forked stream", forked(lambda: apart(other.step(samples[0]), wanted))
    one.reset()
    other.reset()
    yield "reset stream", max(apart(other.step(x), one.step(x)) for x in samples[:5])


def without_steps(model: EdgeModel) -> np.ndarray:
    """What the runtime gives for a sequence of no steps; `predict` takes none."""
    if model.states or not model.timed[0]:  # it has no last step to give
        return np.zeros(0)
    session = model.new_session()
    shapes = model.shapes(0)
    assert 0 in shapes[0]
    session.prepare(shapes)
    kinds = [info.dtype for info in model.inputs]
    result = session.run([np.zeros(shape, kind) for shape, kind in zip(shapes, kinds, strict=True)])[0]
    return np.asarray(result, np.float32)


def forked(work: Callable[[], float]) -> float:
    """What it gives in a child; infinite if the child ends otherwise."""
    end, start = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(start, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(start)
    with os.fdopen(end) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return float(json.loads(text)) if text else float("inf")


if __name__ == "__main__":
    print(json.dumps({Path(path).name: compare(path, sys.argv[1]) for path in sys.argv[2:]}))
