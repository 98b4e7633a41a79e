"""Why a file may be slow, refused or surprising, whatever runs it: a sentence or two each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from edge.inspection.recurrent import Recurrent
from edge.tflite import ModelFile
from edge.tflite.variables import has_resources, state_of

MANY_CLASSES = 50


def hints(file: ModelFile, layers: Sequence[Recurrent], state: str, is_ours: bool) -> list[str]:
    """What to know before running a file.

    Args:
        file: its structure.
        layers: what `recurrent_operators` found in it.
        state: what becomes of the state, as `inspect` says it.
        is_ours: whether `edge.convert` made it; then nobody needs to be told of `edge.convert`.
    """
    return [
        *_loops(file, layers),
        *_written_out(layers, is_ours),
        *_foreign_operators(file),
        *_state(file, state),
        *_softmax(file),
        *_integers(layers),
    ]


def _loops(file: ModelFile, layers: Sequence[Recurrent]) -> Iterator[str]:
    if not any(operator.name == "WHILE" for graph in file.graphs for operator in graph.operators):
        return
    known = Counter(str(layer) for layer in layers if layer.form == "loop" and layer.kind != "loop")
    if not known:
        yield (
            "WHILE is a loop, as TensorFlow's converter makes it from a Keras LSTM or GRU; this one has "
            "another body. A loop is slow, and graphics and neural processors do not take it."
        )
        return
    what = "; ".join(f"{count} times {name}" if count > 1 else name for name, count in known.items())
    yield (
        f"WHILE is a loop, one turn for each time step ({what}), as TensorFlow's converter makes it from a "
        "Keras layer. It is slow, the more so the longer the sequence; edge.convert.convert makes one fused "
        "operator from an LSTM or a SimpleRNN instead."
    )


def _written_out(layers: Sequence[Recurrent], is_ours: bool) -> Iterator[str]:
    for layer in layers:
        if layer.form == "unrolled" and not is_ours:
            name = str(layer)
            yield (
                f"{name[0].upper()}{name[1:]} is written out, {layer.steps} steps one after the other "
                f"(unroll=True): the file grows with the length, which is fixed. {_fused_instead(layer)}"
            )


def _fused_instead(layer: Recurrent) -> str:
    if layer.kind == "GRU":
        return "No fused operator exists for it."
    return "edge.convert.convert makes one fused operator of it."


def _foreign_operators(file: ModelFile) -> Iterator[str]:
    operators = {operator.name: operator for graph in file.graphs for operator in graph.operators}
    flex = sorted(name for name in operators if name.startswith("Flex"))
    if flex:
        yield (
            f"{', '.join(flex)}: operators of TensorFlow itself (Flex), refused by the runtimes of devices. "
            "Convert without SELECT_TF_OPS, or replace those layers."
        )
    custom = sorted(name for name, op in operators.items() if op.custom and not name.startswith("Flex"))
    if custom:
        yield f"{', '.join(custom)}: custom operators, which a runtime refuses unless it registers them."


def _state(file: ModelFile, state: str) -> Iterator[str]:
    if has_resources(file.graphs[0]):
        yield (
            "The state is in resource variables, which no runtime can reset; edge.load builds a new "
            "interpreter for that, other programs must do the same."
        )
    elif state_of(file.graphs[0]) == "carry" and state != "explicit":
        yield (
            "A call goes on where the last one ended. EdgeModel.predict and Stream.reset reset it; other "
            "programs must call reset_all_variables() between sequences."
        )


def _softmax(file: ModelFile) -> Iterator[str]:
    graph = file.graphs[0]
    for operator in graph.operators:
        if operator.name == "SOFTMAX" and operator.outputs:
            tensor = graph.tensors[operator.outputs[0]]
            classes = tensor.shape[-1] if tensor.shape else 0
            if tensor.dtype in ("int8", "uint8") and classes > MANY_CLASSES:
                yield (
                    f"SOFTMAX over {classes} classes in 8-bit integers: its probabilities come in steps of "
                    "1/256, and with so many classes most of them are rounded to zero. Leave the softmax "
                    "out of the model and apply it to the output, or use quantize='dynamic'."
                )


def _integers(layers: Sequence[Recurrent]) -> Iterator[str]:
    if any(layer.form == "fused" and layer.numbers == "int8" and layer.kind == "LSTM" for layer in layers):
        yield (
            "A fused LSTM in 8-bit integers is for chips that compute in integers: on a processor the "
            "runtime's own kernel is several times slower in it than in float. There the native engine runs "
            "this very file fast; or convert with quantize='dynamic', or lowering='unrolled' and a length."
        )
