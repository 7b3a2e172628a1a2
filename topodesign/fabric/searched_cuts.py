"""A known interval of the bisection, closed or narrowed with the explicit graph where that is quick."""

from collections.abc import Callable

from topodesign.fabric.bisecting import ENUMERATED, certified_interval, spectrum_and_cuts
from topodesign.fabric.cut_enumeration import least_cut
from topodesign.fabric.topology import CutLinks, FabricGraph

MAX_SEARCHED_VERTICES = 2_000
"""Searched in well under a second; above it, families with formulas keep to them."""


def enumerated(known: CutLinks, build: Callable[[], FabricGraph], *, vertices: int) -> CutLinks:
    """The exact width of a small graph, else what is known.

    Parameters
    ----------
    known : CutLinks
        What formulas give.
    build : callable
        Gives the explicit graph; called only when there is something to gain and it is small enough.
    vertices : int
        Vertices of that graph.
    """
    if known.exact or vertices > MAX_SEARCHED_VERTICES:
        return known
    exact = least_cut(build())
    return known if exact is None else CutLinks(lower=exact, upper=exact, method=ENUMERATED)


def narrowed(known: CutLinks, build: Callable[[], FabricGraph], *, vertices: int, pair_rate: float) -> CutLinks:
    """The exact width of a small graph, else the intersection of a known interval and of what a search finds.

    Parameters
    ----------
    known, build, vertices
        As of :func:`enumerated`.
    pair_rate : float
        Rate that a uniform all-to-all reaches, with links of rate 1.
    """
    known = enumerated(known, build, vertices=vertices)
    if known.exact or vertices > MAX_SEARCHED_VERTICES:
        return known
    graph = build()
    mu, cuts = spectrum_and_cuts(graph)
    found = certified_interval(graph, mu=mu, cuts=cuts, pair_rate=pair_rate)
    if found.upper >= known.upper and found.lower <= known.lower:
        return known
    return CutLinks(lower=max(known.lower, found.lower), upper=min(known.upper, found.upper), method=found.method)
