"""Specs that cannot be: every field of every family with values that nobody should give, and graphs that are broken.

Refusals name the field, its value, the limit and a remedy, before anything large is built.
"""

import math
from dataclasses import fields

import pytest

from topodesign.domain.errors import InvalidInput, TopoDesignError
from topodesign.domain.fabric import SPEC_OF_KIND, Clos, HammingMesh, Hypercube, HyperX, ReconfigurableTorus, Torus
from topodesign.domain.fabric_switched import (
    DirectBlocks,
    Dragonfly,
    DragonflyPlus,
    Edge,
    EdgeList,
    Jellyfish,
    ScaleUpClos,
    SlimFly,
)
from topodesign.fabric import evaluate_fabric, parse_edge_list, topology_of

SOUND: dict[str, dict[str, object]] = {
    "torus": {"shape": (4, 4)},
    "clos": {"accelerators": 16, "radix": 4},
    "reconfigurable-torus": {"shape": (4, 4, 8)},
    "hypercube": {"dimension": 4},
    "hyperx": {"shape": (4, 4)},
    "hammingmesh": {"board": (2, 2), "shape": (2, 2)},
    "scale-up-clos": {"accelerators": 16, "domain": 4, "scale_up_switches": 2, "radix": 8},
    "dragonfly": {"p": 1, "a": 2, "h": 1},
    "dragonfly-plus": {"p": 2, "leaves": 2, "spines": 2, "h": 1},
    "direct-blocks": {"blocks": 3, "p": 2, "leaves": 2, "aggregations": 2, "h": 1},
    "slimfly": {"q": 5, "p": 1},
    "jellyfish": {"switches": 6, "network_ports": 3, "server_ports": 2},
    "custom": {"accelerators": ("a", "b"), "edges": (Edge(a="a", z="b"),)},
}
SCALARS = (0, -1, 2.5, 10**9, 10**30, math.nan, math.inf, -math.inf, 1e-300, 1e300, True, None, "x", "", [], (1,))
SEQUENCES = (
    (), (0,), (0, 4), (4, 0), (-1, 4), (math.nan, 4), (math.inf, 4), (2.5, 4), (4.0, 4), (10**9,), (10**5, 10**5),
    (0, 4, 4), (1,) * 9, ("x", "y"), "4x4", 4, None, (True, False), (None, None), (10**30, 1),
    ("a", "a"), (None, "b"), (Edge(a="a", z="a"),), (Edge(a="a", z="b", count=0),), (Edge(a="a", z="b", count=True),),
    (Edge(a="a", z="b", gbps=math.nan),), (Edge(a="a", z="b", gbps=-1.0),), (Edge(a=1, z="b"),),  # type: ignore[arg-type]
)  # fmt: skip
FIELDS = [(kind, item.name) for kind, spec in SPEC_OF_KIND.items() for item in fields(spec)]


def given(kind: str, field: str) -> tuple[object, ...]:
    is_sequence = isinstance(SOUND[kind].get(field), tuple) or field == "wrap"
    return SEQUENCES if is_sequence else SCALARS


@pytest.mark.parametrize(("kind", "field"), FIELDS, ids=lambda part: str(part))
def test_a_value_is_either_used_or_refused_with_limit_and_remedy(kind: str, field: str) -> None:
    refused = 0
    for value in given(kind, field):
        try:
            found = evaluate_fabric(SPEC_OF_KIND[kind](**{**SOUND[kind], field: value}))  # type: ignore[arg-type]
        except TopoDesignError as error:
            refused += 1
            assert isinstance(error, InvalidInput)
            assert error.field_path, (kind, field, value)
            problem, _, remedy = error.message.partition(";")
            assert problem and remedy.strip(), error.message
        else:
            numbers = (found.mean_hops, found.bisection.gbps, found.alltoall.rate_per_pair, found.allreduce_s)
            assert not any(math.isnan(number) for number in (*numbers, found.cost_usd, found.power_kw)), (field, value)
    assert refused >= (3 if field not in ("twist", "rail_optimized") else 0)


