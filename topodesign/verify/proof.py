"""Bound and gaps: the arithmetic of what a plan claims to have proven, and sanity of every figure in it."""

import dataclasses
from collections.abc import Iterator

from topodesign.domain.plan import Plan, Violation
from topodesign.verify.finding import found, shown
from topodesign.verify.tolerance import CENT_USD, GAP, LARGEST_NUMBER, RELATIVE, agrees, is_number

RULES = ("bound", "gap", "network_gap", "status", "numbers")

GAPS = frozenset({"gap", "network_gap", "goal.gap"})
"""May be below zero by a rounding, and are checked against their formula."""


def check_proof(plan: Plan) -> Iterator[Violation]:
    """Cost >= bound, gap = (cost - bound) / cost, network gap = (cost - bound) / network cost."""
    cost, bound = plan.cost_usd, plan.lower_bound_usd
    if bound is None:
        for name in ("gap", "network_gap"):
            if getattr(plan, name) is not None:
                yield _no_ground(name, getattr(plan, name))
        return
    if not is_number(bound) or not is_number(cost) or bound > cost + CENT_USD + RELATIVE * abs(cost):
        yield found(
            "bound",
            "lower_bound_usd",
            f"the lower bound {shown(bound)} USD is not at most the cost {shown(cost)} USD",
            value=bound,
            limit=cost,
            unit="USD",
            remedy="a lower bound above the cost of a valid plan is wrong; drop it",
        )
        return
    for name, base in (("gap", cost), ("network_gap", plan.network_cost_usd)):
        yield from _check_gap(name, getattr(plan, name), cost - bound, base)


def _check_gap(name: str, stated: object, difference: float, base: object) -> Iterator[Violation]:
    if stated is None:
        return
    if not is_number(base) or base < 0 or (base == 0 and difference > CENT_USD):
        yield _no_ground(name, stated)
        return
    own = difference / base if base else 0.0
    if not agrees(stated, own, absolute=GAP, relative=GAP):
        yield found(
            name,
            name,
            f"{name} is stated as {shown(stated)}, but cost and bound give {own:.9g}",
            value=stated,
            limit=own,
            remedy="state (cost - bound) over the cost, for network_gap over the network cost",
        )


def _no_ground(name: str, stated: object) -> Violation:
    return found(
        name,
        name,
        f"{name} is stated as {shown(stated)} without the bound and cost that it follows from",
        value=stated,
        remedy="state lower_bound_usd, cost_usd and network_cost_usd, or drop the gap",
    )


def check_status(plan: Plan) -> Iterator[Violation]:
    """A plan with sites is ``optimal`` or ``feasible``."""
    if plan.status not in ("optimal", "feasible"):
        yield found(
            "status",
            "status",
            f"status is {shown(plan.status)!r}, but the plan has sites",
            value=plan.status,
            limit="optimal;feasible",
            remedy="a plan that stands is optimal or feasible",
        )


def check_numbers(plan: Plan) -> Iterator[Violation]:
    """Every figure is a finite number, none negative, none beyond reason; whole where it counts something."""
    yield from _check_record(plan, "")
    if plan.sync is not None:
        yield from _check_record(plan.sync, "sync.")
    if plan.goal is not None:
        yield from _check_record(plan.goal, "goal.")
    for name in ("sites", "links", "lightpaths", "segments"):
        for position, item in enumerate(getattr(plan, name)):
            yield from _check_record(item, f"{name}[{position}].")
    for item_name, usd in plan.cost_items.items():
        yield from _check_number(f"cost_items.{item_name}", usd, whole=False)


def _check_record(record: object, prefix: str) -> Iterator[Violation]:
    assert dataclasses.is_dataclass(record)
    for item in dataclasses.fields(record):
        value = getattr(record, item.name)
        if item.type in (float, int) or (item.type == float | None and value is not None):
            yield from _check_number(f"{prefix}{item.name}", value, whole=item.type is int)


def _check_number(path: str, value: object, *, whole: bool) -> Iterator[Violation]:
    least = -GAP if path in GAPS else 0.0
    if path == "seed":
        least = -LARGEST_NUMBER
    sane = is_number(value) and value >= least and (not whole or isinstance(value, int))
    if not sane:
        yield found(
            "numbers",
            path,
            f"{shown(value)} is no {'whole ' if whole else ''}number from {least:g} to {LARGEST_NUMBER:g}",
            value=value,
            limit=LARGEST_NUMBER,
            remedy="give a finite number in that range",
        )
