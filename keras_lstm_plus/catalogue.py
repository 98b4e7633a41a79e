"""The table of all variants, as it stands in docs/variants.md: `python -m keras_lstm_plus.catalogue`."""

from __future__ import annotations

from keras_lstm_plus.variants import VARIANTS

INPUTS, UNITS = 32, 64  # of the layer whose parameters are counted


def markdown() -> str:
    """One row a variant: what it changes, its equations, weights, paper, and whether the fused op has it."""
    standard = VARIANTS["standard"].equations().splitlines()
    rows = [
        f"| variant | equations that differ | weights ({INPUTS} inputs, {UNITS} units) | fused | source |",
        "|---|---|---|---|---|",
    ]
    for name, spec in VARIANTS.items():
        lines = spec.equations().splitlines()
        shown = lines if name == "standard" else [line for line in lines if line not in standard]
        equations = "<br>".join(f"`{line}`" for line in shown) or "as standard"
        fusion = spec.fusion()
        fused = "yes" if fusion.possible else f"no: {fusion.reason}"
        count = f"{spec.count_parameters(INPUTS, UNITS):,}"
        rows.append(f"| `{name}` | {equations} | {count} | {fused} | {spec.citation} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(markdown())
