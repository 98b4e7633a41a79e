"""Instructions of one time step on Arm, kernel against kernel: `python -m tests.pi.instructions`.

Times under emulation mean nothing; instructions can be counted. They say what a processor has to do, not how
long it waits for memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from benchmarks.inference import SIZES as ALL_SIZES
from tests.pi.counter import Counter, Place

SIZES = ALL_SIZES[::2]  # small, middle, large
FORMS = ("float", "8-bit", "int8")
WORDS = {"neon": "64-bit Arm", "dotprod": "64-bit Arm, dot product", "neon32": "32-bit Arm"}


def count(
    counter: Counter, place: Place, library: Path, sizes: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], list[tuple[float, float]]]:
    """By size, for each form of the same layer: the kernel's instructions of a step, and the engine's."""
    from benchmarks.inference_contestants import fused_files, trained_layer

    with TemporaryDirectory() as folder:
        paths: list[Path] = []
        for size in sizes:
            here = Path(folder) / "x".join(map(str, size))
            here.mkdir()
            paths += fused_files(trained_layer(*size), here).values()
        kernel, engine = (counter.per_step(place, library, isa, paths) for isa in ("", place.isa))
    pairs = list(zip(kernel, engine, strict=True))
    forms = len(FORMS)
    return {size: pairs[n * forms : (n + 1) * forms] for n, size in enumerate(sizes)}


def table(place: Place, found: dict[tuple[int, int], list[tuple[float, float]]]) -> Table:
    """A row a size: thousands of instructions of the kernel and of the engine, and how many times fewer."""
    made = Table(
        title=f"{WORDS[place.isa]} ({place.isa}), {place.runtime}: thousands of instructions a step",
        title_justify="left",
    )
    made.add_column("inputs\nx cells", no_wrap=True)
    for form in FORMS:
        for header in ("kernel", "engine", "fewer"):
            made.add_column(f"{form}\n{header}", justify="right")
    for (inputs, cells), pairs in found.items():
        row = []
        for kernel, engine in pairs:
            row += [f"{kernel / 1e3:.4g}", f"{engine / 1e3:.4g}", f"{kernel / engine:.2f}x"]
        made.add_row(f"{inputs} x {cells}", *row)
    return made


def main() -> None:
    """All places, all sizes."""
    from tests.helpers.native_library import built
    from tests.pi.counter import PLACES
    from tests.pi.test_native import COMPILERS

    console = Console(width=100, color_system=None)
    counter = Counter()
    for place in PLACES:
        place.machine.set_up()
        found = count(counter, place, built(place.arch, COMPILERS[place.arch]), SIZES)
        console.print(table(place, found))


if __name__ == "__main__":
    main()
