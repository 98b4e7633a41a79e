"""`load`: from a path to an `EdgeModel` that is ready."""

from __future__ import annotations

from pathlib import Path

from edge.errors import ModelFileError
from edge.runtime.acceleration import Wish
from edge.runtime.model import EdgeModel

LONG = 256  # time steps that any sensible model takes
PATIENCE = 60.0  # seconds for one call of a file that nobody trusts


def load(
    path: str | Path,
    num_threads: int | None = None,
    runtime: str | None = None,
    *,
    isolated: bool = False,
    timeout: float | None = None,
    accelerate: Wish = "auto",
) -> EdgeModel:
    """Load a `.tflite` file, ours or another's.

    Args:
        path: of the file.
        num_threads: how many threads the kernels may use, up to 64 (or as many as the machine has cores).
            None: the runtime's own choice, which is one. The LSTM operator itself uses one; convolutions and
            large dense layers gain from more.
        runtime: `"ai-edge-litert"` or `"tflite-runtime"`; None: the first of them that is installed.
        isolated: for a file that nobody trusts: run it in a process of its own (a stream in another), which
            may crash or hang without harm to this one; either is a ModelFileError. A call takes half a
            millisecond more. The process is no sandbox: it may do what its user may do. `close` ends it, and
            so does the end of a `with`.
        timeout: of an isolated file, seconds that the runtime may take for one call. None: 60.
        accelerate: whether the native engine runs the LSTM layers, from the same file. `"auto"`: where it is
            installed, for the layers that it takes; `model.acceleration` says which, and why not. True: it
            must run all of them, else that is an error. False: the runtime's own kernels run everything.

    Raises:
        ModelFileError: the file is missing, cut, damaged or no model, was made by a newer version, or the
            runtime refuses it; or the native engine leaves an LSTM of it to the runtime and `accelerate` is
            True. It is a ValueError.
        ImportError: no runtime is installed; the message names them. Or `accelerate` is True, and the native
            engine cannot be used here; the message says why, and what to do.
        ValueError: `num_threads` is not a positive integer or is beyond all sense, `runtime` is not one of
            the two, `accelerate` is none of its three, or `timeout` is no time or not for an isolated file.

    Example:
        >>> import numpy as np
        >>> model = load("exercise.tflite")
        >>> model.predict(np.zeros((4, 50, 6), "float32")).shape
        (4, 7)
        >>> with load("exercise.tflite", isolated=True, timeout=60) as stranger:
        ...     stranger.predict(np.zeros((1, 50, 6), "float32")).shape
        (1, 7)
    """
    if timeout is not None and not isolated:
        raise ValueError(
            "timeout is for files in a process of their own: load(..., isolated=True, timeout=5)."
        )
    patience = (PATIENCE if timeout is None else timeout) if isolated else None
    model = EdgeModel(path, num_threads, runtime, timeout=patience, accelerate=accelerate)
    try:
        model.prepare()
    except ModelFileError:
        if not any(-1 in info.shape[1:] for info in model.inputs):
            raise
        model.prepare(LONG)  # a convolution without padding needs several steps
    return model