def test_every_kind_is_tried() -> None:
    assert set(SOUND) == set(SPEC_OF_KIND)
    for kind, arguments in SOUND.items():
        assert topology_of(SPEC_OF_KIND[kind](**arguments)).accelerators > 1  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "parts"),
    [
        (lambda: Clos(accelerators=64, radix=0), ("radix", "0", "at least 2", ";")),
        (lambda: Clos(accelerators=64, radix=7), ("radix", "7", "even", "next even radix")),
        (lambda: Clos(accelerators=64, radix=8, upper_radix=5), ("upper_radix", "5", "even")),
        (lambda: ScaleUpClos(accelerators=64, domain=8, radix=9), ("radix", "9", "even")),
        (lambda: HammingMesh(board=(2, 2), shape=(2, 2), radix=6), ("radix", "6", "multiple of 4")),
        (lambda: SlimFly(q=6), ("q is 6", "prime power", "use 5 or 7")),
        (lambda: SlimFly(q=1), ("q is 1", "at least 3")),
        (lambda: Torus(shape=(0, 4)), ("shape is 0", "at least 1", "whole number")),
        (lambda: Torus(shape=(2.5, 4)), ("shape is 2.5", "whole number")),  # type: ignore[arg-type]
        (lambda: Torus(shape=16), ("shape is 16", "sides", "16x16")),  # type: ignore[arg-type]
        (lambda: Torus(shape=(4, 4), wrap=(True,)), ("wrap", "one entry per axis")),
        (lambda: Torus(shape=(2, 4), two_wide="triple"), ("two_wide", "triple", "double")),  # type: ignore[arg-type]
        (lambda: HyperX(shape=(4, 0)), ("shape is 0", "at least 1")),
        (lambda: ReconfigurableTorus(shape=(4, 4, 0)), ("shape is 0", "at least 1")),
        (lambda: Torus(shape=(1000, 1000, 1000)), ("1000000000", "at most 1e+07", "smaller")),
        (lambda: HyperX(shape=(1000, 1000, 1000)), ("1000000000", "at most 1e+07", "smaller")),
        (lambda: Clos(accelerators=10**9), ("accelerators is 1000000000", "at most 1e+07", "1 to 10000000")),
        (lambda: ScaleUpClos(accelerators=10**9), ("accelerators is 1000000000", "at most 1e+07")),
        (lambda: Hypercube(dimension=30), ("dimension is 30", "at most 23", "largest hypercube")),
        (lambda: Dragonfly(p=1000, a=1000, h=1), ("1001000000", "at most 10000000", "smaller")),
        (lambda: DragonflyPlus(p=1000, leaves=1000, spines=1000, h=1), ("1001000000", "at most 10000000")),
        (lambda: DirectBlocks(blocks=100, p=1000, leaves=1000, aggregations=100, h=1), ("100000000", "at most")),
        (lambda: Jellyfish(switches=10**6, network_ports=3, server_ports=1000), ("1000000000", "at most")),
        (lambda: Dragonfly(p=2, a=2, h=1, groups=9), ("groups is 9", "at most a h + 1 = 3", "use fewer")),
        (lambda: Torus(shape=(4, 4), link_gbps=math.nan), ("link_gbps is nan", "finite")),
        (lambda: Torus(shape=(4, 4), link_gbps=1e-300), ("link_gbps is 1e-300", "at least 1e-06")),
        (lambda: EdgeList(accelerators=(), edges=()), ("accelerators", "at least 1", "name at least one")),
        (lambda: EdgeList(accelerators=("a", "a"), edges=()), ("accelerators", "different names", "once")),
        (
            lambda: EdgeList(accelerators=("a",), edges=(Edge(a="s", z="s"),)),
            ("edges[0]", "'s' to itself", "two different ends", "remove it"),
        ),
        (
            lambda: EdgeList(accelerators=("a",), edges=(Edge(a="a", z="s", gbps=math.inf),)),
            ("edges[0].gbps is inf", "finite"),
        ),
        (lambda: parse_edge_list("accelerators,g1,g1\ng1,s\n"), ("line 1", "'g1' twice", "once")),
        (lambda: parse_edge_list(""), ("line 1", "accelerators", "begin with")),
        (lambda: parse_edge_list("accelerators,gpu-*\na,b\n"), ("no accelerators", "correct its first line")),
    ],
)
def test_refusals_name_the_value_the_limit_and_the_remedy(make: object, parts: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInput) as raised:
        make()  # type: ignore[operator]
    for part in parts:
        assert part in raised.value.message, raised.value.message


@pytest.mark.parametrize(
    "spec",
    [
        Clos(accelerators=10**7, radix=512),
        HyperX(shape=(215, 215, 215)),
        Hypercube(dimension=23),
    ],
    ids=lambda spec: spec.kind,
)
def test_the_largest_fabrics_are_answered_by_closed_forms(spec: Clos | HyperX | Hypercube) -> None:
    # no explicit graph of millions of vertices: memory and time would show
    topology = topology_of(spec)
    assert topology.accelerators > 8_000_000
    assert 0 < topology.bisection().lower <= topology.bisection().upper
    assert topology.alltoall().rate > 0


def test_two_parts_without_a_path_are_told_as_disconnected() -> None:
    edges = (Edge(a="a", z="s"), Edge(a="b", z="s"), Edge(a="c", z="t"), Edge(a="d", z="t"))
    found = evaluate_fabric(EdgeList(accelerators=("a", "b", "c", "d"), edges=edges))
    # 2 x 2 x 2 ordered pairs across; the four inside are two links apart, and only they are averaged
    assert (found.disconnected_pairs, found.mean_hops, found.diameter_hops) == (8, 2.0, 2)
    assert (found.bisection.gbps, found.bisection.exact) == (0.0, True)
    assert (found.alltoall.rate_per_pair, found.alltoall.time_s) == (0.0, math.inf)
    assert found.allreduce_s == math.inf
    assert any("disconnected" in said for said in found.assumptions)


def test_no_edges_at_all_are_told_as_disconnected() -> None:
    found = evaluate_fabric(EdgeList(accelerators=("a", "b", "c"), edges=()))
    assert (found.disconnected_pairs, found.links, found.mean_hops, found.diameter_hops) == (6, 0, 0.0, 0)
    assert (found.bisection.gbps, found.alltoall.rate_per_pair) == (0.0, 0.0)
    assert any("disconnected" in said for said in found.assumptions)


def test_repeated_edges_are_parallel_links() -> None:
    once, thrice = (EdgeList(accelerators=("a", "b"), edges=(Edge(a="a", z="b"),) * count) for count in (1, 3))
    assert evaluate_fabric(thrice).bisection.links == 3 * evaluate_fabric(once).bisection.links == 3
    assert evaluate_fabric(thrice).links == 3


@pytest.mark.parametrize("message_bytes", [0, -1, math.nan, math.inf, None, "x", True])
def test_messages_of_impossible_size_are_refused(message_bytes: float) -> None:
    with pytest.raises(InvalidInput, match="message_bytes"):
        evaluate_fabric(Torus(shape=(4, 4)), message_bytes=message_bytes)
