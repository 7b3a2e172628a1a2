"""The verifier's routing programmes: multiples worked out by hand, a published one, and laws on random graphs."""

from itertools import combinations, permutations
from typing import Any

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from topodesign.verify.routing import Routing

TRIANGLE = {(0, 1): 100.0, (0, 2): 100.0, (1, 2): 100.0}
RING = {(0, 1): 100.0, (1, 2): 100.0, (2, 3): 100.0, (0, 3): 100.0}
STAR = {(0, 1): 100.0, (0, 2): 100.0, (0, 3): 100.0}


def of_matrix(nodes: int, links: dict[Any, float], demand: dict[Any, float]) -> float:
    return Routing.of_matrix(nodes, sorted(links), demand).largest_multiple(links)


def of_hose(nodes: int, links: dict[Any, float], hose: dict[int, float]) -> float:
    return Routing.of_hose(nodes, sorted(links), hose).largest_multiple(links)


@pytest.mark.parametrize(
    ("nodes", "links", "demand", "multiple"),
    [
        (3, TRIANGLE, {(0, 1): 100.0}, 2.0),  # 100 straight and 100 over node 2
        (3, TRIANGLE, {(0, 1): 100.0, (1, 0): 100.0}, 2.0),  # each direction has all of the capacity
        # 0>1>2>0: straight 100 each; detours of 50 each fill the reverse arcs, of which every one serves two of them.
        # Not more: 300 can go one hop, the other 300 of 600 arc units carry two hops, (300 + 150) / 3 = 150
        (3, TRIANGLE, {(0, 1): 100.0, (1, 2): 100.0, (2, 0): 100.0}, 1.5),
        (4, RING, {(0, 2): 100.0}, 2.0),  # both ways around
        (4, RING, {(0, 2): 100.0, (1, 3): 100.0}, 1.0),  # 200 cross from {0, 1} to {2, 3}, over two links
        (4, STAR, {(1, 2): 50.0, (1, 3): 150.0}, 0.5),  # out of node 1: 200 over 100
        (4, STAR, {(1, 2): 50.0, (2, 1): 200.0}, 0.5),
        (4, {(0, 1): 100.0}, {(0, 2): 100.0}, 0.0),  # not joined
    ],
)
def test_multiples_of_a_matrix_by_hand(
    nodes: int, links: dict[Any, float], demand: dict[Any, float], multiple: float
) -> None:
    assert of_matrix(nodes, links, demand) == pytest.approx(multiple, rel=1e-9)


@pytest.mark.parametrize(
    ("nodes", "links", "hose", "multiple"),
    [
        (2, {(0, 1): 100.0}, {0: 50.0, 1: 50.0}, 2.0),
        (2, {(0, 1): 100.0}, {0: 50.0, 1: 200.0}, 2.0),  # no more than 50 can be exchanged
        (4, STAR, {1: 50.0, 2: 50.0, 3: 50.0}, 2.0),  # a tree: each leaf's link carries its own hose
        (4, STAR, {1: 50.0, 2: 50.0, 3: 300.0}, 1.0),  # towards node 3 come 50 + 50
        (3, {(0, 1): 100.0, (1, 2): 100.0}, {0: 100.0, 1: 100.0, 2: 100.0}, 1.0),  # the triangle less a side
        (3, {(0, 1): 100.0}, {0: 50.0, 2: 50.0}, 0.0),
    ],
)
def test_multiples_of_a_hose_by_hand(
    nodes: int, links: dict[Any, float], hose: dict[int, float], multiple: float
) -> None:
    assert of_hose(nodes, links, hose) == pytest.approx(multiple, rel=1e-9)


@pytest.mark.parametrize("nodes", [3, 4, 5, 6])
def test_a_uniform_hose_on_a_full_mesh_needs_links_of_two_hoses_over_the_number_of_nodes(nodes: int) -> None:
    # R. Zhang-Shen, N. McKeown, "Designing a Predictable Internet Backbone with Valiant Load-Balancing", IWQoS 2005:
    # load balancing over all nodes needs 2 r / N on every link, and no static routing needs less.
    links = dict.fromkeys(combinations(range(nodes), 2), 100.0)
    assert of_hose(nodes, links, dict.fromkeys(range(nodes), 100.0)) == pytest.approx(nodes / 2, rel=1e-9)


def test_one_programme_answers_for_many_capacities() -> None:
    routing = Routing.of_matrix(3, sorted(TRIANGLE), {(0, 1): 100.0})
    assert routing.largest_multiple(TRIANGLE) == pytest.approx(2)
    assert routing.largest_multiple({(0, 2): 100.0, (1, 2): 30.0}) == pytest.approx(0.3)
    assert routing.largest_multiple({}) == 0
    assert routing.largest_multiple(TRIANGLE) == pytest.approx(2)


