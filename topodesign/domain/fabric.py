"""Fabrics inside a site: what is asked and what is answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from topodesign.domain.checks import require, require_number
from topodesign.domain.fabric_bill import FabricBill
from topodesign.domain.fabric_failures import FailureReport
from topodesign.domain.fabric_kinds import HammingMesh, Hypercube, HyperX, ReconfigurableTorus, require_twistable
from topodesign.domain.fabric_limits import MAX_ACCELERATORS as MAX_ACCELERATORS
from topodesign.domain.fabric_limits import require_count, require_link_rate, require_radix, require_sides
from topodesign.domain.fabric_switched import (
    DirectBlocks,
    Dragonfly,
    DragonflyPlus,
    EdgeList,
    Jellyfish,
    ScaleUpClos,
    SlimFly,
    SwitchedSpec,
)

TwoWide = Literal["single", "double"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Torus:
    """A torus or mesh of accelerators. ``wrap`` per axis (default: every axis of side 3 or more, and side 2 double).

    ``two_wide``: whether a wrapped axis of side 2 has one link (``single``) or two parallel links (``double``).
    ``twist``: on n x n x 2n the wraps of the short axes also shift the long one by n; on n x 2n x 2n the wrap of the
    short axis also shifts both long ones by n (Jouppi et al., ISCA 2023, section 2.8).
    """

    shape: tuple[int, ...]
    wrap: tuple[bool, ...] | None = None
    two_wide: TwoWide = "double"
    link_gbps: float = 400.0
    twist: bool = False

    def __post_init__(self) -> None:
        require_sides(self.shape, field="shape", at_most=MAX_ACCELERATORS)
        if self.wrap is not None:
            require(
                isinstance(self.wrap, (tuple, list))
                and len(self.wrap) == len(self.shape)
                and all(wraps in (False, True) for wraps in self.wrap),
                field="wrap",
                value=self.wrap,
                limit=f"one entry per axis ({len(self.shape)})",
                remedy="give 0 or 1 for each axis",
            )
        require(
            self.two_wide in ("single", "double"),
            field="two_wide",
            value=self.two_wide,
            limit="single or double",
            remedy="choose one of these",
        )
        if self.twist:
            self._check_twist()
        require_link_rate(self.link_gbps)

    def _check_twist(self) -> None:
        require_twistable(self.shape)
        require(
            all(self.wraps),
            field="wrap",
            value=self.wrap,
            limit="set on every axis of a twisted torus",
            remedy="leave wrap or twist out",
        )
        require(
            self.two_wide == "double" or 2 not in self.shape,
            field="two_wide",
            value=self.two_wide,
            limit="double on a twisted torus, whose wraps of an axis of side 2 lead elsewhere than its other links",
            remedy="leave two_wide or twist out",
        )

    @property
    def kind(self) -> str:
        return "torus"

    @property
    def wraps(self) -> tuple[bool, ...]:
        return self.wrap if self.wrap is not None else tuple(True for _ in self.shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clos:
    """A folded Clos (fat tree). ``tiers`` 2 or 3; default: the least that fit, a single switch for up to ``radix``.

    ``oversubscription`` is down over up capacity at the leaves (below 1: more up than down), ``upper_oversubscription``
    that of the second of three tiers. ``planes`` are parallel copies, one per NIC port. ``upper_radix``: ports of the
    switches above the leaves (default: as the leaves). ``pod_leaves``: leaves of a pod of three tiers (default: as many
    as a switch of the second tier has ports down).
    """

    accelerators: int
    radix: int = 64
    tiers: int | None = None
    oversubscription: float = 1.0
    planes: int = 1
    rail_optimized: bool = False
    link_gbps: float = 400.0
    upper_oversubscription: float = 1.0
    upper_radix: int | None = None
    pod_leaves: int | None = None

    def __post_init__(self) -> None:
        require_count(self.accelerators, field="accelerators")
        require_radix(self.radix, field="radix")
        if self.tiers is not None:
            require(self.tiers in (2, 3), field="tiers", value=self.tiers, limit="2 or 3", remedy="leave it out")
        require_number(self.oversubscription, field="oversubscription", at_least=0.1, at_most=1000)
        require_count(self.planes, field="planes", at_most=64)
        require_link_rate(self.link_gbps)
        require_number(self.upper_oversubscription, field="upper_oversubscription", at_least=1, at_most=1000)
        if self.upper_radix is not None:
            require_radix(self.upper_radix, field="upper_radix")
        if self.pod_leaves is not None:
            require_count(self.pod_leaves, field="pod_leaves", at_most=4096)

    @property
    def kind(self) -> str:
        return "clos"


FabricSpec = Torus | Clos | ReconfigurableTorus | Hypercube | HyperX | HammingMesh | SwitchedSpec

SPEC_OF_KIND: Mapping[str, type[FabricSpec]] = MappingProxyType(
    {
        "torus": Torus,
        "reconfigurable-torus": ReconfigurableTorus,
        "hypercube": Hypercube,
        "hyperx": HyperX,
        "hammingmesh": HammingMesh,
        "clos": Clos,
        "scale-up-clos": ScaleUpClos,
        "dragonfly": Dragonfly,
        "dragonfly-plus": DragonflyPlus,
        "direct-blocks": DirectBlocks,
        "slimfly": SlimFly,
        "jellyfish": Jellyfish,
        "custom": EdgeList,
    }
)
"""The spec of every kind, as ``kind`` of its instances says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bisection:
    """Least capacity between two halves of the accelerators.

    ``links`` is a link count; ``gbps`` counts one direction. Where ``exact`` is false the truth lies in
    ``[lower_gbps, upper_gbps]`` and ``gbps`` is the upper end.
    """

    links: float
    gbps: float
    lower_gbps: float
    upper_gbps: float
    method: str
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AllToAll:
    """Uniform all-to-all, fluid: ``rate_per_pair`` with unit links, ``gbps_per_accelerator`` sent by each.

    Where ``exact`` is false these are upper bounds (and ``time_s`` a lower one); some routing is known to reach
    ``lower_gbps_per_accelerator``. Without a path between all pairs the rate is 0 and the time infinite.
    """

    rate_per_pair: float
    gbps_per_accelerator: float
    exact: bool
    time_s: float
    lower_gbps_per_accelerator: float = 0.0
    method: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """Share of its injection bandwidth (all its links) that every accelerator can send at once in a traffic pattern.

    Fluid, with any splitting over any paths: no routing reaches all of it. The truth lies in ``[lower, upper]``;
    ``value`` is the upper end, and ``exact`` says that both ends meet (to 1e-6).
    """

    pattern: str
    value: float
    lower: float
    upper: float
    method: str
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyUs:
    """One-way latency between accelerators over all ordered pairs, microseconds."""

    min: float
    mean: float
    p50: float
    p99: float
    max: float


