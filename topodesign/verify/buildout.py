"""A build-out checked on its own: nothing is dropped, each year keeps its limits, and the net present cost is what the
payments of every calendar year come to.

The rules are those of docs/buildout.md; nothing of what the build-out computes is believed.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

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


def verify_buildout(scenarios: Sequence[Scenario], buildout: Buildout) -> BuildoutVerification:
    """Check a build-out against the scenarios of its years.

    Parameters
    ----------
    scenarios : sequence of Scenario
        One for each year, at its own prices.
    buildout : Buildout
        With a plan for every year.
    """
    if not buildout.years or len(scenarios) != len(buildout.years):
        nothing = found(
            "years",
            "years",
            f"{len(buildout.years)} years for {len(scenarios)} scenarios",
            value=len(buildout.years),
            limit=len(scenarios),
            unit="years",
            remedy="give a build-out with one scenario for each year",
        )
        return BuildoutVerification(valid=False, violations=(nothing,), npc_usd=None, checks=RULES)
    own = _net_present_items(scenarios, buildout)
    violations = (
        *_check_years(scenarios, buildout),
        *_check_monotone(buildout.years),
        *_check_money(buildout, own),
    )
    total = round(math.fsum(own.values()), 2)
    return BuildoutVerification(valid=not violations, violations=violations, npc_usd=total, checks=RULES)


def _check_years(scenarios: Sequence[Scenario], buildout: Buildout) -> Iterator[Violation]:
    """Every state is a valid plan of its year, on sites and fiber that are in service by then."""
    years = [item.year for item in buildout.years]
    if years != sorted(set(years)):
        yield found("years", "years", f"{years} do not rise", value=len(years), remedy="list each year once, in order")
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
        used = {site.id: scenario.site_by_id[site.id].in_service_year for site in item.plan.sites}
        used |= {lit.segment_id: scenario.segment_by_id[lit.segment_id].in_service_year for lit in item.plan.segments}
        for thing, since in sorted(used.items()):
            if since is not None and since > item.year:
                yield found(
                    "in_service",
                    thing,
                    f"it is used in {item.year}, but in service from {since} on",
                    value=item.year,
                    limit=since,
                    unit="year",
                    remedy="use it from then on",
                )


def _amounts(plan: Plan) -> dict[str, int]:
    """Everything that a state has, counted: pods, pairs, lightpaths."""
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


def _net_present_items(scenarios: Sequence[Scenario], buildout: Buildout) -> Mapping[str, float]:
    """Items from the payments of each calendar year: what is new at its beginning, running cost at its end."""
    rate, horizon = buildout.discount_rate, buildout.horizon_years
    annuity = annuity_years(rate, horizon)
    states = [_state_items(scenario, item) for scenario, item in zip(scenarios, buildout.years, strict=True)]
    begins = [item.year - buildout.years[0].year for item in buildout.years]
    paid: dict[str, list[float]] = {name: [] for name in states[0]}
    stands = -1
    for year in range(horizon):
        if year in begins:
            before = states[stands] if stands >= 0 else dict.fromkeys(states[0], 0.0)
            stands = begins.index(year)
            for name in PAID_ONCE:
                paid[name].append((states[stands][name] - before[name]) / (1 + rate) ** year)
        for name in states[stands].keys() - PAID_ONCE:
            paid[name].append(states[stands][name] / annuity / (1 + rate) ** (year + 1))
    return {name: math.fsum(amounts) for name, amounts in sorted(paid.items())}


def _state_items(scenario: Scenario, item: BuildoutYear) -> dict[str, float]:
    """The verifier's own cost items of a state; fiber that was built stays counted."""
    catalog = load_catalog(scenario.catalog_overrides)
    items = dict(cost_items(gather(scenario, item.plan, catalog)))
    segments = [scenario.segment_by_id[segment_id] for segment_id in item.built]
    items["fiber_build"] = math.fsum(segment.length_km * (segment.build_usd_per_km or 0.0) for segment in segments)
    return items


def _check_money(buildout: Buildout, own: Mapping[str, float]) -> Iterator[Violation]:
    cents = CENT_USD * (2 * len(buildout.years) + 1)  # each item is rounded in the plan, as spending, and as its value
    for name, usd in own.items():
        stated = buildout.npc_items.get(name, 0.0)
        if not agrees(stated, usd, absolute=cents):
            yield disagrees("npc_item", name, "the net present cost item", stated, usd, "USD")
    for unknown in sorted(set(buildout.npc_items) - set(own)):
        stated = buildout.npc_items[unknown]
        yield disagrees("npc_item", unknown, "an item that docs/formulation.md does not have", stated, 0.0, "USD")
    yield from _check_sums(buildout)
    if not agrees(buildout.npc_usd, math.fsum(own.values()), absolute=cents * len(own)):
        yield disagrees(
            "npc_total", "npc_usd", "the net present cost", buildout.npc_usd, math.fsum(own.values()), "USD"
        )
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
