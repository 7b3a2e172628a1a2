"""What a family gets from its explicit graph: everything that it has no closed form for."""

from abc import ABC, abstractmethod
from functools import cached_property

import numpy as np

from topodesign.fabric.bisecting import bisection_from, spectrum_and_cuts
from topodesign.fabric.collectives_shapes import TourShape
from topodesign.fabric.collectives_tour import tour_shape
from topodesign.fabric.cut_search import HostCut
from topodesign.fabric.distances import HopHistogram, hop_histogram, path_classes_of
from topodesign.fabric.throughput import alltoall_of, injection
from topodesign.fabric.topology import (
    CableRun,
    CutLinks,
    FabricGraph,
    PairRate,
    PathClasses,
)


class GraphTopology(ABC):
    """Base of the families that satisfy :class:`topodesign.fabric.topology.Topology` by their explicit graph.

    A family defines what is abstract here, and overrides what it has a closed form for. A subclass is a frozen
    dataclass without slots (the graph is kept in the instance once it is built).
    """

    @property
    @abstractmethod
    def kind(self) -> str: ...

    @property
    @abstractmethod
    def name(self) -> str: ...

    @property
    @abstractmethod
    def accelerators(self) -> int: ...

    @property
    @abstractmethod
    def link_gbps(self) -> float: ...

    @property
    @abstractmethod
    def assumptions(self) -> tuple[str, ...]: ...

    @property
    def injection_links(self) -> float:
        """Links of rate 1 of one accelerator, the mean over all of them."""
        return injection(self.graph())

    @property
    def switch_radix(self) -> int:
        """Ports of each switch; 0 without switches."""
        return 0

    @property
    def switches_by_tier(self) -> tuple[int, ...]:
        """Switches of each tier, the leaves first; empty without switches."""
        return ()

    @abstractmethod
    def cable_runs(self) -> tuple[CableRun, ...]:
        """All links, grouped by length; ``run`` of the graph's edges is an index into this."""

    @abstractmethod
    def build_graph(self) -> FabricGraph:
        """Write the graph down, after :func:`topodesign.fabric.topology.require_graph_size`.

        ``coordinates`` give the bisection its aligned cuts; ``orbit`` and ``sources`` claim symmetry, and with it
        exact all-to-all rates and single searches, only where every automorphism that is claimed exists.
        """

    def graph(self) -> FabricGraph:
        """The explicit graph, built once."""
        return self._built_graph

    @cached_property
    def _built_graph(self) -> FabricGraph:
        return self.build_graph()

    def path_classes(self) -> PathClasses:
        """Distribution of shortest paths over ordered pairs of accelerators."""
        run_m = np.array([run.length_m for run in self.cable_runs()], dtype=float)
        return path_classes_of(self.graph(), run_m)

    def bisection(self) -> CutLinks:
        """Interval of the bisection width; see :mod:`topodesign.fabric.bisecting`."""
        mu, cuts = self._found_cuts
        return bisection_from(self.graph(), mu=mu, cuts=cuts, pair_rate=self.alltoall().proven)

    def alltoall(self) -> PairRate:
        """Uniform all-to-all, fluid; see :mod:`topodesign.fabric.throughput`."""
        return self._found_rate

    @cached_property
    def _found_cuts(self) -> tuple[float, tuple[HostCut, ...]]:
        return spectrum_and_cuts(self.graph())

    @cached_property
    def _found_rate(self) -> PairRate:
        return alltoall_of(self.graph(), self._found_cuts[1], hops=lambda: self._hops)

    @cached_property
    def _hops(self) -> HopHistogram:
        return hop_histogram(self.graph())

    def collective_shape(self) -> TourShape:
        """See :mod:`topodesign.fabric.collectives_tour`."""
        return self._tour

    @cached_property
    def _tour(self) -> TourShape:
        return tour_shape(self.graph())
