"""Slices of a reconfigurable torus, and the optical circuit switches that they run through."""

from collections import Counter

import numpy as np
import pytest
from fabric.graph_answers import links_by_run, pairs_by_hops, pairs_by_path, paths_from_everywhere
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.catalog import load_catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import ReconfigurableTorus, Torus
from topodesign.fabric import evaluate_fabric
from topodesign.fabric.bill import fabric_bill
from topodesign.fabric.cut_search import search_cuts
from topodesign.fabric.ocs_plant import OcsPlant
from topodesign.fabric.reconfigurable_torus import ELECTRICAL, ReconfigurableTorusTopology
from topodesign.fabric.torus import TorusTopology


def a_slice(*shape: int, twist: bool = False) -> ReconfigurableTorusTopology:
    return ReconfigurableTorusTopology(ReconfigurableTorus(shape=shape, twist=twist))


SLICES = [
    a_slice(4, 4, 4),
    a_slice(4, 8, 12),
    a_slice(12, 12, 4),
    a_slice(4, 4, 8, twist=True),
    a_slice(8, 8, 4, twist=True),
    a_slice(2, 2, 1),
    a_slice(2, 4, 4),
]


@pytest.mark.parametrize("topology", SLICES, ids=lambda topology: topology.name)
def test_paths_and_cables_are_those_of_the_graph(topology: ReconfigurableTorusTopology) -> None:
    assert pairs_by_path(topology.path_classes()) == pairs_by_path(paths_from_everywhere(topology))
    assert links_by_run(topology) == [run.count for run in topology.cable_runs()]


@settings(max_examples=20, deadline=None)
@given(st.tuples(*[st.integers(1, 4)] * 3))
def test_a_slice_has_48_optical_links_for_each_of_its_blocks(blocks: tuple[int, int, int]) -> None:
    topology = a_slice(*(4 * count for count in blocks))
    runs = topology.cable_runs()
    assert sum(run.count for run in runs if "OCS" in run.what) == topology.plant.slice_links == 48 * np.prod(blocks)
    assert fabric_bill(topology, load_catalog()).optical_links == topology.plant.slice_links


def test_a_slice_has_the_hops_and_bandwidth_of_its_torus() -> None:
    topology, torus = a_slice(8, 8, 12), TorusTopology(Torus(shape=(8, 8, 12)))
    assert pairs_by_hops(topology.path_classes()) == pairs_by_hops(torus.path_classes())
    assert topology.bisection() == torus.bisection()
    assert topology.alltoall() == torus.alltoall()


def test_less_than_a_block_is_a_mesh_in_one_rack_without_optics() -> None:
    # 2x2x4: 3 x 16 less the missing ends, 8 + 8 + 12 links; the wrapped 2x2x4 would cut 8, the mesh cuts 4
    evaluation = evaluate_fabric(ReconfigurableTorus(shape=(2, 2, 4)))
    assert (evaluation.links, evaluation.optical_links, evaluation.bisection.links) == (28, 0, 4)
    assert "mesh 2x2x4" in evaluation.name


