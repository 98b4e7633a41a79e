"""Model files run and measured in a headless browser, by the modules of the page itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from edge.aliases import Array
from edge.benchmark import machine
from edge.errors import ModelFileError
from edge.results.benchmark import validate
from edge.web.chromium import Browser, serving
from edge.web.models import served_model
from edge.web.runtimes import RUNTIMES, cache_folder
from edge.web.site import Site

LENGTH = 100  # of a sequence where the file leaves it open


def predict(browser: Browser, number: int, target: str, x: Array, length: int = 1) -> Array:
    """Sequences through a served file, in a browser that has the page open.

    Args:
        browser: with the page of `edge.web.server`.
        number: of the file, as the page counts.
        target: the runtime, a key of `edge.web.runtimes.RUNTIMES`.
        x: `[batch, time, features]`; a sequence starts from a zero state.
        length: steps in a call, where the file leaves them open.

    Returns:
        What the first output gives in each call, `[batch, calls, values]`, float32.

    Raises:
        OSError: the runtime or the page refuses; the message says why.
    """
    sequences = json.dumps([sequence.ravel().tolist() for sequence in x.astype(np.float32)])
    call = f"page.predict({number}, {json.dumps(target)}, {length}, {sequences})"
    return np.array(browser.run(f"import('./headless.js').then((page) => {call})"), np.float32)


def benchmark_in_browser(
    paths: Sequence[str | Path],
    target: str | None = None,
    length: int = LENGTH,
    seconds: float = 2.0,
    cache: Path | None = None,
) -> dict[str, Any]:
    """Measure files in a headless browser on this machine, as the page's button does on a phone.

    Args:
        paths: of the files.
        target: the runtime for all of them; None: for each the first that does not refuse it.
        length: steps in a sequence, for files with a free time axis.
        seconds: for each file.
        cache: where the runtimes are kept; None: in the user's cache.

    Returns:
        A result as `edge.results.benchmark` describes it, platform `"browser"`.

    Raises:
        ModelFileError: a file is missing or damaged, or no runtime takes it.
        ValueError: there is no such runtime.
        OSError: no browser, or a runtime cannot be fetched.
    """
    if target is not None and target not in RUNTIMES:
        raise ValueError(f"There is no runtime {target!r} for browsers; known: {', '.join(RUNTIMES)}.")
    models = [served_model(Path(path)) for path in paths]
    targets = [target or model.preferred for model in models]
    for model, chosen in zip(models, targets, strict=True):
        found = model.verdicts[chosen or "web-litert"]
        if chosen is None or found.word == "refused":
            why = "; ".join(each.what for each in found.reasons if each.weight == "refused")
            who = chosen or "no runtime of a browser"
            raise ModelFileError(f"{model.name}: {who} does not take it: {why}.")
    site = Site(models, None, "", 50.0, cache or cache_folder())
    with ExitStack() as stack:
        server = stack.enter_context(serving(site))
        for chosen in dict.fromkeys(filter(None, targets)):
            site.prepare(chosen)
        browser = stack.enter_context(Browser())
        browser.open(server.address)
        call = f"page.measure({json.dumps(targets)}, {length}, {seconds})"
        patience = 60 + 10 * seconds * len(models)
        result: dict[str, Any] = browser.run(f"import('./headless.js').then((page) => {call})", patience)
    here = machine.describe()
    result["machine"].update({key: here.get(key) for key in ("cpu", "arch", "board", "os")})
    validate(result, "the browser's result")
    return result
