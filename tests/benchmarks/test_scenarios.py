"""Derived scenarios have the shape that the benchmarks announce."""

import networkx
import pytest

from benchmarks.scenarios import US_SITES, build, with_sites
from topodesign.domain.errors import NotFound
from topodesign.domain.scenario import Scenario
from topodesign.scenario.graph import fiber_multigraph


def joined_to(scenario: Scenario, site_id: str) -> list[str]:
    return [s.b if s.a == site_id else s.a for s in scenario.segments if site_id in (s.a, s.b)]


def classes_of_sites(scenario: Scenario, connectivity: int) -> list[set[str]]:
    """Sites that no ``connectivity - 1`` segment cuts part. Segments are simple: no two join the same nodes."""
    graph = networkx.Graph(fiber_multigraph(scenario))
    sites = {site.site_id for site in scenario.sites}
    found = [sites & part for part in networkx.k_edge_components(graph, connectivity)]
    return sorted((part for part in found if part), key=len, reverse=True)


def test_every_site_has_a_third_entrance_from_a_node_of_its_own() -> None:
    before, after = build("us-multi-region"), build("us-conduit-pairs")
    assert len(after.segments) == len(before.segments) + len(before.sites)
    assert after.policy.survive == ("conduit-pair",)
    for site in after.sites:
        nodes = joined_to(after, site.site_id)
        assert len(nodes) == len(set(nodes)) == 3


def test_no_two_conduit_cuts_part_the_sites_with_three_entrances() -> None:
    assert [len(part) for part in classes_of_sites(build("us-conduit-pairs"), 3)] == [36]


def test_the_stress_scenario_has_the_announced_size_and_splits_at_the_ocean() -> None:
    scenario = build("stress-500")
    assert (len(scenario.sites), len(scenario.segments)) == (500, 1449)  # 1,013 links and 436 second entrances
    assert all(len(set(joined_to(scenario, site.site_id))) >= 2 for site in scenario.sites)
    largest, second = classes_of_sites(scenario, 2)[:2]
    assert len(largest) == 350  # all of the United States: the subsea link is a bridge
    assert {scenario.site_by_id[site].extra["region"] for site in largest} == {"US"}
    assert {scenario.site_by_id[site].extra["region"] for site in second} == {"EU"}


def test_subsets_are_nested_and_take_the_strongest_sites() -> None:
    sizes = (12, 25, 50)
    chosen = [{site.site_id for site in build(f"stress-{size}").sites} for size in sizes]
    assert [len(sites) for sites in chosen] == list(sizes)
    assert chosen[0] < chosen[1] < chosen[2]
    full = build("stress-500")
    weakest_in = min(full.site_by_id[site].power_mw for site in chosen[0])
    assert all(site.power_mw <= weakest_in for site in full.sites if site.site_id not in chosen[0])


def test_fixed_sites_are_required_and_all_others_forbidden() -> None:
    scenario = build("us-sites-fixed")
    assert {site.site_id for site in scenario.sites if site.required} == set(US_SITES)
    assert all(site.forbidden != site.required for site in scenario.sites)


@pytest.mark.parametrize("name", ["stress-11", "stress-501", "us-37", "nowhere", "stress-x"])
def test_an_unknown_name_is_refused_and_the_known_ones_are_named(name: str) -> None:
    with pytest.raises(NotFound, match=r"us-conduit-pairs.*stress-N"):
        build(name)


def test_sites_that_do_not_exist_cannot_be_fixed() -> None:
    with pytest.raises(NotFound, match="mars"):
        with_sites(build("two-campus"), ["campus-a", "mars"])
