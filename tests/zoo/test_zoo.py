"""The zoo is converted and judged: a slice of it always, all of it where there is time."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from edge.convert import ConversionError
from tests.helpers.places import ROOT
from tests.zoo import trial as trials
from tests.zoo.inventory import ZOO, in_order
from tests.zoo.isolated import Isolated
from tests.zoo.judge import FAULT, OK, REFUSED, WRONG, Trial, error_of, of_exception
from tests.zoo.kept import Kept
from tests.zoo.slices import FORMS_OF, SLICE
from tests.zoo.table import markdown
from tests.zoo.trial import run_trial


@pytest.mark.parametrize("name", SLICE)
def test_a_slice_of_it(name: str) -> None:
    for layer, form in (("stock", "float"), ("plus", "int8")):
        trial = run_trial(name, layer, form)
        assert in_order(ZOO[name], form, trial), (layer, form, trial)


@pytest.mark.slow
@pytest.mark.parametrize("name", ZOO)
def test_all_of_it(name: str) -> None:
    found = {(layer, form): run_trial(name, layer, form) for layer in FORMS_OF for form in FORMS_OF[layer]}
    assert {key: trial for key, trial in found.items() if not in_order(ZOO[name], key[1], trial)} == {}


def test_there_are_many_and_each_says_where_it_comes_from() -> None:
    assert len(ZOO) >= 48
    undated = [each.name for each in ZOO.values() if not re.search(r"\b(19|20)\d\d\b", each.source)]
    assert undated == []
    assert len({each.family for each in ZOO.values()}) >= 10


def test_data_in_use_is_other_data() -> None:
    for each in ZOO.values():
        made, used = each.inputs(11, 4), each.inputs(77, 4, longer=True)
        assert len(made) == len(used)
        for a, b in zip(made, used, strict=True):
            assert a.dtype == b.dtype, each.name
            assert a.shape != b.shape or not np.array_equal(a, b), each.name
        if each.longer is not None:
            assert any(b.shape[1] > a.shape[1] for a, b in zip(made, used, strict=True) if a.ndim > 1)


def test_the_judge_sees_a_wrong_number(monkeypatch: pytest.MonkeyPatch) -> None:
    right = trials.wanted_of

    def shifted(name: str, longer: bool) -> tuple[list[np.ndarray], list[np.ndarray]]:
        x, wanted = right(name, longer)
        return x, [each + np.float32(1e-4) for each in wanted]

    monkeypatch.setattr(trials, "wanted_of", shifted)
    trial = run_trial("keras_weather", "stock", "float")
    assert trial.status == WRONG
    assert trial.error == pytest.approx(1e-4 / 2, rel=0.9)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError("A model of two layers has no third; give another."), REFUSED),
        (
            ConversionError("The file was not kept: output 'a' differs by 20%. Use quantize=\"dynamic\"."),
            REFUSED,
        ),
        (ConversionError("It differs by 0.2. This is a fault of the converter; please report it."), FAULT),
        (ValueError("no sentence of ours"), FAULT),
        (ValueError("Exception encountered when calling A.call().\n\nArguments received by A: x."), FAULT),
        (
            ValueError(".a.tflite.cde0.tmp: the runtime cannot run it: node number 36 failed to prepare."),
            FAULT,
        ),
        (RuntimeError("Input tensors to NOT_EQUAL have no kernel."), FAULT),
        (TypeError("Cannot interpret 'string' as a data type."), FAULT),
        (AttributeError("x."), FAULT),
    ],
)
def test_what_is_a_refusal(error: Exception, status: str) -> None:
    assert of_exception(error)[0] == status


def test_errors_of_the_worst_output() -> None:
    wanted = [np.linspace(0, 4, 50).reshape(10, 5), np.ones((10, 2))]
    assert error_of("float", wanted, [wanted[0], wanted[1] + 0.5]) == pytest.approx(0.5)
    assert error_of("float", wanted, [wanted[0] + 1, wanted[1]]) == pytest.approx(0.25)
    assert error_of("int8", wanted, [wanted[0] + wanted[0].std(), wanted[1]]) == pytest.approx(1)
    assert error_of("int8", wanted, [wanted[0], wanted[1][:, :1]]) == np.inf
    assert error_of("float", wanted, [wanted[0] * np.nan, wanted[1]]) == np.inf


def test_the_page_has_a_row_for_each() -> None:
    made = {("stock", "float"): Trial(OK, 3e-7, ("fused", "unrolled"))}
    refused = {("stock", "float"): Trial(REFUSED, words="This cannot be. Do that.")}
    wrong = {("stock", "float"): Trial(WRONG, 0.2), ("plus", "float"): Trial(OK, 1e-7)}
    names = list(ZOO)[:3]
    page = markdown({n: (ZOO[n], t) for n, t in zip(names, (made, refused, wrong), strict=True)}, ["float"])
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert [row.rsplit("|", 3)[-3:-1] for row in rows] == [
        [" 1 fused, 1 unrolled ", " 3e-07 "],
        [" – ", " **a** "],
        [" – ", " stock: WRONG 2e-01 / plus: 1e-07 "],
    ]
    assert "- **a** This cannot be. Do that." in page
    assert "1 of 3 right, 1 refused, 1 WRONG" in page


def test_the_page_of_the_docs_has_all_of_them() -> None:
    page = (ROOT / "docs/models.md").read_text("utf-8")
    rows = {row.split("`")[1]: row for row in page.splitlines() if row.startswith("| `")}
    assert list(rows) == list(ZOO)
    for name, row in rows.items():
        assert ZOO[name].source in row
    assert WRONG not in page
    assert FAULT not in page


def test_trials_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    key, trial = ("a", "stock", "float"), Trial(OK, 1e-7, ("fused",), "", ("a note",), 2.0)
    kept = Kept(path)
    assert kept.get(key) is None
    kept.add(key, Trial(FAULT))
    kept.add(key, trial)
    assert Kept(path).get(key) == trial
    Kept(None).add(key, trial)


@pytest.mark.slow
def test_a_process_that_ends_is_a_fault_of_one_trial() -> None:
    with Isolated() as process:
        lost = process.run("no such architecture", "stock", "float")
        assert lost.status == FAULT
        assert "the process ended (exit code 1), last words: KeyError" in lost.words
        assert process.run("keras_weather", "stock", "float").status == OK
