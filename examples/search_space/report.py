"""What the trainings say: medians, the test against V, and whether the paper's finding holds here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.table import Table

from examples.common.tables import table
from examples.search_space.experiment import Training, judged
from examples.search_space.welch import welch

LEVEL = 0.05
FEWEST = 5  # seeds, for a word on the paper

# Greff et al. 2015: no variant beats V significantly; the forget gate and the output activation matter most.
MATTER = ("NFG", "NOAF")
PAPER = {"V": "", "NFG": "matters most", "NOAF": "matters most", "CIFG": "no worse", "NP": "no worse"}


class Finding(NamedTuple):
    """One variant on one set.

    Attributes:
        task, variant: which.
        rate: the chosen learning rate.
        errors: on the test part, a seed each, 0 to 1.
        p: of Welch's test against V; None for V.
        verdict: `"worse"` or `"better"` than V where p is below the level divided by the number of
            comparisons on the set (Bonferroni), else `""`.
    """

    task: str
    variant: str
    rate: float
    errors: list[float]
    p: float | None
    verdict: str

    @property
    def median(self) -> float:
        return float(np.median(self.errors))


def findings(done: Sequence[Training]) -> list[Finding]:
    """All variants on all sets, in the order of the trainings."""
    found = []
    for task in dict.fromkeys(each.task for each in done):
        variants = list(dict.fromkeys(each.variant for each in done if each.task == task))
        standard = judged(done, task, "V")
        for variant in variants:
            errors = judged(done, task, variant)
            rates = (each.rate for each in done if each[:3] == (task, variant, "judge"))
            p = None if variant == "V" else welch(errors, standard)
            sure = p is not None and p < LEVEL / (len(variants) - 1)
            verdict = "" if not sure else "worse" if np.mean(errors) > np.mean(standard) else "better"
            found.append(Finding(task, variant, next(rates), errors, p, verdict))
    return found


def holds(found: Sequence[Finding]) -> bool:
    """Whether one set says what the paper says: those that matter most are the worst, and nothing beats V."""
    worst = sorted(found, key=lambda each: -each.median)[: len(MATTER)]
    significant = {each.variant for each in found if each.verdict == "worse"}
    beaten = any(each.verdict == "better" for each in found)
    return {each.variant for each in worst} == set(MATTER) <= significant and not beaten


def by_task(found: Sequence[Finding]) -> dict[str, list[Finding]]:
    """The findings of each set."""
    return {
        name: [each for each in found if each.task == name] for name in dict.fromkeys(e.task for e in found)
    }


def conclusion(found: Sequence[Finding]) -> str:
    """The finding, in two lines; every word of it is computed. One line where too little was trained."""
    sets = by_task(found)
    enough = all(len(each.errors) >= FEWEST for each in found)
    if not enough or any(not {each.variant for each in these}.issuperset(MATTER) for these in sets.values()):
        return "Too little was trained to say whether Greff's finding holds here"
    so = [name for name, each in sets.items() if holds(each)]
    where = "is not seen here" if not so else f"holds on {' and '.join(so)}"
    where += " alone" if so and len(so) < len(sets) else ""
    return (
        f"Greff's finding, that forget gate and output activation matter most, {where};\n"
        f"significantly worse than V: {_named(sets, 'worse')}; better: {_named(sets, 'better')}"
    )


def _named(sets: Mapping[str, Sequence[Finding]], verdict: str) -> str:
    """Which variants have that verdict, set by set."""
    names = {
        task: [each.variant for each in found if each.verdict == verdict] for task, found in sets.items()
    }
    return ", ".join(f"{' and '.join(these)} on {task}" for task, these in names.items() if these) or "none"


def final_table(found: Sequence[Finding]) -> Table:
    """One set: of each variant its rate, the median and range of its errors, p, its verdict, the paper's."""
    lines = []
    for each in found:
        p = "" if each.p is None else f"{each.p:.4f}" if each.p >= 1e-4 else "<0.0001"
        between = f"{min(each.errors):.1%} to {max(each.errors):.1%}"
        paper = PAPER.get(each.variant, "matters little")
        lines.append([each.variant, f"{each.rate:g}", f"{each.median:.1%}", between, p, each.verdict, paper])
    title = (
        f"{found[0].task}: wrong answers on the test part, {len(found[0].errors)} seeds; "
        f"Welch's test against V, level {LEVEL} / {len(found) - 1}"
    )
    return table(title, ["", "rate", "median", "from, to", "p", "than V", "Greff et al."], lines)


def file_table(name: str, errors: Mapping[str, float], paths: Mapping[str, Path]) -> Table:
    """One network in memory and as files on the device half: errors on the test part, and sizes."""
    lines = [
        [form, f"{error:.1%}", f"{paths[form].stat().st_size / 1024:.1f}" if form in paths else ""]
        for form, error in errors.items()
    ]
    return table(name, ["runs as", "wrong", "size\nKiB"], lines)


def as_json(found: Sequence[Finding], errors: Mapping[str, float], seconds: float) -> dict[str, Any]:
    """What was concluded, as plain values."""
    return {
        "conclusion": conclusion(found),
        "holds": {name: holds(each) for name, each in by_task(found).items()},
        "findings": [{**each._asdict(), "median": each.median} for each in found],
        "files": dict(errors),
        "seconds": seconds,
    }
