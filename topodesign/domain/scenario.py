"""The planner's input: sites, power zones, fiber, and what the job needs.

Positions are ``(longitude, latitude)`` in degrees, WGS 84. A scenario is immutable and already checked for
cross-references; the reader in :mod:`topodesign.scenario` turns files into it and reports every fault at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

from topodesign.domain.checks import require, require_id, require_number
from topodesign.domain.equipment import MOST_REACH_KM, ModeCatalog
from topodesign.domain.ranges import (
    MOST_ACCELERATORS,
    MOST_G_PER_KWH,
    MOST_GBPS,
    MOST_MW,
    MOST_PAIRS,
    MOST_PARAMETERS,
    MOST_PODS,
    MOST_SECONDS,
    MOST_STEPS,
    MOST_TOKENS,
    MOST_UNIT_USD,
    MOST_USD,
)
from topodesign.domain.references import (
    require_known,
    require_some,
    require_takes_part,
    require_unique,
    require_walk,
)

Position = tuple[float, float]
Ring = tuple[Position, ...]
Polygon = tuple[Ring, ...]
Scalar = str | float | int | bool | None

SiteRole = Literal["compute", "hub"]
FiberType = Literal["ssmf", "g654e", "hollow_core"]
Method = Literal["synchronous", "diloco", "streaming", "asynchronous"]
Demand = Literal["all-reduce", "matrix", "hose"]
Survive = Literal["none", "conduit", "conduit-pair", "site", "zone"]
Band = Literal["c", "c+l"]


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
    ``availability`` the probability that the zone is up. ``polygons`` may be empty when the input had no shapes.
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

    def __post_init__(self) -> None:
        require_id(self.zone_id, field="zone_id")
        require_number(self.headroom_mw, field="headroom_mw", at_least=0, at_most=MOST_MW)
        require_number(self.energy_usd_per_mwh, field="energy_usd_per_mwh", at_least=0, at_most=MOST_UNIT_USD)
        require_number(self.carbon_g_per_kwh, field="carbon_g_per_kwh", at_least=0, at_most=MOST_G_PER_KWH)
        require_number(self.availability, field="availability", at_least=0, at_most=1)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FiberSegment:
    """A fiber route between two nodes (sites or junctions).

    A *pair* is one fiber per direction. ``pairs_available`` are dark pairs on offer, ``lit_pairs`` are lit already
    (their fiber and line system are sunk cost). ``build_usd_per_km`` set means that ``build_pairs`` more can be had
    by building. ``conduits`` are shared-risk groups: a conduit that is cut takes every segment in it down.
    """

    segment_id: str
    a: str
    b: str
    length_km: float
    geometry: tuple[Position, ...] = ()
    pairs_available: int = 144
    usd_per_pair_km: float = 2000.0
    usd_per_route_km_year: float = 155.0
    build_usd_per_km: float | None = None
    build_pairs: int = 0
    fiber_type: FiberType = "ssmf"
    conduits: tuple[str, ...] = ()
    lit_pairs: int = 0
    extra: Mapping[str, Scalar] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_id(self.segment_id, field="segment_id")
        require(
            self.a != self.b, field="b", value=self.b, limit=f"other than a ({self.a!r})", remedy="drop the self-loop"
        )
        require_number(self.length_km, field="length_km", above=0, at_most=40_000)
        require_number(self.pairs_available, field="pairs_available", at_least=0, at_most=MOST_PAIRS)
        require_number(self.usd_per_pair_km, field="usd_per_pair_km", at_least=0, at_most=MOST_UNIT_USD)
        require_number(self.usd_per_route_km_year, field="usd_per_route_km_year", at_least=0, at_most=MOST_UNIT_USD)
        if self.build_usd_per_km is not None:
            require_number(self.build_usd_per_km, field="build_usd_per_km", at_least=0, at_most=MOST_UNIT_USD)
        require_number(self.build_pairs, field="build_pairs", at_least=0, at_most=MOST_PAIRS)
        require_number(self.lit_pairs, field="lit_pairs", at_least=0, at_most=MOST_PAIRS)
        if not self.conduits:
            object.__setattr__(self, "conduits", (self.segment_id,))
        for conduit in self.conduits:
            require_id(conduit, field="conduits")

    @property
    def most_pairs(self) -> int:
        """Pairs that can be in use: lit, dark on offer, and those that new build adds."""
        built = self.build_pairs if self.build_usd_per_km is not None else 0
        return self.lit_pairs + self.pairs_available + built


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """The training job. Exactly one of ``sync_time_s`` and ``utilization`` sets the bandwidth that an all-reduce needs.

    With the demands ``matrix`` and ``hose`` the bandwidth is given in Gbit/s (:class:`Traffic`, ``Site.hose_gbps``), so
    neither of the two is needed. ``parameters`` and ``active_parameters`` are counts, ``sync_time_s`` is the target for
    one all-reduce between sites in seconds, ``wan_goodput_factor`` the usable share of the line rate between sites.
    """

    parameters: float = 1.0e12
    active_parameters: float | None = None
    bits_per_element: float = 16.0
    method: Method = "synchronous"
    inner_steps: int = 1
    global_batch_tokens: float = 6.0e7
    sync_time_s: float | None = None
    utilization: float | None = None
    wan_goodput_factor: float = 0.8
    demand: Demand = "all-reduce"

    def __post_init__(self) -> None:
        require_number(self.parameters, field="workload.parameters", above=0, at_most=MOST_PARAMETERS)
        if self.active_parameters is not None:
            require_number(self.active_parameters, field="workload.active_parameters", above=0, at_most=self.parameters)
        require_number(self.bits_per_element, field="workload.bits_per_element", above=0, at_most=1024)
        require_number(self.inner_steps, field="workload.inner_steps", at_least=1, at_most=MOST_STEPS)
        require_number(self.global_batch_tokens, field="workload.global_batch_tokens", above=0, at_most=MOST_TOKENS)
        require_number(self.wan_goodput_factor, field="workload.wan_goodput_factor", above=0, at_most=1)
        targets = [value for value in (self.sync_time_s, self.utilization) if value is not None]
        is_given_in_gbps = self.demand != "all-reduce" and not targets
        require(
            len(targets) == 1 or is_given_in_gbps,
            field="workload.sync_time_s",
            value=self.sync_time_s,
            limit="given if and only if workload.utilization is not",
            remedy="give exactly one of the two",
        )
        if self.sync_time_s is not None:
            require_number(self.sync_time_s, field="workload.sync_time_s", above=0, at_most=MOST_SECONDS)
        if self.utilization is not None:
            require_number(self.utilization, field="workload.utilization", above=0, at_most=1)
            require(self.utilization < 1, field="workload.utilization", value=1, limit="below 1", remedy="use 0.99")


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """One entry of a demand matrix: ``gbps`` Gbit/s from site ``a`` to site ``b``, above 0; the way back is another."""

    a: str
    b: str
    gbps: float

    def __post_init__(self) -> None:
        require_id(self.a, field="a")
        require_id(self.b, field="b")
        require(self.a != self.b, field="b", value=self.b, limit=f"other than a ({self.a!r})", remedy="drop this entry")
        require_number(self.gbps, field="gbps", above=0, at_most=MOST_GBPS)


@dataclass(frozen=True, slots=True, kw_only=True)
class LitLightpath:
    """``count`` lightpaths in service today between sites ``a`` and ``z`` over ``segments`` in order from ``a``.

    ``mode`` is the catalogue id of their transceivers, which are sunk cost: a plan that keeps them buys none.
    """

    a: str
    z: str
    mode: str
    count: int
    segments: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in ("a", "z", "mode"):
            require_id(getattr(self, name), field=name)
        require(self.a != self.z, field="z", value=self.z, limit=f"other than a ({self.a!r})", remedy="correct one end")
        require_number(self.count, field="count", at_most=MOST_PODS)
        require_number(self.count, field="count", at_least=1, remedy="leave out lightpaths that are not in service")
        require(
            len(self.segments) > 0,
            field="segments",
            value=self.segments,
            limit="not empty",
            remedy="give the segments in order from a",
        )

    @property
    def key(self) -> tuple[str, str, str, tuple[str, ...]]:
        """What makes two entries the same lightpaths: ends, mode and route, whichever end the route is told from."""
        return min((self.a, self.z, self.mode, self.segments), (self.z, self.a, self.mode, self.segments[::-1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredReach:
    """A reach that was measured: ``mode`` (catalogue id) holds on up to ``reach_km`` of ``fiber_type``.

    On that fiber it decides in place of the line model, without margin; docs/formulation.md (11a).
    """

    mode: str
    fiber_type: FiberType
    reach_km: float

    def __post_init__(self) -> None:
        require_id(self.mode, field="mode")
        require_number(self.reach_km, field="reach_km", above=0, at_most=MOST_REACH_KM, remedy="give the reach in km")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much compute: integer pods of ``pod_accelerators``; the target is exactly one of the last three fields."""

    accelerator: str = "gb300-nvl72"
    fabric: str = "clos"
    pod_accelerators: int = 4608
    accelerators: int | None = None
    power_mw: float | None = None
    budget_usd: float | None = None

    def __post_init__(self) -> None:
        require_number(self.pod_accelerators, field="size.pod_accelerators", at_least=1, at_most=MOST_ACCELERATORS)
        given = [v for v in (self.accelerators, self.power_mw, self.budget_usd) if v is not None]
        require(
            len(given) == 1,
            field="size.accelerators",
            value=self.accelerators,
            limit="the only target: exactly one of accelerators, power_mw and budget_usd",
            remedy="give exactly one of the three",
        )
        most = MOST_ACCELERATORS if self.accelerators else MOST_MW if self.power_mw else MOST_USD
        require_number(given[0], field="size target", above=0, at_most=most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Rules that any plan must keep. ``max_rtt_ms`` bounds the round trip between any two used sites.

    ``budget_usd``, where given beside a size target, bounds cost and accelerators together; the goal is then the least
    time of one all-reduce between sites.
    """

    min_sites: int = 1
    max_sites: int | None = None
    max_rtt_ms: float = float("inf")
    survive: tuple[Survive, ...] = ("conduit",)
    survivable_fraction: float = 1.0
    max_zone_share: float = 1.0
    max_utility_share: float = 1.0
    carbon_t_per_year: float = float("inf")
    budget_usd: float | None = None

    def __post_init__(self) -> None:
        if self.budget_usd is not None:
            require_number(self.budget_usd, field="policy.budget_usd", above=0, at_most=MOST_USD)
        require_number(self.min_sites, field="policy.min_sites", at_least=1)
        if self.max_sites is not None:
            require_number(
                self.max_sites, field="policy.max_sites", at_least=self.min_sites, remedy="raise it to min_sites"
            )
        require_number(self.max_rtt_ms, field="policy.max_rtt_ms", above=0, may_be_infinite=True)
        require_number(self.survivable_fraction, field="policy.survivable_fraction", at_least=0, at_most=1)
        require_number(self.max_zone_share, field="policy.max_zone_share", above=0, at_most=1)
        require_number(self.max_utility_share, field="policy.max_utility_share", above=0, at_most=1)
        require_number(self.carbon_t_per_year, field="policy.carbon_t_per_year", at_least=0, may_be_infinite=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Economics:
    """Horizon in years, discount rate per year, carbon price in USD per tonne, mean load over rated power."""

    horizon_years: int = 5
    discount_rate: float = 0.08
    carbon_usd_per_t: float = 0.0
    load_factor: float = 0.9

    def __post_init__(self) -> None:
        require_number(self.horizon_years, field="economics.horizon_years", at_least=1, at_most=100)
        require_number(self.discount_rate, field="economics.discount_rate", above=-1, at_most=1)
        require_number(self.carbon_usd_per_t, field="economics.carbon_usd_per_t", at_least=0, at_most=MOST_UNIT_USD)
        require_number(self.load_factor, field="economics.load_factor", at_least=0, at_most=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpticsRules:
    """System margin in dB, longest span in km, band, and the catalogue ids of the modes that may be used.

    ``grid_ghz``, when given, rounds every channel width up to a multiple of it; otherwise each mode keeps its own.
    ``catalog`` is the set of modes: ``standard``, or ``flexwan`` with measured reaches.
    """

    margin_db: float = 3.0
    span_km: float = 80.0
    grid_ghz: float | None = None
    band: Band = "c"
    modes: tuple[str, ...] = ("*",)
    catalog: ModeCatalog = "standard"

    def __post_init__(self) -> None:
        require_number(self.margin_db, field="optics.margin_db", at_least=0, at_most=30)
        require_number(self.span_km, field="optics.span_km", above=0, at_most=200)
        if self.grid_ghz is not None:
            require_number(self.grid_ghz, field="optics.grid_ghz", above=0, at_most=4800)
        known = get_args(ModeCatalog)
        require(
            self.catalog in known,
            field="optics.catalog",
            value=self.catalog,
            limit=f"one of {', '.join(known)}",
            remedy="name one of them",
        )
        require(
            len(self.modes) > 0, field="optics.modes", value=self.modes, limit="not empty", remedy='use ["*"] for all'
        )


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Everything that a plan is made from. Tuples are sorted by id, so that row order in the files means nothing.

    ``traffic`` is the demand matrix, used where ``workload.demand`` is ``matrix``; ``lit_lightpaths`` are in service.
    ``measured_reaches`` decide in place of the line model.
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
    policy: Policy = Policy()
    economics: Economics = Economics()
    optics: OpticsRules = OpticsRules()
    catalog_overrides: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()
    traffic: tuple[Traffic, ...] = ()
    lit_lightpaths: tuple[LitLightpath, ...] = ()
    measured_reaches: tuple[MeasuredReach, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "sites", tuple(sorted(self.sites, key=lambda site: site.site_id)))
        object.__setattr__(self, "zones", tuple(sorted(self.zones, key=lambda zone: zone.zone_id)))
        object.__setattr__(self, "junctions", tuple(sorted(self.junctions, key=lambda node: node.node_id)))
        object.__setattr__(self, "segments", tuple(sorted(self.segments, key=lambda segment: segment.segment_id)))
        object.__setattr__(self, "traffic", tuple(sorted(self.traffic, key=lambda item: (item.a, item.b))))
        object.__setattr__(self, "lit_lightpaths", tuple(sorted(self.lit_lightpaths, key=_stated)))
        rows = sorted(self.measured_reaches, key=lambda row: (row.mode, row.fiber_type))
        object.__setattr__(self, "measured_reaches", tuple(rows))
        require_unique("sites", [site.site_id for site in self.sites])
        require_unique("zones", [zone.zone_id for zone in self.zones])
        require_unique("segments", [segment.segment_id for segment in self.segments])
        nodes = [site.site_id for site in self.sites] + [node.node_id for node in self.junctions]
        require_unique("nodes (sites and junctions)", nodes)
        require_known("sites", "zone_id", [site.zone_id for site in self.sites], {zone.zone_id for zone in self.zones})
        for end in ("a", "b"):
            require_known("segments", end, [getattr(segment, end) for segment in self.segments], set(nodes))
        require_unique("measured_reaches", [f"{row.mode};{row.fiber_type}" for row in rows])  # no id has a ";"
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
