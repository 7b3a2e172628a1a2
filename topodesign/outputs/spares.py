"""Modules on the shelf: enough, with a stated probability, to outlast the restocking after failures.

With n modules of one kind at one place that fail every MTBF hours on average, failures during a restocking of R hours
are Poisson distributed with mean n R / MTBF (Palm's theorem). The stock is the least s with P(at most s failures) >=
the service level, and at least one for every kind and place.

References
----------
C. Palm, "Analysis of the Erlang traffic formula for busy-signal arrangements", 1938. C. C. Sherbrooke, "Optimal
Inventory Modeling of Systems", Springer, 2nd ed. 2004, chapter 2.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from topodesign.domain.equipment import Catalog, Origin, Reliability
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.optics.reach import LINE_SYSTEM_OF_BAND
from topodesign.outputs.amplifier_sites import AmplifierSite
from topodesign.outputs.bill_lines import origin_of
from topodesign.outputs.network_load import transceivers_by_node

HOURS_PER_DAY = 24

PartKind = Literal["transceiver", "terminal", "amplifier"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledPart:
    """Modules of one kind at one place, those in service already included.

    ``place`` is kind (site, junction or hut) and id; ``unit_cost_usd`` the price of one today, from ``price_origin``.
    """

    kind: PartKind
    name: str
    catalog_id: str
    place: tuple[str, str]
    installed: int
    unit_cost_usd: float
    price_origin: Origin


def installed_parts(
    scenario: Scenario, plan: Plan, catalog: Catalog, huts: Sequence[AmplifierSite]
) -> tuple[InstalledPart, ...]:
    """Transceivers by node and mode, terminals by node, amplifiers by hut."""
    return (
        *_transceivers(scenario, plan, catalog),
        *_line_parts(scenario, catalog, "terminal", _terminals(scenario, plan)),
        *_line_parts(scenario, catalog, "amplifier", {("hut", hut.id): hut.amplifiers for hut in huts}),
    )


def spares_of(part: InstalledPart, figures: Reliability) -> int:
    """Modules on the shelf for what is installed at one place."""
    mean = part.installed * figures.restock_days * HOURS_PER_DAY / mtbf_h(part.kind, figures)
    return max(1, poisson_quantile(mean, figures.spares_service_level))


def mtbf_h(kind: PartKind, figures: Reliability) -> float:
    """Mean time between failures of one module, in hours."""
    hours: float = getattr(figures, f"{kind}_mtbf_h")
    return hours


def poisson_quantile(mean: float, level: float) -> int:
    """The least whole s with P(at most s) >= ``level`` for a Poisson variable; ``mean`` >= 0, 0 <= ``level`` < 1."""
    from scipy.special import pdtr

    most = 1
    while pdtr(most, mean) < level:
        most *= 2
    least = -1  # P(at most least) < level, or least is -1
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (middle, most) if middle >= 0 and pdtr(middle, mean) < level else (least, middle)
    return most


def _transceivers(scenario: Scenario, plan: Plan, catalog: Catalog) -> Iterator[InstalledPart]:
    modules = transceivers_by_node(plan.lightpaths)
    for (node_id, mode_id), count in sorted((modules.ends + modules.regenerations).items()):
        mode = catalog.transceiver(mode_id)
        yield InstalledPart(
            kind="transceiver",
            name=f"transceiver, {mode.name}",
            catalog_id=mode.id,
            place=_node(scenario, node_id),
            installed=count,
            unit_cost_usd=mode.cost_usd,
            price_origin=origin_of(mode.origins, "cost_usd"),
        )


def _terminals(scenario: Scenario, plan: Plan) -> dict[tuple[str, str], int]:
    """One for each pair at each end of a segment."""
    counts: Counter[tuple[str, str]] = Counter()
    for lit in plan.segments:
        segment = scenario.segment_by_id[lit.segment_id]
        for node_id in (segment.a, segment.b):
            counts[_node(scenario, node_id)] += lit.pairs
    return dict(sorted(counts.items()))


def _line_parts(
    scenario: Scenario, catalog: Catalog, kind: PartKind, counts: dict[tuple[str, str], int]
) -> Iterator[InstalledPart]:
    system = catalog.line_system(LINE_SYSTEM_OF_BAND[scenario.optics.band])
    for place, count in counts.items():
        if count:
            yield InstalledPart(
                kind=kind,
                name=f"{'in-line amplifier' if kind == 'amplifier' else kind}, {system.name}",
                catalog_id=system.id,
                place=place,
                installed=count,
                unit_cost_usd=getattr(system, f"{kind}_cost_usd"),
                price_origin=origin_of(system.origins, f"{kind}_cost_usd"),
            )


def _node(scenario: Scenario, node_id: str) -> tuple[str, str]:
    return ("site" if node_id in scenario.site_by_id else "junction", node_id)
