"""Every family up to 30 accelerators against enumeration, a linear programme and networkx on graphs by definition.

The graphs (tests/fabric/defined_graphs.py) and the answers (tests/fabric/exact_answers.py) share nothing with
topodesign; where a family may wire itself in several ways, its own graph is taken.
"""

import itertools
from collections import Counter
from random import Random

import networkx as nx
import pytest
from fabric import small_families
from fabric.defined_graphs import hosts_of
from fabric.exact_answers import alltoall_rate, cerf_bound, distances, least_half_cut
from fabric.small_families import Case

from topodesign.fabric import topology_of
from topodesign.fabric.hops import diameter_hops, mean_hops

CASES = {
    "tori and meshes": small_families.grids(30),
    "tori with open axes": small_families.mixed_grids(30),
    "other direct fabrics": small_families.direct(),
    "Clos": small_families.clos(),
    "scale-up domains": small_families.scale_up_clos(),
    "groups and random graphs": small_families.groups(),
    "edge lists": small_families.edge_lists(),
}
CLOSED = 1e-9
SOLVED = 1e-6
"""Share of a rate by which linear programmes may be off."""
QUICK = 18
"""Accelerators up to which the linear programme of every case is solved; above, that of every sixth."""
families = pytest.mark.parametrize("family", list(CASES))


@pytest.mark.parametrize("seed", range(40))
def test_the_enumeration_is_the_least_minimum_cut_over_all_halves(seed: int) -> None:
    # checks the oracle: minimum cuts by networkx, for every half of the hosts by itself
    random = Random(seed)
    graph = nx.gnm_random_graph(random.randint(4, 9), random.randint(4, 16), seed=seed)
    for a, z in graph.edges:
        graph.edges[a, z]["capacity"] = random.choice([0.5, 1.0, 2.0])
    hosts = random.sample(list(graph), random.randint(2, len(graph)))
    least = float("inf")
    for half in itertools.combinations(hosts, len(hosts) // 2):
        divided = graph.copy()
        divided.add_edges_from(("inside" if host in half else "outside", host) for host in hosts)
        least = min(least, nx.minimum_cut_value(divided, "inside", "outside"))
    assert least_half_cut(graph, hosts) == least


@families
def test_bisections_enclose_the_least_half_cut_and_are_it_where_they_say_so(family: str) -> None:
    for case in CASES[family]:
        graph, found = case.defined(), topology_of(case.spec).bisection()
        least = least_half_cut(graph, hosts_of(graph))
        assert found.lower - CLOSED <= least <= found.upper + CLOSED, (case.name, found, least)
        assert found.exact == (found.lower == found.upper)


@families
def test_all_to_all_rates_enclose_the_linear_programme_and_are_it_where_they_say_so(family: str) -> None:
    large = [case for case in CASES[family] if topology_of(case.spec).accelerators > QUICK]
    for case in [case for case in CASES[family] if case not in large] + large[::6]:
        graph, found = case.defined(), topology_of(case.spec).alltoall()
        best = alltoall_rate(graph, hosts_of(graph))
        assert found.proven <= best * (1 + SOLVED), (case.name, found, best)
        assert best <= found.rate * (1 + SOLVED), (case.name, found, best)


@families
def test_hops_are_those_of_networkx(family: str) -> None:
    for case in CASES[family]:
        graph, paths = case.defined(), topology_of(case.spec).path_classes()
        expected = distances(graph, hosts_of(graph), hosts_forward=case.hosts_forward)
        found: Counter[int] = Counter()
        for hops, pairs in zip(paths.hops.tolist(), paths.pairs.tolist(), strict=True):
            found[hops] += pairs
        assert dict(found) == expected, case.name
        assert diameter_hops(paths) == max(expected)
        total = sum(hops * pairs for hops, pairs in expected.items())
        assert mean_hops(paths) == pytest.approx(total / sum(expected.values()), rel=1e-12)


@families
def test_all_links_of_the_definition_are_counted_and_can_be_injected(family: str) -> None:
    for case in CASES[family]:
        graph, topology = case.defined(), topology_of(case.spec)
        capacity = sum(value for _, _, value in graph.edges(data="capacity"))
        assert sum(run.count * run.rate for run in topology.cable_runs()) == pytest.approx(capacity), case.name
        hosts = hosts_of(graph)
        assert topology.accelerators == len(hosts)
        injected = sum(graph.degree(host, weight="capacity") for host in hosts) / len(hosts)
        assert topology.injection_links == pytest.approx(injected), case.name


def test_no_graph_has_a_smaller_mean_distance_than_its_degree_allows() -> None:
    for case in (*CASES["tori and meshes"], *CASES["tori with open axes"], *CASES["other direct fabrics"]):
        graph = case.defined()
        if len(hosts_of(graph)) == len(graph) > 2:
            degree = max(dict(graph.degree).values())
            found = mean_hops(topology_of(case.spec).path_classes())
            assert found >= cerf_bound(len(graph), degree) * (1 - 1e-12), case.name


@pytest.mark.parametrize(("shape", "links"), [((7, 7), 16), ((4, 3, 3), 18)])
def test_tori_that_a_constraint_solver_left_open_are_proven(shape: tuple[int, ...], links: int) -> None:
    # no half cuts less than 2 Psi: 2 (7 + 1), 2 x 36/4
    graph = small_families.defined.torus(*shape)
    found = topology_of(small_families.Torus(shape=shape)).bisection()
    assert least_half_cut(graph, hosts_of(graph)) == found.upper == found.lower == links


@pytest.mark.parametrize("family", ["tori and meshes", "other direct fabrics"])
def test_families_with_closed_forms_are_exact(family: str) -> None:
    for case in CASES[family]:
        topology = topology_of(case.spec)
        assert topology.bisection().exact, case.name
        assert topology.alltoall().exact, case.name


def test_full_clos_fabrics_are_exact() -> None:
    full = [case for case in CASES["Clos"] if case.graph is not None]
    assert len(full) >= 12
    for case in full:
        assert topology_of(case.spec).bisection().exact, case.name
        assert topology_of(case.spec).alltoall().exact, case.name


def test_small_fabrics_of_groups_and_edge_lists_are_enumerated() -> None:
    for case in (*CASES["groups and random graphs"], *CASES["edge lists"]):
        assert topology_of(case.spec).bisection().exact, case.name


def test_all_cases_have_names_of_their_own() -> None:
    cases: list[Case] = [case for family in CASES.values() for case in family]
    assert len({case.spec for case in cases}) == len(cases) > 300
