"""The engine as a function of PyTorch's autograd, on the memory of its tensors, without copies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from keras_lstm_plus.aliases import Array, Tensor
from keras_lstm_plus.engine_call import by_steps
from keras_lstm_plus.native import Shown, Task


def run(task: Task, values: Sequence[Tensor]) -> list[Tensor]:
    """h of all steps `[batch, time, output]` if it is shown, the final h, the final c."""
    values = [value.contiguous() for value in values]
    if torch.is_grad_enabled() and any(value.requires_grad for value in values):
        return list(_Sequence.apply(task, *values))
    shown = task.engine.forward(task.layer, task.given(_arrays(values)), keep=False)
    return [torch.from_numpy(array) for array in shown if array is not None]


class _Sequence(torch.autograd.Function):
    """Forwards with a stash, and backwards."""

    @staticmethod
    def forward(ctx: Any, task: Task, *values: Tensor) -> tuple[Tensor, ...]:
        shown = task.engine.forward(task.layer, task.given(_arrays(values)), keep=True)
        *results, stash = (torch.from_numpy(array) for array in shown if array is not None)
        ctx.task = task
        # Out is kept in this way so that a change of it by others is noticed.
        ctx.save_for_backward(*values, *results[: task.layer.every_step], stash)
        return tuple(results)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, ...]:
        task, every = ctx.task, ctx.task.layer.every_step
        asked = dict(zip(task.names, ctx.needs_input_grad[1:], strict=True))
        saved, names = ctx.saved_tensors, task.names
        values, left = saved[: len(names)], saved[len(names) :]
        if torch.is_grad_enabled():  # it will be differentiated again
            found = _by_steps(task, values, [name for name in names if asked[name]], slopes)
        else:
            arrays = _arrays([slope.contiguous() for slope in slopes])
            shown = Shown(_arrays(left[:1])[0] if every else None, None, None, _arrays(left[-1:])[0])
            given = task.given(_arrays(values))
            d_out = [] if every else [None]
            gradients = task.engine.backward(task.layer, given, shown, [*d_out, *arrays], asked["x"])
            found = {
                name: torch.from_numpy(value)
                for name, value in gradients._asdict().items()
                if value is not None and asked[name]
            }
        return (None, *(found.get(name) for name in names))


def _by_steps(
    task: Task, values: Sequence[Tensor], asked: list[str], slopes: Sequence[Tensor]
) -> dict[str, Tensor]:
    """The gradient in operations that PyTorch can differentiate."""
    results = by_steps(task.layer, task.given(values))
    sources = [value for name, value in zip(task.names, values, strict=True) if name in asked]
    found = torch.autograd.grad(results, sources, list(slopes), create_graph=True, allow_unused=True)
    return dict(zip(asked, found, strict=True))


def _arrays(tensors: Sequence[Tensor]) -> list[Array]:
    return [tensor.detach().numpy() for tensor in tensors]
