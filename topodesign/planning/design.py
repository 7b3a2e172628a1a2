"""A complete integer decision, with what follows from it: pairs, new build, and cost to the cent."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from topodesign.optics.spectrum import Run
from topodesign.planning.instance import Instance
from topodesign.planning.known_paths import PathKey

StretchRuns = tuple[tuple[Run, ...], ...]
"""Channels and pairs of a lightpath on each of its transparent stretches."""

NETWORK_ITEMS = (
    "fiber_pairs",
    "fiber_route_charges",
    "fiber_build",
    "line_systems",
    "transceivers",
    "network_energy",
    "network_carbon",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Pods by site position, lightpaths by candidate position, pairs by segment position, and cost items in USD.

    ``purchase_usd`` is the accelerators' price where the instance counts it, else 0. ``runs`` are the slots, once they
    are assigned (:mod:`topodesign.planning.slots`); pairs count what they take from then on.
    """

    pods: Mapping[int, int]
    counts: Mapping[int, int]
    pairs: Mapping[int, int]
    built: frozenset[int]
    cost_items: Mapping[str, float]
    purchase_usd: float = 0.0
    runs: Mapping[PathKey, StretchRuns] = field(default_factory=dict)

    @classmethod
    def of(cls, instance: Instance, *, pods: Mapping[int, int], counts: Mapping[int, int]) -> Self:
        """The design with the fewest pairs that carry the lightpaths, those in service taken first."""
        counts = _lit_first(instance, counts)
        pairs = needed_pairs(instance, counts)
        built = _built(instance, pairs)
        return cls(
            pods=dict(sorted(pods.items())),
            counts=dict(sorted(counts.items())),
            pairs=pairs,
            built=built,
            cost_items=cost_items(instance, pods, counts, pairs, built),
            purchase_usd=sum(pods.values()) * instance.pod_purchase_usd,
        )

    def with_pairs(
        self, instance: Instance, *, pairs: Mapping[int, int], runs: Mapping[PathKey, StretchRuns]
    ) -> "Design":
        """The same lightpaths on given pairs and slots, with their cost."""
        built = _built(instance, pairs)
        items = cost_items(instance, self.pods, self.counts, pairs, built)
        return replace(self, pairs=dict(sorted(pairs.items())), built=built, cost_items=items, runs=runs)

    @property
    def cost_usd(self) -> float:
        return round(math.fsum(self.cost_items.values()), 2)

    @property
    def objective_usd(self) -> float:
        """What is minimised: the cost, and the purchase of accelerators where it counts."""
        return self.cost_usd + self.purchase_usd

    @property
    def network_cost_usd(self) -> float:
        return round(math.fsum(self.cost_items[name] for name in NETWORK_ITEMS), 2)

    def key(self) -> tuple[float, tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
        """Orders designs by cost, ties by their decisions, so that equal runs choose equally."""
        return (self.objective_usd, tuple(self.pods.items()), tuple(self.counts.items()))


def _lit_first(instance: Instance, counts: Mapping[int, int]) -> dict[int, int]:
    taken = dict(counts)
    for ordinary, lit in instance.lit_twin.items():
        moved = min(taken.get(ordinary, 0), instance.lit_counts[lit] - taken.get(lit, 0))
        if moved > 0:
            taken[lit] = taken.get(lit, 0) + moved
            taken[ordinary] -= moved
    return {path: count for path, count in taken.items() if count > 0}


def _built(instance: Instance, pairs: Mapping[int, int]) -> frozenset[int]:
    """Segments that need new fiber: those with more pairs than are lit and on offer."""
    segments = instance.graph.segments
    return frozenset(e for e, count in pairs.items() if count > segments[e].lit_pairs + segments[e].pairs_available)


def needed_pairs(instance: Instance, counts: Mapping[int, int]) -> dict[int, int]:
    """Pairs on each segment: total width of its lightpaths over the band, rounded up (formulation (12))."""
    band = instance.reach.line_system.band_ghz
    widths: dict[int, list[float]] = {}
    for path, count in counts.items():
        candidate = instance.lightpaths[path]
        for segment in candidate.route:
            widths.setdefault(segment, []).append(count * candidate.width_ghz)
    return {segment: max(1, math.ceil(math.fsum(items) / band - 1e-9)) for segment, items in sorted(widths.items())}


def cost_items(
    instance: Instance,
    pods: Mapping[int, int],
    counts: Mapping[int, int],
    pairs: Mapping[int, int],
    built: frozenset[int],
) -> dict[str, float]:
    """Cost items of docs/formulation.md in US dollars, each rounded to the cent."""
    items: dict[str, list[float]] = {
        name: [] for name in ("site_fixed", "site_power_capex", "energy", "carbon", *NETWORK_ITEMS)
    }
    for position, count in pods.items():
        site = instance.sites[position]
        power_mw = count * site.pod_mw
        price = instance.powers.at(site.site.site_id)
        items["site_fixed"].append(site.fixed_usd)
        items["site_power_capex"].append(power_mw * site.site.capex_usd_per_mw)
        items["energy"].append(power_mw * price.energy_usd_per_mw)
        items["carbon"].append(power_mw * price.carbon_usd_per_mw)
    for position, count in pairs.items():
        segment, cost = instance.graph.segments[position], instance.segment_prices[position]
        new = max(0, count - segment.lit_pairs)
        items["fiber_pairs"].append(new * cost.fiber_usd_per_pair)
        items["line_systems"].append(new * cost.line_usd_per_pair)
        items["fiber_route_charges"].append(cost.route_charge_usd)
        items["fiber_build"].append(cost.build_usd if position in built else 0.0)
        items["network_energy"].append(count * cost.line_mw * cost.power.energy_usd_per_mw)
        items["network_carbon"].append(count * cost.line_mw * cost.power.carbon_usd_per_mw)
    for position, count in counts.items():
        path = instance.lightpaths[position]
        bought = 0 if instance.lit_counts[position] else count
        items["transceivers"].append(bought * path.transceivers * path.mode.cost_usd)
        for node, watts in instance.transceiver_watts(path):
            price = instance.powers.at(instance.graph.nodes[node])
            items["network_energy"].append(count * watts / 1e6 * price.energy_usd_per_mw)
            items["network_carbon"].append(count * watts / 1e6 * price.carbon_usd_per_mw)
    return {name: round(math.fsum(values), 2) for name, values in items.items()}


def site_power_mw(instance: Instance, pods: Mapping[int, int], counts: Mapping[int, int]) -> dict[str, float]:
    """MW at the meter of every building that draws any: pods and transceivers (formulation (6))."""
    drawn: dict[str, list[float]] = {}
    for position, count in pods.items():
        drawn.setdefault(instance.sites[position].site.site_id, []).append(count * instance.sites[position].pod_mw)
    buildings = instance.scenario.site_by_id
    for position, count in counts.items():
        for node, watts in instance.transceiver_watts(instance.lightpaths[position]):
            name = instance.graph.nodes[node]
            if name in buildings:
                drawn.setdefault(name, []).append(count * watts / 1e6)
    return {name: math.fsum(values) for name, values in sorted(drawn.items())}
