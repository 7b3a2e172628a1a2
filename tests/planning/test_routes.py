"""Candidate routes: all of them on small graphs, priced on large ones; and cases that used to go wrong."""

import dataclasses

import networkx as nx
import pytest

import topodesign as td
from topodesign.catalog import load_catalog
from topodesign.domain.plan import SolveLimits
from topodesign.optics.fiber_graph import FiberGraph
from topodesign.planning.cutting_planes import CutLoop
from topodesign.planning.instance import compile_instance
from topodesign.planning.master import build_master
from topodesign.planning.pricing import price_routes
from topodesign.planning.requirement import separator_for
from topodesign.planning.solve import solve


@pytest.fixture(name="campus", scope="module")
def campus_fixture():
    return td.load_scenario("sample_sites/two-campus")


def parallel(campus, count, pairs):
    """The two sites joined by that many segments of their own conduits, each with so many pairs."""
    first = campus.segments[0]
    return dataclasses.replace(
        campus,
        segments=tuple(
            dataclasses.replace(
                first, segment_id=f"f{index}", conduits=(f"f{index}",), pairs_available=pairs, length_km=40.0 + index
            )
            for index in range(count)
        ),
    )


@pytest.mark.parametrize("seed", range(12))
def test_all_routes_are_listed_on_graphs_with_few_cycles(seed, random_scenario):
    graph = FiberGraph.of(random_scenario(seed))
    if not graph.has_few_cycles:
        pytest.skip("many cycles")
    multigraph = nx.MultiGraph()
    multigraph.add_nodes_from(range(len(graph.nodes)))
    for segment, (a, z) in enumerate(graph.ends):
        multigraph.add_edge(a, z, key=segment)
    for target in range(1, len(graph.nodes)):
        expected = {tuple(key for _, _, key in path) for path in nx.all_simple_edge_paths(multigraph, 0, target)}
        assert set(graph.all_routes(0)[target]) == expected


@pytest.mark.parametrize("seed", range(12))
def test_bridges_are_those_of_networkx(seed, random_scenario):
    graph = FiberGraph.of(random_scenario(seed))
    simple = nx.Graph()
    simple.add_nodes_from(range(len(graph.nodes)))
    count = {}
    for a, z in graph.ends:
        simple.add_edge(a, z)
        count[frozenset((a, z))] = count.get(frozenset((a, z)), 0) + 1
    expected = {frozenset(edge) for edge in nx.bridges(simple) if count[frozenset(edge)] == 1}
    assert {frozenset(graph.ends[segment]) for segment in graph.bridges} == expected


@pytest.mark.parametrize("count", [5, 14])
def test_scarce_pairs_are_spread_over_as_many_fibers_as_it_takes(campus, count):
    # 90 Tbit/s; one pair of C band carries 25.6 Tbit/s at 400 Gbit/s a 75 GHz slot: four pairs must be left after a cut
    workload = dataclasses.replace(campus.workload, parameters=campus.workload.parameters * 28)
    scenario = dataclasses.replace(parallel(campus, count, 1), workload=workload)
    plan = td.plan(scenario, gap=0.01)
    assert plan.verified
    assert len(plan.segments) > 3


@pytest.mark.parametrize("parameters", [1e-3, 1.0, 100.0])
def test_a_tiny_demand_takes_one_lightpath_on_each_side_of_any_cut(campus, parameters):
    workload = dataclasses.replace(campus.workload, parameters=parameters)
    plan = td.plan(dataclasses.replace(campus, workload=workload), gap=0.0)
    assert plan.verified
    assert sum(path.count for path in plan.lightpaths) == 2


@pytest.mark.parametrize(
    "policy", [{"survive": ("none",)}, {"survive": ()}, {"survivable_fraction": 0.0}, {"survive": ("site",)}]
)
def test_plans_with_nothing_or_a_whole_site_to_survive_are_verified(campus, policy):
    scenario = dataclasses.replace(campus, policy=dataclasses.replace(campus.policy, **policy))
    assert td.plan(scenario, gap=0.0).verified


def test_a_mode_that_reaches_nowhere_makes_the_scenario_infeasible_not_broken(campus):
    scenario = dataclasses.replace(campus, optics=dataclasses.replace(campus.optics, margin_db=30.0))
    assert td.plan(scenario, gap=0.0).status == "infeasible"


def test_a_required_site_that_cannot_hold_a_pod_makes_the_scenario_infeasible(campus):
    sites = (dataclasses.replace(campus.sites[0], required=True, power_mw=0.0), *campus.sites[1:])
    scenario = dataclasses.replace(campus, sites=sites, policy=dataclasses.replace(campus.policy, min_sites=1))
    assert solve(scenario, limits=SolveLimits(gap=0.0)).status == "infeasible"


def test_prices_prove_a_bound_over_all_routes_that_never_exceeds_the_one_over_candidates():
    scenario = td.load_scenario("sample_sites/regional-nova")
    instance = compile_instance(scenario, td.load_catalog())
    names = [site.site.site_id for site in instance.sites]
    chosen = [names.index(name) for name in ("NOVA01", "NOVA03", "NOVA05", "NOVA07")]
    master = build_master(instance, fixed_sites=chosen)
    loop = CutLoop(master=master, separator=separator_for(instance), sites_are_fixed=True)
    solved = loop.run()
    priced = price_routes(master, loop.relaxation, loop.rows, solved)
    assert priced.bound <= solved.bound * (1 + 1e-9)
    assert priced.bound >= 0.9 * solved.bound


def test_doubling_every_price_doubles_the_cost(campus):
    base = td.plan(campus, gap=0.0)
    catalog = load_catalog(campus.catalog_overrides)
    overrides = {key: dict(values) for key, values in campus.catalog_overrides.items()}
    for mode in catalog.transceivers:
        overrides.setdefault(f"transceiver.{mode.id}", {})["cost_usd"] = 2 * mode.cost_usd
    for line in catalog.line_systems:
        prices = overrides.setdefault(f"line_system.{line.id}", {})
        prices |= {
            "terminal_cost_usd": 2 * line.terminal_cost_usd,
            "amplifier_cost_usd": 2 * line.amplifier_cost_usd,
        }
    double = dataclasses.replace(
        campus,
        sites=tuple(
            dataclasses.replace(
                site, fixed_capex_usd=2 * site.fixed_capex_usd, capex_usd_per_mw=2 * site.capex_usd_per_mw
            )
            for site in campus.sites
        ),
        zones=tuple(dataclasses.replace(zone, energy_usd_per_mwh=2 * zone.energy_usd_per_mwh) for zone in campus.zones),
        segments=tuple(
            dataclasses.replace(
                item, usd_per_pair_km=2 * item.usd_per_pair_km, usd_per_route_km_year=2 * item.usd_per_route_km_year
            )
            for item in campus.segments
        ),
        economics=dataclasses.replace(campus.economics, carbon_usd_per_t=2 * campus.economics.carbon_usd_per_t),
        catalog_overrides=overrides,
    )
    assert td.plan(double, gap=0.0).cost_usd == pytest.approx(2 * base.cost_usd, rel=1e-7)
