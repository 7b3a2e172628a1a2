"""What every family of fabrics answers: one small interface, and the values that go through it.

A family (torus, folded Clos, ...) is one module with one class that satisfies :class:`Topology`. Everything else,
latency, collectives, bill, the evaluation, is written against this interface only.
"""

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from topodesign.fabric.collectives_shapes import Shape
from topodesign.fabric.graph import MAX_GRAPH_VERTICES as MAX_GRAPH_VERTICES
from topodesign.fabric.graph import Counts as Counts
from topodesign.fabric.graph import FabricGraph as FabricGraph
from topodesign.fabric.graph import Lengths as Lengths
from topodesign.fabric.graph import require_graph_size as require_graph_size


@dataclass(frozen=True, slots=True, kw_only=True)
class PathClasses:
    """Shortest paths of all ordered pairs of different accelerators, grouped into classes of equal paths.

    Parallel arrays, one entry per class: ``pairs`` ordered pairs take ``hops`` links and ``metres`` of cable, through
    ``switches`` packet switches; ``direct_hops`` of the links are driven by an accelerator's own router.
    Empty when there are no pairs. ``hops_by_run``, where a family tells it, has a row for each class and a column for
    each of the topology's cable runs: links of that run on the path.
    ``disconnected`` ordered pairs have no path: they are in no class and in no average.
    """

    pairs: Counts
    hops: Counts
    switches: Counts
    direct_hops: Counts
    metres: Lengths
    hops_by_run: Counts | None = None
    disconnected: int = 0


CableKind = Literal["cable", "ocs", "trace", "backplane"]


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
    """``count`` links of one length between the same kinds of ends.

    Attributes
    ----------
    kind : str
        ``"cable"``: copper or optics, whichever of those that reach costs least. ``"ocs"``: by way of an optical
        circuit switch, ``length_m`` from end to end. ``"trace"``: on a board of accelerators, ``"backplane"``: in their
        rack.
    rate : float
        Capacity of one link in units of the topology's ``link_gbps``.
    adapters : int
        Ends of one link at network adapters of accelerators: 1 from an adapter to a switch.
    """

    what: str
    count: int
    length_m: float
    kind: CableKind = "cable"
    rate: float = 1.0
    adapters: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OcsUnits:
    """``units`` optical circuit switches of ``ports`` each, ``spare_ports`` of these kept for tests and repair.

    ``share``: part of their cost and watts that the fabric bears, where it is a slice of a larger pod.
    """

    units: int
    ports: int
    spare_ports: int
    share: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CutLinks:
    """Bisection width in links (of rate 1): the truth is in ``[lower, upper]``; ``exact`` when they are equal."""

    lower: float
    upper: float
    method: str

    @property
    def exact(self) -> bool:
        return self.lower == self.upper


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRate:
    """Rate of every ordered pair in a uniform all-to-all with unit links.

    Where not ``exact`` it is an upper bound; ``lower`` is a rate that some routing is known to reach (0: none is).
    """

    rate: float
    method: str
    exact: bool
    lower: float = 0.0

    @property
    def proven(self) -> float:
        """The rate that is known to be reachable: ``rate`` itself where it is exact."""
        return self.rate if self.exact else self.lower


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLatency:
    """Latency of one algorithm step in seconds: to a neighbor over one link, and to the farthest accelerator."""

    neighbor_s: float
    farthest_s: float


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
    def injection_links(self) -> float:
        """Links of rate 1 of one accelerator, the mean over all of them."""

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

    def collective_shape(self) -> Shape:
        """What collectives need to know of the fabric."""

    def graph(self) -> FabricGraph:
        """The explicit graph; for sizes up to :data:`MAX_GRAPH_VERTICES`. ``run`` counts :meth:`cable_runs`."""


@runtime_checkable
class MixedSwitches(Protocol):
    """A topology whose tiers have switches of different numbers of ports."""

    @property
    def switch_radix_by_tier(self) -> tuple[int, ...]:
        """Ports of the switches of each tier, in the order of ``switches_by_tier``."""


@runtime_checkable
class BuiltInSwitches(Protocol):
    """A topology some of whose switches are part of the racks of accelerators, and priced with these."""

    @property
    def is_built_in_by_tier(self) -> tuple[bool, ...]:
        """Whether the switches of each tier are built in, in the order of ``switches_by_tier``."""


@runtime_checkable
class OpticallySwitched(Protocol):
    """A topology that says how many optical circuit switches its runs of kind ``"ocs"`` need."""

    @property
    def billed_ocs(self) -> OcsUnits:
        """The switches that are built; without this protocol as few as have the ports."""


def no_paths() -> PathClasses:
    """The distribution of a fabric without pairs."""
    none = np.zeros(0, dtype=np.int64)
    return PathClasses(pairs=none, hops=none, switches=none, direct_hops=none, metres=np.zeros(0))
