"""The training benchmark: the contestants compute the same, and the tables say what was measured."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks import contestants, engine_switch, feeding, fitting, training, turns
from benchmarks.engine_switch import SWITCH, WITHOUT
from benchmarks.tables import geometric_mean
from benchmarks.training_tables import best_of_keras, machine_lines, markdown, sheets, speeds
from tests.helpers.layers import relative
from tests.helpers.places import ROOT

KEPT = ROOT / "benchmarks" / "results" / "training.json"
SIZE = (3, 5, 4, 6)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (turns, fitting):
        monkeypatch.setattr(module, "PAUSE", 0.0)
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)  # several wait for each other where the cores have other work


def test_all_contestants_compute_the_same_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contestants, "engine_is_here", lambda: True)
    found = {name: [np.asarray(each) for each in step()] for name, step in gradient_steps().items()}
    kernel, recurrent, bias = wanted = found.pop("Keras")
    for name in ("Keras, XLA", WITHOUT, "LSTMPlus"):
        for one, other in zip(found.pop(name), wanted, strict=True):
            assert relative(one, other) < 1e-5, name
    peephole = found.pop("LSTMPlus peephole")
    assert [weight.shape for weight in peephole] == [*(weight.shape for weight in wanted), (3, 6)]
    both, offset = found.pop("BlockLSTM")
    assert relative(both, np.concatenate([kernel, recurrent])) < 1e-5
    assert relative(offset, bias) < 1e-5
    for one, other in zip(found.pop("torch"), (kernel.T, recurrent.T, bias, bias), strict=True):
        assert relative(one, other) < 1e-5
    assert found == {}


def gradient_steps() -> turns.Steps:
    pytest.importorskip("torch")
    return contestants.gradient_steps(*SIZE)


def test_they_take_turns_and_the_first_rounds_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    lasts = {"a": iter([90.0, 5.0, 3.0, 1.0, 8.0]), "b": iter([7.0] * 5)}
    now = [0.0]

    def step(name: str) -> None:
        called.append(name)
        now[0] += next(lasts[name]) / 1e3

    monkeypatch.setattr(turns, "perf_counter", lambda: now[0])
    monkeypatch.setattr(turns, "process_time", lambda: 2 * now[0])
    found = turns.interleave({"a": lambda: step("a"), "b": lambda: step("b")}, runs=3)
    assert called == ["a", "b"] * 5
    wanted = {"first": 90, "min": 1, "median": 3, "max": 8, "cores": 2, "runs": 3}
    assert found["a"] == pytest.approx(wanted)


def test_the_engine_is_off_inside_and_as_before_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for before in (None, "1"):
        monkeypatch.delenv(SWITCH, raising=False) if before is None else monkeypatch.setenv(SWITCH, before)
        assert engine_switch.without(lambda: os.environ[SWITCH])() == "0"
        assert os.environ.get(SWITCH) == before
        with pytest.raises(KeyError):
            engine_switch.without(lambda: os.environ["NO SUCH NAME"])()
        assert os.environ.get(SWITCH) == before


def test_an_engine_that_is_here_can_be_left_out() -> None:
    if not engine_switch.engine_is_here():
        pytest.skip("there is no training engine here: make native")
    with engine_switch.switched_off():
        assert not engine_switch.engine_is_here()


@pytest.mark.parametrize("every_step", [False, True])
def test_an_epoch_trains_everybody(every_step: bool) -> None:
    steps = fitting.epochs(4, 6, 3, 5, every_step)
    losses = {name: call() for name, call in steps.items()}
    assert {"torch", "Keras", "Keras, XLA", "LSTMPlus", "LSTMPlus peephole"} <= set(losses)
    del losses["torch"]
    shown = {name: history.model.output_shape for name, history in losses.items()}
    assert set(shown.values()) == {(None, 6, 1) if every_step else (None, 1)}
    for history in losses.values():
        assert history.params["steps"] == fitting.BATCHES
        assert 0.3 < history.history["loss"][0] < 5


def test_a_stream_has_a_length_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "LENGTHS", (4, 7, 5))
    seen: dict[str, set[int]] = {}
    fit = keras.Model.fit

    def noted(model: keras.Model, data: Any, **more: Any) -> Any:
        for x, _ in data:
            seen.setdefault(model.layers[0].name, set()).add(x.shape[1])
        return fit(model, data, **more)

    monkeypatch.setattr(keras.Sequential, "fit", noted)
    found = fitting.streams(4, 3, 5)
    assert {"torch", "Keras", "LSTMPlus", "LSTMPlus peephole", fitting.BARE} <= set(found)
    assert len(seen) >= 3 * fitting.FRESH
    assert all(lengths == {4, 5, 7} for lengths in seen.values())
    for figures in found.values():
        assert 0 < figures["first_step"] <= figures["first"]
        assert figures["later"] > 0


def test_three_ways_of_feeding() -> None:
    found = {name: step() for name, step in feeding.ways(4, 6, 3, 5).items()}
    assert len(found) == 6
    for history in found.values():
        assert history.params["steps"] == fitting.BATCHES


def row(**times: float) -> dict[str, dict[str, float]]:
    more = {"cores": 1.5, "runs": 9, "max": 99.0, "first": 1000.0}
    return {name.replace("_", " "): {"min": time, "median": 2 * time, **more} for name, time in times.items()}


def figures() -> dict[str, Any]:
    """Of three sizes, made up."""
    steps = {
        "1 x 2 x 3 x 4": {**row(Keras=8, torch=3, LSTMPlus=2, LSTMPlus_peephole=4)},
        "2 x 2 x 3 x 4": {**row(Keras=9, torch=3, LSTMPlus=1, LSTMPlus_peephole=2)},
        "3 x 2 x 3 x 4": {**row(Keras=16, torch=4, LSTMPlus=1, LSTMPlus_peephole=1)},
    }
    steps["2 x 2 x 3 x 4"]["Keras, XLA"] = {**steps["2 x 2 x 3 x 4"]["Keras"], "min": 8.0}
    for each in ("1 x 2 x 3 x 4", "3 x 2 x 3 x 4"):
        steps[each]["Keras, XLA"] = {**steps[each]["Keras"], "min": 99.0}
    stream = {"first_step": 20.0, "first": 90.0, "later": 30.0}
    return {
        "machine": {"cpu": "A", "cores": 2, "os": "B", "load": 0.25},
        "versions": {"keras": "3"},
        "warnings": ["It was busy."],
        "marked": ["1 x 2 x 3 x 4", "3 x 2 x 3 x 4"],
        "steps": steps,
        "fit": {"the last step": steps},
        "streams": {"4 x 5 x 6": {"Keras": stream, "LSTMPlus": {**stream, "first": 45.0, "later": 10.0}}},
        "feeding": {"size": "1 x 2 x 3 x 4", "ways": row(Keras=8)},
        "growth": {"time": {"100": row(LSTMPlus=16)}, "batch": {"16": row(LSTMPlus=3.2)}},
        "memory": {"10000": {"Keras": 298.4, "LSTMPlus": 100.0}},
    }


def test_the_ratios_by_hand() -> None:
    found = figures()
    steps = found["steps"]
    assert best_of_keras(steps["2 x 2 x 3 x 4"], "min") == 8
    assert speeds(steps, "LSTMPlus", "min", list(steps)) == [4, 8, 16]
    first = sheets(found)[0]
    assert first.columns[1:] == ["Keras", "torch", "LSTMPlus", "LSTMPlus peephole"]
    assert first.rows[0][0] == "1 x 2 x 3 x 4 *"
    assert first.rows[1][0] == "2 x 2 x 3 x 4"
    assert first.rows[1][1:4] == ["8 (18)", "3 (6) 2.67x", "1 (2) 8.00x"]
    means = {mean[0]: mean[3] for mean in first.means}
    assert means["mean of the five marked *, fastest"] == f"{geometric_mean([4, 16]):.2f}x" == "8.00x"
    assert means["mean of all 3, fastest"] == "8.00x"
    assert means["mean of all 3, median"] == f"{geometric_mean([4, 9, 16]):.2f}x"
    torch, peephole = geometric_mean([1.5, 3, 4]), geometric_mean([0.5, 0.5, 1])
    for sentence in (
        "LSTMPlus against Keras: 8.00x, at its worst 4.00x (1 x 2 x 3 x 4).",
        f"LSTMPlus against torch: {torch:.2f}x, at its worst 1.50x (1 x 2 x 3 x 4).",
        f"LSTMPlus peephole against LSTMPlus: {peephole:.2f}x, at its worst 0.50x (1 x 2 x 3 x 4).",
    ):
        assert sentence in first.below
    assert WITHOUT not in first.below


def test_every_table_is_there_in_markdown() -> None:
    text = markdown(figures())
    for line in (
        "| 4 x 5 x 6 | Keras | 20 | 90 | 30 |",
        "| 4 x 5 x 6 | LSTMPlus | 20 | 45 2.00x | 10 3.00x |",
        "| Keras | 8 | 16 | 99 |",
        "| 100 | 16.0  10.00 |",
        "| 16 | 3.2  2.00 |",
        "| 10,000 | 298 | 100 |",
        "A, 2 cores, B, load 0.2 before; keras 3.",
        "Warning: It was busy.",
    ):
        assert line in text.splitlines(), line
    assert "1.50 | 1.50" in text


def test_the_page_shows_what_was_kept() -> None:
    page = (ROOT / "docs" / "speed.md").read_text(encoding="utf-8")
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    again = f"python -m benchmarks.training --kept {KEPT.relative_to(ROOT)} --markdown docs/speed.md"
    assert training.into(page, markdown(kept)) == page, f"stale: {again}"
    assert machine_lines(kept)[0] in page


def test_tables_of_kept_figures_go_into_a_page(tmp_path: Path) -> None:
    kept, page = tmp_path / "kept.json", tmp_path / "page.md"
    kept.write_text(json.dumps(figures()))
    page.write_text("a\n<!-- training -->\nold\n<!-- /training -->\nb\n")
    app = training.typer.Typer()
    app.command()(training.main)
    run = CliRunner().invoke(app, ["--kept", str(kept), "--markdown", str(page)])
    assert run.exit_code == 0, run.output
    assert page.read_text() == f"a\n<!-- training -->\n{markdown(figures())}\n<!-- /training -->\nb\n"
    page.write_text("a\n")
    run = CliRunner().invoke(app, ["--kept", str(kept), "--markdown", str(page)])
    assert run.exit_code == 1
    assert "put a line <!-- training --> and below it a line <!-- /training -->" in " ".join(
        run.output.split()
    )
    assert page.read_text() == "a\n"


def test_measuring_in_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "FIVE", [SIZE])
    monkeypatch.setattr(training, "SEVEN", [SIZE, (2, 5, 4, 6)])
    said: list[tuple[int, int]] = []
    results = training.measure(1, True, lambda done, total, what: said.append((done, total)))
    results = json.loads(json.dumps(results, allow_nan=False))
    assert said == [(1, 3), (2, 3), (3, 3)]
    assert list(results["steps"]) == ["3 x 5 x 4 x 6", "2 x 5 x 4 x 6"]
    assert results["marked"] == ["3 x 5 x 4 x 6"]
    assert "| 3 x 5 x 4 x 6 * |" in markdown(results)
