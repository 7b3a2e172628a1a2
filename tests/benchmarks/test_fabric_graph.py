"""The benchmark of hop statistics asks every tool the same question."""

import pytest

from benchmarks.fabric_graph import graphs, measure
from topodesign.domain.fabric import Clos, Torus
from topodesign.fabric.clos import ClosTopology
from topodesign.fabric.torus import TorusTopology


@pytest.mark.parametrize(
    "topology",
    [TorusTopology(Torus(shape=(4, 5))), ClosTopology(Clos(accelerators=54, radix=6))],
    ids=lambda topology: topology.name,
)
def test_all_tools_find_the_same_distances(topology):
    found = measure(topology.graph(), sources=10_000, runs=1)
    assert [one.tool for one in found][:3] == ["topodesign", "SciPy", "networkx"]
    assert len({(round(one.mean, 12), one.diameter) for one in found}) == 1


def test_no_graph_claims_symmetry():
    assert all(graph.orbit is None and graph.sources is None for graph in graphs().values())
