"""Fabrics whose accelerators hang on switches by one link each, equally many on every switch that has any.

Cuts are looked for between switches, and so is the spectrum (:mod:`topodesign.fabric.folded`).
"""

from dataclasses import replace
from functools import cached_property

import numpy as np

from topodesign.fabric.cut_search import HostCut, search_cuts
from topodesign.fabric.folded import folded_spectrum
from topodesign.fabric.graph import FabricGraph, Marks
from topodesign.fabric.graph_topology import GraphTopology


class HostsOnSwitches(GraphTopology):
    """Base of these families; accelerators are numbered switch by switch, and the switches that have any come first."""

    @property
    def injection_links(self) -> float:
        return 1.0

    @cached_property
    def _found_cuts(self) -> tuple[float, tuple[HostCut, ...]]:
        graph = self.graph()
        small = switch_graph(graph)
        per_switch = graph.hosts // small.hosts
        half = graph.hosts // 2
        links = HostCut(
            capacity=float(half),
            inside=half,
            found_by="links of half of the accelerators",
            side=np.arange(graph.hosts) < half,
        )
        spectrum = folded_spectrum(graph)
        cuts = search_cuts(small, None if spectrum is None else spectrum.vector[::per_switch])
        mu = 0.0 if spectrum is None else spectrum.mu
        found = [_balanced(cut, per_switch) for cut in cuts]
        return mu, tuple(sorted([links, *found], key=lambda cut: cut.capacity))


def switch_graph(graph: FabricGraph) -> FabricGraph:
    """The switches alone; those with accelerators take the place of accelerators."""
    hosting = int(graph.z[: graph.hosts].max()) - graph.hosts + 1
    between = graph.a >= graph.hosts
    first = np.searchsorted(graph.z[: graph.hosts], np.arange(hosting) + graph.hosts)
    return FabricGraph.from_arrays(
        vertices=graph.switches,
        hosts=hosting,
        a=graph.a[between] - graph.hosts,
        z=graph.z[between] - graph.hosts,
        count=graph.count[between],
        rate=graph.rate[between],
        run=graph.run[between],
        coordinates=None if graph.coordinates is None else graph.coordinates[first],
    )


def _balanced(cut: HostCut, per_switch: int) -> HostCut:
    """The cut with the accelerators of its switches; where halves of the switches differ by one, half of that one's
    accelerators go over, by a link each."""
    switches = len(cut.side)
    side: Marks = np.repeat(cut.side, per_switch)
    if abs(switches - 2 * cut.inside) != 1:
        return replace(cut, inside=cut.inside * per_switch, side=side)
    larger = 2 * cut.inside > switches
    moved = per_switch // 2
    start = int(np.flatnonzero(cut.side == larger)[0]) * per_switch
    side[start : start + moved] = not larger
    return HostCut(capacity=cut.capacity + moved, inside=int(side.sum()), found_by=cut.found_by, side=side)
