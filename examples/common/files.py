"""From a trained network to files, what they answer on the device half, and what they cost there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

import edge
from edge.aliases import Array
from edge.benchmark.host import benchmark
from edge.convert import convert
from edge.files import write_whole

KINDS: Mapping[str, str | None] = {"float": None, "dynamic": "dynamic", "int8": "int8"}


class Cost(NamedTuple):
    """What a file costs: KiB on disk, median ms for one call, how many times as fast as the first it is."""

    size: float
    latency: float
    speed: float


def write_files(
    model: keras.Model,
    name: str,
    folder: Path,
    representative: Any,
    kinds: Sequence[str] = tuple(KINDS),
    **options: Any,
) -> dict[str, Path]:
    """The Keras model `NAME.keras`, and a file `NAME_KIND.tflite` of each kind.

    Args:
        representative: inputs to take the int8 ranges from and to check every file with.
        kinds: some of `KINDS`.
        options: further arguments of `edge.convert.convert`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / f"{name}.keras")
    paths = {kind: folder / f"{name}_{kind}.tflite" for kind in kinds}
    for kind, path in paths.items():
        convert(model, path, KINDS[kind], representative, **options)
    return paths


def predict_file(path: Path, x: Any) -> Array:
    """What a file answers, as a device would run it: the first output, on one thread."""
    return np.asarray(edge.load(path, num_threads=1).predict(x))


def timed(paths: Sequence[Path], console: Any, **options: Any) -> dict[str, Any]:
    """The files side by side through `edge.benchmark.host`, with a line that says what is going on."""
    with console.status("") as status:
        return benchmark(
            list(paths),
            progress=lambda done, total, text: status.update(f"timing, side by side: {text}"),
            **options,
        )


def costs(timing: Mapping[str, Any]) -> dict[str, Cost]:
    """The cost of each file by its path, from what `timed` gave; speeds are against its first file."""
    first = timing["files"][0]["inference_ms"]["median"]
    return {
        file["path"]: Cost(
            file["size_bytes"] / 1024, file["inference_ms"]["median"], first / file["inference_ms"]["median"]
        )
        for file in timing["files"]
    }


def write_json(path: Path, found: Mapping[str, Any]) -> None:
    """Write what a run found."""
    write_whole(path, json.dumps(found, indent=2).encode())
