"""`python -m tests.zoo`: every architecture in every form, a table, and exit code 1 for what is wrong."""

from __future__ import annotations

import fnmatch
import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def main(
    only: Annotated[list[str] | None, typer.Option(help="Names or patterns; all if not given.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A few of them, in float and int8.")] = False,
    quantize: Annotated[
        list[str] | None, typer.Option(help="keras, float, float16, dynamic, int8, micro; all if not given.")
    ] = None,
    layers: Annotated[str, typer.Option(help="stock, plus, or both.")] = "both",
    page: Annotated[Path | None, typer.Option("--markdown", help="Write docs/models.md there.")] = None,
    kept: Annotated[
        Path | None, typer.Option(help="A file of trials: those in it are not run again, others are added.")
    ] = None,
) -> None:
    """Convert the zoo and judge each file."""
    from edge.quiet import quiet
    from tests.zoo.isolated import Isolated
    from tests.zoo.judge import FAULT, OK, REFUSED, WRONG, Trial
    from tests.zoo.kept import Kept
    from tests.zoo.slices import FORMS, FORMS_OF, SLICE

    with quiet():  # TensorFlow talks before it reads its log level
        from tests.zoo.inventory import ZOO, in_order
        from tests.zoo.table import lines, markdown, summary

    names = [each for each in ZOO if not only or any(fnmatch.fnmatch(each, one) for one in only)]
    forms = [form for form in FORMS if not quantize or form in quantize]
    kinds = [kind for kind in ("stock", "plus") if layers in (kind, "both")]
    unknown = [each for each in quantize or () if each not in FORMS]
    if unknown or not kinds or not names:
        raise typer.BadParameter(f"there is no {', '.join(unknown) or (layers if not kinds else only)}")
    if quick:
        names, forms = [name for name in SLICE if name in names], [f for f in forms if f in ("float", "int8")]

    asked = [(kind, form) for kind in kinds for form in forms if form in FORMS_OF[kind]]
    found, total, done, start = {}, len(names) * len(asked), 0, time.perf_counter()
    known = Kept(kept)
    with Isolated() as process:
        for name in names:
            trials: dict[tuple[str, str], Trial] = {}
            for kind, form in asked:
                done += 1
                passed = time.perf_counter() - start
                print(f"{done}/{total} {passed:.0f} s: {name}, {kind}, {form}", file=sys.stderr, flush=True)
                trial = known.get((name, kind, form))
                if trial is None:
                    trial = process.run(name, kind, form)
                    known.add((name, kind, form), trial)
                trials[kind, form] = trial
            found[name] = (ZOO[name], trials)
            print("\n".join(lines(ZOO[name], trials, forms)), flush=True)
    print(summary(found, forms))
    everything = [(name, *key, trial) for name, (_, trials) in found.items() for key, trial in trials.items()]
    for name, kind, form, trial in everything:
        if trial.status in (OK, REFUSED) and not in_order(ZOO[name], form, trial):
            print(f"not expected: {name}, {kind}, {form} is {trial.status}", file=sys.stderr)
    if page is not None:
        page.write_text(markdown(found, forms), encoding="utf-8")
    raise typer.Exit(int(any(trial.status in (WRONG, FAULT) for *_, trial in everything)))


if __name__ == "__main__":
    typer.run(main)