CollectiveOperation = Literal["all_reduce", "all_gather", "reduce_scatter", "all_to_all", "broadcast"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectiveTime:
    """One collective by one algorithm, for the message of the evaluation.

    ``bandwidth_s`` is the time that it would take without latency, ``latency_s`` the rest. No algorithm takes less
    than ``lower_bound_s``, by the argument named in ``bound_by``; ``ratio`` is ``seconds`` over it, 1 where both are 0.
    """

    operation: CollectiveOperation
    algorithm: str
    seconds: float
    latency_s: float
    bandwidth_s: float
    lower_bound_s: float
    ratio: float
    bound_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedLatency:
    """One-way latency of a packet between accelerators drawn uniformly, with queueing, by ``model``; microseconds.

    ``utilization`` is the load in the fluid limit of uniform traffic, ``busiest_utilization`` that of the busiest links
    in what they carry in practice. ``slowest_us`` is the expected latency of the slowest of ``flows`` packets.
    """

    utilization: float
    busiest_utilization: float
    mean_us: float
    p50_us: float
    p99_us: float
    slowest_us: float
    flows: int
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Jitter:
    """What the spread of latency costs steps that wait for the slowest of their messages.

    ``spread_us`` is p99 - p50, ``straggle_us`` the expected slowest of all accelerators' messages less the mean. A step
    of ``step_s`` keeps ``kept_share`` = step / (step + straggle). ``usable_participants`` is the most participants over
    this fabric, one message each, for which a step keeps at least ``wanted_share``; it is counted up to
    ``counted_up_to``, and may be larger where it reaches that.
    """

    spread_us: float
    straggle_us: float
    step_s: float
    kept_share: float
    wanted_share: float
    usable_participants: int
    counted_up_to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Collisions:
    """Flows that a hash places at random on equal links, once (ECMP at the leaves), in ``groups`` independent places.

    ``flows`` and ``links`` of one place. ``mean_share`` of a link's rate is what a flow gets on average when
    each could fill a link; ``worst_flows_mean`` and ``worst_flows_p99`` are the flows on the worst link of all places;
    ``model`` says whether exactly or as an upper bound. ``slowdown`` is the worst link's expected flows over those of
    an even spread.
    """

    flows: int
    links: int
    groups: int
    mean_share: float
    worst_flows_mean: float
    worst_flows_p99: int
    slowdown: float
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FabricEvaluation:
    """One fabric, evaluated. Hops count links from accelerator to accelerator; ``links`` counts all of them.

    ``allreduce_s`` is for ``message_bytes`` per accelerator; ``cost_usd`` (indicative) and ``power_kw`` cover
    switches, cables and optics, not accelerators. ``collectives`` has all candidates by operation, the best first.
    ``loaded`` and ``jitter`` are ``None`` without pairs, ``collisions`` where no hash spreads flows over uplinks.
    ``disconnected_pairs`` ordered pairs of accelerators have no path and are in no average. ``throughput`` is per
    traffic pattern; patterns that would take long to solve are left out. ``failures`` and ``bill`` are there where they
    were asked for; ``cost_usd`` and ``power_kw`` are then the bill's total.
    """

    kind: str
    name: str
    accelerators: int
    switches: int
    switches_by_tier: tuple[int, ...]
    links: int
    optical_links: int
    diameter_hops: int
    mean_hops: float
    bisection: Bisection
    alltoall: AllToAll
    message_bytes: float
    allreduce_s: float
    allreduce_algorithm: str
    latency_us: LatencyUs
    cost_usd: float
    power_kw: float
    assumptions: tuple[str, ...] = ()
    collectives: tuple[CollectiveTime, ...] = ()
    loaded: LoadedLatency | None = None
    jitter: Jitter | None = None
    collisions: Collisions | None = None
    disconnected_pairs: int = 0
    throughput: tuple[Throughput, ...] = ()
    failures: FailureReport | None = None
    bill: FabricBill | None = None
