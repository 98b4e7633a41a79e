"""What a run found: the tables for people and the JSON for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.table import Table

from examples.agreement.data import DIETS
from examples.agreement.experiment import Trial
from examples.agreement.inside import LEARNED, Insight
from examples.agreement.judge import GAPS, NOUNS, NOUNS_GAP, Marks
from examples.agreement.reading import Reading
from examples.common.files import Cost
from examples.common.minimal_pairs import Share
from examples.common.tables import price, table


class Row(NamedTuple):
    """One form of a network, and how it was judged."""

    network: str
    form: str
    marks: Marks
    path: Path | None = None


def accuracy_table(trials: Sequence[Trial], diet: str) -> Table:
    """Mean over the seeds and, in brackets, the worst of them, having learned from one diet."""
    lines = []
    for network in networks(trials):
        chosen = of(trials, network, diet)
        marks = [trial.marks for trial in chosen]
        groups = zip(*((mark.number, float(mark.nouns[-1]), mark.gender) for mark in marks), strict=True)
        shares = [f"{100 * np.mean(values):.1f} ({100 * min(values):.0f})" for values in groups]
        lines.append([network, str(chosen[0].units), f"{chosen[0].weights:,}", *shares])
    if diet == "all":
        lines += [[], ["Linzen 2016", "", "", "> 99", "", ""]]
    low, high = DIETS[diet]
    seeds = len({trial.seed for trial in trials})
    of_seeds = "one seed" if seeds == 1 else f"mean of {seeds} seeds (worst)"
    title = f"Learned from gaps of {low} to {high} words: % right, {of_seeds}"
    columns = ["verb, gaps\nof 0 to 30", f"verb, {NOUNS[-1]}\ndistracting", "pronoun, gaps\nof 0 to 30"]
    return table(title, ["network", "units", "weights", *columns], lines)


def unit_table(insights: Mapping[tuple[str, int], Insight]) -> Table:
    """What silencing units over the gap does."""
    lines: list[list[str]] = []
    for kind, name in (("number", "verb"), ("gender", "pronoun")):
        lines += [[]] if lines else []
        for (network, seed), found in insights.items():
            ablation = getattr(found, kind)
            units = ", ".join(map(str, ablation.order))
            left = ", ".join(f"{100 * share:.0f}" for share in ablation.left) + "%"
            units, left = (units, left) if ablation.whole >= LEARNED else ("not learned", "")
            lines.append([name, network, str(seed), units, f"{ablation.whole:.0%}", left])
    columns = ["word", "network", "seed", "units silenced", "with\nall", "without the\nfirst, two, ..."]
    title = "Right words with units silenced over the gap, the most missed first"
    return table(title, columns, lines, left=4)


def forget_table(insights: Mapping[tuple[str, int], Insight]) -> Table:
    """The forget gate of the gender unit."""
    lines = [
        [
            network,
            str(seed),
            str(found.gender_unit),
            *(f"{value:.2f}" for value in (found.keeps, found.enters_same, found.enters_other)),
        ]
        for (network, seed), found in insights.items()
        if found.gender.whole >= LEARNED
    ]
    persons = [f"new person,\n{gender} gender" for gender in ("same", "other")]
    columns = ["network", "seed", "unit", "within\nthe gap", *persons]
    return table("Forget gate of the gender unit: 1 keeps, 0 throws away", columns, lines)


def file_table(rows: Sequence[Row], cost: Mapping[str, Cost]) -> Table:
    """The same sentences asked of the files, read by `edge.load`."""
    lines = [
        [
            row.network,
            row.form,
            f"{row.marks.number:.2%}",
            f"{row.marks.nouns.mean():.2%}",
            f"{row.marks.gender:.2%}",
            *price(cost[str(row.path)] if row.path else None),
        ]
        for row in rows
    ]
    columns = ["network", "runs as", "verb", "verb, dis-\ntracted", "pronoun"]
    title = (
        f"The files, the same sentences (distracted: {NOUNS[0]} to {NOUNS[-1]} nouns in {NOUNS_GAP} words)"
    )
    return table(title, [*columns, "size\nKiB", "median\nms", "speed to\nthe first"], lines, left=2)


def reading_table(readings: Sequence[Reading]) -> Table:
    """Agreement in the Brown corpus, by the nouns between subject and verb."""
    lines = []
    for group, share in readings[0].shares.items():
        lines.append([group, str(share.pairs), *(share_text(reading.shares[group]) for reading in readings)])
    whole = ["all", str(readings[0].overall.pairs), *(share_text(reading.overall) for reading in readings)]
    title = "Brown corpus, parts not learned from: % right (95% interval)"
    columns = ["nouns between", "sen-\ntences", *(reading.name.replace(" ", "\n", 1) for reading in readings)]
    return table(title, columns, [*lines, [], whole])


def share_text(share: Share) -> str:
    """`91.2 (88-94)`, in percent."""
    return f"{100 * share.share:.1f} ({100 * share.low:.0f}-{100 * share.high:.0f})"


def networks(trials: Sequence[Trial]) -> list[str]:
    """Their names in the order of the run."""
    return list(dict.fromkeys(trial.network for trial in trials))


def of(trials: Sequence[Trial], network: str, diet: str | None = None) -> list[Trial]:
    """The trials of one network, one for each seed if a diet is named."""
    return [trial for trial in trials if trial.network == network and diet in (None, trial.diet)]


def as_json(
    trials: Sequence[Trial],
    insights: Mapping[tuple[str, int], Insight],
    rows: Sequence[Row],
    readings: Sequence[Reading],
    timing: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Everything as plain values; the arguments are what the tables show."""
    return {
        "settings": dict(settings),
        "gaps": list(GAPS),
        "nouns": list(NOUNS),
        "trials": [
            {
                "network": trial.network,
                "units": trial.units,
                "weights": trial.weights,
                "gaps_learned_from": list(DIETS[trial.diet]),
                "seed": trial.seed,
                **_marks(trial.marks),
                "gradient_before": trial.before.tolist(),
                "gradient_after": trial.after.tolist(),
            }
            for trial in trials
        ],
        "units": [
            {
                "network": network,
                "seed": seed,
                **{
                    kind: {**ablation._asdict(), "without": ablation.without.tolist()}
                    for kind, ablation in (("number", found.number), ("gender", found.gender))
                },
                "forget_in_gap": found.keeps,
                "forget_at_same_gender": found.enters_same,
                "forget_at_other_gender": found.enters_other,
            }
            for (network, seed), found in insights.items()
        ],
        "files": [
            {
                "network": row.network,
                "as": row.form,
                **_marks(row.marks),
                "file": row.path and row.path.name,
                "bytes": row.path and row.path.stat().st_size,
            }
            for row in rows
        ],
        "brown": [
            {
                "model": reading.name,
                "by_nouns_between": {group: share._asdict() for group, share in reading.shares.items()},
                "overall": reading.overall._asdict(),
                "ties": reading.ties,
            }
            for reading in readings
        ],
        "benchmark": dict(timing),
    }


def _marks(marks: Marks) -> dict[str, Any]:
    return {
        "verbs_by_gap": marks.gaps.tolist(),
        "pronouns_by_gap": marks.gender_gaps.tolist(),
        "verbs_by_distracting_nouns": marks.nouns.tolist(),
    }
