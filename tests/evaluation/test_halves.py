"""Bisection of all accelerators across sites: hand-derived cases, and brute force on small explicit graphs."""

import itertools

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.evaluation import SiteFabric, bisect_plan


def complete_site(accelerators, link_gbps=100.0):
    """Every accelerator linked to every other: a link per pair carries that pair, cut of x from n - x is x (n - x)."""
    return SiteFabric(
        accelerators=accelerators,
        pair_gbps=link_gbps,
        accelerator_gbps=(accelerators - 1) * link_gbps,
        half_cut_gbps=(accelerators // 2) * (accelerators - accelerators // 2) * link_gbps,
    )


def capacities(size, links):
    matrix = np.zeros((size, size))
    for (a, z), gbps in links.items():
        matrix[a, z] = matrix[z, a] = gbps
    return matrix


def test_two_equal_sites_are_parted_by_their_link():
    # the halves are the sites; splitting 8 of a site instead costs 16 x 100 or more, the link 500
    found = bisect_plan([complete_site(8), complete_site(8)], capacities(2, {(0, 1): 500.0}))
    assert found.lower_gbps == pytest.approx(500.0)
    assert found.upper_gbps == pytest.approx(500.0)
    assert found.is_exact


def test_two_unequal_sites_have_to_split_the_larger_one():
    # 12 and 4: halves of 8, so 4 of the 12 join the small site. Their cut from the other 8 is 4 x 8 x 100 = 3,200 in
    # the complete graph; with the border on the side of the 8 the link of 500 is cut as well, on the side of the 4 it
    # is not.
    found = bisect_plan([complete_site(12), complete_site(4)], capacities(2, {(0, 1): 500.0}))
    assert 3200.0 <= found.upper_gbps <= 4 * 1100.0 + 500.0  # at most four accelerators with all their links
    # proven: half of 4 x 8 x 100 for the accelerators, and something of the link
    assert found.lower_gbps >= 1600.0
    assert not found.is_exact


def test_four_equal_sites_in_a_ring_are_cut_at_two_links():
    ring = {(0, 1): 300.0, (1, 2): 300.0, (2, 3): 300.0, (0, 3): 300.0}
    found = bisect_plan([complete_site(50)] * 4, capacities(4, ring))
    assert found.lower_gbps == pytest.approx(600.0)
    assert found.is_exact


def test_a_fabric_too_weak_for_its_links_lowers_what_is_proven():
    # 4 accelerators, 1 Gbit/s per pair: 3 Gbit/s per accelerator, half of it for the border: 6 of the 500 Gbit/s are
    # proven
    found = bisect_plan([complete_site(4, 1.0), complete_site(4, 1.0)], capacities(2, {(0, 1): 500.0}))
    assert found.lower_gbps <= 6.0 + 1e-9
    assert found.lower_gbps <= found.upper_gbps


def bisection_by_enumeration(sizes, link_gbps, links):
    """Least capacity over every choice of half of all accelerators, by minimum cuts that place the borders best."""
    graph = nx.Graph()
    members = []
    for site, size in enumerate(sizes):
        own = [(site, number) for number in range(size)]
        members.extend(own)
        graph.add_edges_from(itertools.combinations(own, 2), capacity=link_gbps)
        graph.add_edges_from(((site, "border"), node) for node in own)  # no capacity given: unlimited attachment
    for (a, z), gbps in links.items():
        graph.add_edge((a, "border"), (z, "border"), capacity=gbps)
    best = float("inf")
    for half in itertools.combinations(members, len(members) // 2):
        trial = graph.copy()
        # attachments are as wide as the site's links: wider ones would only forbid cuts through them
        for site in range(len(sizes)):
            width = sum(gbps for ends, gbps in links.items() if site in ends)
            for number in range(sizes[site]):
                trial[(site, "border")][(site, number)]["capacity"] = width
        chosen = set(half)
        for node in members:
            trial.add_edge("source" if node in chosen else "sink", node, capacity=1e9)
        best = min(best, nx.minimum_cut_value(trial, "source", "sink"))
    return best


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 4), min_size=2, max_size=3).filter(lambda sizes: sum(sizes) <= 9),
    link=st.sampled_from([1.0, 10.0, 100.0]),
    gbps=st.lists(st.integers(0, 60), min_size=3, max_size=3),
)
def test_interval_holds_the_truth_on_small_graphs(sizes, link, gbps):
    pairs = [(0, 1), (1, 2), (0, 2)][: 1 if len(sizes) == 2 else 3]
    links = {pair: float(value) for pair, value in zip(pairs, gbps, strict=False)}
    truth = bisection_by_enumeration(sizes, link, links)
    sites = [complete_site(size, link) for size in sizes]
    found = bisect_plan(sites, capacities(len(sizes), links))
    assert found.lower_gbps <= truth + 1e-6
    assert found.lower_gbps <= found.upper_gbps


@pytest.mark.parametrize("sites", [3, 12])
def test_more_capacity_between_sites_never_lowers_the_interval(sites):
    fabrics = [complete_site(100, 400.0)] * sites
    ring = {tuple(sorted((s, (s + 1) % sites))): 1000.0 for s in range(sites)}
    thin = bisect_plan(fabrics, capacities(sites, ring))
    thick = bisect_plan(fabrics, capacities(sites, {pair: 2 * gbps for pair, gbps in ring.items()}))
    assert thick.lower_gbps >= thin.lower_gbps
    assert thick.upper_gbps >= thin.upper_gbps
