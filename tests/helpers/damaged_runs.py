"""What becomes of damaged files: a process makes them, reads them, and runs in a fork what is not refused.

python -m tests.helpers.damaged_runs RUNTIME FILE COUNT SEED [FOLDER] prints counts as JSON:
    refused: by the reader; stopped: by the runtime, in a sentence; ran: to its end;
    slow: stopped by the clock; crashed: ended by a signal; raw: an error that is no sentence.
FOLDER keeps what crashed, was raw or slow.
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import edge
from edge.errors import ModelFileError
from edge.runtime.interpreter import find_runtime
from edge.tflite import parse
from tests.helpers.damage import damaged

FATES = ("ran", "stopped", "raw")
SECONDS, MEMORY = 10, 4 << 30


def values(model: Any, steps: int) -> list[np.ndarray]:
    """Input for `predict`."""
    rng = np.random.default_rng(0)
    made = []
    for info in model.inputs:
        shape = [n if n >= 0 else (1 if axis == 0 else steps) for axis, n in enumerate(info.shape)]
        if np.prod(shape, dtype=float) > 1e7:
            raise ModelFileError("too large to try")
        x = rng.normal(size=shape)
        made.append(x if info.is_real else (x > 0).astype(info.dtype))
    return made


def use(path: Path, runtime: str) -> None:
    """Load, predict twice, and feed a stream."""
    model = edge.load(path, runtime=runtime)
    for steps in (3, 2):
        x = values(model, steps)
        model.predict(x if len(x) > 1 else x[0])
    if model.state in ("carry", "explicit"):
        try:
            stream = model.stream()
        except ModelFileError:
            raise
        except ValueError:  # its inputs take different numbers of steps
            return
        for _ in range(2 * min(stream.steps, 20)):
            step = [
                np.resize(each, single)
                for each, single in zip(values(model, 1), stream.form.single, strict=True)
            ]
            stream.step(step if len(step) > 1 else step[0])
        stream.reset()


def fate(path: Path, runtime: str) -> int:
    """In the fork: which of `FATES` it is."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(
        resource.RLIMIT_CPU, (SECONDS, SECONDS + 5)
    )  # by its own clock: the machine may be busy
    signal.alarm(20 * SECONDS)  # where it waits for ever
    try:
        use(path, runtime)
    except MemoryError:
        return 1
    except ValueError as error:  # a ModelFileError is one
        words = str(error)
        if "\n" not in words and (isinstance(error, ModelFileError) or path.name in words):
            return 1
        print(f"RAW {error!r}", file=sys.stderr)
        return 2
    except BaseException as error:
        print(f"RAW {error!r}", file=sys.stderr)
        return 2
    return 0


def main(runtime: str, source: str, count: str, seed: str, keep: str | None = None) -> None:
    """Print the counts."""
    find_runtime(runtime)  # imported once
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    content, rng = Path(source).read_bytes(), random.Random(seed)
    counts = dict.fromkeys(("refused", "stopped", "ran", "slow", "crashed", "raw"), 0)
    with tempfile.TemporaryDirectory() as folder:
        path, words = Path(folder) / "damaged.tflite", Path(folder) / "words"
        for n in range(int(count)):
            changed = damaged(content, rng)
            try:
                parse(changed)
            except ModelFileError:
                counts["refused"] += 1
                continue
            path.write_bytes(changed)
            child = os.fork()
            if child == 0:
                os.dup2(os.open(words, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
                os._exit(fate(path, runtime))
            status = os.waitpid(child, 0)[1]
            name = FATES[os.WEXITSTATUS(status)] if os.WIFEXITED(status) else "crashed"
            if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGALRM, signal.SIGXCPU):
                name = "slow"
            counts[name] += 1
            if keep and name in ("crashed", "raw", "slow"):
                stem = f"{name}-{Path(source).stem}-{runtime}-{seed}-{n}"
                (Path(keep) / f"{stem}.tflite").write_bytes(changed)
                (Path(keep) / f"{stem}.txt").write_text(
                    f"{status} " + words.read_text(errors="replace")[-800:]
                )
    print(json.dumps(counts))


if __name__ == "__main__":
    main(*sys.argv[1:])
