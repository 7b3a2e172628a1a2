"""A known interval of the bisection, narrowed by a search of the explicit graph where that is quick."""

from collections.abc import Callable

from topodesign.fabric.bisecting import bisection_from, spectrum_and_cuts
from topodesign.fabric.topology import CutLinks, FabricGraph

MAX_SEARCHED_VERTICES = 2_000
"""Searched in well under a second; above it, families with formulas keep to them."""


def narrowed(known: CutLinks, build: Callable[[], FabricGraph], *, vertices: int, pair_rate: float) -> CutLinks:
    """The intersection of a known interval and of what a search finds.

    Parameters
    ----------
    known : CutLinks
        What formulas give.
    build : callable
        Gives the explicit graph; called only when there is something to gain and it is small enough.
    vertices : int
        Vertices of that graph.
    pair_rate : float
        Rate that a uniform all-to-all reaches, with links of rate 1.
    """
    if known.exact or vertices > MAX_SEARCHED_VERTICES:
        return known
    graph = build()
    mu, cuts = spectrum_and_cuts(graph)
    found = bisection_from(graph, mu=mu, cuts=cuts, pair_rate=pair_rate)
    if found.upper >= known.upper and found.lower <= known.lower:
        return known
    return CutLinks(lower=max(known.lower, found.lower), upper=min(known.upper, found.upper), method=found.method)
