"""What the search space finds: the statistics are right, and the verdicts follow from them."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from rich.console import Console

from examples.search_space import report
from examples.search_space.experiment import VARIANTS, Training
from examples.search_space.report import Finding
from examples.search_space.welch import incomplete_beta, welch

# -- Welch's test ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (2.0, 0.5), (3.7, 0.5), (1.5, 4.0), (40.0, 0.5)])
def test_the_incomplete_beta_function_is_the_integral(a: float, b: float) -> None:
    """By the substitution t = sin^2 u, which takes the poles at the ends away, and Simpson's rule."""

    def integral(x: float) -> float:
        u = np.linspace(0, math.asin(math.sqrt(x)), 20001)
        y = 2 * np.sin(u) ** (2 * a - 1) * np.cos(u) ** (2 * b - 1)
        return float(u[1] / 3 * (y[0] + 4 * y[1:-1:2].sum() + 2 * y[2:-1:2].sum() + y[-1]))

    whole = math.exp(math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b))
    for x in (0.05, 0.3, 0.6, 0.9):
        assert incomplete_beta(x, a, b) == pytest.approx(integral(x) / whole, rel=1e-4)
    assert (incomplete_beta(0, a, b), incomplete_beta(1, a, b)) == (0, 1)


def test_welch_against_a_printed_table() -> None:
    # Critical values of Student's t, two-sided 5 %: equal sizes and variances make 2n - 2 degrees of freedom.
    for size, critical in ((2, 4.303), (6, 2.228), (11, 2.086)):
        spread = np.linspace(-1, 1, size)
        step = critical * math.sqrt(2 * np.var(spread, ddof=1) / size)
        assert welch(spread + step, spread) == pytest.approx(0.05, abs=2e-5)


def test_welch_against_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(0)
    for size, other, scale in ((5, 5, 1), (3, 9, 0.2), (7, 4, 5), (2, 2, 1), (30, 40, 3)):
        a, b = rng.normal(0, 1, size), rng.normal(rng.uniform(0, 3), scale, other)
        expected = stats.ttest_ind(a, b, equal_var=False).pvalue
        assert welch(a, b) == pytest.approx(expected, rel=1e-9)
        assert welch(b, a) == pytest.approx(expected, rel=1e-9)


def test_welch_where_nothing_varies() -> None:
    assert welch([0.1, 0.1], [0.1, 0.1]) == 1
    assert welch([0.1, 0.1], [0.2, 0.2]) == 0
    with pytest.raises(ValueError, match="two values or more in each group, received 1 and 2"):
        welch([0.1], [0.1, 0.2])


# -- what is concluded -------------------------------------------------------------------------------------


def trainings(name: str, means: dict[str, float], seeds: int = 7) -> list[Training]:
    rng = np.random.default_rng(0)
    return [
        Training(name, variant, "judge", 1e-2, seed, 0.0, float(mean + rng.normal(0, 0.01)), 1.0)
        for variant, mean in means.items()
        for seed in range(seeds)
    ]


AS_PUBLISHED = {**dict.fromkeys(VARIANTS, 0.1), "NFG": 0.3, "NOAF": 0.2}


def test_the_verdict_is_welchs_with_bonferroni() -> None:
    done = trainings("toy", {**AS_PUBLISHED, "NP": 0.0})
    found = {each.variant: each for each in report.findings(done)}
    assert {name for name, each in found.items() if each.verdict == "worse"} == {"NFG", "NOAF"}
    assert {name for name, each in found.items() if each.verdict == "better"} == {"NP"}
    assert found["V"].p is None
    for name, each in found.items():
        errors = [one.test for one in done if one.variant == name]
        assert each.median == pytest.approx(np.median(errors))
        if each.p is not None:
            assert bool(each.verdict) == (each.p < 0.05 / 8)
    # A difference that one test alone would call significant, and eight do not.
    shift = [0.0, 0.01, 0.02, 0.03, 0.04]
    few = [Training("t", "V", "judge", 1e-2, n, 0, value, 1) for n, value in enumerate(shift)]
    few += [
        Training("t", name, "judge", 1e-2, n, 0, value + 0.03, 1)
        for name in list(VARIANTS)[1:]
        for n, value in enumerate(shift)
    ]
    assert 0.05 / 8 < report.findings(few)[1].p < 0.05  # type: ignore[operator]
    assert not any(each.verdict for each in report.findings(few))


def conclude(*each: list[Training]) -> str:
    return report.conclusion(report.findings([one for many in each for one in many]))


def test_the_conclusion_is_what_the_results_say() -> None:
    published = trainings("a", AS_PUBLISHED)
    assert conclude(published, trainings("b", AS_PUBLISHED)) == (
        "Greff's finding, that forget gate and output activation matter most, holds on a and b;\n"
        "significantly worse than V: NFG and NOAF on a, NFG and NOAF on b; better: none"
    )
    other = trainings("b", {**AS_PUBLISHED, "NIG": 0.5})  # something else is worse still
    assert "matter most, holds on a alone;" in conclude(published, other)
    flat = trainings("b", dict.fromkeys(VARIANTS, 0.1))
    assert conclude(flat) == (
        "Greff's finding, that forget gate and output activation matter most, is not seen here;\n"
        "significantly worse than V: none; better: none"
    )
    beaten = trainings("b", {**AS_PUBLISHED, "CIFG": 0.0})
    assert "is not seen here" in conclude(beaten)
    assert "better: CIFG on b" in conclude(beaten)
    little = "Too little was trained to say whether Greff's finding holds here"
    assert conclude(trainings("a", AS_PUBLISHED, seeds=4)) == little
    assert conclude(trainings("a", {"V": 0.1, "NFG": 0.3})) == little


def test_the_table_has_a_row_a_variant() -> None:
    found = report.findings(trainings("toy", AS_PUBLISHED))
    console = Console(file=io.StringIO(), width=100)
    console.print(report.final_table(found))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "toy: wrong answers on the test part, 7 seeds; Welch's test against V, level 0.05 / 8" in " ".join(
        text.split()
    )
    rows = {line.split()[1]: line for line in text.splitlines() if line.startswith("│ ")}
    assert {name for name, row in rows.items() if "worse │" in row} == {"NFG", "NOAF", "CIFG", "NP"}
    assert {name for name, row in rows.items() if "no worse" in row} == {"CIFG", "NP"}
    assert {name for name, row in rows.items() if "matters most" in row} == {"NFG", "NOAF"}
    assert f"{found[5].median:.1%}" in rows["NOAF"]
    assert f"{max(found[5].errors):.1%}" in rows["NOAF"]
    assert all(isinstance(each, Finding) for each in found)
