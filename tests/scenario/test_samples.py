"""The samples made from open data are sound, diverse, large enough and reproducible."""

import json
from pathlib import Path

import networkx
import pytest

from topodesign.catalog import load_catalog
from topodesign.domain.scenario import Scenario
from topodesign.scenario import check_scenario, load_scenario
from topodesign.scenario.graph import fiber_multigraph

SAMPLES = Path(__file__).parents[2] / "sample_sites"
FROM_OPEN_DATA = ("regional-nova", "us-multi-region", "europe")
PETABITS = {"regional-nova": 5, "us-multi-region": 2.5, "europe": 2}


def pods_and_mw(scenario: Scenario) -> tuple[float, float]:
    """Pods wanted, and their MW at the meter at a PUE of 1.2."""
    assert scenario.size.accelerators is not None
    watts = load_catalog(scenario.catalog_overrides).accelerator(scenario.size.accelerator).all_in_w
    return scenario.size.accelerators / scenario.size.pod_accelerators, scenario.size.accelerators * watts * 1.2 / 1e6


@pytest.mark.parametrize("name", [*FROM_OPEN_DATA, "two-campus"])
def test_a_sample_is_sound_and_has_its_papers(name: str) -> None:
    assert check_scenario(SAMPLES / name) == ()
    readme = (SAMPLES / name / "README.md").read_text()
    assert "License" in readme
    assert load_scenario(SAMPLES / name).attribution


def test_sizes_are_those_announced() -> None:
    nova, nation, europe = (load_scenario(SAMPLES / name) for name in FROM_OPEN_DATA)
    assert (len(nova.sites), len(nova.zones)) == (12, 6)
    assert (len(nation.sites), len(nation.zones), len(nation.junctions)) == (36, 14, 139)
    assert (len(europe.sites), len(europe.zones), len(europe.junctions), len(europe.segments)) == (46, 29, 110, 269)
    assert list(pods_and_mw(europe)) == pytest.approx([200, 2074], rel=0.01)  # at 1.2; most of its sites have 1.15
    assert list(pods_and_mw(nova)) == pytest.approx([96, 1000], rel=0.01)
    assert list(pods_and_mw(nation)) == pytest.approx([480, 5000], rel=0.01)


@pytest.mark.parametrize("name", FROM_OPEN_DATA)
def test_the_petabits_per_second_are_those_announced(name: str) -> None:
    work = load_scenario(SAMPLES / name).workload
    assert work.sync_time_s is not None
    assert (
        work.parameters * work.bits_per_element / (work.wan_goodput_factor * work.sync_time_s) == PETABITS[name] * 1e15
    )


@pytest.mark.parametrize("name", ["regional-nova", "us-multi-region", "two-campus"])
def test_no_single_conduit_cut_parts_any_two_sites(name: str) -> None:
    scenario = load_scenario(SAMPLES / name)
    sites = {site.site_id for site in scenario.sites}
    for conduit in {conduit for segment in scenario.segments for conduit in segment.conduits}:
        graph = fiber_multigraph(scenario)
        for segment in scenario.segments:
            if conduit in segment.conduits:
                graph.remove_edge(segment.a, segment.b, key=segment.segment_id)
        assert sites <= networkx.node_connected_component(graph, min(sites)), conduit


@pytest.mark.parametrize("name", FROM_OPEN_DATA)
def test_every_site_has_two_entrances_from_different_nodes(name: str) -> None:
    graph = fiber_multigraph(load_scenario(SAMPLES / name))
    assert all(len(graph[node]) >= 2 for node in graph if graph.nodes[node]["kind"] == "site")


@pytest.mark.parametrize("name", FROM_OPEN_DATA)
def test_pairs_suffice_for_the_whole_demand_on_any_segment(name: str) -> None:
    # 1 Pbit/s is 40 pairs of 64 x 400 Gbit/s = 25.6 Tbit/s, 79 pairs of 12.8 Tbit/s in the least dense mode.
    assert all(segment.most_pairs >= 79 * PETABITS[name] for segment in load_scenario(SAMPLES / name).segments)


@pytest.mark.parametrize("name", FROM_OPEN_DATA)
def test_a_siting_within_zones_and_shares_exists(name: str) -> None:
    # Fill the zones up to headroom, site power and share; transceivers draw well under one pod at each site.
    scenario = load_scenario(SAMPLES / name)
    pods, _ = pods_and_mw(scenario)
    watts = load_catalog().accelerator(scenario.size.accelerator).all_in_w
    most = 0
    for zone in scenario.zones:
        left, held = zone.headroom_mw, 0
        for site in sorted((s for s in scenario.sites if s.zone_id == zone.zone_id), key=lambda s: -s.power_mw):
            pod_mw = scenario.size.pod_accelerators * watts * site.pue / 1e6
            fit = max(0, int(min(left, site.power_mw) / pod_mw) - 1)
            left, held = left - fit * pod_mw, held + fit
        most += min(held, int(scenario.policy.max_zone_share * pods))
    assert most >= pods


def test_estimates_are_marked_in_the_data() -> None:
    for name in FROM_OPEN_DATA:
        features = json.loads((SAMPLES / name / "fiber.geojson").read_text())["features"]
        added = [f["properties"] for f in features if f["properties"]["segment_id"].endswith("-B")]
        assert added and all(item["basis"] == "estimated second entrance" for item in added)


def test_development_cost_follows_its_rule() -> None:
    # Greenfield 1.4 M; -0.4 M where it runs already; -0.3 M from 20 facilities, -0.15 M from 5; -0.2 M from 1 GW.
    sites = load_scenario(SAMPLES / "us-multi-region").site_by_id
    assert sites["US09S"].capex_usd_per_mw == 800_000  # Abilene: runs already, one facility, 2.1 GW
    assert sites["US04S"].capex_usd_per_mw == 1_400_000  # nothing runs there yet, 0.8 GW
    assert sites["US13S"].capex_usd_per_mw == 900_000  # Loudoun: 255 facilities, 3.6 GW
    assert sites["US32S"].capex_usd_per_mw == 1_250_000  # 10 facilities, 0.2 GW
