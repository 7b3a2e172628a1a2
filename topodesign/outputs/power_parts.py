"""What draws a plan's power: rated MW by kind of equipment, at sites, at junctions and along the fiber."""

import math
from dataclasses import dataclass

from topodesign.domain.equipment import Catalog
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.optics.reach import LINE_SYSTEM_OF_BAND
from topodesign.outputs.network_load import transceivers_by_node


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerParts:
    """Rated MW. What a site draws holds its PUE, in ``overhead_mw`` and ``network_overhead_mw``.

    ``accelerators_mw`` are all in: hosts and the fabric inside the site with them. ``transceivers_mw`` are those at the
    ends of lightpaths, ``regeneration_mw`` those on the way, ``terminals_mw`` and ``amplifiers_mw`` the line systems'.
    """

    accelerators_mw: float
    overhead_mw: float
    transceivers_mw: float
    regeneration_mw: float
    network_overhead_mw: float
    terminals_mw: float
    amplifiers_mw: float

    @property
    def network_mw(self) -> float:
        """Everything between sites."""
        return math.fsum(
            (
                *(self.transceivers_mw, self.regeneration_mw, self.network_overhead_mw),
                *(self.terminals_mw, self.amplifiers_mw),
            )
        )

    @property
    def total_mw(self) -> float:
        return math.fsum((self.accelerators_mw, self.overhead_mw, self.network_mw))


def power_parts(scenario: Scenario, plan: Plan, catalog: Catalog) -> PowerParts:
    """The parts of everything that a plan runs.

    Sites' parts sum to the plan's ``power_mw`` of its sites, and to what hubs that only regenerate draw.

    Raises
    ------
    NotFound
        When the scenario or the plan names equipment that the catalogue lacks (``EQUIPMENT_UNKNOWN``).
    """
    watts = catalog.accelerator(scenario.size.accelerator).all_in_w
    pods = [(site.accelerators * watts / 1e6, _pue(scenario, site.id)) for site in plan.sites]
    modules = transceivers_by_node(plan.lightpaths)
    ends, regenerations = (
        [
            (count * catalog.transceiver(mode).power_w / 1e6, _pue(scenario, node))
            for (node, mode), count in kind.items()
        ]
        for kind in (modules.ends, modules.regenerations)
    )
    system = catalog.line_system(LINE_SYSTEM_OF_BAND[scenario.optics.band])
    return PowerParts(
        accelerators_mw=_drawn(pods),
        overhead_mw=_overhead(pods),
        transceivers_mw=_drawn(ends),
        regeneration_mw=_drawn(regenerations),
        network_overhead_mw=_overhead([*ends, *regenerations]),
        terminals_mw=sum(lit.pairs for lit in plan.segments) * 2 * system.terminal_power_w / 1e6,
        amplifiers_mw=sum(lit.pairs * (lit.spans - 1) for lit in plan.segments) * system.amplifier_power_w / 1e6,
    )


def _pue(scenario: Scenario, node_id: str) -> float:
    """Of a site; junctions have none stated and count as 1."""
    site = scenario.site_by_id.get(node_id)
    return 1.0 if site is None else site.pue


def _drawn(parts: list[tuple[float, float]]) -> float:
    return math.fsum(mw for mw, _ in parts)


def _overhead(parts: list[tuple[float, float]]) -> float:
    return math.fsum(mw * (pue - 1) for mw, pue in parts)
