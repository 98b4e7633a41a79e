"""Draw conversions at random and look for one that is silently wrong: `make lottery N=1000`.

python -m tests.lottery 1000                      # of all kinds of numbers
python -m tests.lottery 400 --quantize int8
python -m tests.lottery --seed 17 --quantize int8 # that one again
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
from collections import Counter
from itertools import cycle, islice
from pathlib import Path

from tests.lottery.draw import QUANTIZE, Ticket
from tests.lottery.judge import Verdict, play

KINDS = ("right", "said", "refused", "wrong", "fault")
BAD = ("wrong", "fault")
# In these shares where no kind of numbers is asked for: float is what all others are judged by.
MIXED = (*[None] * 9, "float16", *["dynamic"] * 4, *["int8"] * 4, *["int16x8"] * 2)

Counts = dict[str | None, Counter[str]]


def main(arguments: list[str] | None = None) -> int:
    """1 where anything is wrong in silence or ends in a raw error, else 0."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.lottery", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("count", type=int, nargs="?", default=1, help="how many conversions; default 1")
    parser.add_argument("--seed", type=int, help="of the first; default: a new one")
    parser.add_argument("--quantize", choices=[_name(each) for each in QUANTIZE], help="default: all kinds")
    parser.add_argument("--verbose", action="store_true", help="print every ticket, not only what is wrong")
    given = parser.parse_args(arguments)
    first = secrets.randbelow(10**6) if given.seed is None else given.seed
    asked = MIXED if given.quantize is None else (None if given.quantize == "float" else given.quantize,)
    kinds = list(islice(cycle(asked), given.count))
    counts: Counts = {kind: Counter() for kind in QUANTIZE if kind in kinds}
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for turn, (seed, kind) in enumerate(
            zip(range(first, first + given.count), kinds, strict=True), start=1
        ):
            ticket, verdict = play(seed, kind, Path(folder))
            counts[kind][verdict.kind] += 1
            if verdict.kind in BAD or given.verbose or given.count == 1:
                print(described(ticket, verdict), flush=True)
            _progress(turn, given.count, sum(counts.values(), Counter()), begin)
    print(f"seeds {first} to {first + given.count - 1}\n{table(counts)}")
    return 1 if any(each[kind] for each in counts.values() for kind in BAD) else 0


def described(ticket: Ticket, verdict: Verdict) -> str:
    """What was drawn, how to draw it again, and what became of it."""
    asked = ", ".join(f"{name}={value!r}" for name, value in ticket.options.items() if value is not None)
    return (
        f"{verdict.kind.upper()} --seed {ticket.seed} --quantize {_name(ticket.options['quantize'])}\n"
        f"  {ticket.words}\n  convert({asked})\n"
        f"  {verdict.words or f'the largest error is {verdict.worst:.2g} of what is allowed'}"
    )


def table(counts: Counts) -> str:
    """A line for each kind of numbers."""
    lines = [f"{'':8}" + "".join(f"{kind:>9}" for kind in KINDS)]
    for quantize, each in counts.items():
        lines.append(f"{_name(quantize):8}" + "".join(f"{each[kind]:9}" for kind in KINDS))
    return "\n".join(lines)


def _name(quantize: str | None) -> str:
    return quantize or "float"


def _progress(turn: int, total: int, counts: Counter[str], begin: float) -> None:
    shown = sys.stderr.isatty()
    if shown or turn % 50 == 0 or turn == total:
        left = (time.monotonic() - begin) / turn * (total - turn)
        found = ", ".join(f"{counts[kind]} {kind}" for kind in KINDS)
        end = "\r" if shown and turn < total else "\n"
        print(f"{turn} of {total}: {found}; {left:.0f} s left", end=end, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
