"""Hop statistics of a fabric's graph against networkx and SciPy, in one run on one core.

    python -m benchmarks.fabric_graph [--sources 256] [--runs 3]

All tools get the same graph, parallel links merged, and count distances between accelerators over ordered pairs; what
they find is compared. Ours gets no claim of symmetry (it puts accelerators of one switch together, as it always does).
networkx is timed on ``--sources`` evenly spaced accelerators and scaled up to all of them; SciPy runs unweighted
Dijkstra from all, in blocks of 512. igraph takes part when it is installed. Times are processor seconds; each tool
builds its own graph from the same arrays within them.
"""

import argparse
import importlib.util
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import networkx as nx
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from benchmarks.tables import RESULTS, environment, markdown_table, write_json
from topodesign.domain.fabric import Clos, Torus
from topodesign.fabric.clos import ClosTopology
from topodesign.fabric.distances import hop_histogram
from topodesign.fabric.graph import FabricGraph
from topodesign.fabric.torus import TorusTopology

BLOCK = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One tool on one graph: processor seconds for all sources, and distances of the sources that it ran."""

    tool: str
    cpu_s: float
    mean: float
    diameter: int
    sources: int


def graphs() -> dict[str, FabricGraph]:
    """The graphs, without claims of symmetry."""
    torus = TorusTopology(Torus(shape=(16, 16, 16))).graph()
    fat_tree = ClosTopology(Clos(accelerators=8192, radix=32)).graph()
    return {name: graph.with_counts(graph.count) for name, graph in (("torus 16^3", torus), ("fat tree 32", fat_tree))}


def by_ours(graph: FabricGraph) -> tuple[float, int]:
    found = hop_histogram(graph)
    return found.mean, found.diameter


def by_scipy(graph: FabricGraph) -> tuple[float, int]:
    matrix = csr_array((np.ones(len(graph.a)), (graph.a, graph.z)), shape=(graph.vertices, graph.vertices))
    total, most = 0.0, 0.0
    for first in range(0, graph.hosts, BLOCK):
        sources = np.arange(first, min(first + BLOCK, graph.hosts))
        found = dijkstra(matrix, directed=False, unweighted=True, indices=sources)[:, : graph.hosts]
        total += float(found.sum())
        most = max(most, float(found.max()))
    return total / (graph.hosts * (graph.hosts - 1)), int(most)


def by_networkx(graph: FabricGraph, sources: np.ndarray) -> tuple[float, int]:
    plain = nx.Graph()
    plain.add_nodes_from(range(graph.vertices))
    plain.add_edges_from(zip(graph.a.tolist(), graph.z.tolist(), strict=True))
    total, most = 0, 0
    for source in sources.tolist():
        found = nx.single_source_shortest_path_length(plain, source)
        hops = [found[host] for host in range(graph.hosts)]
        total += sum(hops)
        most = max(most, *hops)
    return total / (len(sources) * (graph.hosts - 1)), most


def by_igraph(graph: FabricGraph) -> tuple[float, int]:
    import igraph

    plain = igraph.Graph(n=graph.vertices, edges=list(zip(graph.a.tolist(), graph.z.tolist(), strict=True)))
    hosts = list(range(graph.hosts))
    total, most = 0, 0
    for first in range(0, graph.hosts, BLOCK):
        found = np.array(plain.distances(source=hosts[first : first + BLOCK], target=hosts))
        total += int(found.sum())
        most = max(most, int(found.max()))
    return total / (graph.hosts * (graph.hosts - 1)), most


def measure(graph: FabricGraph, *, sources: int, runs: int) -> list[Measured]:
    """All tools on one graph, ours first."""
    few = np.unique(np.linspace(0, graph.hosts, min(sources, graph.hosts), endpoint=False).astype(int))
    tools: dict[str, Callable[[], tuple[float, int]]] = {
        "topodesign": lambda: by_ours(graph),
        "SciPy": lambda: by_scipy(graph),
        "networkx": lambda: by_networkx(graph, few),
    }
    if importlib.util.find_spec("igraph") is not None:
        tools["igraph"] = lambda: by_igraph(graph)
    found = []
    for tool, work in tools.items():
        cpu_s, (mean, diameter) = _best(work, runs)
        used = len(few) if tool == "networkx" else graph.hosts
        found.append(Measured(tool=tool, cpu_s=cpu_s * graph.hosts / used, mean=mean, diameter=diameter, sources=used))
    return found


def _best(work: Callable[[], tuple[float, int]], runs: int) -> tuple[float, tuple[float, int]]:
    best, answer = np.inf, (0.0, 0)
    for _ in range(runs):
        start = time.process_time()
        answer = work()
        best = min(best, time.process_time() - start)
    return best, answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=256, help="accelerators that networkx searches from")
    parser.add_argument("--runs", type=int, default=3, help="runs, of which the fastest counts")
    options = parser.parse_args()
    by_graph = {name: measure(graph, sources=options.sources, runs=options.runs) for name, graph in graphs().items()}
    rows = [
        [name, one.tool, f"{one.mean:.6f}", str(one.diameter), f"{one.cpu_s:.3f}", f"{one.cpu_s / of_all[0].cpu_s:.1f}"]
        for name, of_all in by_graph.items()
        for one in of_all
    ]
    header = ["graph", "tool", "mean hops", "diameter", "seconds", "times ours"]
    sys.stdout.write(markdown_table(header, rows, left=2) + "\n")
    document = {
        "environment": environment(),
        "options": vars(options),
        "hops": [
            {"graph": name, "tool": one.tool, "cpu_s": one.cpu_s, "mean": one.mean, "diameter": one.diameter}
            for name, of_all in by_graph.items()
            for one in of_all
        ],
    }
    write_json(RESULTS / "fabric_graph.json", document)


if __name__ == "__main__":
    main()
