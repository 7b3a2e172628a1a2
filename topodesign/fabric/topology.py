"""What every family of fabrics answers: one small interface, and the values that go through it.

A family (torus, folded Clos, ...) is one module with one class that satisfies :class:`Topology`. Everything else,
latency, collectives, bill, the evaluation, is written against this interface only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from topodesign.domain.checks import require

Counts = npt.NDArray[np.int64]
Lengths = npt.NDArray[np.float64]

MAX_GRAPH_VERTICES = 20_000
"""Explicit graphs are for inspection and tests; above this size only closed forms are used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathClasses:
    """Shortest paths of all ordered pairs of different accelerators, grouped into classes of equal paths.

    Parallel arrays, one entry per class: ``pairs`` ordered pairs take ``hops`` links and ``metres`` of cable, through
    ``switches`` packet switches; ``direct_hops`` of the links are driven by an accelerator's own router.
    Empty when there are no pairs. ``hops_by_run``, where a family tells it, has a row for each class and a column for
    each of the topology's cable runs: links of that run on the path.
    """

    pairs: Counts
    hops: Counts
    switches: Counts
    direct_hops: Counts
    metres: Lengths
    hops_by_run: Counts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PathFactor:
    """One of several parts, independent of each other, that every path is made of: an axis of a torus.

    Parallel arrays, one entry per class of ordered pairs of coordinates, equal ones included. ``load`` is the number of
    flows on the busiest links of this part in a uniform all-to-all, in a unit common to all parts.
    """

    pairs: Counts
    direct_hops: Counts
    metres: Lengths
    load: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CableRun:
    """``count`` cables of one length between the same kinds of ends."""

    what: str
    count: int
    length_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CutLinks:
    """Bisection width in links: the truth is in ``[lower, upper]``; ``exact`` when proven to be ``upper``."""

    lower: float
    upper: float
    method: str

    @property
    def exact(self) -> bool:
        return self.lower == self.upper


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRate:
    """Rate of every ordered pair in a uniform all-to-all with unit links.

    Where not ``exact`` it is an upper bound: the least over the cuts that were looked at.
    """

    rate: float
    method: str
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AllReduceTime:
    """Time of one all-reduce by one algorithm."""

    algorithm: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLatency:
    """Latency of one algorithm step in seconds: to a neighbor over one link, and to the farthest accelerator."""

    neighbor_s: float
    farthest_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FabricGraph:
    """Explicit multigraph: vertices ``0 .. vertices-1``, the first ``hosts`` of them accelerators.

    ``links[a, z]`` with ``a < z`` is the number of parallel links.
    """

    vertices: int
    hosts: int
    links: Mapping[tuple[int, int], int]

    def is_host(self, vertex: int) -> bool:
        return vertex < self.hosts


class Topology(Protocol):
    """A fabric of one family. Links are counted; rates come in with the link rate, never before."""

    @property
    def kind(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def accelerators(self) -> int: ...

    @property
    def link_gbps(self) -> float: ...

    @property
    def switch_radix(self) -> int:
        """Ports of each switch; 0 without switches."""

    @property
    def switches_by_tier(self) -> tuple[int, ...]:
        """Switches of each tier, the leaves first; empty without switches."""

    @property
    def assumptions(self) -> tuple[str, ...]: ...

    def cable_runs(self) -> tuple[CableRun, ...]:
        """All links, grouped by length."""

    def path_classes(self) -> PathClasses:
        """Distribution of shortest paths over ordered pairs of accelerators."""

    def bisection(self) -> CutLinks:
        """Least number of links between two halves of the accelerators (sizes floor and ceil of N/2)."""

    def alltoall(self) -> PairRate:
        """Uniform all-to-all, fluid."""

    def allreduce(self, message_bytes: float, step: StepLatency) -> tuple[AllReduceTime, ...]:
        """Candidate algorithms with their times; at least one."""

    def graph(self) -> FabricGraph:
        """The explicit graph; for small sizes."""


def no_paths() -> PathClasses:
    """The distribution of a fabric without pairs."""
    none = np.zeros(0, dtype=np.int64)
    return PathClasses(pairs=none, hops=none, switches=none, direct_hops=none, metres=np.zeros(0))


def require_graph_size(vertices: int) -> None:
    """Refuse to write down a graph that is too large to be looked at."""
    require(
        vertices <= MAX_GRAPH_VERTICES,
        field="vertices",
        value=vertices,
        limit=f"at most {MAX_GRAPH_VERTICES} for an explicit graph",
        remedy="use the closed forms, or a smaller fabric of the same family",
    )
