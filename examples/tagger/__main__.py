"""`python -m examples.tagger`: parts of speech, learned from the Brown corpus and judged on its rest."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from examples.common.command import DataDir, Out, Quick, Seed, begin, waking, without_data

EPOCHS, QUICK_EPOCHS, QUICK_SENTENCES = 2, 6, 1_500
SENTENCE = "The buses , which went to Paris , were full ."


def main(
    quick: Quick = False,
    sentence: Annotated[str, typer.Option(help="Tagged at the end; marks stand apart.")] = SENTENCE,
    out: Out = Path("results/tagger"),
    seed: Seed = 0,
    data_dir: DataDir = None,
) -> None:
    """A part of speech for every word, by a bidirectional LSTM over words and their endings."""
    started = time.perf_counter()
    console = begin(out)
    words = sentence.split()
    if not words:
        raise SystemExit("--sentence is empty: give words with spaces between.")
    with waking(console):
        from examples.common.files import write_json
        from examples.common.tables import table
        from examples.language_model.data import load_sentences
        from examples.tagger.features import plain_tag
        from examples.tagger.network import accuracy, train
    try:
        learned, asked = load_sentences("train", data_dir), load_sentences("test", data_dir)
    except FileNotFoundError as error:
        without_data(error, quick)
    if quick:
        learned, asked = learned[:QUICK_SENTENCES], asked[:300]
    with console.status("learning"):
        tagger = train(learned, QUICK_EPOCHS if quick else EPOCHS, seed)
    known = {word.lower() for sentence_words, _ in learned for word in sentence_words}
    with console.status("tagging"):
        found = accuracy(tagger, asked, known)
    commoner: dict[str, Counter[str]] = {}
    for sentence_words, tags in learned:
        for word, tag in zip(sentence_words, tags, strict=True):
            commoner.setdefault(word.lower(), Counter())[plain_tag(tag)] += 1
    best = {word: counts.most_common(1)[0][0] for word, counts in commoner.items()}
    pairs = [(word.lower(), plain_tag(tag)) for w, t in asked for word, tag in zip(w, t, strict=True)]
    baseline = sum(best.get(word, "nn") == tag for word, tag in pairs) / len(pairs)
    rows = [
        ["commonest tag of each word", f"{baseline:.1%}", ""],
        ["bidirectional LSTM", f"{found.right:.1%}", f"{found.unseen:.1%}"],
    ]
    console.print(
        table(f"Right tags of {found.words:,} held-out words", ["", "all", f"{found.new:,} never seen"], rows)
    )
    (tagged,) = tagger.tag([words])
    console.print(" ".join(f"{word}/{tag}" for word, tag in zip(words, tagged, strict=True)), soft_wrap=True)
    tagger.model.save(out / "tagger.keras")
    seconds = time.perf_counter() - started
    results = {
        "settings": {"quick": quick, "seed": seed, "seconds": seconds},
        "training_seconds": tagger.seconds,
        "tags": len(tagger.alphabet.tags),
        "accuracy": found._asdict(),
        "baseline": baseline,
        "tagged": [words, list(tagged)],
    }
    write_json(out / "results.json", results)
    console.print(f"{seconds:.0f} s. The model and results.json: {out}", soft_wrap=True)


if __name__ == "__main__":
    typer.run(main)
