"""Accelerators with a single link to a switch, folded into it: a small graph whose spectrum certifies the whole one.

Let every switch carry the weight of the accelerators folded into it, and let the switches on a side weigh w of W. Then
mu w (W - w) / W links or more between the vertices that are left are cut (mu the second smallest eigenvalue of their
Laplacian over their weights, see :mod:`topodesign.fabric.spectral`), and a link of each of the |W/2 - w| accelerators
or more that are on the other side than their switch, c at least. That is concave in w from 0 to the half, hence at
least the lesser of c times half of the accelerators and of mu times the product of both halves over W.
"""

from dataclasses import dataclass

import numpy as np

from topodesign.fabric.graph import Counts, FabricGraph
from topodesign.fabric.quotient import Quotient
from topodesign.fabric.spectral import Spectrum, spectrum_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """The graph that is left: vertices with weight take the place of accelerators.

    ``place`` is the vertex of each accelerator in it, ``least_link`` the least capacity of a link that was folded.
    """

    graph: FabricGraph
    weight: Counts
    place: Counts
    least_link: float


def folded(graph: FabricGraph) -> Folded | None:
    """``None`` where no accelerator has a single link that leads to a switch."""
    edges = np.bincount(np.concatenate([graph.a, graph.z]), minlength=graph.vertices)
    hangs = (graph.a < graph.hosts) & (graph.z >= graph.hosts) & (edges[graph.a] == 1)
    if not hangs.any():
        return None
    anchor = np.arange(graph.vertices, dtype=np.int64)
    anchor[graph.a[hangs]] = graph.z[hangs]
    weight = np.bincount(anchor[: graph.hosts], minlength=graph.vertices)
    is_left = np.ones(graph.vertices, dtype=bool)
    is_left[graph.a[hangs]] = False
    kept = np.flatnonzero(is_left)
    kept = kept[np.argsort(weight[kept] == 0, kind="stable")]  # those with weight first
    place = np.zeros(graph.vertices, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    small = FabricGraph.from_arrays(
        vertices=len(kept),
        hosts=int((weight[kept] > 0).sum()),
        a=place[graph.a[~hangs]],
        z=place[graph.z[~hangs]],
        count=graph.count[~hangs],
        rate=graph.rate[~hangs],
        run=graph.run[~hangs],
    )
    return Folded(
        graph=small,
        weight=weight[kept[: small.hosts]],
        place=place[anchor[: graph.hosts]],
        least_link=float(graph.capacity[hangs].min()),
    )


def folded_spectrum(graph: FabricGraph) -> Spectrum | None:
    """The module's eigenvalue, c included, and a value per accelerator; ``None`` where none is known."""
    small = folded(graph)
    if small is None:
        return None
    alike = Quotient(graph=small.graph, weight=small.weight, members=np.arange(small.graph.hosts, dtype=np.int64))
    found = spectrum_of(small.graph, alike, may_part=False)
    if found is None:
        return None
    # no more than proves the links of half of the accelerators
    most = small.least_link * graph.hosts / (graph.hosts - graph.hosts // 2)
    return Spectrum(mu=min(found.mu, most), vector=found.vector[small.place])
