"""The engine: one layer over a batch of sequences, forwards and backwards, with arrays of NumPy."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from keras_lstm_plus.aliases import Array, Tensor
from keras_lstm_plus.native.memory import lent_array
from keras_lstm_plus.native.problem import Problem
from keras_lstm_plus.spec import LSTMSpec

LEARNED = {"i": 1, "f": 2, "o": 4}  # Learned of problem.h
FUNCTIONS = ("training_forward", "training_backward")


class Layer(NamedTuple):
    """What stays the same from call to call.

    Attributes:
        every_step: h of every step is shown, not of the last alone.
        reversed: x is read from its end.
        threads: at most so many; the order of the sums goes by it.
    """

    spec: LSTMSpec
    units: int
    every_step: bool
    reversed: bool
    threads: int


class Given(NamedTuple):
    """What a call is given, in float32 and C order; None where there is none.

    Arrays of NumPy, or what stands for them in a graph.
    """

    x: Tensor  # [batch, time, inputs]
    kernel: Tensor
    recurrent: Tensor
    h0: Tensor  # [batch, outputs]
    c0: Tensor  # [batch, units]
    bias: Tensor = None
    peephole: Tensor = None
    projection: Tensor = None
    hold_h: Tensor = None  # bool [time, batch, 1 or outputs]: the step before stays
    hold_c: Tensor = None
    masks: Tensor = None  # [gates, batch, outputs]: dropout of h'


class Shown(NamedTuple):
    """What it shows."""

    out: Tensor  # h of every step [batch, time, outputs]
    h: Tensor  # the final one
    c: Tensor
    stash: Tensor  # what the gradient needs, as the library has it


class Gradients(NamedTuple):
    """The gradient of what a call was given; of x only where it is wanted."""

    x: Tensor
    kernel: Tensor
    recurrent: Tensor
    h0: Tensor
    c0: Tensor
    bias: Tensor
    peephole: Tensor
    projection: Tensor


def obstacle(spec: LSTMSpec) -> str | None:
    """Why the engine does not compute a spec, in a clause; None: it does."""
    if spec.gate_recurrence:
        return "it has connections from gate to gate"
    if spec.layer_norm:
        return "it has a layer norm"
    if spec.squashes != ("sigmoid", "tanh", "tanh"):
        return f"its activations are {', '.join(spec.squashes)}, not sigmoid, tanh, tanh"
    return None


class Engine:
    """The library, loaded.

    Attributes:
        path: of the file.
        isas: every instruction set that this machine has and the library is compiled for, best first.
        isa: the one that is used.
    """

    def __init__(self, functions: Any, path: Path, isa: str | None = None) -> None:
        self._functions, self.path = functions, path
        functions.training_isas.restype = ctypes.c_char_p
        functions.training_stash_floats.restype = ctypes.c_int64
        functions.training_take.restype = ctypes.c_void_p
        functions.training_take.argtypes = [ctypes.c_uint64]
        functions.training_give.restype = None
        functions.training_give.argtypes = [ctypes.c_void_p]
        for name in FUNCTIONS:
            getattr(functions, name).restype = ctypes.c_char_p
        self.isas: list[str] = functions.training_isas().decode().split(",")
        self.isa = isa or self.isas[0]

    @property
    def foreign_functions(self) -> dict[str, Any]:
        """Those that XLA can call: `forward` and `backward`."""
        functions = self._functions
        return {"forward": functions.training_xla_forward, "backward": functions.training_xla_backward}

    def outline(self, layer: Layer, given: Given) -> tuple[Problem, int]:
        """A call by its sizes, for who puts the addresses into it himself; and the floats of its stash.

        Args:
            given: arrays of the right shapes and types, whatever is in them.

        Raises:
            ValueError: as of `forward`.
        """
        problem = self._problem(layer, given)
        problem.out = given.x.ctypes.data if layer.every_step else None  # there will be one
        return problem, int(self._functions.training_stash_floats(ctypes.byref(problem)))

    def with_isa(self, isa: str) -> Engine:
        """The same with another of its instruction sets."""
        return Engine(self._functions, self.path, isa)

    def forward(self, layer: Layer, given: Given, keep: bool) -> Shown:
        """All steps.

        Args:
            keep: what the gradient needs of them.

        Raises:
            ValueError: an array is not of the shape or type that the layer's others ask for.
            MemoryError: there is none.
        """
        problem = self._problem(layer, given)
        out = None
        if layer.every_step:
            out = self._new(problem.batch, problem.time, problem.outputs)
            problem.out = out.ctypes.data
        h, c = self._new(problem.batch, problem.outputs), self._new(problem.batch, problem.units)
        problem.h, problem.c = h.ctypes.data, c.ctypes.data
        stash = None
        if keep:
            stash = self._new(self._functions.training_stash_floats(ctypes.byref(problem)))
            problem.stash = stash.ctypes.data
        self._call("training_forward", problem)
        return Shown(out, h, c, stash)

    def backward(
        self,
        layer: Layer,
        given: Given,
        shown: Shown,
        slopes: Sequence[Array | None],
        of_x: bool,
    ) -> Gradients:
        """The gradient, given that of h of every step (None where it was not shown), the final h and c.

        Args:
            shown: what forward(..., keep=True) of the same layer and arrays gave.
            of_x: whether that of x is wanted.

        Raises:
            ValueError, MemoryError: as of `forward`.
        """
        problem = self._problem(layer, given)
        d_out, d_h, d_c = slopes
        batch, time = problem.batch, problem.time
        sizes = {"out": (batch, time, problem.outputs), "h": h_shape(problem), "c": (batch, problem.units)}
        _set(problem, "out", shown.out, sizes["out"])
        assert shown.stash is not None
        problem.out = None if shown.out is None else problem.out
        _set(problem, "stash", shown.stash, (self._functions.training_stash_floats(ctypes.byref(problem)),))
        _set(problem, "d_out", d_out, sizes["out"])
        _set(problem, "d_h", d_h, sizes["h"])
        _set(problem, "d_c", d_c, sizes["c"])
        found = {
            name: None if value is None or (name == "x" and not of_x) else self._new(*value.shape)
            for name in Gradients._fields
            for value in (getattr(given, name),)
        }
        for name, array in found.items():
            setattr(problem, f"d_{name}", None if array is None else array.ctypes.data)
        self._call("training_backward", problem)
        return Gradients(**found)

    def _problem(self, layer: Layer, given: Given) -> Problem:
        """The call as the library wants it described; every size is checked, for the library trusts them."""
        spec, units = layer.spec, layer.units
        if given.x.ndim != 3:
            raise ValueError(f"x is [batch, time, features]; received the shape {list(given.x.shape)}.")
        batch, time, inputs = given.x.shape
        outputs, gates = spec.output_units(units), len(spec.gates)
        shapes = spec.weight_shapes(inputs, units)
        problem = Problem(
            batch=batch,
            time=time,
            inputs=inputs,
            units=units,
            outputs=outputs,
            threads=layer.threads,
            isa=self.isas.index(self.isa),
            learned=sum(LEARNED[gate] for gate in spec.learned_gates),
            coupled=spec.input_gate == "coupled",
            diagonal=spec.recurrence == "diagonal",
            reversed=layer.reversed,
            cell_clip=spec.cell_clip or 0.0,
            projection_clip=spec.projection_clip or 0.0,
        )
        for name, weight in (
            ("kernel", "kernel"),
            ("recurrent", "recurrent_kernel"),
            ("bias", "bias"),
            ("peephole", "peephole_kernel"),
            ("projection", "projection_kernel"),
        ):
            _set(problem, name, getattr(given, name), shapes.get(weight, ()), weight in shapes)
        _set(problem, "x", given.x, (batch, time, inputs))
        _set(problem, "h0", given.h0, (batch, outputs))
        _set(problem, "c0", given.c0, (batch, units))
        _set(problem, "masks", given.masks, (gates, batch, outputs))
        for name, size in (("hold_h", outputs), ("hold_c", units)):
            hold = getattr(given, name)
            if hold is None:
                continue
            width = 1 if hold.shape[-1:] == (1,) else size
            _set(problem, name, hold, (time, batch, width), dtype=np.bool_)
            setattr(problem, f"{name}_size", width)
        return problem

    def _call(self, name: str, problem: Problem) -> None:
        wrong = getattr(self._functions, name)(ctypes.byref(problem))
        if wrong:
            raise MemoryError(wrong.decode("utf-8", "replace"))

    def _new(self, *shape: int) -> Array:
        return lent_array(self._functions, shape)


def h_shape(problem: Problem) -> tuple[int, int]:
    """Of a state h."""
    return problem.batch, problem.outputs


def _set(
    problem: Problem,
    name: str,
    array: Array | None,
    shape: Iterable[int],
    wanted: bool | None = None,
    dtype: Any = np.float32,
) -> None:
    """The address of an array, once it is known to be what it has to be."""
    if array is None:
        if wanted:
            raise ValueError(f"{name} is missing, which this variant of the LSTM has.")
        return
    if wanted is False:
        raise ValueError(f"{name} was given, which this variant of the LSTM does not have.")
    if array.shape != tuple(shape) or array.dtype != dtype or not array.flags.c_contiguous:
        raise ValueError(
            f"{name} has to be {np.dtype(dtype).name} of the shape {list(shape)} in C order; "
            f"received {array.dtype} of {list(array.shape)}."
        )
    setattr(problem, name, array.ctypes.data)
