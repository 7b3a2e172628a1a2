"""What it takes to turn the network of one plan, once built, into that of another: counts, and one-off expenses.

The difference of two plans' costs compares two networks that are both bought from scratch. Whoever has the first one
pays something else: only what is missing. With q+ for the positive part of q, and what the scenario says is in service
counted as had as well,

    site_fixed        sum of fixed_capex_usd over sites that the first plan does not use
    site_power_capex  sum over sites of capex_usd_per_mw x (MW of pods after - before)+
    fiber_pairs       sum over segments of (pairs after - pairs had)+ x length_km x usd_per_pair_km
    fiber_build       sum of length_km x build_usd_per_km over segments that the second plan builds and the first not
    line_systems      sum over segments of (pairs after - pairs had)+ x (2 terminals + (spans - 1) amplifiers)
    transceivers      sum over modes of (modules after - modules had)+ x cost_usd
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from topodesign.comparison.lightpaths import LightpathKey, lit_by_key
from topodesign.domain.comparison import Conversion
from topodesign.domain.equipment import Catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Where prices come from: sites and fiber from the scenario, equipment from the catalogue, if it is given."""

    scenario: Scenario
    catalog: Catalog | None


def conversion_between(before: Plan, after: Plan, prices: Prices | None) -> Conversion:
    """What changing the first plan into the second takes; priced where prices are given."""
    old, new = {site.id: site.pods for site in before.sites}, {site.id: site.pods for site in after.sites}
    pods = [new.get(name, 0) - old.get(name, 0) for name in sorted(old.keys() | new.keys())]
    lit = {} if prices is None else {item.segment_id: item.lit_pairs for item in prices.scenario.segments}
    had = {item.segment_id: item.pairs for item in before.segments}
    wanted = {item.segment_id: item.pairs for item in after.segments}
    more = {name: max(0, pairs - max(had.get(name, 0), lit.get(name, 0))) for name, pairs in wanted.items()}
    spans = {item.segment_id: item.spans for item in after.segments}
    there = {item.segment_id for item in before.segments if item.built}
    built = tuple(sorted(item.segment_id for item in after.segments if item.built and item.segment_id not in there))
    missing, spare = _transceivers(before, after, prices)
    items = None
    if prices is not None and prices.catalog is not None:
        items = {
            **_site_items_usd(before, after, prices.scenario, prices.catalog),
            **_fiber_items_usd(more, spans, built, prices.scenario, prices.catalog),
            "transceivers": _modules_usd(missing, prices.catalog),
        }
    return Conversion(
        new_sites=tuple(sorted(new.keys() - old.keys())),
        closed_sites=tuple(sorted(old.keys() - new.keys())),
        new_pods=sum(max(0, change) for change in pods),
        freed_pods=sum(max(0, -change) for change in pods),
        new_pairs=sum(more.values()),
        freed_pairs=sum(max(0, pairs - wanted.get(name, 0)) for name, pairs in had.items()),
        built_segments=built,
        new_amplifiers=sum(pairs * (spans[name] - 1) for name, pairs in more.items()),
        transceivers_to_buy=missing,
        transceivers_left_over=spare,
        new_accelerators=max(0, _accelerators(after) - _accelerators(before)),
        items_usd=items,
        cost_usd=None if items is None else round(math.fsum(items.values()), 2),
    )


def _transceivers(before: Plan, after: Plan, prices: Prices | None) -> tuple[dict[str, int], dict[str, int]]:
    """Modules by mode that are missing, and those that are left over."""
    wanted = _by_mode((key, lit.transceivers) for key, lit in lit_by_key(after).items())
    had = _by_mode(_modules_had(before, after, prices))
    modes = sorted(wanted.keys() | had)
    missing = {mode: wanted.get(mode, 0) - had.get(mode, 0) for mode in modes}
    return (
        {mode: count for mode, count in missing.items() if count > 0},
        {mode: -count for mode, count in missing.items() if count < 0},
    )


def _modules_had(before: Plan, after: Plan, prices: Prices | None) -> Iterable[tuple[LightpathKey, int]]:
    """Modules of the first plan's lightpaths, and of those in service beyond it as the second plan regenerates them."""
    old, new = lit_by_key(before), lit_by_key(after)
    for key, lit in old.items():
        yield key, lit.transceivers
    for path in () if prices is None else prices.scenario.lit_lightpaths:
        known = new.get(path.key) or old.get(path.key)
        each = 2 if known is None else known.transceivers // known.count
        beyond = path.count - (old[path.key].count if path.key in old else 0)
        if beyond > 0:
            yield path.key, beyond * each


def _by_mode(modules: Iterable[tuple[LightpathKey, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for (_, _, mode, _), count in modules:
        found[mode] = found.get(mode, 0) + count
    return found


def _site_items_usd(before: Plan, after: Plan, scenario: Scenario, catalog: Catalog) -> dict[str, float]:
    """Expenses for sites, each item rounded to the cent."""
    watts = scenario.size.pod_accelerators * catalog.accelerator(scenario.size.accelerator).all_in_w
    old = {site.id: site.pods for site in before.sites}
    fixed, capex = [], []
    for used in after.sites:
        site = _known(scenario.site_by_id.get(used.id), "site", used.id, scenario)
        fixed.append(0.0 if used.id in old else site.fixed_capex_usd)
        pods = max(0, used.pods - old.get(used.id, 0))
        capex.append(site.capex_usd_per_mw * pods * watts * site.pue / 1e6)
    return {"site_fixed": round(math.fsum(fixed), 2), "site_power_capex": round(math.fsum(capex), 2)}


def _fiber_items_usd(
    more_pairs: Mapping[str, int], spans: Mapping[str, int], built: Iterable[str], scenario: Scenario, catalog: Catalog
) -> dict[str, float]:
    """Expenses for fiber and line systems, each item rounded to the cent."""
    line = catalog.line_system(f"{scenario.optics.band}-band")
    fiber, systems, building = [], [], []
    for name, pairs in more_pairs.items():
        segment = _known(scenario.segment_by_id.get(name), "segment", name, scenario)
        fiber.append(pairs * segment.length_km * segment.usd_per_pair_km)
        systems.append(pairs * (2 * line.terminal_cost_usd + (spans[name] - 1) * line.amplifier_cost_usd))
    for name in built:
        segment = _known(scenario.segment_by_id.get(name), "segment", name, scenario)
        building.append(segment.length_km * (segment.build_usd_per_km or 0.0))
    return {
        "fiber_pairs": round(math.fsum(fiber), 2),
        "fiber_build": round(math.fsum(building), 2),
        "line_systems": round(math.fsum(systems), 2),
    }


def _modules_usd(missing: Mapping[str, int], catalog: Catalog) -> float:
    return round(math.fsum(count * catalog.transceiver(mode).cost_usd for mode, count in missing.items()), 2)


def _accelerators(plan: Plan) -> int:
    return sum(site.accelerators for site in plan.sites)


def _known(found: T | None, what: str, item_id: str, scenario: Scenario) -> T:
    if found is None:
        raise InvalidInput(
            f"the plan uses {what} {item_id!r}, which scenario {scenario.name!r} does not have; give the scenario that "
            "the second plan was made for",
            reason="REFERENCE_UNKNOWN",
            metadata={"id": item_id},
        )
    return found
