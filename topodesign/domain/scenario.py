"""The planner's input: sites, power zones, fiber, and what the job needs.

A scenario is immutable and already checked for cross-references; the reader in :mod:`topodesign.scenario` turns files
into it and reports every fault at once. Its parts are defined beside it, in places, fiber, workload and rules; all of
them can be imported from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from topodesign.domain.checks import require
from topodesign.domain.fiber import FiberSegment as FiberSegment
from topodesign.domain.fiber import FiberType as FiberType
from topodesign.domain.fiber import LitLightpath as LitLightpath
from topodesign.domain.fiber import MeasuredReach as MeasuredReach
from topodesign.domain.places import Junction as Junction
from topodesign.domain.places import Polygon as Polygon
from topodesign.domain.places import Position as Position
from topodesign.domain.places import PowerZone as PowerZone
from topodesign.domain.places import Ring as Ring
from topodesign.domain.places import Scalar as Scalar
from topodesign.domain.places import Site as Site
from topodesign.domain.places import SiteRole as SiteRole
from topodesign.domain.references import (
    require_known,
    require_some,
    require_takes_part,
    require_unique,
    require_walk,
)
from topodesign.domain.rules import Band as Band
from topodesign.domain.rules import Economics as Economics
from topodesign.domain.rules import OpticsRules as OpticsRules
from topodesign.domain.rules import Policy as Policy
from topodesign.domain.rules import Recovery as Recovery
from topodesign.domain.rules import Size as Size
from topodesign.domain.rules import Survive as Survive
from topodesign.domain.rules import TrainingRules as TrainingRules
from topodesign.domain.workload import Demand as Demand
from topodesign.domain.workload import Method as Method
from topodesign.domain.workload import Traffic as Traffic
from topodesign.domain.workload import Workload as Workload


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Everything that a plan is made from. Tuples are sorted by id, so that row order in the files means nothing.

    ``traffic`` is the demand matrix, used where ``workload.demand`` is ``matrix``; ``lit_lightpaths`` are in service.
    ``measured_reaches`` decide in place of the line model. ``training`` is how the job runs.
    ``catalog_overrides`` maps a catalogue id (``transceiver.zrplus-400``) to the figures that replace the catalogue's.
    ``assumptions`` lists every default and estimate that was used, in words.

    Raises
    ------
    InvalidInput
        When ids repeat or a reference names nothing (``field_path`` says where).
    """

    name: str
    attribution: str = ""
    cost_year: int = 2026
    sites: tuple[Site, ...]
    zones: tuple[PowerZone, ...]
    junctions: tuple[Junction, ...] = ()
    segments: tuple[FiberSegment, ...]
    workload: Workload
    size: Size
    policy: Policy = field(default_factory=Policy)
    economics: Economics = field(default_factory=Economics)
    optics: OpticsRules = field(default_factory=OpticsRules)
    catalog_overrides: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()
    traffic: tuple[Traffic, ...] = ()
    lit_lightpaths: tuple[LitLightpath, ...] = ()
    measured_reaches: tuple[MeasuredReach, ...] = ()
    training: TrainingRules = field(default_factory=TrainingRules)

    def __post_init__(self) -> None:
        self._sort()
        self._require_ids()
        self._require_demand()
        self._require_lit_lightpaths()
        require(
            self.size.budget_usd is None or self.policy.budget_usd is None,
            field="policy.budget_usd",
            value=self.policy.budget_usd,
            limit="absent where size.budget_usd is the size target",
            remedy="give size.budget_usd for the most accelerators, or policy.budget_usd beside a size target for the "
            "least sync time",
        )

    def _sort(self) -> None:
        object.__setattr__(self, "sites", tuple(sorted(self.sites, key=lambda site: site.site_id)))
        object.__setattr__(self, "zones", tuple(sorted(self.zones, key=lambda zone: zone.zone_id)))
        object.__setattr__(self, "junctions", tuple(sorted(self.junctions, key=lambda node: node.node_id)))
        object.__setattr__(self, "segments", tuple(sorted(self.segments, key=lambda segment: segment.segment_id)))
        object.__setattr__(self, "traffic", tuple(sorted(self.traffic, key=lambda item: (item.a, item.b))))
        object.__setattr__(self, "lit_lightpaths", tuple(sorted(self.lit_lightpaths, key=_stated)))
        rows = sorted(self.measured_reaches, key=lambda row: (row.mode, row.fiber_type))
        object.__setattr__(self, "measured_reaches", tuple(rows))

    def _require_ids(self) -> None:
        """No id twice, and every reference to a zone or node names one."""
        require_unique("sites", [site.site_id for site in self.sites])
        require_unique("zones", [zone.zone_id for zone in self.zones])
        require_unique("segments", [segment.segment_id for segment in self.segments])
        nodes = [site.site_id for site in self.sites] + [node.node_id for node in self.junctions]
        require_unique("nodes (sites and junctions)", nodes)
        require_known("sites", "zone_id", [site.zone_id for site in self.sites], {zone.zone_id for zone in self.zones})
        for end in ("a", "b"):
            require_known("segments", end, [getattr(segment, end) for segment in self.segments], set(nodes))
        reaches = [f"{row.mode};{row.fiber_type}" for row in self.measured_reaches]  # no id has a ";"
        require_unique("measured_reaches", reaches)

    def _require_demand(self) -> None:
        """The ends of a demand matrix or hose are compute sites that a plan may use."""
        require_unique("traffic", [f"{item.a};{item.b}" for item in self.traffic])  # no id has a ";"
        for end in ("a", "b"):
            require_known("traffic", end, [getattr(item, end) for item in self.traffic], set(self.site_by_id))
            for row, item in enumerate(self.traffic):
                site = self.site_by_id[getattr(item, end)]
                require_takes_part(f"traffic[{row}].{end}", site.site_id, role=site.role, is_forbidden=site.forbidden)
        if self.workload.demand == "matrix":
            require_some("traffic", len(self.traffic), at_least=1, what="entries of the demand matrix")
        if self.workload.demand == "hose":
            rows = [row for row, site in enumerate(self.sites) if site.hose_gbps > 0]
            for row in rows:
                site = self.sites[row]
                require_takes_part(f"sites[{row}].hose_gbps", site.site_id, role=site.role, is_forbidden=site.forbidden)
            require_some("sites", len(rows), at_least=2, what="sites with hose_gbps above 0")

    def _require_lit_lightpaths(self) -> None:
        """Their ends are sites, and their segments join up from one to the other."""
        paths = self.lit_lightpaths
        for end in ("a", "z"):
            require_known("lit_lightpaths", end, [getattr(path, end) for path in paths], set(self.site_by_id))
        known = set(self.segment_by_id)
        for row, path in enumerate(paths):
            require_known(f"lit_lightpaths[{row}]", "segments", path.segments, known, is_one_value=True)
            ends = [(self.segment_by_id[item].a, self.segment_by_id[item].b) for item in path.segments]
            require_walk(f"lit_lightpaths[{row}].segments", path.a, path.z, path.segments, ends)
        require_unique("lit_lightpaths", [";".join((*path.key[:3], *path.key[3])) for path in paths])

    @cached_property
    def demand_sites(self) -> tuple[str, ...]:
        """Ids of the sites that a demand matrix or hose names, sorted: every plan uses them."""
        if self.workload.demand == "matrix":
            return tuple(sorted({end for item in self.traffic for end in (item.a, item.b)}))
        if self.workload.demand == "hose":
            return tuple(site.site_id for site in self.sites if site.hose_gbps > 0)
        return ()

    @cached_property
    def site_by_id(self) -> Mapping[str, Site]:
        return {site.site_id: site for site in self.sites}

    @cached_property
    def zone_by_id(self) -> Mapping[str, PowerZone]:
        return {zone.zone_id: zone for zone in self.zones}

    @cached_property
    def junction_by_id(self) -> Mapping[str, Junction]:
        return {node.node_id: node for node in self.junctions}

    @cached_property
    def segment_by_id(self) -> Mapping[str, FiberSegment]:
        return {segment.segment_id: segment for segment in self.segments}

    def position(self, node_id: str) -> Position:
        """Longitude and latitude in degrees of a site or junction."""
        node = self.site_by_id.get(node_id) or self.junction_by_id[node_id]
        return (node.lon, node.lat)


def _stated(path: LitLightpath) -> tuple[str, str, str, tuple[str, ...]]:
    return (path.a, path.z, path.mode, path.segments)
