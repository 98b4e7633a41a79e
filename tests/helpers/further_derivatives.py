"""Derivatives of a function of sequences that are not its gradient, each as JAX and PyTorch have it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

Function = Callable[[Any], Any]


def jax_derivatives(start: np.ndarray, direction: np.ndarray) -> list[Function]:
    import jax

    x, along = map(jax.numpy.asarray, (start, direction))

    def slope(call: Any) -> Any:
        return jax.grad(lambda x: ops.sum(ops.sin(call(x))))

    return [
        lambda call: jax.jvp(call, (x,), (along,))[1],
        lambda call: jax.jit(lambda x: jax.jvp(call, (x,), (along,))[1])(x),
        lambda call: jax.grad(lambda x: ops.sum(slope(call)(x) ** 2))(x),
        lambda call: jax.jvp(slope(call), (x,), (along,))[1],
        lambda call: jax.vmap(slope(call))(ops.stack([x, along])),
        lambda call: jax.vjp(lambda x: jax.jvp(slope(call), (x,), (along,))[1], x)[1](along)[0],
    ]


def torch_derivatives(start: np.ndarray, along: np.ndarray) -> list[Function]:
    import torch

    def steepness(call: Any) -> Any:
        x = torch.tensor(start, requires_grad=True)
        (slope,) = torch.autograd.grad(torch.sin(call(x)).sum(), x, create_graph=True)
        return torch.autograd.grad((slope**2).sum(), x)[0]

    def forwards(call: Any) -> Any:
        return torch.func.jvp(call, (torch.tensor(start),), (torch.tensor(along),))[1].detach()

    def dual(call: Any) -> Any:
        import torch.autograd.forward_ad as forward

        with forward.dual_level():
            shown = call(forward.make_dual(torch.tensor(start), torch.tensor(along)))
            return forward.unpack_dual(shown).tangent.detach()

    def functional(call: Any) -> Any:
        return torch.func.grad(lambda x: torch.sin(call(x)).sum())(torch.tensor(start)).detach()

    return [steepness, forwards, dual, functional]
