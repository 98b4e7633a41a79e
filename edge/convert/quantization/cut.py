"""The operators that stay in real numbers: cut out of the model while the rest becomes integers, and put back."""

from __future__ import annotations

from collections.abc import Iterable

from edge.convert.graph import flatbuffer, operators
from edge.convert.graph.flatbuffer import Model
from edge.convert.graph.wiring import Wiring, in_running_order
from edge.convert.tracing.draft import Draft


class Cut:
    """Where the real part and the rest of a draft meet. Tensors have the indices that they have in the draft.

    Attributes:
        inputs, outputs: of the rest, each tensor once.
    """

    def __init__(self, draft: Draft, extra_inputs: Iterable[int], extra_outputs: Iterable[int]) -> None:
        """Take the real part out of the draft; the extra ends are inputs and outputs of the rest in any case."""
        self._source, self._real = draft.model, draft.real
        main = flatbuffer.graph(draft.model)
        wiring, real = Wiring(draft.model), {id(operator) for operator in draft.real}
        self._ends = [int(i) for i in main.inputs], [int(i) for i in main.outputs]
        made = {int(index) for operator in draft.real for index in operator.outputs}
        used = {index for operator in draft.real for index in wiring.reads(operator)}
        main.operators = [operator for operator in main.operators if id(operator) not in real]
        read = {index for operator in main.operators for index in wiring.reads(operator)}
        extra = list(extra_inputs)
        only_real = {index for index in self._ends[0] if index in used and index not in read}
        data = [index for index in self._ends[0] if index not in only_real]
        self.inputs = _unique([*data, *extra, *sorted(made & read)])
        wanted = [*self._ends[1], *extra_outputs, *sorted(used - set(self._ends[0]) - set(extra))]
        self.outputs = _unique(index for index in wanted if index not in made)
        main.inputs, main.outputs = self.inputs, self.outputs
        self._loose = [operators.loosened(draft.model, operator) for operator in draft.real]
        operators.drop_unused_codes(draft.model)

    def joined(self, model: Model, bits: int) -> dict[int, int]:
        """Put the real part into `model`, the rest in integers of so many bits.

        Returns:
            Where the tensors of the draft stand there; where one has two forms, that of the rest.
        """
        main = flatbuffer.graph(model)
        rest = dict(zip(self.inputs, map(int, main.inputs), strict=True))
        rest |= dict(zip(self.outputs, map(int, main.outputs), strict=True))
        real: dict[int, int] = {}
        bridges = []
        from_real = {int(i) for operator in self._real for i in operator.outputs}.union(self._ends[0])
        for index in _unique(int(i) for each in self._real for i in (*each.inputs, *each.outputs)):
            known = rest.get(index)
            if index == operators.ABSENT:
                continue
            if known is not None and flatbuffer.scale_and_zero_point(model, known) is None:
                real[index] = known  # no real numbers: tokens, a mask
                continue
            real[index] = self._moved(model, index)
            if known is not None:
                ends = (real[index], known) if index in from_real else (known, real[index])
                name = "QUANTIZE" if index in from_real else "DEQUANTIZE"
                bridges.append(operators.converted(model, name, *ends))
        main.operators = [*main.operators, *bridges]
        main.operators += [operators.moved(model, each, real) for each in self._loose]
        main.inputs = [real.get(index, rest.get(index)) for index in self._ends[0]]
        made = {index: real[index] for index in self._ends[1] if index not in rest}
        for index, tensor in made.items():
            if flatbuffer.get_range(self._source, index) is not None:
                made[index] = self._rounded(model, index, tensor, bits)
        main.outputs = [rest[index] if index in rest else made[index] for index in self._ends[1]]
        in_running_order(model)
        return {**real, **rest}

    def _moved(self, model: Model, index: int) -> int:
        """A tensor of the draft in the new model, its value with it."""
        name = flatbuffer.tensor_name(self._source, index)
        if flatbuffer.is_constant(self._source, index):
            return flatbuffer.add_constant(model, name, flatbuffer.constant(self._source, index))
        shape, dtype = (
            flatbuffer.tensor_shape(self._source, index),
            flatbuffer.tensor_dtype(self._source, index),
        )
        new = flatbuffer.add_tensor(model, name, shape, dtype)
        flatbuffer.tensor(model, new).shapeSignature = flatbuffer.tensor(self._source, index).shapeSignature
        return new

    def _rounded(self, model: Model, index: int, real: int, bits: int) -> int:
        """A result of the real part as an output of the file, which gives integers."""
        low, high = flatbuffer.get_range(self._source, index) or (-1.0, 1.0)
        low, high = min(low, 0.0), max(high, 0.0)
        if bits == 16:
            scale, zero_point = max(-low, high, 1e-9) / 32767, 0
        else:
            scale = max(high - low, 1e-9) / 255
            zero_point = round(-128 - low / scale)
        new = self._moved(model, index)
        flatbuffer.set_integers(model, new, bits, scale, zero_point)
        flatbuffer.graph(model).operators.append(operators.converted(model, "QUANTIZE", real, new))
        return new


def _unique(indices: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(indices))
