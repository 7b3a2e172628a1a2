"""Cost to the cent: every item of the table in docs/formulation.md, and their sums."""

import math
from collections.abc import Iterator, Mapping

from topodesign.domain.plan import Violation
from topodesign.verify.evidence import Evidence
from topodesign.verify.fiber import span_count
from topodesign.verify.finding import disagrees, found, shown
from topodesign.verify.power import HOURS_PER_YEAR, line_mw, network_mw, node_prices, segment_prices
from topodesign.verify.tolerance import CENT_USD, agrees, exceeds

RULES = ("cost_item", "cost_item_unknown", "cost_total", "network_cost", "accelerator_purchase", "budget")

NETWORK_ITEMS = (
    "fiber_pairs",
    "fiber_route_charges",
    "fiber_build",
    "line_systems",
    "transceivers",
    "network_energy",
    "network_carbon",
)


def annuity_years(discount_rate: float, horizon_years: int) -> float:
    """A, the sum of (1 + rate)^-y over the years of the horizon."""
    return math.fsum((1 + discount_rate) ** -year for year in range(1, horizon_years + 1))


def cost_items(evidence: Evidence) -> Mapping[str, float]:
    """The verifier's own items, each rounded to the cent, in US dollars."""
    items = {**_site_items(evidence), **_fiber_items(evidence), **_network_energy_items(evidence)}
    items["transceivers"] = _transceivers_usd(evidence)
    return {name: round(usd, 2) for name, usd in sorted(items.items())}


def _transceivers_usd(evidence: Evidence) -> float:
    """Transceivers that must be bought: as many lightpaths of the same ends, route and mode as are in service are free.

    Where a plan regenerates some of those and others not, the ones with most transceivers count as in service.
    """
    in_service = {path.key: path.count for path in evidence.scenario.lit_lightpaths}
    bought = [0.0]
    for route in sorted(evidence.routes, key=lambda route: -len(route.regeneration_nodes)):
        stated, mode = route.stated, route.mode
        key = min((stated.a, stated.z, mode.id, stated.segments), (stated.z, stated.a, mode.id, stated.segments[::-1]))
        free = min(stated.count, in_service.get(key, 0))
        if free:
            in_service[key] -= free
        bought.append((stated.count - free) * (2 + 2 * len(route.regeneration_nodes)) * mode.cost_usd)
    return math.fsum(bought)


def _site_items(evidence: Evidence) -> dict[str, float]:
    sites = [evidence.scenario.site_by_id[site_id] for site_id in evidence.used]
    drawn = [(evidence.pods_mw(site.site_id), *node_prices(evidence, site.site_id)) for site in sites]
    energy, carbon = _energy_and_carbon(evidence, drawn)
    return {
        "site_fixed": math.fsum(site.fixed_capex_usd for site in sites),
        "site_power_capex": math.fsum(site.capex_usd_per_mw * evidence.pods_mw(site.site_id) for site in sites),
        "energy": energy,
        "carbon": carbon,
    }


def _fiber_items(evidence: Evidence) -> dict[str, float]:
    economics, system = evidence.scenario.economics, evidence.line_system
    annuity = annuity_years(economics.discount_rate, economics.horizon_years)
    pairs, routes, builds, lines = [0.0], [0.0], [0.0], [0.0]
    for segment_id, stated in evidence.fiber.items():
        segment = evidence.scenario.segment_by_id[segment_id]
        new_pairs = max(0, stated.pairs - segment.lit_pairs)
        amplifiers = span_count(segment.length_km, evidence.scenario.optics.span_km) - 1
        pairs.append(new_pairs * segment.length_km * segment.usd_per_pair_km)
        if stated.pairs > 0:
            routes.append(segment.length_km * segment.usd_per_route_km_year * annuity)
        if stated.built is True:
            builds.append(segment.length_km * (segment.build_usd_per_km or 0.0))
        lines.append(new_pairs * (2 * system.terminal_cost_usd + amplifiers * system.amplifier_cost_usd))
    return {
        "fiber_pairs": math.fsum(pairs),
        "fiber_route_charges": math.fsum(routes),
        "fiber_build": math.fsum(builds),
        "line_systems": math.fsum(lines),
    }


def _network_energy_items(evidence: Evidence) -> dict[str, float]:
    drawn = [(mw, *node_prices(evidence, node)) for node, mw in network_mw(evidence).items()]
    for segment_id in evidence.fiber:
        segment = evidence.scenario.segment_by_id[segment_id]
        drawn.append((line_mw(evidence, segment), *segment_prices(evidence, segment)))
    energy, carbon = _energy_and_carbon(evidence, drawn)
    return {"network_energy": energy, "network_carbon": carbon}


