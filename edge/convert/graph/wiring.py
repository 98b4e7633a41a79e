"""Who makes a tensor and who reads it."""

from __future__ import annotations

import heapq
from collections import defaultdict

from edge.convert.graph import flatbuffer
from edge.convert.graph.flatbuffer import Model
from edge.convert.graph.operators import ABSENT, Operator


class Wiring:
    """The operators of a model as a net; it does not follow later edits.

    Attributes:
        operators: all of them, in the order in which they run.
        maker: of each computed tensor; readers: of each tensor.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self.operators: list[Operator] = list(flatbuffer.graph(model).operators)
        self.maker: dict[int, Operator] = {
            int(index): operator for operator in self.operators for index in operator.outputs
        }
        self.readers: dict[int, list[Operator]] = defaultdict(list)
        for operator in self.operators:
            for index in self.reads(operator):
                self.readers[index].append(operator)

    def reads(self, operator: Operator) -> list[int]:
        """What an operator takes but constants."""
        return [
            int(index)
            for index in dict.fromkeys(operator.inputs)
            if index != ABSENT and not flatbuffer.is_constant(self._model, index)
        ]

    def above(self, operator: Operator) -> list[Operator]:
        """An operator and all whose results lead to it, in the order in which they run."""
        found, waiting = {id(operator)}, [operator]
        while waiting:
            for index in self.reads(waiting.pop()):
                maker = self.maker.get(index)
                if maker is not None and id(maker) not in found:
                    found.add(id(maker))
                    waiting.append(maker)
        return [each for each in self.operators if id(each) in found]


def in_running_order(model: Model) -> None:
    """Put the operators in an order in which each runs after those that it reads from, else as they stand."""
    main = flatbuffer.graph(model)
    place = {int(index): n for n, operator in enumerate(main.operators) for index in operator.outputs}
    missing, followers = [], defaultdict(list)
    for n, operator in enumerate(main.operators):
        makers = {place[index] for index in map(int, operator.inputs) if index in place}
        missing.append(len(makers))
        for maker in makers:
            followers[maker].append(n)
    ready = [n for n, count in enumerate(missing) if not count]
    ordered = []
    while ready:
        n = heapq.heappop(ready)
        ordered.append(main.operators[n])
        for follower in followers[n]:
            missing[follower] -= 1
            if not missing[follower]:
                heapq.heappush(ready, follower)
    assert len(ordered) == len(main.operators), "a circle of operators"
    main.operators = ordered
