"""The search space: parts share nothing, a run goes on where it stopped, a training is its seed's."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from rich.console import Console

from examples.common.data import local_copy
from examples.search_space import data, experiment
from examples.search_space.data import Part, Task
from examples.search_space.experiment import VARIANTS, Plan, Store
from keras_lstm_plus.variants import get_spec
from tests.helpers.example_runs import has_pictures, quick_run

# -- the sets ----------------------------------------------------------------------------------------------


def test_every_person_and_every_recording_is_in_one_part() -> None:
    assert sorted(person for people in data.PEOPLE.values() for person in people) == list(range(1, 11))
    assert sorted(number for numbers in data.RECORDINGS.values() for number in numbers) == list(range(50))
    assert list(data.RECORDINGS["test"]) == [0, 1, 2, 3, 4]  # the official test part


def test_the_exercises_are_of_the_people_of_their_part(tmp_path: Path) -> None:
    from examples.exercise_recognition.data import cut_windows, load_recordings

    task = data.exercises(tmp_path)
    assert (task.name, task.classes) == ("exercises", 7)
    for part in ("train", "validation", "test"):
        windows = cut_windows(load_recordings(data.PEOPLE[part], tmp_path), data.WINDOW, data.HOP)
        found: Part = getattr(task, part)
        assert found.x.shape == (len(windows.x), data.WINDOW // data.MEAN_OF, 6)
        np.testing.assert_array_equal(found.label, windows.label)
        expected = windows.x[7, 3 * data.MEAN_OF : 4 * data.MEAN_OF].mean(axis=0)
        np.testing.assert_allclose(found.x[7, 3], expected, rtol=1e-5)
        assert set(found.label) == set(range(7))


def test_the_digits_end_where_they_ended_and_begin_in_silence() -> None:
    features = np.arange(10, dtype=np.float32).reshape(5, 2)
    whole = data.padded(features, 8)
    np.testing.assert_array_equal(whole[3:], features)
    np.testing.assert_allclose(whole[:3], math.log(data.FEATURES.floor))
    np.testing.assert_array_equal(data.padded(features, 3), features[2:])


def test_the_digits_are_the_official_split(tmp_path: Path) -> None:
    from examples.spoken_digits.data import ARCHIVE

    if local_copy(ARCHIVE) is None:
        pytest.skip(f"there is no copy of {ARCHIVE} on this machine")
    pytest.importorskip("pydub")
    task = data.digits()
    assert [len(part.x) for part in (task.train, task.validation, task.test)] == [2000, 250, 250]
    for part in (task.train, task.validation, task.test):
        assert part.x.shape[1:] == (data.FRAMES, 20)
        assert np.bincount(part.label).tolist() == [len(part.x) // 10] * 10
        assert np.isfinite(part.x).all()


def test_slower_is_the_mean_of_steps() -> None:
    x = np.random.default_rng(0).normal(size=(3, 11, 2)).astype(np.float32)
    found = data.slower(x, 4)
    assert found.shape == (3, 2, 2)
    np.testing.assert_allclose(found[1, 1], [x[1, 4:8, 0].mean(), x[1, 4:8, 1].mean()], rtol=1e-5)


def test_a_network_standardises_each_feature_by_what_it_learns_from() -> None:
    from examples.search_space.network import build

    rng = np.random.default_rng(0)
    learned, other = (Part(rng.normal(n, 2, size=(3, 11, 2)), np.zeros(3)) for n in (1, 5))
    layer = build(Task("", 2, learned, other, other), "standard").get_layer("standardise")
    for feature in range(2):
        values = learned.x[:, :, feature].ravel()
        assert np.asarray(layer.mean)[..., feature].item() == pytest.approx(values.mean(), rel=1e-5)
        assert np.asarray(layer.variance)[..., feature].item() == pytest.approx(values.var(), rel=1e-5)


# -- the variants ------------------------------------------------------------------------------------------


def test_the_variants_are_v_and_eight_that_differ_from_it_in_one_thing() -> None:
    assert list(VARIANTS) == ["V", "NIG", "NFG", "NOG", "NIAF", "NOAF", "CIFG", "NP", "FGR"]
    standard = get_spec(VARIANTS["V"]).to_dict()
    changed = {}
    for name, variant in VARIANTS.items():
        spec = get_spec(variant).to_dict()
        different = {key: spec[key] for key in spec if spec[key] != standard[key]}
        changed[name] = {key: value for key, value in different.items() if key not in ("name", "citation")}
    assert changed == {
        "V": {},
        "NIG": {"input_gate": "open"},
        "NFG": {"forget_gate": "open"},
        "NOG": {"output_gate": "open"},
        "NIAF": {"candidate_activation": "linear"},
        "NOAF": {"output_activation": "linear"},
        "CIFG": {"input_gate": "coupled"},
        "NP": {"peephole": False},
        "FGR": {"gate_recurrence": True},
    }


# -- the search --------------------------------------------------------------------------------------------


PLAN = Plan(("V", "NFG"), (1e-3, 1e-2), (0, 1), (2, 3, 4), 5)


class Fake:
    """In place of `Trainer`: the larger rate is the better one of NFG, the smaller of V."""

    made: ClassVar[list[str]] = []
    trained: ClassVar[list[tuple[str, float, int]]] = []

    def __init__(self, task: Task, variant: str, epochs: int) -> None:
        self.variant = variant
        Fake.made.append(variant)

    def train(self, rate: float, seed: int) -> tuple[float, float]:
        Fake.trained.append((self.variant, rate, seed))
        good = (rate > 5e-3) == (self.variant == "nfg")
        return (0.1 if good else 0.2) + 0.001 * seed, 0.3 + 0.01 * seed


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[Fake]:
    monkeypatch.setattr(experiment, "Trainer", Fake)
    Fake.made, Fake.trained = [], []
    return Fake


def task() -> Task:
    part = Part(np.zeros((4, 3, 2), np.float32), np.zeros(4, int))
    return Task("toy", 2, part, part, part)


def run(path: Path, settings: dict | None = None) -> tuple[Store, str]:
    console = Console(file=io.StringIO(), width=100)
    store = Store(path, settings or {"epochs": PLAN.epochs, "rates": PLAN.rates})
    experiment.search([task()], PLAN, store, console)
    return store, console.file.getvalue()  # type: ignore[attr-defined]


def test_the_rate_is_chosen_on_the_validation_part_and_other_seeds_judge(
    fake: type[Fake], tmp_path: Path
) -> None:
    store, printed = run(tmp_path / "results.json")
    assert len(store.done) == PLAN.trainings == 14
    judged = [(each.variant, each.rate, each.seed) for each in store.done if each.stage == "judge"]
    assert judged == [("V", 1e-3, seed) for seed in (2, 3, 4)] + [("NFG", 1e-2, seed) for seed in (2, 3, 4)]
    assert experiment.judged(store.done, "toy", "NFG") == pytest.approx([0.32, 0.33, 0.34])
    assert fake.made == ["peephole", "nfg"]
    assert "14/14 toy, NFG: median error 33.0%" in printed


def test_an_interrupted_run_goes_on_where_it_stopped(fake: type[Fake], tmp_path: Path) -> None:
    whole, _ = run(tmp_path / "whole.json")
    everything = list(fake.trained)
    path = tmp_path / "results.json"
    path.write_text((tmp_path / "whole.json").read_text())
    cut = json.loads(path.read_text())
    cut["trainings"] = cut["trainings"][:9]
    path.write_text(json.dumps(cut))
    fake.made, fake.trained = [], []
    again, _ = run(path)
    assert fake.trained == everything[9:]
    assert fake.made == ["nfg"]  # V was done: its network is not even built
    assert [each[:7] for each in again.done] == [each[:7] for each in whole.done]
    assert again.note == "9 trainings were done before."
    assert json.loads(path.read_text())["trainings"] == [each._asdict() for each in again.done]


@pytest.mark.parametrize("content", ['{"settings": {"epochs": 7}, "trainings": []}', '{"settings"', "[]"])
def test_results_of_other_settings_are_kept_and_not_gone_on_with(
    fake: type[Fake], tmp_path: Path, content: str
) -> None:
    (tmp_path / "results.json").write_text(content)
    store, _ = run(tmp_path / "results.json")
    assert len(fake.trained) == 14
    assert store.note == "results.json is of other settings; it is now results_before.json."
    assert (tmp_path / "results_before.json").read_text() == content


# -- the training ------------------------------------------------------------------------------------------


def test_a_training_is_that_of_its_seed_and_rate() -> None:
    from examples.search_space.train import Trainer, schedule

    rng = np.random.default_rng(0)
    parts = []
    for size in (320, 100, 100):  # which half has the larger values: an LSTM must compare
        x = rng.normal(size=(size, 8, 2)).astype(np.float32)
        parts.append(Part(x, (x[:, :4, 0].mean(axis=1) > x[:, 4:, 0].mean(axis=1)).astype(int)))
    trainer = Trainer(Task("halves", 2, *parts), "nfg", epochs=12)
    first = trainer.train(1e-2, 0)
    weights = [np.array(weight) for weight in trainer.model.get_weights()]
    other = [np.array(weight) for weight in (trainer.train(1e-2, 1), trainer.model.get_weights())[1]]
    assert any(np.abs(a - b).max() > 0.05 for a, b in zip(weights, other, strict=True))
    again = trainer.train(1e-2, 0)  # as if nothing had been trained in between
    assert again == first
    for a, b in zip(weights, trainer.model.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    assert first.test < 0.25  # chance is 0.5
    assert trainer.error(trainer.task.test) == first.test
    rates = [schedule(step, 100) for step in range(100)]
    assert (max(rates), rates.index(1.0)) == (1.0, 9)
    assert rates[0] == pytest.approx(0.1)
    assert rates[-1] < 0.001


def test_the_variant_without_a_fast_path_trains_too() -> None:
    from examples.search_space.train import Trainer

    x = np.random.default_rng(0).normal(size=(64, 2, 2)).astype(np.float32)
    part = Part(x, (x[:, 0, 0] > 0).astype(int))
    trainer = Trainer(Task("first", 2, part, part, part), VARIANTS["FGR"], epochs=60)
    assert trainer.train(3e-2, 0).test < 0.1  # chance is 0.5


# -- the command -------------------------------------------------------------------------------------------


@pytest.mark.example
def test_a_quick_run_does_all_of_it(tmp_path: Path) -> None:
    printed, out = quick_run("search_space", tmp_path / "out")
    assert "exercises: wrong answers on the test part, 2 seeds" in " ".join(printed.split())
    assert "Too little was trained" in printed
    found = json.loads((out / "results.json").read_text())
    assert len(found["trainings"]) == 12
    assert {each["variant"] for each in found["findings"]} == {"V", "NFG", "CIFG"}
    assert all(0 < each["test"] < 0.6 for each in found["trainings"])  # chance is 0.86
    judged = [each for each in found["trainings"] if (each["variant"], each["stage"]) == ("CIFG", "judge")]
    files = found["files"]
    assert files["Keras"] == pytest.approx(judged[0]["test"], abs=0.005)
    assert files["float"] == pytest.approx(files["Keras"], abs=0.002)
    assert files["int8"] == pytest.approx(files["Keras"], abs=0.05)
    assert {path.name for path in (out / "files").glob("*.tflite")} == {
        f"cifg_{kind}.tflite" for kind in ("float", "dynamic", "int8")
    }
    assert has_pictures(out, "variants")
