"""Which file to take, and why, in words: of what was converted, verified and measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from edge.report.style import number, size
from edge.report.tables import source_names
from edge.results.benchmark import BenchmarkResult, Entry
from edge.results.saved import Saved, SavedConversion, SavedVerification, name_of
from edge.results.words import share

NEAR = 0.03  # error in standard deviations beyond which a file is not taken, where nobody verified it
ONE_POINT = 0.01  # of accuracy
AS_FAST = 1.1  # times the fastest: then the smaller file
GROUPS = 6  # of which it is said; there may be hundreds


@dataclass(frozen=True)
class Known:
    """What is known of a file beside its speed.

    Attributes:
        verified: whether it agrees with Keras; None: nobody looked.
        error: rms, in standard deviations; against: of what.
        accuracy: share of right answers.
        size: in bytes.
    """

    verified: bool | None = None
    error: float | None = None
    against: str = ""
    accuracy: float | None = None
    size: int | None = None


@dataclass(frozen=True)
class Taken:
    """One choice: where, of which group, the file, and the sentences that say why."""

    place: str
    group: str | None
    file: str | None
    why: str

    @property
    def sentence(self) -> str:
        """All of it."""
        where = f"{self.place}, {self.group}" if self.group else self.place
        return f"{where[:1].upper()}{where[1:]}: {self.why}"


@dataclass(frozen=True)
class Choice:
    """All choices; more: how many groups are left out."""

    taken: tuple[Taken, ...] = ()
    more: int = 0

    @property
    def sentences(self) -> list[str]:
        """A paragraph each."""
        more = [f"And {self.more:,} more groups, which the tables show."] if self.more else []
        return [each.sentence for each in self.taken] + more

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {"take": [vars(each) for each in self.taken]}


def choose(results: Sequence[Saved]) -> Choice:
    """A file for each place and each group of files that belong together.

    Taken is the fastest of those that are near enough: that agree with Keras where that was verified, are
    right within one point of the best where that was measured, else within 3 % of a standard deviation. Of
    those that are as fast as the fastest within a tenth, the smallest.
    """
    known = _known(results)
    benchmarks = [each for each in results if isinstance(each, BenchmarkResult)]
    taken: list[Taken] = []
    for place, result in zip(source_names(benchmarks), benchmarks, strict=True):
        groups = dict.fromkeys(entry.group for entry in result.files)
        taken += [_of_group(place, group, result, known) for group in groups]
    if not benchmarks:
        taken = [_unmeasured(known)]
    taken = [each for each in taken if each.why]
    return Choice(tuple(taken[:GROUPS]), max(len(taken) - GROUPS, 0))


def _known(results: Sequence[Saved]) -> dict[str, Known]:
    """By the name of a file; what a verification says counts more than what the conversion said."""
    known: dict[str, Known] = {}
    for kind in (SavedConversion, SavedVerification):
        for saved in results:
            if not isinstance(saved, kind):
                continue
            before = known.get(name_of(saved), Known())
            outputs = saved.errors if isinstance(saved, SavedConversion) else saved.outputs
            errors = [each.relative for each in outputs]
            worst = float("inf") if None in errors else max((each or 0.0 for each in errors), default=0.0)
            now = replace(before, error=worst, against="Keras", size=saved.size)
            if isinstance(saved, SavedVerification):
                right = [each.accuracy_file for each in saved.outputs if each.accuracy_file is not None]
                now = replace(now, verified=saved.is_ok, accuracy=min(right) if right else before.accuracy)
            known[name_of(saved)] = now
    return known


def _of_group(place: str, group: str | None, result: BenchmarkResult, known: dict[str, Known]) -> Taken:
    """Of the entries of one length with the fewest threads, which are what can be compared."""
    entries = [entry for entry in result.files if entry.group == group]
    length = max((entry.length or 0 for entry in entries), default=0)
    counts = [entry.threads or 1 for entry in entries]
    entries = [entry for entry in entries if (entry.threads or 1) == min(counts)]
    entries = [entry for entry in entries if (entry.length or 0) in (length, 0, 1)]
    if len({entry.name for entry in entries}) < 2:
        return Taken(place, group, None, "")
    reference = str(result.settings.get("error_against") or result.files[0].name)
    facts = {entry.name: _facts(entry, known.get(entry.name, Known()), reference) for entry in entries}
    best = max((each.accuracy for each in facts.values() if each.accuracy is not None), default=None)
    refused = {name: why for name, each in facts.items() if (why := _refusal(each, best))}
    left = [entry for entry in entries if entry.name not in refused]
    not_taken = "".join(f" Not {name}: {why}." for name, why in list(refused.items())[:5])
    if not left:
        return Taken(place, group, None, f"no file is near enough.{not_taken}")
    fastest = min(map(_time, left))
    as_fast = [entry for entry in left if _time(entry) <= AS_FAST * fastest]
    chosen = min(as_fast, key=lambda entry: (entry.size_bytes or 0, _time(entry)))
    return Taken(place, group, chosen.name, _why(chosen, facts[chosen.name], left, result) + not_taken)


def _facts(entry: Entry, known: Known, reference: str) -> Known:
    accuracy = entry.accuracy if entry.accuracy is not None else known.accuracy
    error, against = known.error, known.against
    if error is None and entry.error is not None and entry.name != reference:
        error, against = entry.error.relative, reference
    return replace(
        known, accuracy=accuracy, error=error, against=against, size=entry.size_bytes or known.size
    )


def _refusal(facts: Known, best: float | None) -> str:
    """Why a file is not to be taken, however fast it is; empty for none."""
    if facts.verified is False:
        return "it differs from Keras by more than its tolerance"
    if facts.accuracy is not None and best is not None and facts.accuracy < best - ONE_POINT:
        return f"it is right {share(facts.accuracy, 1)}, the best {share(best, 1)}"
    if facts.accuracy is None and facts.verified is None and facts.error is not None and facts.error > NEAR:
        far = share(facts.error, 1) if facts.error != float("inf") else "infinitely far"
        return f"it is {far} of a standard deviation from {facts.against}"
    return ""


def _why(chosen: Entry, facts: Known, left: Sequence[Entry], result: BenchmarkResult) -> str:
    """Why this one of those that are near enough."""
    fastest = min(left, key=_time)
    first = result.files[0]
    times = f"{number(_time(chosen))} ms"
    if first.name != chosen.name and first in left and _time(chosen):
        times += f", {_time(first) / _time(chosen):.2f} times as fast as {first.name}"
    of = f"of {len({each.name for each in left})} that are near enough"
    reason = (
        f"the fastest {of}"
        if chosen is fastest or len(left) == 1
        else f"as fast as {fastest.name} and smaller, {of}"
    )
    parts = [f"take {chosen.name}, {reason}: {times}"]
    parts += [f"{size(facts.size or 0)}" for _ in range(bool(facts.size))]
    return ", ".join([*parts, *_near(facts)]) + "."


def _near(facts: Known) -> list[str]:
    """How near it is, as far as anybody looked."""
    said = ["verified against Keras"] if facts.verified else []
    if facts.accuracy is not None:
        said.append(f"right {share(facts.accuracy, 1)}")
    if facts.error is not None:
        said.append(f"rms error {share(facts.error)} of a standard deviation from {facts.against}")
    return said or ["its error was not measured"]


def _unmeasured(known: dict[str, Known]) -> Taken:
    """The smallest that is near enough, where nobody measured how fast they are."""
    best = max((each.accuracy for each in known.values() if each.accuracy is not None), default=None)
    refused = {name: why for name, each in known.items() if (why := _refusal(each, best))}
    left = [name for name in known if name not in refused]
    not_taken = "".join(f" Not {name}: {why}." for name, why in list(refused.items())[:5])
    if not left:
        return Taken("not measured", None, None, f"no file is near enough.{not_taken}" if known else "")
    name = min(left, key=lambda each: known[each].size or 0)
    parts = [f"take {name}, the smallest of {len(left)}, {size(known[name].size or 0)}", *_near(known[name])]
    how = " How fast it is, the command benchmark tells." if len(known) > 1 else ""
    return Taken("not measured", None, name, f"{', '.join(parts)}.{how}{not_taken}")


def _time(entry: Entry) -> float:
    """Milliseconds of one sequence."""
    return entry.inference_ms.median / (entry.batch or 1)