def graphs(least: int = 2, most: int = 5) -> st.SearchStrategy[tuple[int, dict[Any, float]]]:
    capacity = st.sampled_from([0.0, 1.0, 40.0, 100.0, 400.0, 12_800.0])

    def on(nodes: int) -> st.SearchStrategy[tuple[int, dict[Any, float]]]:
        pairs = list(combinations(range(nodes), 2))
        values = st.lists(capacity, min_size=len(pairs), max_size=len(pairs))
        return values.map(lambda found: (nodes, {pair: c for pair, c in zip(pairs, found, strict=True) if c}))

    return st.integers(least, most).flatmap(on)


@settings(max_examples=60, deadline=None)
@given(graph=graphs(), gbps=st.sampled_from([0.5, 100.0, 51_200.0]))
def test_one_entry_is_a_maximum_flow(graph: tuple[int, dict[Any, float]], gbps: float) -> None:
    nodes, links = graph
    network = networkx.DiGraph()
    network.add_nodes_from(range(nodes))
    for (a, b), capacity in links.items():
        network.add_edge(a, b, capacity=capacity)
        network.add_edge(b, a, capacity=capacity)
    flow = networkx.maximum_flow_value(network, 0, nodes - 1)
    assert of_matrix(nodes, links, {(0, nodes - 1): gbps}) == pytest.approx(flow / gbps, rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(graph=graphs(3, 4), hose=st.lists(st.sampled_from([1.0, 30.0, 400.0]), min_size=4, max_size=4))
def test_the_halved_hose_programme_equals_the_full_one(graph: tuple[int, dict[Any, float]], hose: list[float]) -> None:
    nodes, links = graph
    rates = dict(enumerate(hose[:nodes]))
    assert of_hose(nodes, links, rates) == pytest.approx(full_hose(nodes, links, rates), rel=1e-7, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(graph=graphs(3, 5), data=st.data())
def test_every_traffic_that_a_hose_allows_can_be_routed_at_the_hoses_multiple(
    graph: tuple[int, dict[Any, float]], data: st.DataObject
) -> None:
    nodes, links = graph
    hose = {node: data.draw(st.sampled_from([10.0, 100.0])) for node in range(nodes)}
    out, into = dict(hose), dict(hose)
    demand = {}
    for s, t in data.draw(st.permutations(list(permutations(range(nodes), 2)))):
        share = min(out[s], into[t]) * data.draw(st.sampled_from([0.0, 0.5, 1.0]))
        if share > 0:
            demand[s, t] = share
            out[s] -= share
            into[t] -= share
    if demand:
        assert of_matrix(nodes, links, demand) >= of_hose(nodes, links, hose) * (1 - 1e-7)


@settings(max_examples=30, deadline=None)
@given(graph=graphs(3, 5), factor=st.sampled_from([1e-3, 7.0, 1e5]))
def test_capacity_and_multiple_scale_together(graph: tuple[int, dict[Any, float]], factor: float) -> None:
    nodes, links = graph
    demand = {(0, 1): 100.0, (1, 2): 30.0}
    more = {link: capacity * factor for link, capacity in links.items()}
    assert of_matrix(nodes, more, demand) == pytest.approx(factor * of_matrix(nodes, links, demand), rel=1e-8)


def full_hose(nodes: int, links: dict[Any, float], hose: dict[int, float]) -> float:
    """Ordered pairs and separate prices for out and in, as a dense programme (formulation (17), word for word)."""
    if not links:
        return 0.0
    arcs = [arc for a, b in sorted(links) for arc in ((a, b), (b, a))]
    pairs = list(permutations(sorted(hose), 2))
    prices = [(u, node) for u in range(len(arcs)) for node in hose]
    columns = 1 + len(pairs) * len(arcs) + 2 * len(prices)

    def flow(k: int, u: int) -> int:
        return 1 + k * len(arcs) + u

    def price(u: int, node: int, *, into: bool) -> int:
        return 1 + len(pairs) * len(arcs) + prices.index((u, node)) + (len(prices) if into else 0)

    equal, most, limits = [], [], []
    for k, (s, t) in enumerate(pairs):
        for node in range(nodes):
            if node != s:
                row = np.zeros(columns)
                for u, (tail, head) in enumerate(arcs):
                    row[flow(k, u)] = (head == node) - (tail == node)
                row[0] = -1.0 if node == t else 0.0
                equal.append(row)
        for u in range(len(arcs)):
            row = np.zeros(columns)
            row[flow(k, u)] = 1.0
            row[price(u, s, into=False)] = row[price(u, t, into=True)] = -1.0
            most.append(row)
            limits.append(0.0)
    for u, (tail, head) in enumerate(arcs):
        row = np.zeros(columns)
        for node, rate in hose.items():
            row[price(u, node, into=False)] = row[price(u, node, into=True)] = rate
        most.append(row)
        limits.append(links[min(tail, head), max(tail, head)])
    cost = np.zeros(columns)
    cost[0] = -1.0
    result = linprog(cost, A_ub=np.array(most), b_ub=limits, A_eq=np.array(equal), b_eq=np.zeros(len(equal)))
    assert result.status == 0
    return float(result.x[0])
