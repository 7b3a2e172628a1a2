"""Energy and carbon over the horizon as lines of the bill: one for each place that draws power."""

import math
from collections.abc import Iterator

from topodesign.domain.durations import HOURS_PER_YEAR
from topodesign.domain.equipment import Catalog
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Economics, Scenario
from topodesign.optics.reach import LINE_SYSTEM_OF_BAND
from topodesign.outputs.bill_lines import SCENARIO_PRICE, BillLine, bill_line
from topodesign.outputs.network_load import transceivers_by_node

Prices = tuple[float, float]
"""Energy in USD/MWh and carbon in g/kWh."""


def annuity_years(economics: Economics) -> float:
    """A: what one dollar a year over the horizon is worth today, in years."""
    return math.fsum((1 + economics.discount_rate) ** -year for year in range(1, economics.horizon_years + 1))


def energy_lines(scenario: Scenario, plan: Plan, catalog: Catalog) -> Iterator[BillLine]:
    """Energy of clusters, then of the network (transceivers by node, line systems by segment), each with its carbon.

    Follows the rows ``energy``, ``carbon``, ``network_energy`` and ``network_carbon`` of docs/formulation.md.
    """
    watts = catalog.accelerator(scenario.size.accelerator).all_in_w
    for cluster in plan.sites:
        mw = cluster.accelerators * watts * scenario.site_by_id[cluster.id].pue / 1e6
        prices = _node_prices(scenario, cluster.id)
        yield from _lines(scenario, "the cluster", ("site", cluster.id), mw, prices, prefix="")
    modules = transceivers_by_node(plan.lightpaths)
    drawn: dict[str, float] = {}
    for (node_id, mode_id), count in sorted((modules.ends + modules.regenerations).items()):
        drawn[node_id] = drawn.get(node_id, 0.0) + count * catalog.transceiver(mode_id).power_w
    for node_id, node_watts in drawn.items():
        site = scenario.site_by_id.get(node_id)
        mw = node_watts * (site.pue if site is not None else 1.0) / 1e6
        place = ("site" if site is not None else "junction", node_id)
        yield from _lines(scenario, "transceivers", place, mw, _node_prices(scenario, node_id), prefix="network_")
    system = catalog.line_system(LINE_SYSTEM_OF_BAND[scenario.optics.band])
    for lit in plan.segments:
        each = 2 * system.terminal_power_w + (lit.spans - 1) * system.amplifier_power_w
        segment = scenario.segment_by_id[lit.segment_id]
        (price_a, grams_a), (price_b, grams_b) = (_node_prices(scenario, node) for node in (segment.a, segment.b))
        prices = (price_a + price_b) / 2, (grams_a + grams_b) / 2
        place = ("segment", lit.segment_id)
        yield from _lines(scenario, "line systems", place, lit.pairs * each / 1e6, prices, prefix="network_")


def _lines(
    scenario: Scenario, of_what: str, place: tuple[str, str], mw: float, prices: Prices, *, prefix: str
) -> Iterator[BillLine]:
    """A line of energy and, where carbon has a price, one of carbon: a yearly amount at what all years are worth."""
    economics = scenario.economics
    annuity = annuity_years(economics)
    mwh = mw * economics.load_factor * HOURS_PER_YEAR
    usd_per_mwh, grams_per_kwh = prices
    years = f"present value of {economics.horizon_years} years"
    for name, amount, price, item in (
        (f"Energy of {of_what}, {years}", (mwh, "MWh/year"), usd_per_mwh, "energy"),
        (f"Carbon of {of_what}, {years}", (mwh * grams_per_kwh / 1e3, "t/year"), economics.carbon_usd_per_t, "carbon"),
    ):
        if amount[0] > 0 and price > 0:
            yield bill_line(
                name,
                place,
                amount,
                price * annuity,
                origin=SCENARIO_PRICE,
                cost_item=prefix + item,
                unit_power_w=None,  # that of the equipment, on its own lines
            )


def _node_prices(scenario: Scenario, node_id: str) -> Prices:
    """Of the zone of a site or junction; of a junction without one, the plain means over all zones."""
    site, junction = scenario.site_by_id.get(node_id), scenario.junction_by_id.get(node_id)
    zone_id = site.zone_id if site is not None else junction.zone_id if junction is not None else None
    zones = (scenario.zone_by_id[zone_id],) if zone_id is not None else scenario.zones
    return (
        math.fsum(zone.energy_usd_per_mwh for zone in zones) / len(zones),
        math.fsum(zone.carbon_g_per_kwh for zone in zones) / len(zones),
    )