@pytest.mark.parametrize("topology", SLICES[:5], ids=lambda topology: topology.name)
def test_every_ocs_carries_one_link_of_each_block_and_joins_opposite_faces(
    topology: ReconfigurableTorusTopology,
) -> None:
    graph, numbers, blocks = topology.graph(), topology.ocs_of_edges(), topology.blocks_of_hosts()
    places = graph.coordinates % 4
    assert (np.bincount(numbers[numbers != ELECTRICAL], minlength=48) == topology.plant.links_per_switch).all()
    assert len(np.unique(blocks)) == topology.spec.blocks
    for number in (0, 17, 47):
        edges = topology.edges_of_ocs(number)
        axis, across = number // 16, [at for at in range(3) if at != number // 16]
        ends = np.stack([graph.a[edges], graph.z[edges]])
        # one end of each link on the face 0, the other on the face 3, at the same place of it; each block once a face
        assert (np.sort(places[ends, axis], axis=0) == [[0], [3]]).all()
        assert (places[ends][:, :, across] == [number // 4 % 4, number % 4]).all()
        for face in (0, 3):
            hosts = ends[places[ends, axis] == face]
            assert sorted(blocks[hosts].tolist()) == list(range(topology.spec.blocks))


def test_links_through_an_ocs_are_modules_and_fiber_even_where_an_active_cable_would_reach() -> None:
    # a pod of one block: its rack is 5.9 m from the OCS, 11.8 m there and back; 96 ends make 48 links
    topology = ReconfigurableTorusTopology(ReconfigurableTorus(shape=(4, 4, 4), pod_blocks=1))
    lines = fabric_bill(topology, load_catalog()).lines
    counts: Counter[str] = Counter()
    for line in lines:
        if "OCS" in line.what:
            counts[line.item] += line.count
    # two fibers and two modules for each link; 48 switches, of which the pod's only block bears all
    assert counts == {"ocs-400g": 2 * 48, "bidi-400g": 2 * 48}
    assert next(line.count for line in lines if line.what == "optical circuit switches") == 48


def test_links_inside_blocks_run_through_no_ocs() -> None:
    topology = a_slice(8, 4, 4)
    graph, blocks = topology.graph(), topology.blocks_of_hosts()
    inside = topology.ocs_of_edges() == ELECTRICAL
    assert (blocks[graph.a] == blocks[graph.z])[inside].all()
    assert inside.sum() == 2 * 144  # 3 axes x 3 links x 16 lines in each block
    assert (a_slice(2, 4, 4).ocs_of_edges() == ELECTRICAL).all()


def test_one_dead_ocs_of_a_pod_takes_64_links_and_32_of_the_512_of_its_cut() -> None:
    topology = a_slice(16, 16, 16)
    graph = topology.graph()
    dead = topology.edges_of_ocs(5)
    assert len(dead) == 64
    count = graph.count.copy()
    count[dead] = 0
    halves = [cut for cut in search_cuts(graph.with_counts(count), None) if cut.inside == 2048]
    assert min(cut.capacity for cut in halves) == 480


def test_the_plant_counts_ports_and_strands_of_any_pod() -> None:
    spec = ReconfigurableTorus(shape=(4, 8, 8), pod_blocks=30, ocs_ports=100, spare_ports=10)
    plant = OcsPlant.of(spec)
    # 48 OCS, two ports a block: 60 of 90 usable ones; 96 strands a block; the slice of 4 blocks has half as many links
    assert (plant.switches, plant.usable_ports, plant.idle_ports) == (48, 90, 30)
    assert (plant.strands, plant.slice_strands, plant.slice_links) == (2880, 384, 192)
    assert plant.strands == plant.switches * 2 * spec.pod_blocks


@pytest.mark.parametrize(
    ("shape", "twistable"),
    [((4, 4, 8), True), ((4, 8, 8), True), ((8, 8, 16), True), ((4, 4, 4), False), ((4, 8, 16), False)],
)
def test_which_slices_can_be_twisted(shape: tuple[int, ...], twistable: bool) -> None:
    assert a_slice(*shape).is_twistable is twistable


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shape": (4, 4)}, "3 sides"),
        ({"shape": (4, 4, 6)}, "multiple of 4"),
        ({"shape": (2, 4, 8)}, "multiple of 4"),
        ({"shape": (4, 4, 0)}, "at least 1"),
        ({"shape": (1000, 1000, 1000)}, "at most 1e"),
        ({"shape": (16, 16, 20)}, "larger pod"),
        ({"shape": (16, 16, 16), "pod_blocks": 65}, "two of the 128 usable ports"),
        ({"shape": (4, 4, 4), "ocs_ports": 1}, "ocs_ports"),
        ({"shape": (4, 4, 4), "ocs_ports": 8, "spare_ports": 8}, "spare_ports"),
        ({"shape": (4, 4, 12), "twist": True}, "4x4x8"),
        ({"shape": (2, 2, 4), "twist": True}, "optical circuit switches"),
        ({"shape": (4, 4, 4), "link_gbps": 0}, "link_gbps"),
    ],
)
def test_what_cannot_be_built_is_refused_with_a_remedy(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        ReconfigurableTorus(**arguments)  # type: ignore[arg-type]