def _energy_and_carbon(evidence: Evidence, drawn: list[tuple[float, float, float]]) -> tuple[float, float]:
    """Present cost of energy and of its carbon, from (MW, USD per MWh, g per kWh)."""
    economics = evidence.scenario.economics
    hours = economics.load_factor * HOURS_PER_YEAR * annuity_years(economics.discount_rate, economics.horizon_years)
    energy = math.fsum(mw * hours * price for mw, price, _ in drawn)
    carbon = math.fsum(mw * hours * grams / 1000 * economics.carbon_usd_per_t for mw, _, grams in drawn)
    return energy, carbon


def network_cost_usd(items: Mapping[str, float]) -> float:
    """Items from fiber to network carbon, in US dollars."""
    return math.fsum(items.get(name, 0.0) for name in NETWORK_ITEMS)


def purchase_usd(evidence: Evidence) -> float:
    """Price of the accelerators, which is not part of the cost."""
    accelerators = sum(evidence.pods.values()) * evidence.scenario.size.pod_accelerators
    return round(accelerators * evidence.accelerator.cost_usd, 2)


def check_cost(evidence: Evidence, own: Mapping[str, float]) -> Iterator[Violation]:
    """Violations of :data:`RULES`; ``own`` are the verifier's items."""
    plan, total = evidence.plan, math.fsum(own.values())
    stated = plan.cost_items
    for name in sorted(set(stated) - set(own)):
        yield found(
            "cost_item_unknown",
            name,
            f"the plan charges {shown(stated[name])} USD for an item that docs/formulation.md does not have",
            value=stated[name],
            unit="USD",
            remedy=f"use the items {', '.join(own)}",
        )
    for name, usd in own.items():
        if stated and not _to_the_cent(stated.get(name, 0.0), usd):
            yield disagrees("cost_item", name, "the cost item", stated.get(name, 0.0), usd, "USD")
    slack = CENT_USD * len(own)
    if not _to_the_cent(plan.cost_usd, total, cents=slack):
        yield disagrees("cost_total", "cost_usd", "cost_usd", plan.cost_usd, total, "USD")
    else:
        yield from _check_sum(evidence)
    if plan.network_cost_usd is not None and not _to_the_cent(
        plan.network_cost_usd, network_cost_usd(own), cents=slack
    ):
        own_network = network_cost_usd(own)
        yield disagrees(
            "network_cost", "network_cost_usd", "network_cost_usd", plan.network_cost_usd, own_network, "USD"
        )
    purchase, stated_purchase = purchase_usd(evidence), plan.accelerator_purchase_usd
    if stated_purchase is not None and not _to_the_cent(stated_purchase, purchase):
        yield disagrees(
            "accelerator_purchase", "accelerator_purchase_usd", "the purchase", stated_purchase, purchase, "USD"
        )
    yield from _check_budget(evidence, total + purchase)


def _check_sum(evidence: Evidence) -> Iterator[Violation]:
    """The stated items sum to the stated cost to the cent."""
    stated = evidence.plan.cost_items
    if not stated or not all(agrees(usd, usd) for usd in stated.values()):
        return
    total = math.fsum(stated.values())
    if not _to_the_cent(evidence.plan.cost_usd, total, cents=CENT_USD / 2):
        yield disagrees("cost_total", "cost_usd", "cost_usd against its items", evidence.plan.cost_usd, total, "USD")


def _check_budget(evidence: Evidence, spent: float) -> Iterator[Violation]:
    size, policy = evidence.scenario.size, evidence.scenario.policy
    for name, budget in (("size.budget_usd", size.budget_usd), ("policy.budget_usd", policy.budget_usd)):
        if budget is None or not exceeds(spent, budget):
            continue
        yield found(
            "budget",
            name,
            f"cost and accelerators come to {spent:.2f} USD, above the budget of {budget:.2f} USD",
            value=spent,
            limit=budget,
            unit="USD",
            remedy="place fewer pods, light less capacity or raise the budget",
        )


def _to_the_cent(stated: object, own: float, *, cents: float = CENT_USD) -> bool:
    """Equal within ``cents`` US dollars, and within what double precision can hold of so large a number."""
    return agrees(stated, own, absolute=cents * (1 + 1e-6), relative=4e-16)
