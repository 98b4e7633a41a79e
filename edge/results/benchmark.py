"""The result of a benchmark, on every platform the same plain data, ready for JSON: schema 2.

    schema      2
    platform    "host", "pi", "android", "browser" or "microcontroller"
    created     date and time, ISO 8601, UTC
    machine     what it was measured on, as far as known: cpu, arch, cores, memory_mb, board, os, governor,
                temperature_c and so on; of these, cpu, board and os must be there, if only as None
    versions    by name, of what took part: edge, python, ...
    settings    by name, what was asked for: threads, lengths, runs, seed, stream_rate_hz, ...; also
                error_against, where errors are not against the first file
    warnings    sentences about what makes the figures doubtful
    files       a list, an entry for each file, number of threads and length of sequence:
      path, name          of the file; path is None where it means nothing to others
      group               what belongs together and is compared: a text, or None
      size_bytes          of the file; None where it has none
      runtime             name and version (or None) of what executed it
      threads             that the kernels might use
      length              time steps of one inference; None for a file that takes no sequences
      batch               sequences of one inference
      load_ms             read, check, build the interpreter
      init_ms, first_ms   allocate; the first inference
      warm_up_ms          statistics of the inferences that do not count, or None
      inference_ms        statistics of those that do: the graph alone; its median must be known
      per_step_us         of that median, the share of one time step of one sequence
      peak_memory_mb      the most that the process held, MiB
      added_memory_mb     how much of it came with the file
      arena_bytes         memory that a microcontroller must set aside
      error               max_abs and relative (root mean square over the standard deviation of the
                          reference), against the first file on the same input; None where that cannot be
      accuracy            share of right answers, 0 to 1, if somebody measured it
      stream              None (not measured, or at another length), or rate_hz; step_ms, statistics with
                          p99, of one step as a program calls it;
                          real_time_factor, the median step over the time between two samples: below 1 it
                          keeps up; jitter_p99_ms, how much later than usual one answer in a hundred comes;
                          late, answers that came after the next sample was due
      operators           time by operator, name, count and us, or None where the runtime does not tell it

Statistics are avg, std, min, p5, median, p95, max, in milliseconds, and count. What a platform cannot tell is
None, never left out. There may be more keys; readers pass over what they do not know.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

SCHEMA = 2
PLATFORMS = ("host", "pi", "android", "browser", "microcontroller")
Rule = tuple[Callable[[Any], bool], str]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


TEXT: Rule = (lambda value: isinstance(value, str) and value != "", "a text")
NUMBER: Rule = (lambda value: _is_number(value) and value >= 0, "a number that is not negative")
COUNT: Rule = (lambda value: _is_whole(value) and value > 0, "a positive integer")
WHOLE: Rule = (lambda value: _is_whole(value) and value >= 0, "an integer that is not negative")
SHARE: Rule = (lambda value: _is_number(value) and 0 <= value <= 1, "a number from 0 to 1")
OBJECT: Rule = (lambda value: isinstance(value, dict), "an object")
PLATFORM: Rule = (lambda value: value in PLATFORMS, f"one of {', '.join(PLATFORMS)}")


class Maybe:
    """What may also be None."""

    def __init__(self, shape: Any) -> None:
        self.shape = shape


# An object is a dictionary of shapes, a list a list of one shape, all else a rule.
KNOWN_OR_NOT = {name: Maybe(NUMBER) for name in ("avg", "std", "min", "p5", "median", "p95", "max")}
STATISTICS = {**KNOWN_OR_NOT, "count": Maybe(COUNT)}
FILE = {
    "path": Maybe(TEXT),
    "name": TEXT,
    "group": Maybe(TEXT),
    "size_bytes": Maybe(WHOLE),
    "runtime": {"name": TEXT, "version": Maybe(TEXT)},
    **{name: Maybe(COUNT) for name in ("threads", "length", "batch")},
    **{name: Maybe(NUMBER) for name in ("load_ms", "init_ms", "first_ms")},
    "warm_up_ms": Maybe(STATISTICS),
    "inference_ms": {**STATISTICS, "median": NUMBER},
    **{name: Maybe(NUMBER) for name in ("per_step_us", "peak_memory_mb", "added_memory_mb", "arena_bytes")},
    "error": Maybe({"max_abs": NUMBER, "relative": NUMBER}),
    "accuracy": Maybe(SHARE),
    "stream": Maybe(
        {
            "rate_hz": NUMBER,
            "step_ms": {**STATISTICS, "median": NUMBER, "p99": Maybe(NUMBER)},
            "real_time_factor": NUMBER,
            "jitter_p99_ms": Maybe(NUMBER),
            "late": Maybe(WHOLE),
        }
    ),
    "operators": Maybe([{"name": TEXT, "count": Maybe(COUNT), "us": NUMBER}]),
}
RESULT = {
    "platform": PLATFORM,
    "created": TEXT,
    "machine": {name: Maybe(TEXT) for name in ("cpu", "board", "os")},
    "versions": OBJECT,
    "settings": OBJECT,
    "warnings": [TEXT],
    "files": [FILE],
}


def validate(result: Any, name: str = "the result") -> None:
    """Check that a benchmark's result is what the schema says.

    Args:
        result: plain data.
        name: how messages call it, as the file that it was read from.

    Raises:
        ValueError: the first thing that is not as it must be, where, and what was found instead.
    """
    if not isinstance(result, dict) or "schema" not in result:
        raise ValueError(f"{name} is no result of a benchmark: it is no object with a 'schema'.")
    number = result["schema"]
    if _is_whole(number) and number > SCHEMA:
        raise ValueError(
            f"{name} was made by a newer version (schema {number}, this one knows {SCHEMA}): update "
            "keras-lstm-plus, pip install --upgrade keras-lstm-plus."
        )
    if number != SCHEMA:
        raise ValueError(f"{name}: schema is {number!r}, not {SCHEMA}; edge.results.benchmark.upgrade takes schema 1.")
    _check(result, RESULT, "", name)
    if not result["files"]:
        raise ValueError(f"{name}: files is empty, nothing was measured.")


def upgrade(result: Any) -> Any:
    """A result of schema 1 as one of schema 2; anything else as it is.

    Raises:
        ValueError: it says schema 1 and is not.
    """
    if not isinstance(result, dict) or result.get("schema") != 1:
        return result
    try:
        settings = result["settings"]
        old = {"group": None, "batch": 1, "arena_bytes": None, "accuracy": None}
        none = {"stream": None, "operators": None, "threads": settings["threads"]}
        files = [
            {**old, **none, **file, "length": settings["length"] if file["per_step_us"] is not None else None}
            for file in result["files"]
        ]
        asked = {**settings, "threads": [settings["threads"]], "lengths": [settings["length"]]}
    except (KeyError, TypeError) as error:
        raise ValueError(f"This is no result of schema 1: {type(error).__name__}: {error}.") from None
    return {**result, "schema": SCHEMA, "platform": "host", "settings": asked, "files": files}


def read(path: str | Path) -> dict[str, Any]:
    """A result from a JSON file, upgraded and checked.

    Raises:
        ValueError: no such file, no JSON, or not what the schema says; the message names the file.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"There is no file {path}.") from None
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not readable as JSON: {' '.join(str(error).split())}.") from None
    try:
        result: dict[str, Any] = upgrade(content)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    validate(result, str(path))
    return result


def _check(value: Any, shape: Any, where: str, name: str) -> None:
    if isinstance(shape, Maybe):
        if value is not None:
            _check(value, shape.shape, where, name)
    elif isinstance(shape, dict):
        _require(value, OBJECT, where, name)
        for key, inner in shape.items():
            if key not in value:
                raise ValueError(f"{name}: {where or 'it'} has no {key!r}; None says that it is not known.")
            _check(value[key], inner, f"{where}.{key}".lstrip("."), name)
    elif isinstance(shape, list):
        _require(value, (lambda each: isinstance(each, list), "a list"), where, name)
        for n, each in enumerate(value):
            _check(each, shape[0], f"{where}[{n}]", name)
    else:
        _require(value, shape, where, name)


def _require(value: Any, rule: Rule, where: str, name: str) -> None:
    holds, words = rule
    if not holds(value):
        found = repr(value)
        raise ValueError(
            f"{name}: {where} must be {words}, received {found[:60] + '...' if len(found) > 60 else found}."
        )
