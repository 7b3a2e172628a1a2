"""Interval of the bisection width of an explicit graph."""

from topodesign.fabric.graph import FabricGraph
from topodesign.fabric.topology import CutLinks


def bisection_of(graph: FabricGraph) -> CutLinks:
    """Interval of the bisection width."""
    half = graph.hosts // 2
    is_inside = graph.a < half
    cut = float(graph.capacity[is_inside & (graph.z >= half)].sum())
    return CutLinks(lower=0.0, upper=cut, method="the first half of the accelerators")
