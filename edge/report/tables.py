"""Results of benchmarks as rows: tables of text, for the terminal, Markdown and HTML; what pictures draw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from edge.report.style import number, size
from edge.results.benchmark import BenchmarkResult, Entry, ErrorFigures, OperatorTime
from edge.results.words import share

STATISTICS = ("avg", "std", "min", "p5", "median", "p95", "max")
UNKNOWN = "–"
PLATFORMS = {
    "host": "computer",
    "pi": "Raspberry Pi",
    "android": "Android",
    "browser": "browser",
    "microcontroller": "microcontroller",
}


class Cells(NamedTuple):
    """A table: the first header is its title, the first cell of each row the name of an entry."""

    headers: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


class Row(NamedTuple):
    """One measurement.

    Attributes:
        label: what tells it from all others.
        file: name of the file.
        source: number of the result that it comes from.
        platform: in words.
        entry: its figures.
        reference: what its error is measured against.
    """

    label: str
    file: str
    source: int
    platform: str
    entry: Entry
    reference: str

    @property
    def median(self) -> float:
        """Milliseconds of one inference."""
        return self.entry.inference_ms.median

    @property
    def length(self) -> int:
        """Steps in a sequence; 0 for a file that takes none."""
        return self.entry.length or 0


def tables(result: BenchmarkResult) -> list[Cells]:
    """At a glance, the spread of the times, what it takes to start, streams, operators; as far as known."""
    files, names = result.files, labels(result.files)
    found = [_glance(result, names), _spread(files, names), _start(files, names)]
    if any(file.stream for file in files):
        found.append(_streams(files, names))
    named = zip(files, names, strict=True)
    return found + [_operators(file.operators, name) for file, name in named if file.operators]


def labels(files: Sequence[Entry]) -> list[str]:
    """What to call each entry: its file, and what else tells it from the others."""
    varies = {key: len({getattr(file, key) for file in files} - {None}) > 1 for key in ("length", "threads")}
    varies["engine"] = len({file.engine is None for file in files}) > 1
    varies["group"] = len({file.group for file in files}) > 1
    return [
        ", ".join(
            filter(
                None,
                (
                    file.name,
                    file.group if varies["group"] else None,
                    steps(file.length) if varies["length"] else None,
                    f"{file.threads} thr." if varies["threads"] and file.threads else None,
                    "engine" if varies["engine"] and file.engine else None,
                ),
            )
        )
        for file in files
    ]


def steps(length: int | None) -> str | None:
    """`100 steps`."""
    return None if length is None else f"{length:,} step{'' if length == 1 else 's'}"


def speeds(files: Sequence[Entry]) -> list[float | None]:
    """How many times as fast as the first entry of the same group and length, for each sequence.

    None where a clock was too coarse to see one of the two.
    """
    first: dict[tuple[str | None, int | None], float] = {}
    found: list[float | None] = []
    for file in files:
        mine = file.inference_ms.median / (file.batch or 1)
        base = first.setdefault((file.group, file.length), mine)
        found.append(base / mine if mine and base else None)
    return found


def rows_of(results: Sequence[BenchmarkResult]) -> list[Row]:
    """All measurements of all results; the platform is in the label where there are several results."""
    rows: list[Row] = []
    sources = source_names(results)
    for source, result in enumerate(results):
        for name, file in zip(labels(result.files), result.files, strict=True):
            label = f"{name} ({sources[source]})" if len(results) > 1 else name
            rows.append(Row(label, file.name, source, PLATFORMS[result.platform], file, reference(result)))
    return rows


def reference(result: BenchmarkResult) -> str:
    """What its errors are measured against: another thing, or the first file, whatever numbers that is in."""
    other = result.settings.get("error_against")
    return str(other) if other else f"the first file, {result.files[0].name}"


def _is_reference(result: BenchmarkResult, file: Entry) -> bool:
    """Whether an error is that of a file against itself."""
    return not result.settings.get("error_against") and file.name == result.files[0].name


def source_names(results: Sequence[BenchmarkResult]) -> list[str]:
    """What to call each result: its platform; numbered where several have the same."""
    words = [PLATFORMS[result.platform] for result in results]
    return [
        f"{word} {words[: n + 1].count(word)}" if words.count(word) > 1 else word
        for n, word in enumerate(words)
    ]


def unit(milliseconds: Iterable[float]) -> tuple[str, float]:
    """In what to show times, and by what to multiply milliseconds for that."""
    return ("ms", 1.0) if max(milliseconds) >= 1 else ("µs", 1000.0)


def _glance(result: BenchmarkResult, names: Sequence[str]) -> Cells:
    files = result.files
    word, factor = unit(file.inference_ms.median for file in files)
    judged = any(file.accuracy is not None for file in files)
    rows = []
    for file, name, speed in zip(files, names, speeds(files), strict=True):
        error = file.error
        row = (
            name,
            UNKNOWN if file.size_bytes is None else size(file.size_bytes),
            number(file.inference_ms.median * factor),
            _times(speed),
            number(file.per_step_us),
            *_errors(error, _is_reference(result, file)),
        )
        right = UNKNOWN if file.accuracy is None else share(file.accuracy, 1)
        rows.append((*row, right) if judged else row)
    headers = ("at a glance", "size", f"median, {word}", "speed", "µs/step", "max error", "error/σ")
    return Cells((*headers, "right") if judged else headers, rows)


def _times(speed: float | None) -> str:
    if speed is None:
        return UNKNOWN
    return f"{speed:.2f}×" if speed >= 0.1 else f"{speed:.2g}×"


def _errors(error: ErrorFigures | None, is_reference: bool) -> tuple[str, str]:
    """The largest and the relative one; a file against itself has none to show."""
    if error is None:
        return UNKNOWN, UNKNOWN
    if is_reference and not error.max_abs:
        return "reference", "reference"
    return f"{error.max_abs:.1e}", share(error.relative)


def _spread(files: Sequence[Entry], names: Sequence[str]) -> Cells:
    word, factor = unit(file.inference_ms.median for file in files)
    rows = []
    for file, name in zip(files, names, strict=True):
        times = file.inference_ms
        shown = [number(_scaled(getattr(times, key), factor)) for key in STATISTICS]
        rows.append((name, *shown, str(times.count or UNKNOWN)))
    return Cells((f"inference, {word}", *STATISTICS, "count"), rows)


def _start(files: Sequence[Entry], names: Sequence[str]) -> Cells:
    is_micro = any(file.arena_bytes is not None for file in files)
    rows = []
    for file, name in zip(files, names, strict=True):
        warm_up = file.warm_up_ms.avg if file.warm_up_ms else None
        figures = (file.load_ms, file.init_ms, file.first_ms, warm_up)
        memory = (file.added_memory_mb, file.peak_memory_mb)
        arena = UNKNOWN if file.arena_bytes is None else size(int(file.arena_bytes))
        rows.append((name, *map(number, (*figures, *memory)), *((arena,) if is_micro else ())))
    headers = ("start, ms", "load", "init", "first", "warm-up", "memory, MiB", "peak, MiB")
    return Cells((*headers, "arena") if is_micro else headers, rows)


def _streams(files: Sequence[Entry], names: Sequence[str]) -> Cells:
    """Time per step, and whether it keeps up."""
    rows = []
    for file, name in zip(files, names, strict=True):
        stream = file.stream
        if stream is None:
            continue
        step = stream.step_ms
        rows.append(
            (
                name,
                f"{stream.rate_hz:g}" + (f", blocks of {stream.steps}" if stream.steps > 1 else ""),
                number(step.median * 1e3),
                number(_scaled(step.p99, 1e3)),
                number(stream.real_time_factor),
                number(_scaled(stream.jitter_p99_ms, 1e3)),
                UNKNOWN if stream.late is None else f"{stream.late} of {step.count}",
            )
        )
    headers = ("stream", "Hz", "step, µs", "p99, µs", "real-time factor", "jitter p99, µs", "late")
    return Cells(headers, rows)


def _operators(operators: Sequence[OperatorTime], name: str) -> Cells:
    total = sum(each.us for each in operators) or 1.0
    rows = [
        (each.name, str(each.count or UNKNOWN), number(each.us), share(each.us / total, 0))
        for each in sorted(operators, key=lambda each: -each.us)
    ]
    return Cells((f"operators of {name}", "count", "µs", "share"), rows)


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor
