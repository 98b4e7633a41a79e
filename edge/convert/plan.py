"""Which form each recurrent layer takes in the file, decided from what the target runs, or refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from edge.convert.keras_model.call_sites import Site
from edge.convert.refusals import fused_refusal, step_refusal, unrolled_refusal
from edge.convert.request import Request

_WHOLE = ("fused", "unrolled")  # forms that take a sequence as it is


@dataclass(frozen=True)
class Plan:
    """What was decided.

    Attributes:
        lowerings: the form of each use of a recurrent layer.
        state: what becomes of the state.
        resets: of each use, whether it starts from zeros at every call of the file.
        quantize: as in `convert`.
        notes: why, where it is not what one expects.
    """

    lowerings: tuple[str, ...]
    state: str
    resets: tuple[bool, ...]
    quantize: str | None
    notes: tuple[str, ...] = ()

    @property
    def lowering(self) -> str:
        """That of the file as a whole."""
        if "step" in self.lowerings:  # what runs inside of a step takes another form
            return "step"
        return self.lowerings[0] if len(set(self.lowerings)) == 1 else "mixed"


class RefusedError(ValueError):
    """What is asked for cannot be, and why: a sentence without a way out, which is looked for elsewhere.

    Args:
        sentence: all of it.
        before: what it says ahead of the reasons; reasons: by form, in the order in which they were tried.
        site: which use of a layer it is about.
    """

    def __init__(
        self, sentence: str, before: str = "", reasons: Mapping[str, str] | None = None, site: int = 0
    ) -> None:
        super().__init__(sentence)
        self.site, self._before, self._reasons = site, before, dict(reasons or {})

    def up_to(self, form: str) -> str:
        """The sentence without what speaks against forms that come behind this one."""
        if form not in self._reasons:
            return str(self)
        known = list(self._reasons)
        return _told(self._before, {each: self._reasons[each] for each in known[: known.index(form) + 1]})


def decide(request: Request, sites: Sequence[Site], no_steps: Callable[[], str | None]) -> Plan:
    """The plan for a model.

    Args:
        request: what is asked for.
        sites: the uses of recurrent layers.
        no_steps: says why the model as a whole cannot run one step at a time; None if it can.

    Raises:
        RefusedError: no lowering, or not the one that was asked for, does it; the message says why for each.
    """
    state = request.state or _own_state(request, sites)
    resets = tuple(_starts_anew(site, request, state) for site in sites)
    wanted = request.target.lowerings if request.lowering == "auto" else (request.lowering,)
    whole = [form for form in wanted if form != "step"]
    chosen, refused = _forms(sites, request, whole, ["reset" if r else state for r in resets])
    if whole and refused is None:
        return Plan(tuple(chosen), state, resets, request.quantize, _state_notes(request, sites, state))
    site, reasons = refused or (sites[0], {})
    if "step" in wanted:
        last = _step_refusal(request, sites, site, no_steps)
        if isinstance(last, Plan):
            return last if request.lowering == "step" else _explained(last, site, reasons)
        reasons = {**reasons, "step": last}
    before = f"Layer {site.layer.name!r} ({site.variant}) cannot be converted for {request.target.name}: "
    raise RefusedError(_told(before, reasons), before, reasons, site.index)


def _own_state(request: Request, sites: Sequence[Site]) -> str:
    if request.lowering == "step":
        return "explicit"
    return "carry" if any(site.layer.stateful and not site.inside for site in sites) else "reset"


def _starts_anew(site: Site, request: Request, state: str) -> bool:
    if state == "reset" or site.inside:
        return True
    # Nobody asked: then each layer does what it does in Keras.
    return request.state is None and state == "carry" and not site.layer.stateful


def _forms(
    sites: Sequence[Site], request: Request, forms: Sequence[str], states: Sequence[str]
) -> tuple[list[str], tuple[Site, dict[str, str]] | None]:
    """The first form that does it for each site, and the first site that takes none, with the reasons."""
    refusal = {"fused": fused_refusal, "unrolled": unrolled_refusal}
    chosen, refused = [], None
    for site, state in zip(sites, states, strict=True):
        reasons = {form: refusal[form](site, request, state) for form in forms}
        form = next((form for form in forms if reasons[form] is None), None)
        if form is None:
            refused = refused or (site, {form: reason for form, reason in reasons.items() if reason})
        else:
            chosen.append(form)
    return chosen, refused


def _step_refusal(
    request: Request, sites: Sequence[Site], worst: Site, no_steps: Callable[[], str | None]
) -> Plan | str:
    """One step at a time is for the whole model or not at all; what runs inside of a step takes any form."""
    state = request.state or "explicit"
    forms = []
    for site in sites:
        reason = None if site.inside else step_refusal(site, request, state)
        if site.inside:
            inner = [form for form in request.target.lowerings if form in _WHOLE]
            chosen, refused = _forms([site], request, inner, ["reset"])
            reason = "; ".join(refused[1].values()) if refused else None
            forms += chosen
        else:
            forms.append("step")
        if reason:  # each form may fail at a layer of its own
            return reason if site is worst else f"layer {site.layer.name!r}: {reason}"
    resets = tuple(site.inside for site in sites)
    return no_steps() or Plan(tuple(forms), state, resets, request.quantize)


def _explained(plan: Plan, site: Site, reasons: Mapping[str, str]) -> Plan:
    why = "; ".join(f"{form}: {reason}" for form, reason in reasons.items())
    note = (
        f"the file takes one time step at a time, since layer {site.layer.name!r} takes no other form: {why}"
    )
    return Plan(plan.lowerings, plan.state, plan.resets, plan.quantize, (note,))


def _state_notes(request: Request, sites: Sequence[Site], state: str) -> tuple[str, ...]:
    if request.state is not None or state != "carry":
        return ()
    names = list(dict.fromkeys(repr(site.layer.name) for site in sites if site.layer.stateful))
    return (
        f"the file keeps its state from call to call (state='carry'), since {' and '.join(names)} "
        f"{'is' if len(names) == 1 else 'are'} stateful",
    )


def _told(before: str, reasons: Mapping[str, str]) -> str:
    found = "; ".join(f"{form}: {reason}" if len(reasons) > 1 else reason for form, reason in reasons.items())
    return f"{before}{found}."
