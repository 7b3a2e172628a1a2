"""Which equipment of the catalogue fits a fabric: by rate, by medium, by reach, then by price."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

from topodesign.domain.equipment import (
    CableClass,
    CableMedium,
    Catalog,
    CircuitSwitch,
    NetworkAdapter,
    OpticalModule,
    Switch,
)
from topodesign.domain.errors import InvalidInput
from topodesign.fabric.topology import CableKind, CableRun, Topology

Rated = TypeVar("Rated", Switch, CableClass, NetworkAdapter)

MEDIA: Mapping[CableKind, tuple[CableMedium, ...]] = MappingProxyType(
    {
        "cable": ("copper", "active_copper", "active_optical", "optics"),
        "ocs": ("ocs",),
        "trace": ("trace",),
        "backplane": ("backplane",),
    }
)
"""Media that can be what a kind of cable run asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkParts:
    """What each link of a cable run is made of: ``bundle`` parallel links of one cable class with its modules."""

    cable: CableClass
    module: OpticalModule | None
    bundle: int
    length_m: float

    @property
    def cables(self) -> int:
        return self.bundle * self.cable.cables_per_link

    @property
    def modules(self) -> int:
        return 0 if self.module is None else 2 * self.bundle

    @property
    def cable_usd(self) -> float:
        """One cable; the metres of a link by way of an optical circuit switch are shared by its two."""
        return self.cable.cost_usd + self.cable.usd_per_m * self.length_m / self.cable.cables_per_link

    @property
    def cost_usd(self) -> float:
        """The whole link."""
        return self.cables * self.cable_usd + self.modules * (self.module.cost_usd if self.module else 0.0)

    @property
    def power_w(self) -> float:
        """The whole link, both ends."""
        return self.cables * self.cable.power_w + self.modules * (self.module.power_w if self.module else 0.0)


def link_parts(run: CableRun, link_gbps: float, catalog: Catalog) -> LinkParts:
    """The link that costs least of those that reach, of the slowest rate that is enough (else bundles of the fastest).

    Raises
    ------
    InvalidInput
        When the catalogue has no class of the media (``EQUIPMENT_UNKNOWN``) or none reaches (``CABLE_TOO_LONG``).
    """
    media = MEDIA[run.kind]
    classes = [cable for cable in catalog.cables if cable.medium in media]
    if not classes:
        raise InvalidInput(
            f"the catalogue has no cable class of medium {' or '.join(media)}, which {run.what!r} needs; add one",
            reason="EQUIPMENT_UNKNOWN",
            field_path="catalog.cable",
            metadata={"media": ", ".join(media)},
        )
    speed = speed_for(classes, run.rate * link_gbps)
    bundle = bundle_of(run.rate * link_gbps, speed)
    found = [
        LinkParts(
            cable=cable,
            module=catalog.module(cable.module) if cable.module else None,
            bundle=bundle,
            length_m=run.length_m,
        )
        for cable in classes
        if cable.port_gbps == speed and cable.reach_m >= run.length_m
    ]
    if not found:
        _refuse_length(run, [cable for cable in classes if cable.port_gbps == speed])
    return min(found, key=lambda parts: (parts.cost_usd, parts.power_w, parts.cable.id))


def switch_of(topology: Topology, catalog: Catalog) -> Switch | None:
    """The catalogue's switch for the fabric's link rate: the slowest fast enough, then the cheapest per port.

    Raises
    ------
    InvalidInput
        When the fabric has switches and the catalogue has none (``EQUIPMENT_UNKNOWN``).
    """
    if topology.switch_radix == 0:
        return None
    switches = _required(catalog.switches, "switch")
    speed = speed_for(switches, topology.link_gbps)
    fitting = [switch for switch in switches if switch.port_gbps == speed]
    return min(fitting, key=lambda switch: (switch.cost_usd / switch.radix, switch.id))


def adapter_of(link_gbps: float, catalog: Catalog) -> NetworkAdapter:
    """The adapter for a link rate: the slowest fast enough, then the cheapest."""
    adapters = _required(catalog.adapters, "adapter")
    speed = speed_for(adapters, link_gbps)
    return min(
        (adapter for adapter in adapters if adapter.port_gbps == speed), key=lambda found: (found.cost_usd, found.id)
    )


def circuit_switch_of(catalog: Catalog) -> CircuitSwitch:
    """The optical circuit switch that costs least per usable port."""
    return min(
        _required(catalog.circuit_switches, "ocs"),
        key=lambda ocs: (ocs.cost_usd / (ocs.ports - ocs.spare_ports), ocs.id),
    )


def speed_for(items: Sequence[Rated], link_gbps: float) -> float:
    """The slowest rate of the items that is enough for a link, else the fastest."""
    speeds = sorted({item.port_gbps for item in items})
    return next((speed for speed in speeds if speed >= link_gbps), speeds[-1])


def bundle_of(link_gbps: float, port_gbps: float) -> int:
    """Parallel ports that one link takes."""
    return max(1, math.ceil(link_gbps / port_gbps))


Item = TypeVar("Item", Switch, NetworkAdapter, CircuitSwitch)


def _required(items: tuple[Item, ...], table: str) -> tuple[Item, ...]:
    if not items:
        raise InvalidInput(
            f"the catalogue has no equipment of table {table!r}, which the fabric needs; add one",
            reason="EQUIPMENT_UNKNOWN",
            field_path=f"catalog.{table}",
        )
    return items


def _refuse_length(run: CableRun, classes: Sequence[CableClass]) -> None:
    longest = max(classes, key=lambda cable: (cable.reach_m, cable.id))
    raise InvalidInput(
        f"a cable of {run.length_m:.0f} m is needed ({run.what}), but the longest class {longest.id!r} "
        f"reaches {longest.reach_m:g} m; split the fabric or override its reach",
        reason="CABLE_TOO_LONG",
        field_path=f"catalog.cable.{longest.id}.reach_m",
        metadata={"value": f"{run.length_m:.0f}", "limit": f"{longest.reach_m:g}"},
    )
