"""The fiber of a scenario as a networkx multigraph."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from topodesign.domain.scenario import FiberSegment, Scenario

if TYPE_CHECKING:
    import networkx


def fiber_multigraph(scenario: Scenario) -> "networkx.MultiGraph[str]":
    """Sites and junctions joined by fiber segments.

    Returns
    -------
    networkx.MultiGraph
        Nodes are site and junction ids with ``kind`` (``site`` or ``junction``), ``lon`` and ``lat``; edges are keyed
        by ``segment_id`` with ``length_km`` and ``segment`` (the domain object).
    """
    graph = multigraph_of([], scenario.segments)
    for site in scenario.sites:
        graph.add_node(site.site_id, kind="site", lon=site.lon, lat=site.lat)
    for junction in scenario.junctions:
        graph.add_node(junction.node_id, kind="junction", lon=junction.lon, lat=junction.lat)
    return graph


def multigraph_of(nodes: Iterable[str], segments: Iterable[FiberSegment]) -> "networkx.MultiGraph[str]":
    """A multigraph of bare nodes and segments, edges keyed by ``segment_id``."""
    import networkx

    graph: networkx.MultiGraph[str] = networkx.MultiGraph()
    graph.add_nodes_from(nodes)
    for segment in segments:
        graph.add_edge(segment.a, segment.b, key=segment.segment_id, length_km=segment.length_km, segment=segment)
    return graph
