"""What an import can be told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from topodesign.domain.checks import require_number
from topodesign.domain.ranges import MOST_GBPS, MOST_MW
from topodesign.scenario.importing.snapping import DEFAULT_TOLERANCE_M, MOST_TOLERANCE_M

Kind = Literal["sites-csv", "fiber-kml", "fiber-shapefile", "graphml", "sndlib"]
NodesAre = Literal["sites", "junctions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """``columns`` maps our columns to the sources'. ``tolerance_m`` joins ends of lines to places, in meters.

    ``nodes``: what points and nodes become; ``None``: sites, or junctions where the folder has sites already.
    ``power_mw`` is for sites whose source has none, ``zone_headroom_mw`` makes one power zone for all sites without.
    ``gbps_per_unit`` is what one unit of a demand of the sources means in Gbit/s; ``None``: demands are left out.
    ``replace``: files of the folder that the import makes may be there, and are replaced. ``cut``: lines are cut where
    they pass sites, points and ends of other lines.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    tolerance_m: float = DEFAULT_TOLERANCE_M
    nodes: NodesAre | None = None
    power_mw: float | None = None
    zone_headroom_mw: float | None = None
    gbps_per_unit: float | None = None
    replace: bool = False
    cut: bool = False

    def __post_init__(self) -> None:
        require_number(self.tolerance_m, field="--tolerance-m", at_least=0, at_most=MOST_TOLERANCE_M)
        if self.power_mw is not None:
            require_number(self.power_mw, field="--power-mw", at_least=0, at_most=MOST_MW)
        if self.zone_headroom_mw is not None:
            require_number(self.zone_headroom_mw, field="--zone-headroom-mw", at_least=0, at_most=MOST_MW)
        if self.gbps_per_unit is not None:
            require_number(self.gbps_per_unit, field="--demand-gbps-per-unit", above=0, at_most=MOST_GBPS)
