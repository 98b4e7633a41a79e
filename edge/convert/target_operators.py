"""Whether the target has every operator of a finished file."""

from __future__ import annotations

from edge.inspection.operators import operator_reasons
from edge.targets import Target
from edge.tflite import parser

_INSTEAD = {"CONV_3D": "TimeDistributed(Conv2D)"}  # of what is no activation


def check_operators(content: memoryview, target: Target) -> None:
    """Refuse a file for a runtime that lacks an operator of it, before it is written.

    Raises:
        ValueError: what the runtime lacks, and a way out.
    """
    if target.operators is None:
        return
    found = parser.parse(bytes(content))
    for operator in (each for graph in found.graphs for each in graph.operators):
        if not target.has(operator.name):
            raise ValueError(
                f"The model needs {operator.name}, which {target.where} lacks, beside its recurrent layers. "
                f"Replace the layer or activation that becomes {operator.name} by another one ("
                f"{_INSTEAD.get(operator.name, 'a relu or a tanh')}, say), or move it out of the model into "
                "the program around it."
            )
    refused = [reason for reason in operator_reasons(found, target) if reason.weight == "refused"]
    if refused:
        raise ValueError(
            f"{target.where} does not run what this model needs: {refused[0].what}. To do: "
            f"{refused[0].way_out}."
        )
