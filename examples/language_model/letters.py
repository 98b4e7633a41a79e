"""The same network letter by letter: tiny_shakespeare, 1.1 MB of plays, through the official TFDS builder."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from rich.console import Console

import edge
from examples.common.data import prepared
from examples.common.files import costs, timed, write_json
from examples.common.tables import price, table
from examples.language_model.corpus import Corpus
from examples.language_model.device import stream_file
from examples.language_model.files import write
from examples.language_model.network import Size
from examples.language_model.scores import guesses, judge
from examples.language_model.store import train_or_load
from examples.language_model.train import Recipe

FILE = "input.txt"
URL = "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
RECIPE = Recipe(Size(384, 160), steps=64, sampled=0, whole=6, samples=0, dropout=0.15, rate=4e-3)
QUICK = RECIPE._replace(size=Size(64, 32), batch=16, whole=2, rate=1e-2)
QUICK_CHARACTERS, DEVICE_CHARACTERS, QUICK_DEVICE_CHARACTERS = 60_000, 20_000, 1_000
# https://github.com/karpathy/nanoGPT, README: validation loss, on the last tenth of the same text.
PUBLISHED = (("nanoGPT, 6 layers, one A100, 3 min", 1.4697), ("nanoGPT, 4 layers, one CPU, 3 min", 1.88))
SAMPLE, TEMPERATURE = 400, 0.7  # characters of its own; below 1: likely ones more often


def load(data_dir: Path | None, characters: int | None = None) -> Corpus:
    """The plays as numbers of characters: nine tenths to learn from, the last tenth to be judged on.

    Args:
        data_dir: where TFDS keeps the prepared set; None: its own choice.
        characters: use only so many of each part.

    Raises:
        FileNotFoundError: there is no copy on this machine, and no network.
    """
    builder = prepared("tiny_shakespeare", data_dir, URL, FILE)
    parts = {
        split: next(iter(tfds.as_numpy(builder.as_dataset(split=split))))["text"].decode()
        for split in ("train", "validation", "test")
    }
    train, rest = parts["train"][:characters], (parts["validation"] + parts["test"])[:characters]
    vocabulary = tuple(character for character, _ in Counter(parts["train"] + rest).most_common())
    place = {character: number for number, character in enumerate(vocabulary)}
    learned, judged = (np.array([place[character] for character in text], np.int32) for text in (train, rest))
    counts = np.bincount(learned, minlength=len(vocabulary))
    return Corpus("tiny_shakespeare", vocabulary, counts, learned, judged, judged)


def run(quick: bool, out: Path, seed: int, data_dir: Path | None, console: Console) -> None:
    """Train, judge in nats a character, write and judge the files, and let the 8-bit one write a little."""
    text = load(data_dir, QUICK_CHARACTERS if quick else None)
    console.print(
        f"{text.name}: {len(text.train):,} characters to learn from, {len(text.test):,} for the test"
    )
    trained = train_or_load("cifg", text, QUICK if quick else RECIPE, seed, out / "files", console)
    whole = judge(trained.model, text.test, text.vocabulary)
    paths = write(trained.model, "cifg", text, seed, out / "files")
    asked = text.test[: 1 + (QUICK_DEVICE_CHARACTERS if quick else DEVICE_CHARACTERS)]
    device: dict[str, float] = {}
    with console.status("the files, character by character"):
        here = guesses(trained.model, asked, text.vocabulary, streams=1)
        device["Keras"] = float(here.losses.mean())
        for form, path in paths.items():
            device[form] = float(stream_file(path, asked).guesses.losses.mean())
    timing = timed(list(paths.values()), console, length=1)
    cost = costs(timing)

    parameters = trained.model.count_params()
    rows = [[name, f"{loss:.4g}"] for name, loss in PUBLISHED]
    rows += [[], [f"CIFG, projected, {parameters:,} parameters", f"{math.log(whole.perplexity):.3f}"]]
    console.print()
    console.print(table("Nats a character, on the last tenth", ["", "nats"], rows))
    files = [
        [form, f"{loss:.3f}", *price(cost[str(paths[form])] if form in paths else None)]
        for form, loss in device.items()
    ]
    columns = ["runs as", "nats", "size\nKiB", "ms for a\ncharacter", "speed"]
    console.print(table(f"The files, on the first {len(asked) - 1:,} characters of it", columns, files))
    written = write_on(paths["int8"], "\n", SAMPLE, seed)
    console.print("The 8-bit file goes on by itself:\n", style="bold")
    console.print(written.strip(), highlight=False, markup=False)
    found: dict[str, Any] = {
        "settings": {"quick": quick, "seed": seed, "recipe": (QUICK if quick else RECIPE)._asdict()},
        "published": dict(PUBLISHED),
        "parameters": parameters,
        "training_seconds": trained.seconds,
        "training": trained.history,
        "nats": math.log(whole.perplexity),
        "next_character_right": whole.first,
        "device": device,
        "written": written,
        "benchmark": timing,
    }
    write_json(out / "results.json", found)


def write_on(path: Path, text: str, count: int, seed: int) -> str:
    """What a file writes after `text`, drawn character by character."""
    model = edge.load(path, num_threads=1)
    characters = list(model.labels or ())
    stream = model.stream()
    scores = [stream.step(characters.index(character)) for character in text][-1]
    rng = np.random.default_rng(seed)
    written = text
    for _ in range(count):
        # The largest of the scores plus Gumbel noise is a draw from their softmax.
        chosen = int((scores / TEMPERATURE + rng.gumbel(size=len(scores))).argmax())
        written += characters[chosen]
        scores = stream.step(chosen)
    return written
