"""The engine as operations of JAX: forwards, backwards, and what lies between them.

XLA calls the library itself, as a foreign function. Three operations, so that any derivative can be had:

- `forward` shows what the engine shows. Its derivative is `tangent`.
- `tangent`, linear, is that of the loop of steps; transposed, which is what a gradient asks for, it is
- `backward`, the engine's gradient. Whoever differentiates that gets the derivative of the loop of steps.

What is exported, and what is mapped over (`jax.vmap`), becomes the loop of steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.engine_call import by_steps
from keras_lstm_plus.native import Engine, Given, Problem, Task

POINTERS = Problem.x.offset  # of them, behind the numbers


def run(task: Task, values: Sequence[Tensor]) -> list[Tensor]:
    """h of all steps `[batch, time, output]` if it is shown, the final h, the final c."""
    return forward_p.bind(*values, task=task, keep=False)


# ---- what each is, in plain operations: `left` is what forward leaves for the way back, out and stash


def _forward(*values: Tensor, task: Task, keep: bool) -> list[Tensor]:
    stash = [jax.numpy.zeros(_stash_floats(task, values), "float32")] * keep
    return [*by_steps(task.layer, task.given(values)), *stash]


def _tangent(*operands: Tensor, task: Task, at: tuple[int, ...]) -> list[Tensor]:
    values, _, moving = _parts(task, operands)
    return jax.jvp(partial(_moved, task, values, at), [values[k] for k in at], moving)[1]


def _backward(*operands: Tensor, task: Task, of_x: bool) -> list[Tensor]:
    values, _, slopes = _parts(task, operands)
    at = tuple(map(task.names.index, task.wanted(of_x)))
    _, pull = jax.vjp(partial(_moved, task, values, at), *(values[k] for k in at))
    return list(pull(list(slopes)))


def _moved(task: Task, values: Sequence[Tensor], at: tuple[int, ...], *moving: Tensor) -> list[Tensor]:
    new = dict(enumerate(values)) | dict(zip(at, moving, strict=True))
    return by_steps(task.layer, task.given(list(new.values())))


def _parts(task: Task, operands: Sequence[Any]) -> tuple[list[Any], list[Any], list[Any]]:
    """The values, what forward left, and the rest."""
    first = len(task.names)
    second = first + 1 + task.layer.every_step
    return list(operands[:first]), list(operands[first:second]), list(operands[second:])


# ---- their derivatives


def _forward_jvp(
    values: Sequence[Tensor], tangents: Sequence[Any], *, task: Task, keep: bool
) -> tuple[list[Tensor], list[Any]]:
    shown = forward_p.bind(*values, task=task, keep=True)
    at = tuple(k for k, tangent in enumerate(tangents) if type(tangent) is not ad.Zero)
    left = [*shown[: task.layer.every_step], shown[-1]]
    found = tangent_p.bind(*values, *left, *(tangents[k] for k in at), task=task, at=at)
    return (shown, [*found, ad.Zero.from_primal_value(shown[-1])]) if keep else (shown[:-1], found)


def _tangent_transpose(slopes: Sequence[Any], *operands: Any, task: Task, at: tuple[int, ...]) -> list[Any]:
    values, left, moving = _parts(task, operands)
    names = task.names
    asked = {names[k] for k, each in zip(at, moving, strict=True) if ad.is_undefined_primal(each)}
    of_x = "x" in asked
    upstream = [ad.instantiate_zeros(slope) for slope in slopes]
    found = backward_p.bind(*values, *left, *upstream, task=task, of_x=of_x)
    by_name = dict(zip(task.wanted(of_x), found, strict=True))
    nothing = [None] * (len(values) + len(left))
    return [*nothing, *(by_name.get(names[k]) if names[k] in asked else None for k in at)]


def _jvp_by_steps(primitive: Primitive, plain: Callable[..., Any]) -> Any:
    """What forward left depends on the values, of which the plain one knows the whole derivative."""

    def jvp(operands: Sequence[Tensor], tangents: Sequence[Any], *, task: Task, **more: Any) -> Any:
        first, second = len(task.names), len(task.names) + 1 + task.layer.every_step
        at = [
            k
            for k, tangent in enumerate(tangents)
            if not first <= k < second and type(tangent) is not ad.Zero
        ]

        def of_some(*some: Tensor) -> list[Tensor]:
            new = dict(enumerate(operands)) | dict(zip(at, some, strict=True))
            return plain(*new.values(), task=task, **more)

        found = primitive.bind(*operands, task=task, **more)
        if not at:
            return found, [ad.Zero.from_primal_value(each) for each in found]
        return found, jax.jvp(of_some, [operands[k] for k in at], [tangents[k] for k in at])[1]

    return jvp


# ---- their shapes, and how XLA is to call the library


def _shapes(operands: Sequence[Any], task: Task, kind: str, choice: Any) -> list[Any]:
    """Of the results, by the shapes of the operands."""
    given = task.given(operands[: len(task.names)])
    if kind == "backward":
        return [_array(getattr(given, name).shape) for name in task.wanted(choice)]
    (batch, time, _), outputs = given.x.shape, given.h0.shape[1]
    every = [_array((batch, time, outputs))] * task.layer.every_step
    stash = [_array((_stash_floats(task, given_values(given)),))] * (kind == "forward" and choice)
    return [*every, _array((batch, outputs)), _array((batch, task.layer.units)), *stash]


def given_values(given: Given) -> list[Any]:
    """Those that there are."""
    return [value for value in given if value is not None]


def _array(shape: Sequence[int]) -> Any:
    return jax.core.ShapedArray(tuple(shape), np.dtype("float32"))


@lru_cache(maxsize=256)
def _outline(task: Task, shapes: tuple[tuple[tuple[int, ...], str], ...]) -> tuple[np.ndarray, int]:
    """The numbers of a call, and the floats of its stash."""
    # Memory that nobody touches costs nothing.
    values = [np.empty(shape, dtype) for shape, dtype in shapes]
    problem, floats = task.engine.outline(task.layer, task.given(values))
    return np.frombuffer(bytes(problem)[:POINTERS], np.int64), floats


def _outlined(task: Task, values: Sequence[Any]) -> tuple[np.ndarray, int]:
    return _outline(task, tuple((tuple(value.shape), str(value.dtype)) for value in values))


def _stash_floats(task: Task, values: Sequence[Any]) -> int:
    return _outlined(task, values)[1]


def _lowering(kind: str, plain: Callable[..., Any]) -> Any:
    """How a processor's XLA does it: by the library, but for what is exported."""
    by_library = jax.ffi.ffi_lowering(f"keras_lstm_plus_{kind}")

    def lower(ctx: Any, *operands: Any, task: Task, **more: Any) -> Any:
        if ctx.module_context.lowering_parameters.for_export:
            return mlir.lower_fun(plain, multiple_results=True)(ctx, *operands, task=task, **more)
        _register(task.engine)
        numbers, _ = _outlined(task, ctx.avals_in[: len(task.names)])
        out = ["out"] * task.layer.every_step
        if kind == "forward":
            names = [*task.names, *out, "h", "c", *(["stash"] * more["keep"])]
        else:
            slopes = [*(f"d_{name}" for name in out), "d_h", "d_c"]
            names = [
                *task.names,
                *out,
                "stash",
                *slopes,
                *(f"d_{name}" for name in task.wanted(more["of_x"])),
            ]
        places = np.array([getattr(Problem, name).offset for name in names], np.int64)
        return by_library(ctx, *operands, numbers=numbers, places=places)

    return lower


