"""Where the lessons come from: Brown's own tags, and the presidents' addresses, which a tagger tagged.

The validation and the test part of Brown, and every tenth address, are in none of them.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from edge.files import write_whole
from examples.language_model.corpus import Corpus
from examples.language_model.data import load_sentences
from examples.language_model.speeches import load_addresses, sentences_of, split
from examples.language_model.verbs.finder import Found, clauses
from examples.language_model.verbs.forms import Forms, Tagged, forms_of
from examples.language_model.verbs.lessons import Lessons, found_in, make
from examples.tagger.network import Tagger, train

EPOCHS, QUICK_EPOCHS = 2, 6  # of the tagger
QUICK_SENTENCES = 1_500  # of Brown, in a quick run, and as many of the addresses
TAGGED = "addresses_tagged.json.gz"


class Sources(NamedTuple):
    """What the lessons of a run are drawn from.

    Attributes:
        sentences: of Brown, the training part.
        addresses: sentences tagged by the tagger.
        held_out: of the addresses that are kept for judging, tagged too.
    """

    sentences: list[Tagged]
    addresses: list[Tagged]
    held_out: list[Tagged]

    def forms(self) -> Forms:
        """Which words are forms of one, by Brown's own tags."""
        return forms_of(self.sentences)

    def found(self) -> list[Found]:
        """Subjects and verbs that may be learned from."""
        return found_in([*self.sentences, *self.addresses], self.forms())

    def lessons(self, corpus: Corpus) -> Lessons:
        """Everything as numbers of the corpus's words."""
        moved = clauses([*self.sentences, *self.addresses])
        return make(self.found(), moved, self.forms(), corpus.vocabulary, corpus.counts)


def sources(
    corpus: Corpus, quick: bool, folder: Path, data_dir: Path | None, seed: int, console: Console
) -> Sources:
    """Tag the addresses, or read those that were tagged before; without them Brown alone, with a word.

    Args:
        corpus: whose words keep their full stops.
        quick: a part of either text.
        folder: where what was tagged is kept.
        data_dir: of TFDS.
        seed: of the tagger.
        console: where it is said what happens.
    """
    sentences: list[Tagged] = list(load_sentences("train", data_dir))
    sentences = sentences[:QUICK_SENTENCES] if quick else sentences
    try:
        addresses = load_addresses(data_dir)
    except FileNotFoundError as missing:
        console.print(f"Verbs are learned from Brown alone: {missing}", soft_wrap=True)
        return Sources(sentences, [], [])
    kept = folder / TAGGED
    settings = [seed, EPOCHS, quick, len(addresses), len(sentences), len(corpus.vocabulary)]
    if kept.is_file():
        before = json.loads(gzip.decompress(kept.read_bytes()))
        if before["settings"] == settings:
            return Sources(sentences, *([_read(each) for each in part] for part in before["parts"]))
    with console.status("the tagger learns from Brown"):
        tagger = train(sentences, QUICK_EPOCHS if quick else EPOCHS, seed)
    known = frozenset(corpus.vocabulary)
    with console.status("tagging the presidents' addresses"):
        learned, held_out = (
            _tagged(tagger, [s for text in texts for s in sentences_of(text, known)], quick)
            for texts in split(addresses[: 20 if quick else None])
        )
    parts = [[[" ".join(words), " ".join(tags)] for words, tags in part] for part in (learned, held_out)]
    content = json.dumps({"settings": settings, "parts": parts}, ensure_ascii=False).encode()
    write_whole(kept, gzip.compress(content, 5, mtime=0))
    return Sources(sentences, learned, held_out)


def _tagged(tagger: Tagger, sentences: list[tuple[str, ...]], quick: bool) -> list[Tagged]:
    chosen = sentences[:QUICK_SENTENCES] if quick else sentences
    return list(zip(chosen, tagger.tag(chosen), strict=True))


def _read(pair: list[str]) -> Tagged:
    return tuple(pair[0].split(" ")), tuple(pair[1].split(" "))
