"""`predict`: what the keyboard would offer, for a text word by word or live, letter by letter."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from edge.quiet import quiet
from examples.language_model.corpus import joined, shown, tokenise
from examples.language_model.device import Guess, Keyboard, split_typed

FILE = Path(__file__).with_name("buses.tflite")  # trained and written by a full run, see buses.json
VERBS = (("was", "were"), ("is", "are"), ("has", "have"))
ENTER, TAB, BACKSPACE, STOP = ("\r", "\n"), "\t", ("\x7f", "\b"), ("\x03", "\x04", "\x1b", "")


def file_of(out: Path) -> Path:
    """The 8-bit file in the folder of a run, of the CIFG network if it was trained there.

    Raises:
        FileNotFoundError: nothing has been trained there.
    """
    for kind in ("cifg", "standard"):
        path = out / "files" / f"{kind}_int8.tflite"
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"There is no 8-bit file in {out / 'files'}: python -m examples.language_model --out {out} trains "
        "and writes it; --file names another file, and without both the file is asked that comes with the "
        "example."
    )


def verb_lines(keyboard: Keyboard, words: list[str]) -> list[str]:
    """Which form of a verb is likelier behind the words, for each pair that the file knows both of."""
    lines = []
    for one, many in VERBS:
        if {one, many} <= keyboard.place.keys():
            found = {form: keyboard.probability(words, form) for form in (one, many)}
            better, other = sorted(found, key=lambda form: -found[form])
            times = found[better] / max(found[other], 1e-12)
            lines.append(f"{better} rather than {other}: {times:,.3g} times as likely")
    return lines


def word_by_word(keyboard: Keyboard, text: str) -> Table:
    """A line for each word of the text: three guesses before it was typed, and its probability."""
    words = tokenise(text, known=keyboard.place)
    table = Table(title="Offered before each word", title_justify="left")
    for heading, justify in (("after", "right"), ("offered", "left"), ("typed", "left")):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    table.add_column("P(typed)", justify="right")
    for number in range(len(words) + 1):
        guesses = keyboard.guess(words[:number])
        last = number == len(words)
        typed = "" if last else words[number]
        unknown = bool(typed) and typed not in keyboard.place
        likely = "" if last or unknown else f"{100 * keyboard.probability(words[:number], typed):.2f}%"
        before = joined(words[max(0, number - 4) : number])
        right = any(guess.word == typed for guess in guesses)
        typed_text = Text(
            shown(typed) + (" (unknown)" if unknown else ""), style="bold green" if right else ""
        )
        table.add_row(before, offered(guesses), typed_text, likely)
    return table


def offered(guesses: list[Guess]) -> Text:
    """The guesses on one line, with their probabilities."""
    line = Text()
    for guess in guesses:
        line.append(f"{shown(guess.word)} ", style="bold")
        line.append(f"{100 * guess.probability:.0f}%   ", style="dim")
    return line


def type_live(keyboard: Keyboard, console: Console, read: Callable[[], str]) -> str:
    """Let somebody type: the line grows, three guesses stand below it; Tab takes the first.

    Args:
        read: gives the next key; an empty string, Escape or Control-C ends it, as Enter does.

    Returns:
        What was typed.
    """
    text = ""
    with Live(_screen(keyboard, text), console=console, auto_refresh=False) as live:
        while True:
            key = read()
            if key in ENTER or key in STOP:
                return text
            text = after_key(keyboard, text, key)
            live.update(_screen(keyboard, text), refresh=True)


def after_key(keyboard: Keyboard, text: str, key: str) -> str:
    """The text after one more key: a character, Tab (the first guess, whole) or Backspace."""
    if key in BACKSPACE:
        return text[:-1]
    if key != TAB:
        return text + key if key.isprintable() else text
    guesses = keyboard.type(text, count=1)
    if not guesses:
        return text
    _, prefix = split_typed(text, keyboard.place)
    kept = text.removesuffix(prefix)
    word = shown(guesses[0].word)
    if joined(["a", guesses[0].word]) == f"a{word}":  # a comma stands at the word before it
        kept = kept.rstrip()
    elif kept and not kept[-1].isspace():
        kept += " "
    return f"{kept}{word} "


def _screen(keyboard: Keyboard, text: str) -> Text:
    screen = Text(f"> {text}", style="bold")
    screen.append("_\n", style="blink")
    return screen.append_text(Text("  ")).append_text(offered(keyboard.type(text)))


@contextmanager
def keys() -> Iterator[Callable[[], str]]:
    """Single keys from the terminal, as they are pressed."""
    import termios  # not on Windows, where the caller reads whole lines
    import tty

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        yield lambda: sys.stdin.read(1)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def predict(out: Path | None, file: Path | None, text: str | None, console: Console) -> None:
    """The command: a table for a text, else a live line in a terminal, else a line for each line read."""
    with quiet(BaseException):  # the runtime announces itself
        keyboard = Keyboard(file or (file_of(out) if out else FILE))
    if text is not None:
        console.print(word_by_word(keyboard, text))
        words = tokenise(text, known=keyboard.place)
        if not words:
            console.print("The text is empty: this is how texts begin.")
        elif not keyboard.place.keys() & set(words):
            console.print("The model knows none of these words: it guesses from their number alone.")
        else:
            console.print("A verb here:", *verb_lines(keyboard, words), sep="\n  ")
        return
    if sys.stdin.isatty() and console.is_terminal:
        try:
            with keys() as read:
                console.print("Type; Tab takes the first guess, Enter ends.", style="dim")
                type_live(keyboard, console, read)
                return
        except ImportError:
            pass
    for line in sys.stdin:
        console.print(offered(keyboard.type(line.rstrip("\n"))))