_registered: set[Path] = set()


def _register(engine: Engine) -> None:
    """Tell XLA of the library's functions, once for all of its instruction sets."""
    if engine.path in _registered:
        return
    _registered.add(engine.path)
    for kind, function in engine.foreign_functions.items():
        jax.ffi.register_ffi_target(f"keras_lstm_plus_{kind}", jax.ffi.pycapsule(function), platform="cpu")


def _primitive(kind: str, plain: Callable[..., Any], choice: str) -> Primitive:
    primitive = Primitive(f"keras_lstm_plus_{kind}")
    primitive.multiple_results = True
    primitive.def_abstract_eval(lambda *operands, task, **more: _shapes(operands, task, kind, more[choice]))

    @lru_cache(maxsize=256)
    def jitted(task: Task, chosen: Any) -> Any:
        return jax.jit(partial(primitive.bind, task=task, **{choice: chosen}))

    primitive.def_impl(lambda *operands, task, **more: jitted(task, more[choice])(*operands))

    def mapped(operands: Sequence[Tensor], axes: Sequence[Any], **more: Any) -> tuple[Any, Any]:
        found = jax.vmap(partial(plain, **more), in_axes=tuple(axes))(*operands)
        return found, [0] * len(found)

    batching.primitive_batchers[primitive] = mapped
    mlir.register_lowering(primitive, mlir.lower_fun(plain, multiple_results=True))
    if kind != "tangent":
        mlir.register_lowering(primitive, _lowering(kind, plain), platform="cpu")
    return primitive


forward_p = _primitive("forward", _forward, "keep")
tangent_p = _primitive("tangent", _tangent, "at")
backward_p = _primitive("backward", _backward, "of_x")
ad.primitive_jvps[forward_p] = _forward_jvp
ad.primitive_jvps[tangent_p] = _jvp_by_steps(tangent_p, _tangent)
ad.primitive_jvps[backward_p] = _jvp_by_steps(backward_p, _backward)
ad.primitive_transposes[tangent_p] = _tangent_transpose
