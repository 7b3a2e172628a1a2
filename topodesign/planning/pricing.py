"""Routes that are no candidates: which of them could better the relaxation, and a bound over all of them.

With the prices of a solved relaxation, one more lightpath of a pair of sites on a route costs

    transceivers + their power + sum over its segments of width x price of spectrum - rate x (sum of the prices of the
    demand's rows that it crosses and whose failure state it survives),

and a route dies with every conduit it uses. So the cheapest route is a shortest path whose segments cost their spectrum
and, for the pair in question, the prices of the rows that are lost with their conduits. Regeneration, reach, closed
ends and losses of whole buildings are left out, which only makes a route look better than it is: where no shortest path
is worth having, no route at all is, and the relaxation's bound holds over all routes. Where some still are, the prices
of the demand's rows are scaled down until none is; prices so scaled prove a lower bound over all routes too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from topodesign.optics.reach import channel_width_ghz
from topodesign.planning.instance import Floats, Instance
from topodesign.planning.known_paths import KnownPath
from topodesign.planning.master import MILLION, Master
from topodesign.planning.partition_rows import PartitionRow
from topodesign.planning.programme import Row
from topodesign.planning.relaxation import LinearRelaxation, Relaxed

WORTH = 1e-7
"""A route is worth having when it saves more than this share of what its transceivers cost."""
SCALINGS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """Routes worth adding, and a lower bound over all routes in millions of US dollars."""

    missing: tuple[KnownPath, ...]
    bound: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PairPrices:
    """For one pair of site positions: prices of all rows crossed, and of those lost with each segment."""

    i: int
    j: int
    crossed: float
    lost: Floats


def price_routes(master: Master, relaxation: LinearRelaxation, rows: Sequence[Row], solved: Relaxed) -> Priced:
    """Look for routes worth having at the prices of a solved relaxation whose separated rows are ``rows``."""
    pricer = _Pricer(master, rows, solved)
    missing = pricer.missing(1.0)
    if not missing:
        return Priced(missing=(), bound=solved.bound)
    low, high = 0.0, 1.0
    for _ in range(SCALINGS):
        middle = (low + high) / 2
        if pricer.missing(middle, only_one=True):
            high = middle
        else:
            low = middle
    scaled = solved.prices.copy()
    scaled[pricer.demand_rows] *= low
    return Priced(missing=missing, bound=relaxation.safe_bound(scaled))


class _Pricer:
    def __init__(self, master: Master, rows: Sequence[Row], solved: Relaxed) -> None:
        self.master = master
        self.instance: Instance = master.instance
        own = len(master.programme.rows)
        fixed = dict(zip((row.name for row in master.programme.rows), solved.prices[:own], strict=True))
        self.spectrum = self._spectrum_prices(fixed)
        self.power = self._power_prices(fixed)
        self.demand_rows = own + np.array(
            [index for index, row in enumerate(rows) if isinstance(row.origin, PartitionRow)], dtype=np.int64
        )
        priced = [
            (row.origin, float(price))
            for row, price in zip(rows, solved.prices[own:], strict=True)
            if isinstance(row.origin, PartitionRow) and price > 0
        ]
        self.pairs = self._pair_prices(priced)

    def missing(self, scale: float, *, only_one: bool = False) -> tuple[KnownPath, ...]:
        """Routes worth having when the prices of the demand's rows are scaled."""
        instance = self.instance
        found: list[KnownPath] = []
        for mode in instance.reach.modes:
            unit = instance.required_gbps / mode.rate_gbps
            width = channel_width_ghz(mode, instance.reach.rules) / instance.reach.line_system.band_ghz * unit
            least = self._least_spectrum(width)
            for pair in self.pairs:
                a, z = instance.sites[pair.i].node, instance.sites[pair.j].node
                drawn = mode.power_w / 1e6 * (self.power[pair.i] + self.power[pair.j])
                ends = unit * (2 * mode.cost_usd / MILLION + drawn)
                tolerance = WORTH * ends
                if ends + least[pair.i][z] >= scale * pair.crossed - tolerance:
                    continue
                weight = width * self.spectrum + scale * pair.lost
                distance, _ = instance.graph.distances(a, weight.tolist())
                if ends + distance[z] >= scale * pair.crossed - tolerance:
                    continue
                route = instance.graph.shortest_route(a, z, weight.tolist())
                assert route is not None  # its distance is finite
                found.append(
                    KnownPath(
                        a=instance.graph.nodes[a],
                        z=instance.graph.nodes[z],
                        mode=mode.id,
                        segments=tuple(instance.graph.segments[segment].segment_id for segment in route),
                    )
                )
                if only_one:
                    return tuple(found)
        return tuple(found)

    def _least_spectrum(self, width: float) -> list[list[float]]:
        """From every candidate site to every node the least price of spectrum, whatever else a route loses."""
        weight = (width * self.spectrum).tolist()
        sources = {pair.i for pair in self.pairs}
        nothing: list[float] = []
        return [
            self.instance.graph.distances(site.node, weight)[0] if index in sources else nothing
            for index, site in enumerate(self.instance.sites)
        ]

    def _spectrum_prices(self, fixed: Mapping[str, float]) -> Floats:
        """Price of one line system's band on each segment; what a pair costs where no candidate goes yet."""
        prices = []
        for segment, cost in zip(self.instance.graph.segments, self.instance.segment_prices, strict=True):
            pair = cost.lit_pair_usd if segment.lit_pairs else cost.new_pair_usd
            prices.append(max(0.0, -fixed.get(f"spectrum[{segment.segment_id}]", -pair / MILLION)))
        return np.array(prices)

    def _power_prices(self, fixed: Mapping[str, float]) -> Floats:
        """Price of one MW at each candidate site: what it costs, and what its limits make it worth."""
        instance = self.instance
        prices = []
        for candidate in instance.sites:
            site = candidate.site
            limits = max(0.0, -fixed.get(f"power[{site.site_id}]", 0.0)) + max(
                0.0, -fixed.get(f"zone[{site.zone_id}]", 0.0)
            )
            power = instance.powers.at(site.site_id)
            carbon = max(0.0, -fixed.get("carbon", 0.0)) * power.carbon_t_per_mw_year
            prices.append(site.pue * (power.total_usd_per_mw / MILLION + limits + carbon))
        return np.array(prices)

    def _pair_prices(self, priced: Sequence[tuple[PartitionRow, float]]) -> list[PairPrices]:
        """Pairs within the round-trip limit that cross any priced row, and what they would bring."""
        instance = self.instance
        size, segments = len(instance.sites), len(instance.graph.segments)
        crossed = np.zeros((size, size))
        lost: dict[tuple[int, int], Floats] = {}
        for row, price in priced:
            block = row.block
            crosses = (block[:, None] != block[None, :]) & (block[:, None] >= 0) & (block[None, :] >= 0)
            crossed += np.where(crosses, price, 0.0)
            charge = self._charge(row, segments)
            if charge is None:
                continue
            for i, j in zip(*np.nonzero(np.triu(crosses)), strict=True):
                key = (int(i), int(j))
                if key not in lost:
                    lost[key] = np.zeros(segments)
                lost[key] += price * charge
        limit = instance.scenario.policy.max_rtt_ms
        programme = self.master.programme
        may_be_used = [programme.upper[column] > 0 for column in self.master.used]
        return [
            PairPrices(i=i, j=j, crossed=float(crossed[i, j]), lost=lost.get((i, j), np.zeros(segments)))
            for i in range(size)
            for j in range(i + 1, size)
            if crossed[i, j] > 0 and may_be_used[i] and may_be_used[j] and instance.trips.rtt_ms[i][j] <= limit
        ]

    def _charge(self, row: PartitionRow, segments: int) -> Floats | None:
        """Share of the row's price that a route loses with each segment; never more in all than it truly loses.

        A conduit of several segments counts once however many of them a route uses, and a state of two conduits is lost
        once with either.
        """
        conduits = row.state.conduits
        if not conduits:
            return None
        charge = np.zeros(segments)
        for conduit in conduits:
            members = self.instance.graph.conduit_segments[conduit]
            charge[list(members)] += 1 / (len(members) * len(conduits))
        return np.minimum(charge, 1.0)
