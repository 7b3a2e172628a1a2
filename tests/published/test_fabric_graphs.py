"""Explicit graphs against known and computed figures: distances, best cuts, spectra, loads.

Where no other source is named, the figures were computed once for this project with other tools on the same graphs:
means and diameters by networkx, igraph and rustworkx, cuts by METIS and KaHIP with 20 seeds, eigenvalues by ARPACK on
the plain Laplacian. Cuts are the best that were found, so ours may not be above them; means are exact to the digits
given.
"""

import networkx as nx
import numpy as np
import pytest
from fabric.small_graphs import of_networkx

from topodesign.domain.fabric import Clos, Torus
from topodesign.fabric.bisecting import certified_interval, spectrum_and_cuts
from topodesign.fabric.clos import ClosTopology
from topodesign.fabric.distances import hop_histogram
from topodesign.fabric.graph import FabricGraph
from topodesign.fabric.link_loads import Arcs, shortest_path_loads
from topodesign.fabric.quotient import quotient_of
from topodesign.fabric.throughput import alltoall_of
from topodesign.fabric.torus import TorusTopology


def dragonfly(routers: int, hosts: int, globals_each: int) -> FabricGraph:
    """Groups of ``routers``, all joined inside, one link between any two of the routers x globals + 1 groups."""
    ports = routers * globals_each
    groups = ports + 1
    count = groups * routers * hosts
    links = [(host, count + host // hosts, 1) for host in range(count)]
    for group in range(groups):
        first = count + group * routers
        links += [(first + a, first + z, 1) for z in range(routers) for a in range(z)]
        for port in range(ports):
            other = (group + port + 1) % groups
            if group < other:
                far = count + other * routers + (ports - 1 - port) // globals_each
                links.append((first + port // globals_each, far, 1))
    return FabricGraph.of(vertices=count + groups * routers, hosts=count, links=links)


def routers_only(graph: FabricGraph) -> FabricGraph:
    taken = graph.a >= graph.hosts
    count = graph.switches
    return FabricGraph.from_arrays(
        vertices=count, hosts=count, a=graph.a[taken] - graph.hosts, z=graph.z[taken] - graph.hosts
    )


def test_distances_of_a_16_cubed_torus_without_its_symmetry() -> None:
    # mean 49152/4095 = 12.002930, diameter 24
    graph = TorusTopology(Torus(shape=(16, 16, 16))).graph()
    found = hop_histogram(graph.with_counts(graph.count))
    assert (found.diameter, found.disconnected) == (24, 0)
    assert found.mean == pytest.approx(49152 / 4095, rel=1e-12)


def test_distances_of_a_fat_tree_of_radix_32_are_those_of_its_hosts() -> None:
    # 8192 hosts and 1280 switches: mean 48606/8191 = 5.934074 over hosts; averaged over switches too it would be 5.465
    graph = ClosTopology(Clos(accelerators=8192, radix=32)).graph()
    found = hop_histogram(graph)
    assert (graph.switches, found.diameter) == (1280, 6)
    assert found.mean == pytest.approx(48606 / 8191, rel=1e-12)


@pytest.mark.parametrize(("radix", "mean", "links", "switches"), [(4, 5.466667, 48, 20), (6, 5.622642, 162, 45)])
def test_small_fat_trees(radix: int, mean: float, links: int, switches: int) -> None:
    graph = ClosTopology(Clos(accelerators=radix**3 // 4, radix=radix)).graph()
    assert hop_histogram(graph).mean == pytest.approx(mean, abs=5e-7)
    assert (sum(graph.links.values()), graph.switches) == (links, switches)


GRAPHS = {
    # name: graph, diameter, mean distance, best cut found, spectral bound n mu / 4
    # Hoffman and Singleton (1960), the Slim Fly of q = 5: diameter 2, mean 2 - 7/49
    "Hoffman-Singleton": (lambda: nx.hoffman_singleton_graph(), 2, 1.857143, 65, 62.5),
    "random 10-regular, 100": (lambda: nx.random_regular_graph(10, 100, seed=1), 3, 2.226667, 138, 106.3),
    "random 25-regular, 578": (lambda: nx.random_regular_graph(25, 578, seed=1), 3, 2.27803, 2607, 2248.5),
    "random 16-regular, 1000": (lambda: nx.random_regular_graph(16, 1000, seed=1), 4, 2.77395, 2588, 2091.3),
    # a binary cube of dimension 10 has mean 5 x 1024/1023 and cuts N/2; its second eigenvalue is 2
    "hypercube 2^10": (lambda: nx.hypercube_graph(10), 10, 5.004888, 512, 512.0),
}


@pytest.mark.parametrize("name", list(GRAPHS))
def test_graphs_of_known_distance_cut_and_spectrum(name: str) -> None:
    make, diameter, mean, best_cut, spectral = GRAPHS[name]
    graph = of_networkx(make())
    hops = hop_histogram(graph)
    assert hops.diameter == diameter
    assert hops.mean == pytest.approx(mean, abs=5e-6)
    mu, cuts = spectrum_and_cuts(graph)
    assert graph.hosts * mu / 4 == pytest.approx(spectral, abs=0.06)
    found = certified_interval(graph, mu=mu, cuts=cuts, pair_rate=0.0)
    assert spectral - 0.06 <= found.lower <= found.upper <= best_cut


def test_the_spectrum_of_a_16_cubed_torus_is_a_weak_bound() -> None:
    # n mu / 4 with mu = 2 - 2 cos(2 pi / 16): 155.9 of 512 links
    mu, _ = spectrum_and_cuts(TorusTopology(Torus(shape=(16, 16, 16))).graph())
    assert mu == pytest.approx(2 - 2 * np.cos(np.pi / 8), rel=1e-5)
    assert 4096 * mu / 4 == pytest.approx(155.9, abs=0.05)


def test_the_spectrum_of_a_large_torus_needs_no_factors() -> None:
    # 16x24x24 is above the size that is factored; mu = 2 - 2 cos(2 pi / 24)
    mu, _ = spectrum_and_cuts(TorusTopology(Torus(shape=(16, 24, 24))).graph())
    assert mu == pytest.approx(2 - 2 * np.cos(np.pi / 12), rel=1e-4)


def test_a_small_dragonfly() -> None:
    # p = 2, a = 4, h = 2: 9 groups, 36 routers, 72 hosts; 3 hops between routers, mean 2.342857; best cut 20
    graph = dragonfly(4, 2, 2)
    assert (graph.hosts, graph.switches) == (72, 36)
    between = hop_histogram(routers_only(graph))
    assert between.diameter == 3
    assert between.mean == pytest.approx(2.342857, abs=5e-7)
    mu, cuts = spectrum_and_cuts(graph)
    found = certified_interval(graph, mu=mu, cuts=cuts, pair_rate=alltoall_of(graph).proven)
    assert found.lower <= found.upper <= 20


def test_equally_split_loads_of_a_fat_tree_of_radix_32() -> None:
    # rate 1 per ordered pair: 16 x (8192 - 16) / 16 = 8176 from leaf to aggregation, 256 x (8192 - 256) / 256 = 7936
    # from aggregation to core. The 16 accelerators of a leaf are one vertex, whose own traffic stays out: 8176 again
    reduced = quotient_of(ClosTopology(Clos(accelerators=8192, radix=32)).graph())
    graph, classes = reduced.graph, len(reduced.weight)
    arcs = Arcs.of(graph)
    demand = np.zeros((classes, graph.vertices))
    demand[:, :classes] = np.multiply.outer(reduced.weight, reduced.weight)
    loads = shortest_path_loads(graph, arcs, np.arange(classes), lambda chosen: demand[chosen])
    loads /= graph.capacity[arcs.edge]
    by_run = [float(loads[graph.run[arcs.edge] == run].max()) for run in range(3)]
    assert by_run == pytest.approx([8176, 8176, 7936])


def test_equally_split_loads_of_tori_are_the_inverse_of_the_best_rate() -> None:
    # 4x4x8: 128; by symmetry 16^3: 8192 (8 / (4096 x 16))
    small = TorusTopology(Torus(shape=(4, 4, 8))).graph()
    arcs = Arcs.of(small)
    loads = shortest_path_loads(small, arcs, np.arange(128), lambda chosen: np.ones((len(chosen), 128)))
    assert loads.max() == pytest.approx(128)
    large = alltoall_of(TorusTopology(Torus(shape=(16, 16, 16))).graph())
    assert large.exact
    assert large.rate == pytest.approx(1 / 8192, rel=2e-6)
