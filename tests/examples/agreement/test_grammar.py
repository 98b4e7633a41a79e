"""The bus and the buses: sentences are what the grammar says, and what is found in a network is there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from examples.agreement import data, grammar, inside, judge, network
from examples.agreement.grammar import gender_sentence, number_sentence
from tests.helpers.example_runs import has_pictures, quick_run

SINGULAR = {"bus", "car", "train", "boat", "key", "cabinet", "letter", "house", "ticket", "box"} | {
    *("driver", "teacher", "child", "woman"),
}
PLURAL = {"buses", "cars", "trains", "boats", "keys", "cabinets", "letters", "houses", "tickets", "boxes"} | {
    *("drivers", "teachers", "children", "women"),
}
WOMEN, MEN = {"Carla", "Ann", "Eve", "Mary", "Ruth"}, {"Bob", "Dan", "Tom", "Adam", "Paul"}
ADJECTIVE, PLACE = "(?:old|big|red|new|small)", "(?:Paris|London|Rome|Berlin)"
PIECE = (
    rf"(?:(?:with|near|behind|after) the (?:{ADJECTIVE} )?(?:{'|'.join(SINGULAR | PLURAL)})"
    rf"|in {PLACE}|yesterday|slowly|again|twice|often)"
)
GAP = rf"(?:(?: {PIECE})*|, (?:which|who) went to {PLACE}(?: {PIECE})* ,)"
NAME = f"(?:{'|'.join(MEN | WOMEN)})"


def test_a_verb_agrees_with_the_first_noun_and_the_gap_is_as_long_as_asked() -> None:
    rng = np.random.default_rng(0)
    for gap in list(range(31)) * 8:
        made = number_sentence(rng, gap)
        subject = next(word for word in made.prefix if word in SINGULAR | PLURAL)
        is_plural = subject in PLURAL
        assert made.prefix[made.cue] == subject
        assert made.right in (("were", "are", "have") if is_plural else ("was", "is", "has"))
        assert {made.right, made.wrong} in ({"was", "were"}, {"is", "are"}, {"has", "have"})
        between = made.prefix[made.cue + 1 :]
        assert len(between) == made.gap == gap
        assert made.attractors == sum(word in (SINGULAR if is_plural else PLURAL) for word in between)
        assert re.fullmatch(GAP, ("" if between[:1] in ((), (",",)) else " ") + " ".join(between))
        assert made.value == is_plural


def test_a_pronoun_goes_by_the_last_person() -> None:
    rng = np.random.default_rng(1)
    for gap in list(range(31)) * 8:
        made = gender_sentence(rng, gap)
        persons = [word for word in made.prefix if word in MEN | WOMEN]
        is_woman = persons[-1] in WOMEN
        assert made.right == ("her" if is_woman else "him")
        assert made.wrong == ("him" if is_woman else "her")
        assert made.attractors == sum((person in WOMEN) != is_woman for person in persons)
        assert made.prefix[made.cue] == persons[-1]
        assert made.prefix[-2:] == ("to", "ask")
        assert len(made.prefix[made.cue + 1 : -2]) == gap
        start = " ".join(made.prefix[: made.cue + 1])
        assert re.fullmatch(rf"(?:{NAME} met {NAME} \. )?{NAME} (?:called|met|saw|helped) {NAME}", start)
        assert len(persons) in (2, 4)


def test_nothing_but_the_subject_tells_the_verb() -> None:
    rng = np.random.default_rng(2)
    sentences = [number_sentence(rng, 20) for _ in range(1500)]
    assert np.mean([s.value for s in sentences]) == pytest.approx(0.5, abs=0.05)
    last = [
        ([word for word in s.prefix[s.cue + 1 :] if word in SINGULAR | PLURAL], s.value) for s in sentences
    ]
    agree = [(nouns[-1] in PLURAL) == value for nouns, value in last if nouns]
    assert np.mean(agree) == pytest.approx(0.5, abs=0.05)


def test_distracting_nouns_are_so_many_and_all_of_the_other_number() -> None:
    rng = np.random.default_rng(3)
    for nouns in judge.NOUNS:
        made = number_sentence(rng, 24, nouns, distracting=True)
        assert made.attractors == nouns
        assert sum(word in SINGULAR | PLURAL for word in made.prefix[made.cue + 1 :]) == nouns
    with pytest.raises(ValueError, match="no room for 7 nouns, 6 at most"):
        number_sentence(rng, 24, 7)


def test_sentences_repeat_with_the_seed_fit_and_are_not_those_of_the_exam() -> None:
    first, again, other = (data.draw(seed, 400, (6, 30)) for seed in (5, 5, 6))
    assert first == again
    assert first != other
    assert {sentence.kind for sentence in first} == {"number", "gender"}
    assert max(len(sentence.prefix) for sentence in first) <= grammar.LENGTH
    asked = {sentence.prefix for sentence in judge.exam(20).number if sentence.gap >= 6}
    assert not asked & {sentence.prefix for sentence in first}


def test_words_are_numbered_from_behind_the_padding() -> None:
    words, targets = data.encode([inside.BUSES, inside.CARLA])
    assert words.shape == (2, grammar.LENGTH)
    for row, target, sentence in zip(words, targets, (inside.BUSES, inside.CARLA), strict=True):
        assert [grammar.VOCABULARY[number] for number in row if number] == list(sentence.prefix)
        assert row[-1] != 0
        assert grammar.VOCABULARY[target] == sentence.right
    assert grammar.VOCABULARY[0] == ""
    assert len(set(grammar.VOCABULARY)) == len(grammar.VOCABULARY)


@pytest.mark.parametrize("name", network.MAKERS)
def test_networks_are_of_equal_size(name: str) -> None:
    units = network.units_for(name)
    assert network.build(name, units).count_params() == network.weights(name, units)
    assert network.weights(name, units) == pytest.approx(network.SIZE, rel=0.03)


def test_marks_are_shares_of_each_gap() -> None:
    def short_ones_alone(words: np.ndarray) -> np.ndarray:
        """Right where the prefix is short, wrong where it is long; it knows the first noun and name."""
        answer = np.full((len(words), len(grammar.VOCABULARY)), 0.1)
        for row, numbers in enumerate(words):
            text = [grammar.VOCABULARY[number] for number in numbers if number]
            nouns = [word for word in text if word in SINGULAR | PLURAL]
            is_gender = text[-1] == "ask"
            persons = [word for word in text if word in MEN | WOMEN]
            value = persons[-1] in WOMEN if is_gender else nouns[0] in PLURAL
            value = value if len(text) < 20 else not value
            verbs = ("were", "are", "have") if value else ("was", "is", "has")
            forms = ("her" if value else "him",) if is_gender else verbs
            answer[row, [grammar.WORD_ID[form] for form in forms]] = 0.9
        return answer

    marks = judge.mark(short_ones_alone, judge.exam(4))
    expected = [float(gap + 3 < 20) for gap in judge.GAPS]
    np.testing.assert_array_equal(marks.gaps[[0, 5, 10, 15]], np.array(expected)[[0, 5, 10, 15]])
    assert marks.nouns.tolist() == [0.0] * 7
    assert marks.gender_gaps[0] == 1.0
    assert marks.gender_gaps[-1] == 0.0


# -- the command -------------------------------------------------------------------------------------------


@pytest.mark.example
def test_a_quick_run_does_all_of_it(tmp_path: Path) -> None:
    printed, out = quick_run("agreement", tmp_path / "out")
    assert "Learned from gaps of 0 to 30 words" in printed
    assert "Agreement in the Brown corpus is left out" in printed
    found = json.loads((out / "results.json").read_text())
    trials = {trial["network"]: trial for trial in found["trials"]}
    assert set(trials) == {"SimpleRNN", "standard"}
    assert np.mean(trials["SimpleRNN"]["verbs_by_gap"]) > 0.9  # guessing gives 0.5
    after = {name: np.array(trial["gradient_after"]) for name, trial in trials.items()}
    assert after["SimpleRNN"][-1] < 1e-3 * after["SimpleRNN"][0]
    files = {row["as"]: row for row in found["files"]}
    assert set(files) == {"Keras", "dynamic", "int8"}
    for form in ("dynamic", "int8"):
        assert np.mean(files[form]["verbs_by_gap"]) == pytest.approx(
            np.mean(files["Keras"]["verbs_by_gap"]), abs=0.05
        )
    (unit,) = found["units"]
    assert len(unit["number"]["order"]) == len(unit["number"]["left"]) > 0
    assert has_pictures(out, "agreement", "units", "gates_bus", "gates_buses", "gates_carla", "gates_dan")
