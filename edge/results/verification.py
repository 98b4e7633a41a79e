"""What a verification found, as a value that prints."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edge.convert.verification.outputs import OutputCheck
from edge.convert.verification.source import Drift

SCHEMA = 1


@dataclass(frozen=True)
class Verification:
    """What the comparison found.

    Attributes:
        model: name of the Keras model.
        path, size: of the file; in bytes.
        quantize: its numbers, as in `convert`; read off the file where it does not say.
        lowering, state: as in `EdgeModel`.
        runtime: what ran the file.
        samples: how many were compared; checked_on: `"data"` or `"random input"`.
        outputs: a comparison of each output of the model.
        drift: over time; None where the file has no time to drift in, drift_note then says why.
        target: what `inspect` says of the target: `name`, `verdict` and `reasons`; None without a target.
    """

    model: str
    path: Path
    size: int
    quantize: str | None
    lowering: str | None
    state: str
    runtime: str
    samples: int
    checked_on: str
    outputs: tuple[OutputCheck, ...]
    drift: Drift | None
    drift_note: str | None
    target: dict[str, Any] | None

    @property
    def is_ok(self) -> bool:
        """Whether every error is within its tolerance."""
        return all(output.is_ok for output in self.outputs) and (self.drift is None or self.drift.is_ok)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values, fit for JSON: None for what is not finite."""
        outputs = [{**asdict(output), "is_ok": output.is_ok} for output in self.outputs]
        over_time = None
        if self.drift is not None:
            rows = [
                {**vars(output), "windows": [window._asdict() for window in output.windows]}
                for output in self.drift.outputs
            ]
            over_time = {**vars(self.drift), "is_ok": self.drift.is_ok, "outputs": rows}
        whole = {"schema": SCHEMA, "is_ok": self.is_ok, **vars(self), "path": str(self.path)}
        plain: dict[str, Any] = _finite({**whole, "outputs": outputs, "drift": over_time})
        return plain

    def __str__(self) -> str:
        verdict = "agrees with" if self.is_ok else "DIFFERS from"
        lines = [
            f"{self.path.name} {verdict} {self.model} on {self.samples} samples of {self.checked_on} "
            f"({self.quantize or 'float'}, {self.runtime})"
        ]
        for output in self.outputs:
            sign = "<=" if output.error <= output.limit else ">"
            lines.append(
                f"  {output.name}: error {output.error:.2g} {sign} {output.limit:g} {output.unit}, largest "
                f"{output.max_abs:.2g} in sample {output.worst_sample}"
            )
            if output.is_within_step:
                lines.append(f"    less than its step of {output.step:.2g} in the file: it hardly varies")
            if output.agreement is not None:
                lines.append(f"    same decision: {output.agreement:.2%}")
            if output.accuracy_keras is not None:
                lines.append(
                    f"    accuracy: Keras {output.accuracy_keras:.2%}, file {output.accuracy_file:.2%}"
                )
        for drifted in self.drift.outputs if self.drift else ():
            assert self.drift is not None
            span = f"{self.drift.steps:,} steps"
            growth = "GROWS" if drifted.grows else "does not grow"
            sign = "<=" if drifted.is_ok else ">"
            lines.append(
                f"  {drifted.name} over {span}: rms error {drifted.error:.2g} {sign} "
                f"{self.outputs[0].limit:g}, largest {drifted.max_abs:.2g}; the error {growth} with time"
            )
        if self.drift_note:
            lines.append(f"  drift: {self.drift_note}")
        if self.target is not None:
            lines.append(f"  {self.target['name']}: {self.target['verdict']}")
            lines += [f"    {reason['what']}; {reason['way_out']}" for reason in self.target["reasons"]]
        return "\n".join(lines)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
