"""Round trip between every two used sites: formulation (9)."""

import math
from collections.abc import Iterator, Mapping
from itertools import combinations

from topodesign.domain.plan import Violation
from topodesign.verify.evidence import Evidence, allowed_modes
from topodesign.verify.finding import found
from topodesign.verify.reach import segment_delay_ms
from topodesign.verify.tolerance import exceeds

RULES = ("round_trip",)


def check_round_trips(evidence: Evidence) -> Iterator[Violation]:
    """Every two used sites are joined by usable fiber and at most ``max_rtt_ms`` apart."""
    limit = evidence.scenario.policy.max_rtt_ms
    for a, z, round_trip in round_trips_ms(evidence):
        if math.isinf(round_trip):
            text = "no usable fiber joins the two sites"
        elif exceeds(round_trip, limit):
            text = f"the round trip is {round_trip:.6f} ms, above max_rtt_ms {limit:g}"
        else:
            continue
        yield found(
            "round_trip",
            f"{a}-{z}",
            text,
            value=round_trip,
            limit=limit,
            unit="ms",
            remedy="do not use both sites, or raise policy.max_rtt_ms",
        )


def round_trips_ms(evidence: Evidence) -> Iterator[tuple[str, str, float]]:
    """Every two used sites with their round trip in ms; infinite where no usable fiber joins them."""
    modes = allowed_modes(evidence.scenario, evidence.catalog)
    equipment_ms = min((mode.latency_us for mode in modes), default=0.0) / 1e3
    delays = _fiber_delays_ms(evidence)
    for a, z in combinations(evidence.used, 2):
        yield a, z, 2 * (delays[a].get(z, math.inf) + equipment_ms)


def _fiber_delays_ms(evidence: Evidence) -> Mapping[str, Mapping[str, float]]:
    """Least one-way fiber delay from each used site over segments that have or can have pairs."""
    import networkx as nx

    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(evidence.scenario.site_by_id)
    for segment in evidence.scenario.segments:
        buildable = segment.build_pairs if segment.build_usd_per_km is not None else 0
        if segment.lit_pairs + segment.pairs_available + buildable <= 0:
            continue
        delay = segment_delay_ms(evidence, segment)
        if graph.has_edge(segment.a, segment.b):  # of parallel segments the fastest counts
            delay = min(delay, graph[segment.a][segment.b]["delay"])
        graph.add_edge(segment.a, segment.b, delay=delay)
    return {site: nx.single_source_dijkstra_path_length(graph, site, weight="delay") for site in evidence.used}
