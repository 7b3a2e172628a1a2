"""Throughput of an explicit graph under uniform all-to-all traffic, fluid."""

import numpy as np

from topodesign.fabric.distances import hop_histogram
from topodesign.fabric.graph import FabricGraph
from topodesign.fabric.topology import PairRate


def alltoall_of(graph: FabricGraph) -> PairRate:
    """Uniform all-to-all, an interval."""
    hops = hop_histogram(graph)
    total = int((hops.pairs * np.arange(len(hops.pairs))).sum())
    if total == 0:
        return PairRate(rate=0.0, method="no pairs", exact=True)
    return PairRate(rate=2 * float(graph.capacity.sum()) / total, method="hop bound", exact=False)


def ring_load(graph: FabricGraph) -> float:
    """Largest load of a link when every accelerator sends one unit to the next."""
    return float(graph.hosts)
