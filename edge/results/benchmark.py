"""The result of a benchmark, on every platform the same value and, for JSON, the same plain data: schema 2.

In JSON it is an object for each class here, a key for each of its fields, in their order, before them all
`schema`. What a platform cannot tell is None, never left out. There may be more keys; readers pass over what
they do not know.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypedDict

from edge.results.plain import Count, Number, Object, Rule, Share, Text, Whole, made

SCHEMA = 2
PLATFORMS = ("host", "pi", "android", "browser", "microcontroller")
Platform = Annotated[str, Rule(lambda value: value in PLATFORMS, f"one of {', '.join(PLATFORMS)}")]


class _Named(TypedDict):
    """What must be there of a machine, if only as None."""

    cpu: Text | None
    board: Text | None
    os: Text | None


class Machine(_Named, total=False):
    """What a measurement was made on, as far as known.

    `cores`: those the process may use; `governor`: how Linux sets the clock; `temperature_c`: of the hottest
    sensor, before the measurement; `load`: how many processes wanted to run in the last minute; `throttled`:
    what slows a Raspberry Pi down now, or has since it was started; `times`: whose they are, if not its own.
    """

    arch: str | None
    cores: int | None
    memory_mb: int | None
    governor: str | None
    temperature_c: float | None
    load: float | None
    throttled: list[str] | None
    temperature_after_c: float | None
    throttled_after: list[str] | None
    times: str


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """Of durations, in milliseconds, and how many they are."""

    avg: Number | None = None
    std: Number | None = None
    min: Number | None = None
    p5: Number | None = None
    median: Number | None = None
    p95: Number | None = None
    max: Number | None = None
    count: Count | None = None


@dataclass(frozen=True, kw_only=True)
class Times(Statistics):
    """Statistics of which the median is known."""

    median: Number = field()  # without field() the None above would be its default


@dataclass(frozen=True, kw_only=True)
class StepTimes(Times):
    """Those of the steps of a stream, of which one in a hundred counts, too."""

    p99: Number | None = None


@dataclass(frozen=True, kw_only=True)
class StreamFigures:
    """A file as a stream.

    Attributes:
        rate_hz: samples in a second.
        step_ms: of one step as a program calls it; of a file that takes several at once, of one that fills a
            block.
        real_time_factor: the median step over the time between two samples, or blocks: below 1 it keeps up.
        jitter_p99_ms: how much later than usual one answer in a hundred comes.
        late: answers that came after the next sample, or block, was due.
        steps: that a call takes: 1, or the length of a block; results of before that was known are of 1.
    """

    MAY_LACK: ClassVar[tuple[str, ...]] = ("steps",)

    rate_hz: Number
    step_ms: StepTimes
    real_time_factor: Number
    jitter_p99_ms: Number | None = None
    late: Whole | None = None
    steps: Count = 1


@dataclass(frozen=True)
class ErrorFigures:
    """How far outputs are from a reference.

    Attributes:
        max_abs: the largest difference.
        relative: root mean square difference over the standard deviation of the reference.
    """

    max_abs: Number
    relative: Number


@dataclass(frozen=True)
class OperatorTime:
    """The time that one operator took in an inference, in microseconds, and how often it ran."""

    name: Text
    count: Count | None
    us: Number


@dataclass(frozen=True)
class RuntimeName:
    """What executed a file."""

    name: Text
    version: Text | None


@dataclass(frozen=True)
class EngineName:
    """The native engine, where it ran LSTM layers of a file: its instruction set, how many of how many."""

    version: Text
    isa: Text
    taken: Count
    layers: Count


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A file with one number of threads and one length of sequence.

    Attributes:
        path, name: of the file; the path is None where it means nothing to others.
        group: what belongs together and is compared.
        size_bytes: of the file; None where it has none.
        runtime: what executed it.
        threads: that the kernels might use.
        length: time steps of one inference; None for a file that takes no sequences.
        batch: sequences of one inference.
        load_ms: read, check, build the interpreter.
        init_ms, first_ms: allocate; the first inference.
        warm_up_ms: the inferences that do not count.
        inference_ms: those that do: the graph alone.
        per_step_us: of their median, the share of one time step of one sequence.
        peak_memory_mb: the most that the process held, MiB.
        added_memory_mb: how much of it came with the file.
        arena_bytes: memory that a microcontroller must set aside.
        error: against the first file on the same input; None where that cannot be.
        error_interpreter: of a microcontroller's runtime, against the same file on the Interpreter; left out
            elsewhere.
        accuracy: share of right answers, if somebody measured it.
        stream: None where it was not measured, or at another length.
        operators: time by operator; None where the runtime does not tell it.
        engine: the native engine, if it ran layers of the file; else left out.
    """

    MAY_LACK: ClassVar[tuple[str, ...]] = ("error_interpreter", "engine")

    path: Text | None = None
    name: Text
    group: Text | None = None
    size_bytes: Whole | None = None
    runtime: RuntimeName
    threads: Count | None = None
    length: Count | None = None
    batch: Count | None = None
    load_ms: Number | None = None
    init_ms: Number | None = None
    first_ms: Number | None = None
    warm_up_ms: Statistics | None = None
    inference_ms: Times
    per_step_us: Number | None = None
    peak_memory_mb: Number | None = None
    added_memory_mb: Number | None = None
    arena_bytes: Number | None = None
    error: ErrorFigures | None = None
    error_interpreter: ErrorFigures | None = None
    accuracy: Share | None = None
    stream: StreamFigures | None = None
    operators: list[OperatorTime] | None = None
    engine: EngineName | None = None


