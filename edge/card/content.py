"""The card of a model as plain data."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any

from edge.inspection.overview import inspect
from edge.results.benchmark import BenchmarkResult, now
from edge.results.saved import SavedConversion, SavedVerification, name_of, read_saved
from edge.tflite import Interface, describe

SCHEMA = 1


def card(path: str | Path, results: Sequence[str | Path] = ()) -> dict[str, Any]:
    """The card of a model.

    Args:
        path: of the file, ours or another's.
        results: JSON files of `convert`, `verify` and `benchmark`; what each says of that file.

    Returns:
        Plain data, ready for JSON: `name`, `sha256`, `size_bytes`, `created` (the card); `quantize`, `state`,
        `lowering` (None where the file does not say); `inputs`, `outputs`, `layers`, `weights`, `operators`,
        `labels`, `normalization`; `calibration`, the ranges that it was made for, and `checks`, how far it
        is off on data of other kinds; `conversion` and `verification`, the newest; `targets`, a verdict for
        each; `hints`; `measurements`, each with its date and its machine, the newest first.

    Raises:
        ModelFileError: the file is missing, cut or damaged.
        ValueError: a result is missing, is none, says nothing of that file, or is of another of that name.

    Example:
        >>> card("watch.tflite", ["verify.json", "pi.json"])["measurements"][0]["date"]  # doctest: +SKIP
        '2026-11-28'
    """
    interface = describe(path)
    seen, note = inspect(path), interface.note
    content = note.content if note else {}
    saved: dict[type, list[Any]] = {SavedConversion: [], SavedVerification: [], BenchmarkResult: []}
    for each in results:
        found = read_saved(each)
        _check(found, interface, str(each))
        saved[type(found)].append(found)
    normalization = note.normalization if note else None
    return {
        "schema": SCHEMA,
        "name": interface.name,
        "sha256": hashlib.sha256(interface.content).hexdigest(),
        "size_bytes": interface.file.size,
        "created": now(),
        "quantize": content.get("quantize") if note else None,
        "is_ours": note is not None,
        "state": seen["state"],
        "lowering": note.lowering if note else None,
        "inputs": seen["inputs"],
        "outputs": seen["outputs"],
        "layers": content.get("layers") or seen["recurrent"],
        "weights": seen["weights"],
        "operators": {each["name"]: each["count"] for each in seen["operators"]},
        "labels": list(note.labels) if note and note.labels else None,
        "normalization": normalization._asdict() if normalization else None,
        "calibration": _calibration(interface),
        "checks": _checks(interface),
        "conversion": _newest(saved[SavedConversion]),
        "verification": _newest(saved[SavedVerification]),
        "targets": seen["targets"],
        "hints": seen["hints"],
        "measurements": _measurements(saved[BenchmarkResult], interface.name),
    }


def _check(found: Any, interface: Interface, source: str) -> None:
    """A result has to be about this very file: a card must not show the figures of another."""
    if isinstance(found, BenchmarkResult):
        about = {entry.name: entry.size_bytes for entry in found.files}
    else:
        about = {name_of(found): found.size}
    if interface.name not in about:
        names = ", ".join(list(about)[:5])
        raise ValueError(f"{source} says nothing of {interface.name}; it is about {names}.")
    count, mine = about[interface.name], interface.file.size
    if count is not None and count != mine:
        raise ValueError(
            f"{source} is about a {interface.name} of {count:,} bytes, and this one has {mine:,}: it was "
            "converted again since. Verify and measure this one."
        )


def _newest(found: Sequence[Any]) -> dict[str, Any] | None:
    if not found:
        return None
    return asdict(max(found, key=lambda each: each.created or ""))


def _calibration(interface: Interface) -> dict[str, Any] | None:
    noted = interface.note and interface.note.calibration
    if not noted:
        return None
    return {**noted._asdict(), "inputs": [each._asdict() for each in noted.inputs]}


def _checks(interface: Interface) -> list[dict[str, Any]]:
    checks = interface.note.checks if interface.note else ()
    return [
        {"kind": each.kind, "steps": each.steps, "error": each.error if isfinite(each.error) else None}
        for each in checks
    ]


def _measurements(results: Sequence[BenchmarkResult], name: str) -> list[dict[str, Any]]:
    """The entries of this file, each with when and on what it was measured."""
    found = []
    for result in sorted(results, key=lambda each: each.created, reverse=True):
        for entry, plain in zip(result.files, result.to_dict()["files"], strict=True):
            if entry.name == name:
                head = {"date": result.created[:10], "platform": result.platform}
                about = {"machine": dict(result.machine), "warnings": result.warnings}
                against = result.settings.get("error_against") or result.files[0].name
                more = {"error_against": against, "samples": result.settings.get("samples")}
                found.append({**head, **about, **more, **plain})
    return found
