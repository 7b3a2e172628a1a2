"""Bill of materials of a fabric: switches and cables of the catalogue, their indicative cost and watts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from topodesign.domain.equipment import CableClass, Catalog, Switch
from topodesign.domain.errors import InvalidInput
from topodesign.fabric.topology import MixedSwitches, Topology

Rated = TypeVar("Rated", Switch, CableClass)

COPPER_PREFIX = "dac-"
"""Catalogue ids of copper cables start so (direct attach copper); every other class is optical."""
WHOLE_PREFIXES = (COPPER_PREFIX, "aoc-")
"""Cables with both ends attached, which cannot lead through an optical circuit switch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """``count`` of one item for one purpose; cost and watts of all of them."""

    item: str
    what: str
    count: int
    length_m: float
    cost_usd: float
    power_w: float
    optical: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FabricBill:
    """All lines, and what was assumed to fit catalogue items to the fabric."""

    lines: tuple[BillLine, ...]
    assumptions: tuple[str, ...]

    @property
    def cost_usd(self) -> float:
        return math.fsum(line.cost_usd for line in self.lines)

    @property
    def power_kw(self) -> float:
        return math.fsum(line.power_w for line in self.lines) / 1000.0

    @property
    def optical_links(self) -> int:
        return sum(line.count for line in self.lines if line.optical)


def fabric_bill(topology: Topology, catalog: Catalog) -> FabricBill:
    """Switches by tier and cables by length.

    The class of a cable is the cheapest of its speed that reaches. A switch of another radix than the catalogue's costs
    and draws in proportion to its ports. Links faster than every class are bundles of the fastest.

    Raises
    ------
    InvalidInput
        When no cable class reaches (``CABLE_TOO_LONG``).
    """
    lines = []
    assumptions = ["cost and power at catalogue figures, indicative; accelerators, adapters and racks are not included"]
    switch = switch_of(topology, catalog)
    if switch is not None:
        lines += _switch_lines(topology, switch)
        others = sorted(set(_radix_by_tier(topology)) - {switch.radix})
        if others:
            assumptions.append(
                f"switches of radix {', '.join(str(radix) for radix in others)}: "
                f"cost and power of {switch.id} (radix {switch.radix}) in proportion to the ports"
            )
        _note_bundle(assumptions, switch.id, _bundle(topology.link_gbps, switch.port_gbps))
    for run in topology.cable_runs():
        if run.is_trace:
            continue
        speed = _speed_of(catalog.cables, topology.link_gbps * run.rate)
        bundle = _bundle(topology.link_gbps * run.rate, speed)
        _note_bundle(assumptions, f"{speed:g}G cables", bundle)
        fitting = [
            cable
            for cable in catalog.cables
            if cable.port_gbps == speed and not (run.through_ocs and cable.id.startswith(WHOLE_PREFIXES))
        ]
        cable = _cheapest(fitting, run.length_m)
        lines.append(
            BillLine(
                item=cable.id,
                what=run.what,
                count=run.count,
                length_m=run.length_m,
                cost_usd=run.count * bundle * cable.cost_usd,
                power_w=run.count * bundle * cable.power_w,
                optical=not cable.id.startswith(COPPER_PREFIX),
            )
        )
    return FabricBill(lines=tuple(lines), assumptions=tuple(assumptions))


def switch_of(topology: Topology, catalog: Catalog) -> Switch | None:
    """The catalogue's switch for the fabric's link rate: the slowest fast enough, then the cheapest per port."""
    if topology.switch_radix == 0:
        return None
    speed = _speed_of(catalog.switches, topology.link_gbps)
    fitting = [switch for switch in catalog.switches if switch.port_gbps == speed]
    return min(fitting, key=lambda switch: (switch.cost_usd / switch.radix, switch.id))


def _switch_lines(topology: Topology, switch: Switch) -> list[BillLine]:
    bundle = _bundle(topology.link_gbps, switch.port_gbps)
    tiers = zip(topology.switches_by_tier, _radix_by_tier(topology), strict=True)
    return [
        BillLine(
            item=switch.id,
            what=f"switches of tier {tier}",
            count=count,
            length_m=0.0,
            cost_usd=count * bundle * radix / switch.radix * switch.cost_usd,
            power_w=count * bundle * radix / switch.radix * switch.power_w,
            optical=False,
        )
        for tier, (count, radix) in enumerate(tiers, start=1)
    ]


def _radix_by_tier(topology: Topology) -> tuple[int, ...]:
    if isinstance(topology, MixedSwitches):
        return topology.switch_radix_by_tier
    return tuple(topology.switch_radix for _ in topology.switches_by_tier)


def _speed_of(items: Sequence[Rated], link_gbps: float) -> float:
    speeds = sorted({item.port_gbps for item in items})
    return next((speed for speed in speeds if speed >= link_gbps), speeds[-1])


def _bundle(link_gbps: float, port_gbps: float) -> int:
    return max(1, math.ceil(link_gbps / port_gbps))


def _note_bundle(assumptions: list[str], item: str, bundle: int) -> None:
    note = f"each link is a bundle of {bundle} of {item}, the fastest of the catalogue"
    if bundle > 1 and note not in assumptions:
        assumptions.append(note)


def _cheapest(classes: Sequence[CableClass], length_m: float) -> CableClass:
    reaching = [cable for cable in classes if cable.reach_m >= length_m]
    if not reaching:
        longest = max(classes, key=lambda cable: cable.reach_m)
        raise InvalidInput(
            f"a cable of {length_m:.0f} m is needed, but the longest class {longest.id!r} "
            f"reaches {longest.reach_m:g} m; split the fabric or override its reach",
            reason="CABLE_TOO_LONG",
            field_path=f"catalog.cable.{longest.id}.reach_m",
            metadata={"value": f"{length_m:.0f}", "limit": f"{longest.reach_m:g}"},
        )
    return min(reaching, key=lambda cable: (cable.cost_usd, cable.power_w, cable.id))
