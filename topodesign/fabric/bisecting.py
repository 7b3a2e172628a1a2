"""Interval of the bisection width of an explicit graph: certificates below, cuts above, exact only where they meet.

Below: enumeration of small graphs; the spectrum (:mod:`topodesign.fabric.spectral`); and any rate r that a uniform
all-to-all is known to reach, since the links between halves of A and B accelerators carry r A B each way
(F. T. Leighton, S. Rao (1999), "Multicommodity max-flow min-cut theorems", Journal of the ACM 46(6), section 1).
Above: :mod:`topodesign.fabric.cut_search`.
"""

import math
from collections.abc import Sequence

import numpy as np

from topodesign.domain.errors import InternalError
from topodesign.fabric.cut_enumeration import least_cut
from topodesign.fabric.cut_search import HostCut, search_cuts
from topodesign.fabric.folded import folded_spectrum
from topodesign.fabric.graph import FabricGraph
from topodesign.fabric.quotient import quotient_of
from topodesign.fabric.spectral import MOST_FACTORED, spectrum_of
from topodesign.fabric.topology import CutLinks

ENUMERATED = "enumeration of all halves"
CERTIFIED_ROUNDING = 2e-6
"""Share of a link sum (at least of one link) by which a certificate may be off before it is rounded up."""


def bisection_of(graph: FabricGraph) -> CutLinks:
    """Interval of the bisection width; the uniform all-to-all is worked out for its certificate."""
    from topodesign.fabric.throughput import alltoall_of

    mu, cuts = spectrum_and_cuts(graph)
    return bisection_from(graph, mu=mu, cuts=cuts, pair_rate=alltoall_of(graph, cuts).proven)


def spectrum_and_cuts(graph: FabricGraph) -> tuple[float, tuple[HostCut, ...]]:
    """Second smallest eigenvalue (0: not known), and the cuts that a search finds.

    Of large graphs accelerators with a single link are folded into their switch.
    """
    reduced = quotient_of(graph)
    spectrum = folded_spectrum(graph) if reduced.graph.vertices > MOST_FACTORED else None
    if spectrum is None and len(graph.a):
        spectrum = spectrum_of(graph, reduced)
    cuts = search_cuts(graph, None if spectrum is None else spectrum.vector)
    return (0.0 if spectrum is None else spectrum.mu), cuts


def bisection_from(graph: FabricGraph, *, mu: float, cuts: Sequence[HostCut], pair_rate: float) -> CutLinks:
    """Interval of the bisection width.

    Parameters
    ----------
    mu : float
        Eigenvalue of :mod:`topodesign.fabric.spectral`, 0 for none.
    cuts : sequence of HostCut
        Known cuts; those that are no halves are passed over.
    pair_rate : float
        Rate of every ordered pair that a uniform all-to-all reaches, with links of rate 1.
    """
    exact = least_cut(graph)
    if exact is not None:
        return CutLinks(lower=exact, upper=exact, method=ENUMERATED)
    return certified_interval(graph, mu=mu, cuts=cuts, pair_rate=pair_rate)


def certified_interval(graph: FabricGraph, *, mu: float, cuts: Sequence[HostCut], pair_rate: float) -> CutLinks:
    """The best known half above, the better certificate below; see :func:`bisection_from` for the parameters."""
    half = graph.hosts // 2
    pairs = half * (graph.hosts - half)
    halves = [cut for cut in cuts if cut.inside in (half, graph.hosts - half)]
    if not halves:
        return CutLinks(lower=0.0, upper=0.0, method="no links")
    best = min(halves, key=lambda cut: cut.capacity)
    certificates = {"uniform all-to-all": pair_rate * pairs, "spectrum": mu * pairs / graph.hosts}
    name, lower = max(certificates.items(), key=lambda item: item[1])
    lower = _whole(graph, lower)
    if lower > best.capacity:
        raise InternalError(
            f"the {name} proves a bisection of at least {lower:g} links, but the {best.found_by} cuts "
            f"{best.capacity:g}: one of the two is wrong; please report this graph"
        )
    return CutLinks(lower=lower, upper=best.capacity, method=f"{best.found_by}; lower bound by the {name}")


def _whole(graph: FabricGraph, lower: float) -> float:
    """Cuts of links of whole rates are whole numbers."""
    if (graph.rate == np.rint(graph.rate)).all():
        return float(math.ceil(lower - CERTIFIED_ROUNDING * max(1.0, lower)))
    return lower * (1 - CERTIFIED_ROUNDING)
