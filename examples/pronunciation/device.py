"""What a device does: letters into the encoder, a beam search over the decoder. No TensorFlow here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

import edge
from edge.quiet import quiet
from edge.search import Hypothesis, beam_search
from examples.pronunciation.alphabet import END, START, SYMBOLS, letter_numbers, most_phonemes

TRAINED = Path(__file__).parent / "trained"  # the files that come along
KIND = "dynamic"
PARTS = ("encoder", "decoder")


def paths_of(folder: Path, kind: str) -> tuple[Path, Path]:
    """The encoder's file and the decoder's, of a kind, in a folder."""
    encoder, decoder = (folder / f"{part}_{kind}.tflite" for part in PARTS)
    return encoder, decoder


class Pronouncer:
    """Says words, from an encoder's file and a decoder's.

    Args:
        encoder, decoder: the files, as `files.write` writes them.

    Raises:
        FileNotFoundError: one of them is not there.
        ValueError: one is damaged.

    Example:
        >>> say = Pronouncer(*paths_of(TRAINED, KIND))
        >>> say("bus")
        ('B', 'AH', 'S')
    """

    def __init__(self, encoder: Path, decoder: Path) -> None:
        missing = [path for path in (encoder, decoder) if not path.is_file()]
        if missing:
            raise FileNotFoundError(
                f"There is no {missing[0]}: python -m examples.pronunciation --out OUT trains a network and "
                "writes its files to OUT/files; --files names that folder."
            )
        self.encoder, self.decoder = (edge.load(path, num_threads=1) for path in (encoder, decoder))
        self.names = [output.name for output in self.encoder.outputs]

    def __call__(self, word: str, beam: int = 4) -> tuple[str, ...]:
        """The phonemes of a word.

        Raises:
            ValueError: see `letter_numbers`.
        """
        return phonemes_of(self.search(word, beam)[0])

    def search(self, word: str, beam: int) -> list[Hypothesis]:
        """The best ways to say a word, the best first."""
        letters = letter_numbers(word)
        read = dict(zip(self.names, self.encoder.predict(letters[None]), strict=True))
        most = most_phonemes(len(letters))
        return beam_search(self.decoder, read, start=START, end=END, max_length=most, beam_width=beam)


def phonemes_of(found: Hypothesis) -> tuple[str, ...]:
    """What was said, without the marks."""
    return tuple(SYMBOLS[token] for token in found.tokens if token not in (START, END))


def say(words: Sequence[str], folder: Path | None, beam: int, console: Console) -> None:
    """The command: a line for each word."""
    for word in words:
        letter_numbers(word)  # so that a mistake is said before anything is loaded
    with quiet(BaseException):  # the runtime announces itself
        pronouncer = Pronouncer(*paths_of(folder or TRAINED, KIND))
    table = Table(box=None, show_header=False)
    for word in words:
        table.add_row(word, " ".join(pronouncer(word, beam)))
    console.print(table)
