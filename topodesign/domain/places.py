"""Where things are: datacenter sites, power zones, and fiber nodes that are neither.

Positions are ``(longitude, latitude)`` in degrees, WGS 84.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from topodesign.domain.checks import require, require_id, require_number
from topodesign.domain.ranges import (
    MOST_G_PER_KWH,
    MOST_GBPS,
    MOST_HOURS_PER_YEAR,
    MOST_MW,
    MOST_PODS,
    MOST_UNIT_USD,
    MOST_USD,
)

Position = tuple[float, float]
Ring = tuple[Position, ...]
Polygon = tuple[Ring, ...]
Scalar = str | float | int | bool | None

SiteRole = Literal["compute", "hub"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A datacenter site, existing or possible.

    ``power_mw`` is MW at the meter (PUE included). ``max_pods``/``min_pods`` bound the pods of a *used* site.
    A ``hub`` only passes or regenerates light. ``hose_gbps`` is the most that the site sends, and the most that it
    receives, in Gbit/s where the demand is a hose; 0: it takes no part. ``extra`` keeps unknown input columns for the
    outputs.
    """

    site_id: str
    name: str = ""
    lon: float
    lat: float
    zone_id: str
    power_mw: float
    pue: float = 1.2
    fixed_capex_usd: float = 0.0
    capex_usd_per_mw: float = 0.0
    max_pods: int | None = None
    min_pods: int = 0
    role: SiteRole = "compute"
    required: bool = False
    forbidden: bool = False
    in_service_year: int | None = None
    hose_gbps: float = 0.0
    extra: Mapping[str, Scalar] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_id(self.site_id, field="site_id")
        require_number(self.hose_gbps, field="hose_gbps", at_least=0, at_most=MOST_GBPS)
        require_number(self.lon, field="lon", at_least=-180, at_most=180, remedy="longitude comes first")
        require_number(self.lat, field="lat", at_least=-90, at_most=90, remedy="longitude comes first")
        require_number(self.power_mw, field="power_mw", at_least=0, at_most=MOST_MW)
        require_number(self.pue, field="pue", at_least=1, at_most=10)
        require_number(self.fixed_capex_usd, field="fixed_capex_usd", at_least=0, at_most=MOST_USD)
        require_number(self.capex_usd_per_mw, field="capex_usd_per_mw", at_least=0, at_most=MOST_UNIT_USD)
        require_number(self.min_pods, field="min_pods", at_least=0, at_most=MOST_PODS)
        if self.max_pods is not None:
            require_number(self.max_pods, field="max_pods", at_most=MOST_PODS)
            require_number(self.max_pods, field="max_pods", at_least=self.min_pods, remedy="raise it to min_pods")
        require(
            not (self.required and self.forbidden),
            field="required",
            value=True,
            limit="false when forbidden is true",
            remedy="drop one of the two",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerZone:
    """A part of a power grid that shares one headroom.

    ``headroom_mw`` in MW, ``energy_usd_per_mwh`` in US dollars per MWh, ``carbon_g_per_kwh`` in grams CO2 per kWh,
    ``availability`` the probability that the zone is up. ``curtailed_hours_per_year``: hours of a year in which the
    zone takes load off, all but the ``firm_share`` of it, which runs on. ``polygons`` may be empty when the input had
    no shapes.
    """

    zone_id: str
    name: str = ""
    headroom_mw: float
    energy_usd_per_mwh: float = 60.0
    carbon_g_per_kwh: float = 0.0
    utility: str = ""
    availability: float = 1.0
    polygons: tuple[Polygon, ...] = ()
    extra: Mapping[str, Scalar] = field(default_factory=dict)
    curtailed_hours_per_year: float = 0.0
    firm_share: float = 0.0

    def __post_init__(self) -> None:
        require_id(self.zone_id, field="zone_id")
        require_number(self.headroom_mw, field="headroom_mw", at_least=0, at_most=MOST_MW)
        require_number(self.energy_usd_per_mwh, field="energy_usd_per_mwh", at_least=0, at_most=MOST_UNIT_USD)
        require_number(self.carbon_g_per_kwh, field="carbon_g_per_kwh", at_least=0, at_most=MOST_G_PER_KWH)
        require_number(self.availability, field="availability", at_least=0, at_most=1)
        require_number(
            self.curtailed_hours_per_year,
            field="curtailed_hours_per_year",
            at_least=0,
            at_most=MOST_HOURS_PER_YEAR,
            remedy="a year has 8760 hours",
        )
        require_number(self.firm_share, field="firm_share", at_least=0, at_most=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Junction:
    """A fiber node that is no site. ``zone_id`` (where known) prices the power of equipment placed there."""

    node_id: str
    name: str = ""
    lon: float
    lat: float
    regeneration: bool = False
    zone_id: str | None = None
    extra: Mapping[str, Scalar] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_id(self.node_id, field="node_id")
        require_number(self.lon, field="lon", at_least=-180, at_most=180, remedy="longitude comes first")
        require_number(self.lat, field="lat", at_least=-90, at_most=90, remedy="longitude comes first")
