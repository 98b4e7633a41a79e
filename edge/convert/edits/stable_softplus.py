"""log(1 + e^x), as TensorFlow's converter writes a softplus, without the exponential of a large number.

From x = 89 on that is infinite in float32. max(x, 0) + log(1 + e^-|x|) is the same and never is.
"""

from __future__ import annotations

import numpy as np

from edge.convert.graph import flatbuffer, operators
from edge.convert.graph.flatbuffer import Model
from edge.convert.graph.operators import Operator
from edge.convert.graph.wiring import Wiring
from edge.convert.tracing.draft import Draft

NAME = "of_a_softplus"  # of each tensor that comes in


def steady_softplus(draft: Draft) -> None:
    """Let every exponential whose logarithm is taken be that of a number that is not positive."""
    model = draft.model
    wiring = Wiring(model)
    outputs = {int(index) for index in flatbuffer.graph(model).outputs}
    for log in list(operators.named(model, "LOG")):
        exponential = _exponential(model, wiring, log)
        if exponential is None or outputs.intersection(map(int, exponential.outputs)):
            continue
        x, result = int(exponential.inputs[0]), int(log.outputs[0])

        def like(index: int = x) -> int:
            return flatbuffer.add_tensor(model, NAME, flatbuffer.tensor_shape(model, index), np.float32)

        negative, least, positive, rest = like(), like(), like(), like(result)
        minus, zero = (flatbuffer.add_constant(model, NAME, np.array(n, np.float32)) for n in (-1, 0))
        for new in (
            operators.plain(model, "MUL", [x, minus], negative),
            operators.plain(model, "MINIMUM", [x, negative], least),
            operators.plain(model, "MAXIMUM", [x, zero], positive),
        ):
            operators.insert_before(model, exponential, new)
        exponential.inputs, log.outputs = [least], [rest]
        operators.insert_after(model, log, operators.plain(model, "ADD", [positive, rest], result))


def is_of_softplus(model: Model, operator: Operator) -> bool:
    """Whether an operator came in with a softplus."""
    ends = (*operator.inputs, *operator.outputs)
    return any(i != operators.ABSENT and flatbuffer.tensor_name(model, i) == NAME for i in map(int, ends))


def _exponential(model: Model, wiring: Wiring, log: Operator) -> Operator | None:
    """The EXP of log(1 + e^x), if that is what this is and nobody else reads its parts."""
    total = wiring.maker.get(int(log.inputs[0]))
    if total is None or operators.name_of(model, total) != "ADD":
        return None
    constants = [int(index) for index in total.inputs if flatbuffer.is_constant(model, index)]
    if len(constants) != 1 or not np.all(flatbuffer.constant(model, constants[0]) == 1):
        return None
    (term,) = wiring.reads(total)
    maker = wiring.maker.get(term)
    if maker is None or operators.name_of(model, maker) != "EXP":
        return None
    is_alone = len(wiring.readers[term]) == len(wiring.readers[int(total.outputs[0])]) == 1
    return maker if is_alone else None
