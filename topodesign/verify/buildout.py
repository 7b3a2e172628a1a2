"""A build-out checked on its own: nothing is dropped, each year keeps its limits, and the net present cost is what the
payments of every calendar year come to.

The rules are those of docs/buildout.md; nothing of what the build-out computes is believed.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from topodesign.catalog import load_catalog
from topodesign.domain.buildout import Buildout, BuildoutVerification, BuildoutYear
from topodesign.domain.plan import Plan, Violation
from topodesign.domain.scenario import Scenario
from topodesign.verify.cost import annuity_years, cost_items
from topodesign.verify.finding import disagrees, found
from topodesign.verify.tolerance import CENT_USD, agrees
from topodesign.verify.verifier import gather, verify_plan

RULES = ("years", "year_plan", "in_service", "dropped", "built", "spending", "npc_item", "npc_total", "npc_bound")
PAID_ONCE = frozenset({"site_fixed", "site_power_capex", "fiber_pairs", "fiber_build", "line_systems", "transceivers"})
"""Cost items of docs/formulation.md that are paid when something is built; all others are paid every year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payments:
    """Of one state, by cost item: US dollars spent when it begins, and the present value of all that it is paid for."""

    spent: dict[str, float]
    present: dict[str, float]


def verify_buildout(scenarios: Sequence[Scenario], buildout: Buildout) -> BuildoutVerification:
    """Check a build-out against the scenarios of its years.

    Parameters
    ----------
    scenarios : sequence of Scenario
        One for each year, at its own prices.
    buildout : Buildout
        With a plan for every year.
    """
    unsound = _unsound_years(scenarios, buildout)
    if unsound is not None:
        return BuildoutVerification(valid=False, violations=(unsound,), npc_usd=None, checks=RULES)
    own = _payments(scenarios, buildout)
    violations = (
        *_check_years(scenarios, buildout),
        *_check_monotone(buildout.years),
        *_check_money(buildout, own),
    )
    total = round(math.fsum(usd for item in own for usd in item.present.values()), 2)
    return BuildoutVerification(valid=not violations, violations=violations, npc_usd=total, checks=RULES)


def _unsound_years(scenarios: Sequence[Scenario], buildout: Buildout) -> Violation | None:
    """What keeps the years from being followed at all."""
    years = [item.year for item in buildout.years]
    if not years or len(scenarios) != len(years):
        return found(
            "years",
            "years",
            f"{len(years)} years for {len(scenarios)} scenarios",
            value=len(years),
            limit=len(scenarios),
            unit="years",
            remedy="give a build-out with one scenario for each year",
        )
    if years != sorted(set(years)) or years[-1] - years[0] >= buildout.horizon_years:
        return found(
            "years",
            "years",
            f"{years} do not rise within {buildout.horizon_years} years from the first",
            value=years[-1],
            limit=years[0] + buildout.horizon_years - 1,
            unit="year",
            remedy="list each year once, in order, up to the horizon",
        )
    return None


def _check_years(scenarios: Sequence[Scenario], buildout: Buildout) -> Iterator[Violation]:
    """Every state is a valid plan of its year, on sites and fiber that are in service by then."""
    for item, scenario in zip(buildout.years, scenarios, strict=True):
        for violation in verify_plan(scenario, item.plan).violations:
            yield found(
                "year_plan",
                f"{item.year}.{violation.id}",
                violation.message,
                value=violation.value,
                limit=violation.limit,
                unit=violation.unit,
                remedy="the state of a year keeps all limits of that year",
            )
        for thing, since in _in_service_years(scenario, item.plan):
            if since > item.year:
                yield found(
                    "in_service",
                    thing,
                    f"it is used in {item.year}, but in service from {since} on",
                    value=item.year,
                    limit=since,
                    unit="year",
                    remedy="use it from then on",
                )


def _in_service_years(scenario: Scenario, plan: Plan) -> list[tuple[str, int]]:
    """Of all that a state uses and that has such a year: sites with pods, fiber, and sites that light reaches on it."""
    used = {segment_id for path in plan.lightpaths for segment_id in path.segments}
    used |= {lit.segment_id for lit in plan.segments}
    segments = [segment for segment in scenario.segments if segment.segment_id in used]
    nodes = {site.id for site in plan.sites} | {node for path in plan.lightpaths for node in path.regenerations}
    nodes |= {node for segment in segments for node in (segment.a, segment.b)}
    since = [(site.site_id, site.in_service_year) for site in scenario.sites if site.site_id in nodes]
    since += [(segment.segment_id, segment.in_service_year) for segment in segments]
    return sorted((thing, year) for thing, year in since if year is not None)


def _amounts(plan: Plan) -> dict[str, int]:
    """Everything that a state has, counted: pods, pairs, lightpaths, and at which nodes those are regenerated."""
    amounts: dict[str, int] = {}
    for site in plan.sites:
        amounts[f"pods at {site.id}"] = site.pods
    for lit in plan.segments:
        amounts[f"pairs on {lit.segment_id}"] = lit.pairs
    for path in plan.lightpaths:
        there = (path.a, path.z, *path.segments)
        back = (path.z, path.a, *reversed(path.segments))
        name = f"lightpaths {path.mode} {';'.join(min(there, back))}"
        amounts[name] = amounts.get(name, 0) + path.count
        for node in path.regenerations:
            regenerated = f"regenerated at {node}: {name}"
            amounts[regenerated] = amounts.get(regenerated, 0) + path.count
    return amounts


