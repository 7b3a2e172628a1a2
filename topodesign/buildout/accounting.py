"""What a sequence of states costs: spent in each year, paid every year, and both as net present cost."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

from topodesign.buildout.scaled_prices import CAPITAL_ITEMS, RUNNING_ITEMS
from topodesign.buildout.standing import LightpathKey, lightpath_key
from topodesign.buildout.weights import YearWeight, present_value_of_years
from topodesign.catalog import load_catalog
from topodesign.domain.buildout import BuildoutYear, NewInYear, YearBound
from topodesign.domain.errors import InternalError
from topodesign.domain.fiber import LitLightpath
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.planning.search import PROVEN_GAP

MOST_ROUNDED_USD = 5 * 0.005 * (len(CAPITAL_ITEMS) + len(RUNNING_ITEMS))
"""Most that the roundings of a year's cost items to the cent come to: half a cent each in the state's plan, in the one
before, in the spending, in its present value, and in the plan of which the bound is proven."""


def counted_years(
    years: Sequence[int], scenarios: Sequence[Scenario], plans: Sequence[Plan], weights: Sequence[YearWeight]
) -> tuple[BuildoutYear, ...]:
    """The years of a build-out, from the state of each as a plan of that year's scenario.

    Capital is what the state costs to build more than the one before it; docs/buildout.md (1).
    """
    found: list[BuildoutYear] = []
    for year, scenario, plan, weight in zip(years, scenarios, plans, weights, strict=True):
        found.append(_counted(year, scenario, plan, weight, found[-1] if found else None))
    return tuple(found)


def items_of(years: Sequence[BuildoutYear]) -> dict[str, float]:
    """Net present cost by item, over all years."""
    names = sorted({name for year in years for name in year.npc_items})
    return {name: round(math.fsum(year.npc_items.get(name, 0.0) for year in years), 2) for name in names}


def bound_of_years(npc_usd: float, bounds: Sequence[YearBound]) -> float:
    """The sum of what is proven of the years; the cost where only rounding puts the sum above it.

    Raises
    ------
    InternalError
        ``BUILDOUT_BOUND_WRONG``, when it is above by more.
    """
    proven = round(math.fsum(item.lower_bound_usd for item in bounds), 2)
    rounding = MOST_ROUNDED_USD * len(bounds) + PROVEN_GAP * npc_usd
    if proven > npc_usd + rounding:
        raise InternalError(
            f"the years' bounds sum to {proven:.2f} USD, above the {npc_usd:.2f} USD of a build-out by more than the "
            f"{rounding:.2f} USD that rounding explains; a bound is wrong, so nothing is told: please report it",
            reason="BUILDOUT_BOUND_WRONG",
            metadata={"bound_usd": f"{proven:.2f}", "npc_usd": f"{npc_usd:.2f}"},
        )
    return min(npc_usd, proven)


def _counted(
    year: int, scenario: Scenario, plan: Plan, weight: YearWeight, before: BuildoutYear | None
) -> BuildoutYear:
    built = {segment.segment_id for segment in plan.segments if segment.built} | set(before.built if before else ())
    standing_usd = _capital(scenario, plan, built)
    economics = scenario.economics
    annuity = present_value_of_years(economics.discount_rate, 0, economics.horizon_years)
    stood_usd = dict.fromkeys(CAPITAL_ITEMS, 0.0)
    bought_usd = plan.accelerator_purchase_usd or 0.0
    if before is not None:
        stood_usd = _capital(scenario, before.plan, set(before.built))
        bought_usd -= before.plan.accelerator_purchase_usd or 0.0
    spent = {name: round(usd - stood_usd[name], 2) for name, usd in standing_usd.items()}
    running = {name: plan.cost_items[name] for name in RUNNING_ITEMS}
    npc = {name: round(usd * weight.capital, 2) for name, usd in spent.items()}
    npc |= {name: round(usd * (weight.running / annuity), 2) for name, usd in running.items()}
    term = math.fsum(standing_usd.values()) * weight.rent + math.fsum(npc[name] for name in RUNNING_ITEMS)
    new = _new(plan, built, before)
    return BuildoutYear(
        year=year,
        stands_years=weight.stands_years,
        plan=dataclasses.replace(plan, scenario=None),
        new=new,
        built=tuple(sorted(built)),
        capital_weight=weight.capital,
        running_weight=weight.running,
        capital_usd=spent,
        site_capital_usd=_site_capital(scenario, new),
        running_usd_per_year={name: usd / annuity for name, usd in running.items()},
        npc_items=dict(sorted(npc.items())),
        term_usd=round(term, 2),
        accelerator_purchase_usd=round(bought_usd, 2),
    )


def _capital(scenario: Scenario, plan: Plan, built: set[str]) -> dict[str, float]:
    """What the whole state costs to build. New fiber once built stays counted where more dark pairs came on offer."""
    items = {name: plan.cost_items[name] for name in CAPITAL_ITEMS}
    segments = [scenario.segment_by_id[segment_id] for segment_id in sorted(built)]
    build = math.fsum(segment.length_km * (segment.build_usd_per_km or 0.0) for segment in segments)
    return {**items, "fiber_build": round(build, 2)}


def _site_capital(scenario: Scenario, new: NewInYear) -> dict[str, float]:
    """Spent at each site on opening it and on its MW; pods alone count, as in the cost item."""
    watts = load_catalog(scenario.catalog_overrides).accelerator(scenario.size.accelerator).all_in_w
    spent = {}
    for site_id, pods in new.pods.items():
        site = scenario.site_by_id[site_id]
        power_mw = pods * scenario.size.pod_accelerators * watts * site.pue / 1e6
        fixed = site.fixed_capex_usd if site_id in new.sites else 0.0
        spent[site_id] = round(fixed + power_mw * site.capex_usd_per_mw, 2)
    return spent


def _new(plan: Plan, built: set[str], before: BuildoutYear | None) -> NewInYear:
    old_pods: Mapping[str, int] = {}
    old_power: Mapping[str, float] = {}
    old_pairs: Mapping[str, int] = {}
    old_paths: Mapping[LightpathKey, int] = {}
    if before is not None:
        old_pods = {site.id: site.pods for site in before.plan.sites}
        old_power = {site.id: site.power_mw for site in before.plan.sites}
        old_pairs = {item.segment_id: item.pairs for item in before.plan.segments}
        old_paths = {lightpath_key(path): path.count for path in before.plan.lightpaths}
    pods = {site.id: site.pods - old_pods.get(site.id, 0) for site in plan.sites}
    power = {site.id: site.power_mw - old_power.get(site.id, 0.0) for site in plan.sites}
    pairs = {item.segment_id: item.pairs - old_pairs.get(item.segment_id, 0) for item in plan.segments}
    more = [(path, path.count - old_paths.get(lightpath_key(path), 0)) for path in plan.lightpaths]
    return NewInYear(
        sites=tuple(site.id for site in plan.sites if site.id not in old_pods),
        pods=_above_zero(pods),
        power_mw={site: mw for site, mw in power.items() if mw > 0},
        pairs=_above_zero(pairs),
        built=tuple(sorted(built - set(before.built if before is not None else ()))),
        lightpaths=tuple(
            LitLightpath(a=path.a, z=path.z, mode=path.mode, count=count, segments=path.segments)
            for path, count in more
            if count > 0
        ),
    )


def _above_zero(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count > 0}
