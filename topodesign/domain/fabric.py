"""Fabrics inside a site: what is asked and what is answered."""

from dataclasses import dataclass
from typing import Literal

from topodesign.domain.checks import require, require_number
from topodesign.domain.fabric_kinds import HammingMesh, Hypercube, HyperX, ReconfigurableTorus, require_twistable
from topodesign.domain.fabric_limits import MAX_ACCELERATORS as MAX_ACCELERATORS

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
        require(
            1 <= len(self.shape) <= 8,
            field="shape",
            value=self.shape,
            limit="1 to 8 sides",
            remedy="give sides such as 16x16x16",
        )
        total = 1
        for side in self.shape:
            require_number(side, field="shape", at_least=1, remedy="every side is a whole number from 1")
            total *= side
        require_number(total, field="shape (accelerators)", at_most=MAX_ACCELERATORS)
        if self.wrap is not None:
            require(
                len(self.wrap) == len(self.shape),
                field="wrap",
                value=self.wrap,
                limit=f"one entry per axis ({len(self.shape)})",
                remedy="give 0 or 1 for each axis",
            )
        if self.twist:
            self._check_twist()
        require_number(self.link_gbps, field="link_gbps", above=0)

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
    """A folded Clos (fat tree) of 2 or 3 tiers. ``tiers`` default: the least that fits.

    ``oversubscription`` is down over up capacity at the leaves. ``planes`` are parallel copies, one per NIC port.
    """

    accelerators: int
    radix: int = 64
    tiers: int | None = None
    oversubscription: float = 1.0
    planes: int = 1
    rail_optimized: bool = False
    link_gbps: float = 400.0

    def __post_init__(self) -> None:
        require_number(self.accelerators, field="accelerators", at_least=1, at_most=MAX_ACCELERATORS)
        require_number(self.radix, field="radix", at_least=2, at_most=4096)
        require(
            self.radix % 2 == 0,
            field="radix",
            value=self.radix,
            limit="even (half of a leaf's ports face down)",
            remedy="use the next even radix",
        )
        if self.tiers is not None:
            require(self.tiers in (2, 3), field="tiers", value=self.tiers, limit="2 or 3", remedy="leave it out")
        require_number(self.oversubscription, field="oversubscription", at_least=1, at_most=1000)
        require_number(self.planes, field="planes", at_least=1, at_most=64)
        require_number(self.link_gbps, field="link_gbps", above=0)

    @property
    def kind(self) -> str:
        return "clos"


FabricSpec = Torus | Clos | ReconfigurableTorus | Hypercube | HyperX | HammingMesh


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FabricEvaluation:
    """One fabric, evaluated. Hops count links from accelerator to accelerator; ``links`` counts all of them.

    ``allreduce_s`` is for ``message_bytes`` per accelerator; ``cost_usd`` (indicative) and ``power_kw`` cover
    switches, cables and optics, not accelerators. ``disconnected_pairs`` ordered pairs of accelerators have no path and
    are in no average. ``throughput`` is per traffic pattern; patterns that would take long to solve are left out.
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
    disconnected_pairs: int = 0
    throughput: tuple[Throughput, ...] = ()