def _check_monotone(years: Sequence[BuildoutYear]) -> Iterator[Violation]:
    before: dict[str, int] = {}
    built: frozenset[str] = frozenset()
    for item in years:
        now = _amounts(item.plan)
        for name, amount in sorted(before.items()):
            if now.get(name, 0) < amount:
                yield found(
                    "dropped",
                    name,
                    f"{item.year} has {now.get(name, 0)} where {amount} stood",
                    value=now.get(name, 0),
                    limit=amount,
                    remedy="keep what earlier years built",
                )
        must = built | {lit.segment_id for lit in item.plan.segments if lit.built}
        if set(item.built) != must:
            yield found(
                "built",
                f"{item.year}.built",
                f"new fiber is told on {sorted(item.built)}, but plans and earlier years have it on {sorted(must)}",
                value=len(item.built),
                limit=len(must),
                unit="segments",
                remedy="list every segment on which fiber was built until then",
            )
        before, built = now, must


def _payments(scenarios: Sequence[Scenario], buildout: Buildout) -> list[Payments]:
    """What each state is paid for, calendar year by calendar year: what is new when it begins, running cost at the end
    of each year in which it stands."""
    rate, horizon = buildout.discount_rate, buildout.horizon_years
    annuity = annuity_years(rate, horizon)
    items = [_state_items(scenario, item) for scenario, item in zip(scenarios, buildout.years, strict=True)]
    begins = [item.year - buildout.years[0].year for item in buildout.years]
    found: list[Payments] = []
    for year in range(horizon):
        if year in begins:
            state = items[len(found)]
            before = items[len(found) - 1] if found else dict.fromkeys(state, 0.0)
            spent = {name: state[name] - before[name] for name in PAID_ONCE}
            found.append(Payments(spent=spent, present={name: usd / (1 + rate) ** year for name, usd in spent.items()}))
        stands = found[-1]
        for name in items[len(found) - 1].keys() - PAID_ONCE:
            paid = items[len(found) - 1][name] / annuity / (1 + rate) ** (year + 1)
            stands.present[name] = stands.present.get(name, 0.0) + paid
    return found


def _state_items(scenario: Scenario, item: BuildoutYear) -> dict[str, float]:
    """The verifier's own cost items of a state; fiber that was built stays counted."""
    catalog = load_catalog(scenario.catalog_overrides)
    items = dict(cost_items(gather(scenario, item.plan, catalog)))
    segments = [scenario.segment_by_id[segment_id] for segment_id in item.built]
    items["fiber_build"] = math.fsum(segment.length_km * (segment.build_usd_per_km or 0.0) for segment in segments)
    return items


def _check_money(buildout: Buildout, own: Sequence[Payments]) -> Iterator[Violation]:
    cents = (
        3 * CENT_USD
    )  # an item is rounded in the plan that stands, in the one before, and as spending or as its value
    for item, payments in zip(buildout.years, own, strict=True):
        stated = (("spending", item.capital_usd, payments.spent), ("npc_item", item.npc_items, payments.present))
        for rule, told, computed in stated:
            for name in sorted({*told, *computed}):
                usd = computed.get(name, 0.0)
                if not agrees(told.get(name, 0.0), usd, absolute=cents):
                    yield disagrees(rule, f"{item.year}.{name}", "the cost item", told.get(name, 0.0), usd, "USD")
    yield from _check_sums(buildout)
    total = math.fsum(usd for payments in own for usd in payments.present.values())
    if not agrees(buildout.npc_usd, total, absolute=cents * sum(len(payments.present) for payments in own)):
        yield disagrees("npc_total", "npc_usd", "the net present cost", buildout.npc_usd, total, "USD")
    bound, npc = buildout.lower_bound_usd, buildout.npc_usd
    if bound is not None and npc is not None and bound > npc + CENT_USD:
        yield found(
            "npc_bound",
            "lower_bound_usd",
            f"the lower bound {bound:.2f} USD is above the cost {npc:.2f} USD",
            value=bound,
            limit=npc,
            unit="USD",
            remedy="a bound above a valid build-out is wrong; drop it",
        )


def _check_sums(buildout: Buildout) -> Iterator[Violation]:
    """Items over the years, and the total over the items, to the cent; spending is what the state has more."""
    half_a_cent = CENT_USD / 2
    for name, usd in sorted(buildout.npc_items.items()):
        total = math.fsum(item.npc_items.get(name, 0.0) for item in buildout.years)
        if not agrees(usd, total, absolute=half_a_cent):
            yield disagrees("npc_item", name, "the sum over the years", usd, total, "USD")
    total = math.fsum(buildout.npc_items.values())
    if not agrees(buildout.npc_usd, total, absolute=half_a_cent):
        yield disagrees("npc_total", "npc_usd", "npc_usd against its items", buildout.npc_usd, total, "USD")
    for item in buildout.years:
        for name, usd in sorted(item.capital_usd.items()):
            if usd < -CENT_USD:
                yield found(
                    "spending",
                    f"{item.year}.{name}",
                    f"{usd:.2f} USD are taken back",
                    value=usd,
                    limit=0,
                    unit="USD",
                    remedy="nothing is sold; spending is at least 0",
                )
