"""Whether a call on JAX or PyTorch takes the engine, and why not."""

from __future__ import annotations

import os
from typing import Any

import keras

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.cell import LSTMPlusCell
from keras_lstm_plus.engine_call import why_not_in
from keras_lstm_plus.native import EngineError, find_engine, obstacle
from keras_lstm_plus.path import Path
from keras_lstm_plus.private import inside_functorch, inside_mapped_axes

MOST_THREADS = 8


def path_of(cell: LSTMPlusCell, training: bool, unroll: bool, x: Tensor | None = None) -> Path:
    """The way that a call takes here and now.

    Args:
        x: the sequences; None: what does not depend on them.
    """
    if unroll:
        return Path("steps", "unroll=True asks for it")
    if cell.spec.zoneout and not training:
        return Path("steps", "zoneout at inference averages a step with the one before")
    why_not = obstacle(cell.spec) or why_not_in(cell.compute_dtype)
    if why_not is None:
        why_not = _way_in(cell, x)
    if why_not is None:
        try:
            find_engine()
        except EngineError as error:
            why_not = str(error).rstrip(".")
    return Path("engine") if why_not is None else Path("steps", why_not)


def threads() -> int:
    """Cores that this process may use; on PyTorch no more than it is told to."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    wanted = allowed
    if keras.backend.backend() == "torch":
        import torch

        wanted = torch.get_num_threads()
    return max(1, min(wanted, allowed, MOST_THREADS))


def _way_in(cell: LSTMPlusCell, x: Tensor | None) -> str | None:
    """Why there is none into what this call is computed by."""
    backend = keras.backend.backend()
    if backend == "jax":
        return _jax_obstacle(x)
    if backend == "torch":
        return _torch_obstacle(cell, x)
    return f"the backend is {backend}, into which the engine has no way"


def _jax_obstacle(x: Tensor | None) -> str | None:
    import jax

    if not hasattr(jax, "ffi"):
        return f"JAX {jax.__version__} has no jax.ffi, through which it is called"
    if jax.default_backend() != "cpu":
        return f"JAX computes on a {jax.default_backend().upper()}"
    if keras.distribution.distribution() is not None or jax.process_count() > 1:
        return "the batch is shared out among devices, and XLA cannot share out the engine's work"
    if inside_mapped_axes():
        return "it is inside of a map over a named axis, which XLA shares out among devices"
    if x is not None and not all(isinstance(size, int) for size in x.shape):
        return "a size is not known before it runs, and the engine is no operation that JAX can export"
    return None


def _torch_obstacle(cell: LSTMPlusCell, x: Tensor | None) -> str | None:
    import torch

    if torch.compiler.is_compiling() or torch.jit.is_tracing():
        return "PyTorch compiles or exports what is around it"
    if inside_functorch():
        return "it is inside of a function of torch.func or of forward-mode derivatives"
    where: Any = x if x is not None else cell.kernel.value if cell.built else None
    if where is None:
        return "there is a GPU" if torch.cuda.is_available() else None
    if where.device.type != "cpu":
        return f"PyTorch computes on the device {where.device.type}"
    if type(where) not in (torch.Tensor, torch.nn.Parameter):
        return f"it is given a {type(where).__name__}, which is no array in memory"
    return None
