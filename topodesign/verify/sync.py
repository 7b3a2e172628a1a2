"""The demand between sites: the strength that it needs, in every failure state, and what the plan says about it."""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

from topodesign.domain.plan import FailureStrength, Sync, Violation
from topodesign.verify.demand import Demand, demand_of
from topodesign.verify.evidence import Evidence
from topodesign.verify.failures import Survival
from topodesign.verify.finding import disagrees, found, shown
from topodesign.verify.tolerance import agrees

RULES = (
    "demand",
    "strength",
    "strength_after_failure",
    "sync_demand",
    "sync_strength",
    "sync_worst_failure",
    "sync_worst_strength",
    "sync_time",
)

MOST_LISTED = 1000
"""Failure states that are listed one by one; of more (pairs of many conduits) the weakest are."""


def check_sync(evidence: Evidence, survivals: Sequence[Survival]) -> Iterator[Violation]:
    """Violations of :data:`RULES`, from the strength in every failure state (the first: nothing failed)."""
    demand = demand_of(evidence.scenario, evidence.accelerator, placed=evidence.accelerators)
    if demand is None:
        yield found(
            "demand",
            "workload",
            "the verifier knows no bandwidth for workload.utilization without size.accelerators",
            value=evidence.scenario.workload.utilization,
            remedy="give workload.sync_time_s, or size.accelerators",
        )
        return
    if not math.isfinite(demand.needed_gbps):
        yield found(
            "demand",
            "workload",
            "no bandwidth between the sites is enough for the workload on this many accelerators",
            value=evidence.scenario.workload.utilization,
            remedy="lower workload.utilization, or raise workload.sync_time_s",
        )
        return
    needed = required_gbps(evidence, demand, survivals)
    broken = [number for number, item in enumerate(survivals) if _falls_short(item, needed[number], demand.blur)]
    listed = sorted(broken, key=lambda number: (_sortable(survivals[number]), number))[:MOST_LISTED]
    for number in sorted(listed):
        yield _too_weak(demand, survivals[number], needed[number], len(broken) - len(listed))
    if evidence.plan.sync is not None:
        yield from _check_statement(evidence.plan.sync, demand, survivals)


def required_gbps(evidence: Evidence, demand: Demand, survivals: Sequence[Survival]) -> list[float]:
    """Strength that each state must keep: B with nothing failed, ``survivable_fraction`` of it after a failure."""
    fraction = evidence.scenario.policy.survivable_fraction
    return [demand.needed_gbps * (1.0 if survival.state.name == "none" else fraction) for survival in survivals]


def failure_strengths(evidence: Evidence, survivals: Sequence[Survival]) -> tuple[FailureStrength, ...]:
    """The strengths for the verification: all states, or the weakest :data:`MOST_LISTED` of them."""
    demand = demand_of(evidence.scenario, evidence.accelerator, placed=evidence.accelerators)
    if demand is None or not math.isfinite(demand.needed_gbps):
        return ()
    needed = required_gbps(evidence, demand, survivals)
    weakest = sorted(range(len(survivals)), key=lambda number: (_sortable(survivals[number]), number))[:MOST_LISTED]
    return tuple(
        FailureStrength(
            failure=survivals[number].state.name,
            strength_gbps=as_gbps(survivals[number]),
            required_gbps=needed[number],
        )
        for number in sorted(weakest)
    )


def as_gbps(survival: Survival) -> float | None:
    """Strength as a float, ``None`` where unbounded."""
    return None if survival.strength_gbps is None else float(survival.strength_gbps)


def _sortable(survival: Survival) -> float:
    strength = as_gbps(survival)
    return math.inf if strength is None else strength


def _falls_short(survival: Survival, needed: float, blur: float) -> bool:
    """Whether a state is too weak, compared exactly but for the rounding of B and of routed strengths."""
    if survival.strength_gbps is None:
        return False
    return survival.strength_gbps < Fraction(needed) * (1 - Fraction(blur))