def now() -> str:
    """Date and time, ISO 8601, UTC."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


@dataclass(frozen=True, kw_only=True)
class BenchmarkResult:
    """All of it.

    Attributes:
        platform: one of `PLATFORMS`.
        created: date and time, ISO 8601, UTC.
        machine: what it was measured on.
        versions: by name, of what took part: edge, python, ...
        settings: by name, what was asked for: threads, lengths, runs, seed, stream_rate_hz, ...; also
            error_against, where errors are not against the first file.
        warnings: sentences about what makes the figures doubtful.
        files: an entry for each file, number of threads and length of sequence.
    """

    platform: Platform
    created: Text = field(default_factory=now)
    machine: Machine
    versions: Object
    settings: Object
    warnings: list[Text]
    files: list[Entry]

    @classmethod
    def of(cls, plain: Any, name: str = "the result") -> BenchmarkResult:
        """From plain data.

        Raises:
            ValueError: as `validate`.
        """
        if not isinstance(plain, dict) or "schema" not in plain:
            raise ValueError(f"{name} is no result of a benchmark: it is no object with a 'schema'.")
        number = plain["schema"]
        if isinstance(number, int) and not isinstance(number, bool) and number > SCHEMA:
            raise ValueError(
                f"{name} was made by a newer version (schema {number}, this one knows {SCHEMA}): update "
                "keras-lstm-plus, pip install --upgrade keras-lstm-plus."
            )
        if number != SCHEMA:
            raise ValueError(f"{name}: schema is {number!r}, not {SCHEMA}.")
        result = made(cls, plain, name)
        if not result.files:
            raise ValueError(f"{name}: files is empty, nothing was measured.")
        return result

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        plain = {"schema": SCHEMA, **asdict(self)}
        for entry in plain["files"]:
            for key in Entry.MAY_LACK:
                if entry[key] is None:
                    del entry[key]
        return plain


def validate(result: Any, name: str = "the result") -> None:
    """Check that a benchmark's result is what the schema says.

    Args:
        result: plain data.
        name: how messages call it, as the file that it was read from.

    Raises:
        ValueError: the first thing that is not as it must be, where, and what was found instead.
    """
    BenchmarkResult.of(result, name)


def read(path: str | Path) -> BenchmarkResult:
    """A result from a JSON file.

    Raises:
        ValueError: no such file, no JSON, or not what the schema says; the message names the file.
    """
    return BenchmarkResult.of(json_of(path), str(path))


def json_of(path: str | Path) -> Any:
    """What a JSON file says.

    Raises:
        ValueError: no such file, or no JSON; the message names the file.
    """
    path = Path(path)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"There is no file {path}.") from None
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not readable as JSON: {' '.join(str(error).split())}.") from None
