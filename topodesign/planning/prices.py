"""Present-value prices of one pod, one pair, one lightpath: the coefficients of docs/formulation.md's cost table."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

from topodesign.domain.durations import HOURS_PER_YEAR
from topodesign.domain.equipment import Catalog, LineSystem
from topodesign.domain.scenario import Economics, FiberSegment, Scenario
from topodesign.optics.reach import LINE_SYSTEM_OF_BAND, span_count


def annuity_factor(economics: Economics) -> float:
    """Present value of one dollar a year at the end of each year of the horizon."""
    return sum((1 + economics.discount_rate) ** -year for year in range(1, economics.horizon_years + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerPrice:
    """Present value of one MW drawn over the horizon at a node: energy, and carbon, in US dollars."""

    energy_usd_per_mw: float
    carbon_usd_per_mw: float
    carbon_t_per_mw_year: float

    @property
    def total_usd_per_mw(self) -> float:
        return self.energy_usd_per_mw + self.carbon_usd_per_mw


class PowerPrices:
    """Power price at every site and junction of a scenario."""

    def __init__(self, scenario: Scenario) -> None:
        economics = scenario.economics
        annuity = annuity_factor(economics)
        mwh_per_year = economics.load_factor * HOURS_PER_YEAR

        def price(usd_per_mwh: float, g_per_kwh: float) -> PowerPrice:
            tonnes = mwh_per_year * g_per_kwh / 1000
            return PowerPrice(
                energy_usd_per_mw=mwh_per_year * annuity * usd_per_mwh,
                carbon_usd_per_mw=tonnes * annuity * economics.carbon_usd_per_t,
                carbon_t_per_mw_year=tonnes,
            )

        self._by_zone: Mapping[str, PowerPrice] = {
            zone.zone_id: price(zone.energy_usd_per_mwh, zone.carbon_g_per_kwh) for zone in scenario.zones
        }
        self._mean = price(
            fmean(zone.energy_usd_per_mwh for zone in scenario.zones),
            fmean(zone.carbon_g_per_kwh for zone in scenario.zones),
        )
        self._zone_of_node: dict[str, str | None] = {site.site_id: site.zone_id for site in scenario.sites}
        self._zone_of_node.update({node.node_id: node.zone_id for node in scenario.junctions})

    def at(self, node_id: str) -> PowerPrice:
        """Price at a site or junction; the plain mean over zones where a junction's zone is unknown."""
        zone = self._zone_of_node[node_id]
        return self._mean if zone is None else self._by_zone[zone]

    def along(self, segment: FiberSegment) -> PowerPrice:
        """Mean of the prices at the two ends of a segment."""
        a, b = self.at(segment.a), self.at(segment.b)
        return PowerPrice(
            energy_usd_per_mw=(a.energy_usd_per_mw + b.energy_usd_per_mw) / 2,
            carbon_usd_per_mw=(a.carbon_usd_per_mw + b.carbon_usd_per_mw) / 2,
            carbon_t_per_mw_year=(a.carbon_t_per_mw_year + b.carbon_t_per_mw_year) / 2,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentPrice:
    """Prices of one segment in US dollars of present value; ``line_mw`` is the draw of one lit pair."""

    fiber_usd_per_pair: float
    line_usd_per_pair: float
    route_charge_usd: float
    build_usd: float
    spans: int
    line_mw: float
    power: PowerPrice

    @property
    def new_pair_usd(self) -> float:
        """A newly lit pair: fiber, line system, and its power."""
        return self.fiber_usd_per_pair + self.line_usd_per_pair + self.lit_pair_usd

    @property
    def lit_pair_usd(self) -> float:
        """A pair that is lit already: only its power."""
        return self.line_mw * self.power.total_usd_per_mw


def segment_price(scenario: Scenario, segment: FiberSegment, line: LineSystem, powers: PowerPrices) -> SegmentPrice:
    """Prices of pairs, route and new build on one segment."""
    spans = span_count(segment.length_km, scenario.optics.span_km)
    build = segment.build_usd_per_km or 0.0
    return SegmentPrice(
        fiber_usd_per_pair=segment.length_km * segment.usd_per_pair_km,
        line_usd_per_pair=2 * line.terminal_cost_usd + (spans - 1) * line.amplifier_cost_usd,
        route_charge_usd=segment.length_km * segment.usd_per_route_km_year * annuity_factor(scenario.economics),
        build_usd=segment.length_km * build,
        spans=spans,
        line_mw=(2 * line.terminal_power_w + (spans - 1) * line.amplifier_power_w) / 1e6,
        power=powers.along(segment),
    )


def line_system_of(scenario: Scenario, catalog: Catalog) -> LineSystem:
    """The line system of the scenario's band."""
    return catalog.line_system(LINE_SYSTEM_OF_BAND[scenario.optics.band])