def _too_weak(demand: Demand, survival: Survival, needed: float, unlisted: int) -> Violation:
    nothing_failed = survival.state.name == "none"
    strength = as_gbps(survival)
    when = "with nothing failed" if nothing_failed else f"after the failure {survival.state.name}"
    rest = f" (and {unlisted} more failures)" if unlisted else ""
    left = f"{strength:.12g} Gbit/s" if survival.state.survivors else "gone, since no used site is left"
    what = "strength of the graph of sites" if demand.volume_bits is not None else "traffic that can be routed"
    return found(
        "strength" if nothing_failed else "strength_after_failure",
        survival.state.name,
        f"the {what} {when} is {left}, below the {needed:.12g} Gbit/s needed{rest}",
        value=strength,
        limit=needed,
        unit="Gbit/s",
        remedy="add lightpaths on routes that survive, or ask for less bandwidth or survivability",
    )


def _check_statement(sync: Sync, demand: Demand, survivals: Sequence[Survival]) -> Iterator[Violation]:
    if not agrees(sync.demand_gbps, demand.needed_gbps):
        yield disagrees("sync_demand", "sync", "demand_gbps", sync.demand_gbps, demand.needed_gbps, "Gbit/s")
    strength = as_gbps(survivals[0])
    yield from _check_or_null("sync_strength", "strength_gbps", sync.strength_gbps, strength, demand.blur)
    yield from _check_time(sync, demand, strength)
    yield from _check_worst(sync, survivals, demand.blur)


def _check_time(sync: Sync, demand: Demand, strength: float | None) -> Iterator[Violation]:
    """V / (beta sigma); a single site exchanges nothing (0 or null), sites that are not joined never finish (null)."""
    if sync.time_s is None and not strength:
        return
    time_s = 0.0 if strength is None else demand.exchange_s(strength)
    if time_s is None:
        if sync.time_s is not None:
            text = f"time_s is stated as {shown(sync.time_s)}, but a demand matrix or hose has no time"
            yield found("sync_time", "sync", text, value=sync.time_s, unit="s", remedy="state null")
        return
    if not agrees(sync.time_s, time_s, absolute=0.0, relative=1e-6):
        yield disagrees("sync_time", "sync", "time_s", sync.time_s, time_s, "s")


def _check_worst(sync: Sync, survivals: Sequence[Survival], blur: float) -> Iterator[Violation]:
    """The named failure is one of the weakest, with the strength that the plan gives it.

    Where the policy survives nothing, or no failure touches the plan, the worst state is the one with nothing failed; a
    plan may then say ``null``.
    """
    failures = survivals[1:]
    if not failures and sync.worst_failure is None and sync.worst_strength_gbps is None:
        return
    candidates = failures or survivals[:1]
    least = min(_sortable(survival) for survival in candidates)
    calm = _sortable(survivals[0])
    if calm < least and agrees(sync.worst_strength_gbps, calm, relative=blur):
        return  # losing a weakly joined site raises the strength; a failure that touches nothing is then the worst
    yield from _check_or_null(
        "sync_worst_strength",
        "worst_strength_gbps",
        sync.worst_strength_gbps,
        None if math.isinf(least) else least,
        blur,
    )
    worst = [survival.state.name for survival in candidates if agrees(_sortable(survival), least, relative=blur)]
    if math.isinf(least):
        worst = [survival.state.name for survival in candidates]
    names = {form for name in worst for form in (name, name.partition(" ")[2] or name)}  # a bare id will do
    if sync.worst_failure not in names and not (sync.worst_failure is None and math.isinf(least)):
        yield found(
            "sync_worst_failure",
            "sync",
            f"worst_failure is stated as {shown(sync.worst_failure)!r}, but the weakest state is {worst[0]!r}",
            value=sync.worst_failure,
            limit=worst[0],
            remedy="name the failure with the least strength",
        )


def _check_or_null(rule: str, figure: str, stated: object, own: float | None, blur: float) -> Iterator[Violation]:
    """A strength in Gbit/s that is ``null`` exactly when unbounded."""
    if own is not None:
        if not agrees(stated, own, relative=blur):
            yield disagrees(rule, "sync", figure, stated, own, "Gbit/s")
    elif stated is not None:
        text = f"{figure} is stated as {shown(stated)}, but it is unbounded: one site, or no demand, is left"
        yield found(rule, "sync", text, value=stated, limit=None, unit="Gbit/s", remedy="state null")
