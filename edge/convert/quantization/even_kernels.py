"""A normalization that TensorFlow has multiplied into the kernel behind it, taken out again.

A kernel behind features of 1000 +- 300 and 0.01 +- 0.005 then has entries of 0.003 and of 200, which no 8 bits
with one scale hold. In real numbers the features are brought to one scale, and the kernel holds the rest.
"""

from __future__ import annotations

import numpy as np

from edge.aliases import Array
from edge.convert.graph import flatbuffer, operators
from edge.convert.graph.wiring import Wiring
from edge.convert.tracing.draft import Draft

LOST = 0.05  # of the standard deviation of a product: more than 8 bits lose anyway
STEPS = 127 * np.sqrt(12)  # the largest of a kernel in standard deviations of its rounding


def even_kernels(draft: Draft, inputs: int) -> None:
    """Bring the features of an input to one scale where the kernel that reads them is uneven.

    Args:
        draft: in real numbers, with its calls.
        inputs: how many inputs are data.
    """
    model = draft.model
    wiring, data = Wiring(model), list(map(int, flatbuffer.graph(model).inputs[:inputs]))
    for operator in operators.named(model, "FULLY_CONNECTED"):
        kernel = int(operator.inputs[1])
        if not flatbuffer.is_constant(model, kernel):
            continue
        source = _source(model, wiring, int(operator.inputs[0]))
        if source not in data:
            continue
        seen = np.concatenate([call[data.index(source)].reshape(-1, _width(model, source)) for call in draft.calls])
        mean, spread = seen.mean(axis=0), seen.std(axis=0)
        spread[spread < 1e-6 * max(1e-9, float(np.abs(seen).max()))] = 1.0
        value = flatbuffer.constant(model, kernel)
        if _lost(value, mean, spread) > LOST:
            _even(model, operator, value, mean.astype(np.float32), spread.astype(np.float32))


def _source(model: flatbuffer.Model, wiring: Wiring, index: int) -> int:
    """Where the features come from, if nothing but their layout has changed."""
    while (maker := wiring.maker.get(index)) is not None and operators.name_of(model, maker) == "RESHAPE":
        if _width(model, int(maker.inputs[0])) != _width(model, index):
            break
        index = int(maker.inputs[0])
    return index


def _width(model: flatbuffer.Model, index: int) -> int:
    return (1, *flatbuffer.tensor_shape(model, index))[-1]


def _lost(kernel: Array, mean: Array, spread: Array) -> float:
    """What rounding the kernel does to the products, in their standard deviations."""
    rounding = np.abs(kernel).max() / STEPS * np.sqrt(np.sum(mean**2 + spread**2))
    return float(rounding / max(1e-12, np.sqrt(np.mean(np.sum((kernel * spread) ** 2, axis=1)))))


def _even(model: flatbuffer.Model, operator: operators.Operator, kernel: Array, mean: Array, spread: Array) -> None:
    index = int(operator.inputs[0])
    name, shape = flatbuffer.tensor_name(model, index), flatbuffer.tensor_shape(model, index)
    for step, (kind, value) in enumerate((("SUB", mean), ("MUL", 1 / spread))):
        constant = flatbuffer.add_constant(model, f"{name}/even_{step}_by", value)
        new = flatbuffer.add_tensor(model, f"{name}/even_{step}", shape, np.float32)
        flatbuffer.tensor(model, new).shapeSignature = flatbuffer.tensor(model, index).shapeSignature
        operators.insert_before(model, operator, operators.plain(model, kind, [index, constant], new))
        index = new
    bias = int(operator.inputs[2]) if len(operator.inputs) > 2 else operators.ABSENT
    old = np.zeros(len(kernel), np.float32) if bias == operators.ABSENT else flatbuffer.constant(model, bias)
    operator.inputs = [
        index,
        flatbuffer.add_constant(model, f"{name}/even_kernel", (kernel * spread).astype(np.float32)),
        flatbuffer.add_constant(model, f"{name}/even_bias", (old + kernel @ mean).astype(np.float32)),
    ]
