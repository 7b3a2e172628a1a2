"""Fiber between nodes, the lightpaths in service on it, and reaches measured on its kinds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from topodesign.domain.checks import require, require_id, require_number
from topodesign.domain.places import Position, Scalar
from topodesign.domain.ranges import MOST_PAIRS, MOST_PODS, MOST_REACH_KM, MOST_UNIT_USD

FiberType = Literal["ssmf", "g654e", "hollow_core"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FiberSegment:
    """A fiber route between two nodes (sites or junctions).

    A *pair* is one fiber per direction. ``pairs_available`` are dark pairs on offer, ``lit_pairs`` are lit already
    (their fiber and line system are sunk cost). ``build_usd_per_km`` set means that ``build_pairs`` more can be had
    by building. ``conduits`` are shared-risk groups: a conduit that is cut takes every segment in it down. Before
    ``in_service_year`` a build-out over years cannot use it.
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
    in_service_year: int | None = None

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
