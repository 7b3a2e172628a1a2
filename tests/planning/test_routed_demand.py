"""Demand matrices and hoses: what can be routed, by hand, and plans that the independent verifier accepts."""

import dataclasses

import numpy as np
import pytest

import topodesign as td
from topodesign.domain.scenario import Traffic
from topodesign.planning.routing_oracles import HoseOracle, MatrixOracle, metric_closure


def arcs_of(capacity):
    return [(int(i), int(j)) for i, j in zip(*np.nonzero(capacity), strict=True)]


def ring(size):
    capacity = np.zeros((size, size))
    for node in range(size):
        capacity[node, (node + 1) % size] = capacity[(node + 1) % size, node] = 1.0
    return capacity


def test_a_node_sends_at_most_what_its_links_carry():
    # node 0 sends 1.5 over two unit links: 4/3 times the demand
    demand = np.array([[0, 1.0, 0.5], [1.0, 0, 0], [0, 0, 0]])
    capacity = ring(3)
    routed = MatrixOracle(demand, arcs_of(capacity)).solve(capacity)
    assert routed.alpha == pytest.approx(4 / 3)


def test_prices_of_a_matrix_prove_its_bound():
    generator = np.random.default_rng(7)
    for _ in range(50):
        size = int(generator.integers(3, 7))
        capacity = np.triu(generator.integers(0, 4, (size, size)).astype(float), 1) + ring(size) / 2
        capacity = np.maximum(capacity, capacity.T)
        np.fill_diagonal(capacity, 0.0)
        demand = generator.integers(0, 3, (size, size)).astype(float)
        np.fill_diagonal(demand, 0.0)
        if not demand.any():
            continue
        arcs = arcs_of(capacity)
        routed = MatrixOracle(demand, arcs).solve(capacity)
        owed = float((demand * metric_closure(routed.weights, arcs)).sum())
        assert float((routed.weights * capacity).sum()) / owed == pytest.approx(routed.alpha, rel=1e-6)


def test_a_hose_on_a_ring_of_four_is_carried_just_once():
    # neighbors exchange directly; opposite nodes split over both ways: one unit on every arc
    capacity = ring(4)
    assert HoseOracle(np.ones(4), arcs_of(capacity)).solve(capacity).alpha == pytest.approx(1.0)


def test_a_hose_on_a_triangle_is_carried_one_and_a_half_times():
    # two thirds of each pair directly, one third over the other node
    capacity = ring(3)
    assert HoseOracle(np.ones(3), arcs_of(capacity)).solve(capacity).alpha == pytest.approx(1.5)


@pytest.fixture(name="nova", scope="module")
def nova_fixture():
    return td.load_scenario("sample_sites/regional-nova")


NAMED = ("NOVA01", "NOVA03", "NOVA05", "NOVA09")


def with_matrix(scenario, gbps):
    traffic = tuple(Traffic(a=a, b=b, gbps=gbps) for a in NAMED for b in NAMED if a != b)
    return dataclasses.replace(
        scenario, traffic=traffic, workload=dataclasses.replace(scenario.workload, demand="matrix")
    )


def with_hose(scenario, gbps):
    sites = tuple(
        dataclasses.replace(site, hose_gbps=gbps if site.site_id in NAMED else 0.0) for site in scenario.sites
    )
    return dataclasses.replace(scenario, sites=sites, workload=dataclasses.replace(scenario.workload, demand="hose"))


@pytest.mark.parametrize("demanding", [with_matrix, with_hose])
def test_a_plan_uses_the_named_sites_and_is_verified_and_more_demand_never_costs_less(nova, demanding):
    small = td.plan(demanding(nova, 50_000.0), gap=0.001, time_limit_s=60)
    large = td.plan(demanding(nova, 150_000.0), gap=0.001, time_limit_s=60)
    for plan in (small, large):
        assert plan.verified
        assert set(NAMED) <= {site.id for site in plan.sites}
        assert plan.sync.strength_gbps >= plan.sync.demand_gbps * (1 - 1e-6)
        assert plan.sync.worst_strength_gbps >= plan.sync.demand_gbps * (1 - 1e-6)
        assert plan.sync.time_s is None
    assert small.lower_bound_usd <= large.cost_usd


def test_a_hose_that_allows_the_matrix_costs_no_less_than_it(nova):
    # each site sends 3 x 50,000: the matrix is one that the hose must carry
    matrix = td.plan(with_matrix(nova, 50_000.0), gap=0.001, time_limit_s=60)
    hose = td.plan(with_hose(nova, 150_000.0), gap=0.001, time_limit_s=60)
    assert matrix.lower_bound_usd <= hose.cost_usd
