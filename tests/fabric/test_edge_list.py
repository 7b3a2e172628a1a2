"""Edge lists: any graph, from text, against the families that have closed forms; hostile files."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import Clos, Torus
from topodesign.domain.fabric_switched import Edge, EdgeList
from topodesign.fabric import evaluate_fabric, topology_of
from topodesign.fabric.edge_list import EdgeListTopology
from topodesign.fabric.edge_list_file import parse_edge_list, read_edge_list
from topodesign.fabric.hops import diameter_hops, mean_hops
from topodesign.fabric.topology import FabricGraph


def as_edges(graph: FabricGraph, order: list[int]) -> EdgeList:
    """The graph with its vertices renamed, and its edges in another order and direction."""
    names = [f"{'gpu' if vertex < graph.hosts else 'switch'}-{order[vertex]}" for vertex in range(graph.vertices)]
    edges = [
        Edge(a=names[z if order[a] % 2 else a], z=names[a if order[a] % 2 else z], count=number)
        for (a, z), number in graph.links.items()
    ]
    edges.sort(key=lambda edge: (edge.z, edge.a))
    accelerators = sorted(names[: graph.hosts], key=lambda name: (len(name), name))
    return EdgeList(accelerators=tuple(accelerators), edges=tuple(edges))


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([Torus(shape=(3, 4)), Torus(shape=(2, 5)), Clos(accelerators=12, radix=4), Torus(shape=(2, 2, 3))]),
    st.randoms(use_true_random=False),
)
def test_renamed_and_reordered_edges_give_the_closed_forms(spec: Torus | Clos, chance: random.Random) -> None:
    family = topology_of(spec)
    graph = family.graph()
    order = list(range(graph.vertices))
    chance.shuffle(order)
    topology = EdgeListTopology(as_edges(graph, order))
    assert topology.accelerators == family.accelerators
    assert mean_hops(topology.path_classes()) == pytest.approx(mean_hops(family.path_classes()))
    assert diameter_hops(topology.path_classes()) == diameter_hops(family.path_classes())
    cut, known = topology.bisection(), family.bisection()
    assert cut.lower <= known.upper
    assert known.lower <= cut.upper
    rate = topology.alltoall()
    assert rate.proven * (1 - 1e-6) <= family.alltoall().rate <= rate.rate * (1 + 1e-6)


def test_a_text_is_read() -> None:
    text = "# two servers\naccelerators,gpu-*,head\n\na,z,count,gbps\ngpu-0, leaf\ngpu-1,leaf,2\r\nleaf,head,,800\n"
    spec = parse_edge_list(text, link_gbps=200)
    assert spec.accelerators == ("head", "gpu-0", "gpu-1")
    assert spec.edges == (
        Edge(a="gpu-0", z="leaf"),
        Edge(a="gpu-1", z="leaf", count=2),
        Edge(a="leaf", z="head", gbps=800.0),
    )
    topology = EdgeListTopology(spec)
    runs = [(run.what, run.count, run.rate) for run in topology.cable_runs()]
    assert runs == [("accelerator to switch", 3, 1.0), ("accelerator to switch", 1, 4.0)]
    assert (topology.switches_by_tier, topology.switch_radix) == ((1,), 4)
    assert topology.graph().capacity.tolist() == [4.0, 1.0, 2.0]


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "ring.csv"
    path.write_text("accelerators,*\n" + "".join(f"n{i},n{(i + 1) % 8}\n" for i in range(8)))
    evaluation = evaluate_fabric(read_edge_list(path))
    # a ring of 8: mean 16/7, bisection 2
    assert evaluation.mean_hops == pytest.approx(16 / 7)
    assert (evaluation.bisection.links, evaluation.bisection.exact) == (2, True)
    assert evaluation.switches == 0


def test_an_accelerator_without_links_is_told_as_disconnected() -> None:
    spec = parse_edge_list("accelerators,a,b,alone\na,s\nb,s\n")
    evaluation = evaluate_fabric(spec)
    assert any("disconnected: the accelerators are in 2 parts" in said for said in evaluation.assumptions)
    assert evaluation.disconnected_pairs == 4
    assert evaluation.mean_hops == 2
    assert evaluation.alltoall.rate_per_pair == 0
    assert evaluation.bisection.lower_gbps == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r'edges, line 1 must say which names are accelerators; begin with "accelerators,gpu-\*"'),
        ("a,z\ng,s", "line 1 must say which names are accelerators"),
        ("accelerators\ng,s", "line 1 must say which names are accelerators"),
        ("accelerators,g*\n\ng,s\ng,g\n", "edges, line 4 joins 'g' to itself, .*; remove it"),
        ("accelerators,g*\ng,s,0", "line 2.count is 0, but it must be at least 1"),
        ("accelerators,g*\ng,s,-1", "line 2 count is '-1', but it must be 1 to 1000000"),
        ("accelerators,g*\ng,s,1e9", "line 2 count is '1e9'"),
        ("accelerators,g*\ng,s,10000000", "line 2.*1000000|line 2.*1e\\+06"),
        ("accelerators,g*\ng,s,1,nan", "line 2.gbps is nan, but it must be a finite number"),
        ("accelerators,g*\ng,s,1,1e999", "line 2.gbps is inf"),
        ("accelerators,g*\ng,s,1,-4", "line 2.gbps is -4.0, but it must be greater than 0"),
        ("accelerators,g*\ng,s,1,fast", "line 2 gbps is 'fast', but it must be a number"),
        ("accelerators,g*\ng", "line 2 has 1 columns, but an edge has 2 to 4"),
        ("accelerators,g*\ng,s,1,1,1", "line 2 has 5 columns"),
        ("accelerators,g*\n,s", "line 2 has the name ''"),
        ("accelerators,g*\ng\x00,s", "line 2 has the name"),
        (f"accelerators,g*\n{'g' * 1000},s", r"line 2 has the name 'g{100}\.\.\.'"),
        ("accelerators,g**\ng,s", r"line 1 has the name 'g\*'"),
        ("accelerators,g*\nx,y", r"no name that fits g\*"),
        (
            "accelerators," + ",".join(f"g{i}" for i in range(101)) + "\ng,s",
            "line 1 names 101 accelerators or prefixes",
        ),
    ],
)
def test_hostile_texts_are_refused_with_line_and_reason(text: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as raised:
        parse_edge_list(text)
    assert raised.value.reason in ("EDGE_LIST_INVALID", "FABRIC_SELF_LOOP", "FIELD_INVALID")


def test_hostile_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"missing.csv cannot be read: .*; check the path"):
        read_edge_list(tmp_path / "missing.csv")
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"accelerators,*\n\xff\xfe,a\n")
    with pytest.raises(InvalidInput, match=r"binary.csv is not UTF-8 text \(byte 15\)"):
        read_edge_list(binary)
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as file:
        file.truncate(64_000_001)
    with pytest.raises(InvalidInput, match="is 64000001 bytes long, but may have at most 64000000"):
        read_edge_list(huge)


def test_specs_of_names_are_checked_too() -> None:
    with pytest.raises(InvalidInput, match="joins 'a' to itself"):
        EdgeList(accelerators=("a",), edges=(Edge(a="a", z="a"),))
    with pytest.raises(InvalidInput, match="different names"):
        EdgeList(accelerators=("a", "a"), edges=())
    with pytest.raises(InvalidInput, match="name at least one accelerator"):
        EdgeList(accelerators=(), edges=(Edge(a="a", z="b"),))
