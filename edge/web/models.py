"""What the page must know of a model file and of a recording."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edge.aliases import Array
from edge.arrays import read_arrays, read_table
from edge.inspection import Verdict, recurrent_operators, verdict
from edge.targets import TARGETS
from edge.tflite import Graph, Interface, TensorInfo, describe
from edge.tflite.reader import Reader, Table
from edge.web.runtimes import RUNTIMES


class ServedModel(NamedTuple):
    """A model as the page gets it.

    Attributes:
        name: of its file.
        content: the bytes as they were when the server started.
        verdicts: of the runtimes in a browser, by the name of the target, the preferred first.
        description: plain data for JSON: `name`, `size_bytes`; `inputs` and `outputs` of the graph, those
            for states last, each `names` (of the tensor, and of the signature if it has another), `shape`
            (-1: free), `dtype`, `scale`, `zero_point`, inputs also `free`, pairs of a free axis and where in
            the file its length stands, outputs also `timed`; `states`, how many there are; `state`,
            `lowering`, `quantize`, `labels`, `normalization`; `verdicts`.
    """

    name: str
    content: bytes
    verdicts: dict[str, Verdict]
    description: dict[str, Any]

    @property
    def preferred(self) -> str | None:
        """The first runtime that does not refuse it; None: all do."""
        return next((name for name, found in self.verdicts.items() if found.word != "refused"), None)


def served_model(path: Path) -> ServedModel:
    """Read a model file for the page.

    Raises:
        ModelFileError: it is missing, damaged, has an end that cannot be passed in and out, or labels that do
            not fit.
    """
    model = describe(path)
    model.check_labels()
    # The runtimes cannot resize an input: the page writes the length into the file before they load it, where
    # it finds a place for it. And none but tfjs passes integers of 8 or 16 bits.
    layers, places = recurrent_operators(model.file), _shape_places(model.content)
    has_place = all(
        len(_free(model.graph, index, places)) == model.graph.tensors[index].shape[1:].count(-1)
        for index in model.graph.inputs
    )
    rows = {
        name: replace(
            TARGETS[name],
            free_length=has_place,
            page_sets_length=False,
            integer_ends=name == "web-tfjs",
        )
        for name in RUNTIMES
    }
    verdicts = {name: verdict(model.file, row, layers, model.state) for name, row in rows.items()}
    return ServedModel(model.name, model.content, verdicts, _description(model, verdicts))


def _description(model: Interface, verdicts: dict[str, Verdict]) -> dict[str, Any]:
    graph, note = model.graph, model.note
    places, keys = _shape_places(model.content), _signature_keys(model.content)
    inputs = (*model.inputs, *(state.input for state in model.states))
    outputs = (*model.outputs, *(state.output for state in model.states))
    timed = (*model.timed, *(False,) * len(model.states))
    return {
        "name": model.name,
        "size_bytes": model.file.size,
        "inputs": [
            {**_end(info, keys.get((0, index))), "free": _free(graph, index, places)}
            for info, index in zip(inputs, graph.inputs, strict=True)
        ],
        "outputs": [
            {**_end(info, keys.get((1, index))), "timed": has}
            for info, index, has in zip(outputs, graph.outputs, timed, strict=True)
        ],
        "states": len(model.states),
        "state": model.state,
        "lowering": model.lowering,
        "quantize": note.content.get("quantize") if note else None,
        "labels": list(model.labels) if model.labels else None,
        "normalization": model.normalization._asdict() if model.normalization else None,
        "verdicts": {name: found.to_dict() for name, found in verdicts.items()},
    }


def recording(path: Path) -> Array:
    """Samples for the page, `[windows, time, features]`, float32.

    Args:
        path: a `.npy`, a `.npz` of one array, `[time, features]` or `[windows, time, features]`, or a `.csv`
            with a row for each sample (and names in the first, or not).

    Raises:
        OSError: there is no such file.
        ValueError: another format, another number of axes, no numbers, NaN or infinity.
    """
    array = read_table(path) if path.suffix.lower() == ".csv" else read_arrays([path])
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{path} holds several arrays; the page takes one, samples by features.")
    if array.dtype.kind not in "fiub" or array.ndim not in (2, 3) or not array.size:
        raise ValueError(
            f"{path} holds {array.dtype} of shape {list(array.shape)}; numbers of shape [time, features] or "
            "[windows, time, features] are needed."
        )
    samples = array.astype(np.float32)
    if not np.isfinite(samples).all():
        raise ValueError(f"{path} holds NaN or infinity, or a number beyond float32.")
    return samples if samples.ndim == 3 else samples[None]


def _end(info: TensorInfo, key: str | None) -> dict[str, Any]:
    return {
        "names": [info.name] if key in (None, info.name) else [info.name, key],
        "shape": list(info.shape),
        "dtype": info.dtype.name,
        "scale": info.scale,
        "zero_point": info.zero_point,
    }


def _free(graph: Graph, index: int, places: list[int | None]) -> list[tuple[int, int]]:
    """The free axes of an input, but the batch, and where their lengths stand in the file.

    None of them where a constant shares the place: it would change, too.
    """
    tensors, place = graph.tensors, places[index]
    sharers = [tensor for tensor, other in zip(tensors, places, strict=True) if other == place]
    if place is None or any(tensor.size for tensor in sharers):
        return []
    return [(axis, place + 4 * axis) for axis, n in enumerate(tensors[index].shape) if n < 0 and axis > 0]


def _shape_places(content: bytes) -> list[int | None]:
    """Where the shape of each tensor of the main graph starts in the file; None: it has none."""
    places: list[int | None] = []
    for tensor in next(_root(content).tables(2)).tables(0):
        offset = tensor.fields[0] if tensor.fields else 0
        reader = tensor.reader
        places.append(reader.elements(reader.target(tensor.at + offset), 4)[0] if offset else None)
    return places


def _signature_keys(content: bytes) -> dict[tuple[int, int], str]:
    """What the first signature of the main graph calls the inputs (0) and outputs (1), by tensor."""
    for signature in _root(content).tables(7):
        if signature.number(4, "I") == 0:
            return {
                (side, entry.number(1, "I")): entry.text(0)
                for side in (0, 1)
                for entry in signature.tables(side)
            }
    return {}


def _root(content: bytes) -> Table:
    reader = Reader(content)
    return Table(reader, reader.target(0))
