"""Which form each recurrent layer takes in the file, decided from what the target runs, or refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge.convert.keras_model.call_sites import Site
from edge.convert.refusals import fused_refusal, step_refusal, unrolled_refusal
from edge.convert.request import Request


@dataclass(frozen=True)
class Plan:
    """What was decided: a lowering for each use of a recurrent layer, what becomes of the state, and why."""

    lowerings: tuple[str, ...]
    state: str
    quantize: str | None
    notes: tuple[str, ...] = ()

    @property
    def lowering(self) -> str:
        """That of the file as a whole."""
        return self.lowerings[0] if len(set(self.lowerings)) == 1 else "mixed"


def decide(request: Request, sites: Sequence[Site]) -> Plan:
    """The plan for a model.

    Raises:
        ValueError: no lowering, or not the one that was asked for, does it; the message says why for each and
            what to do.
    """
    state = request.state or ("explicit" if request.lowering == "step" else "reset")
    forms: dict[str, Callable[[Site], str | None]] = {
        "fused": lambda site: fused_refusal(site, request, state),
        "unrolled": lambda site: unrolled_refusal(site, request, state),
        "step": lambda site: step_refusal(site, request, request.state or "explicit"),
    }
    wanted = request.target.lowerings if request.lowering == "auto" else (request.lowering,)
    whole = [form for form in wanted if form != "step"]
    chosen, refused = [], None
    for site in sites:
        reasons = {form: forms[form](site) for form in whole}
        form = next((form for form in whole if reasons[form] is None), None)
        if form is None:
            refused = refused or (site, reasons)
        else:
            chosen.append(form)
    if whole and refused is None:
        return Plan(tuple(chosen), state, request.quantize)
    if "step" not in wanted:
        assert refused is not None
        raise ValueError(_sentence(*refused, request))
    for site in sites:  # one step at a time is for the whole model or not at all
        reason = step_refusal(site, request, request.state or "explicit")
        if reason:
            worst, reasons = refused if refused and whole else (site, {})
            if worst is not site:  # each form may fail at a layer of its own
                reason = f"layer {site.layer.name!r}: {reason}"
            raise ValueError(_sentence(worst, {**reasons, "step": reason}, request))
    why: tuple[str, ...] = ()
    if request.lowering == "auto" and refused is not None:
        site, reasons = refused
        why = (
            f"the file takes one time step at a time, since layer {site.layer.name!r} takes no other form: "
            + "; ".join(f"{form}: {reason}" for form, reason in reasons.items()),
        )
    return Plan(("step",) * len(sites), request.state or "explicit", request.quantize, why)


def _sentence(site: Site, reasons: dict[str, str | None], request: Request) -> str:
    found = "; ".join(
        f"{form}: {reason}" if len(reasons) > 1 else str(reason) for form, reason in reasons.items() if reason
    )
    return (
        f"Layer {site.layer.name!r} ({site.variant}) cannot be converted for {request.target.name}: {found}."
    )
