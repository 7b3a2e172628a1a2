"""What a failure takes down and leaves, on hand-made plans; strengths are those that the verifier stated."""

from dataclasses import replace

import pytest
from outputs.hand_made_plans import Case

from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import FailureStrength, Plan
from topodesign.outputs.map_failures import MapFailure, failure_sentence, map_failures, percent_down


def failing(plan: Plan, *states: FailureStrength) -> Plan:
    assert plan.verification is not None
    return replace(plan, verification=replace(plan.verification, failures=states))


def only(case: Case, name: str, *, left: float | None = 2400.0, required: float = 2000.0) -> MapFailure:
    plan = failing(case.plan, FailureStrength(failure=name, strength_gbps=left, required_gbps=required))
    (found,) = map_failures(case.scenario, plan).worst
    return found


def test_every_conduit_of_the_plan_is_a_failure_and_nothing_failed_is_none(east: Case) -> None:
    found = map_failures(east.scenario, east.plan)
    conduits = {"I-70", "B&O", "columbus-pittsburgh", "ashburn-charlotte", "charlotte-atlanta", "columbus-atlanta"}
    assert {failure.name for failure in found.worst} == {f"conduit {conduit}" for conduit in conduits}
    assert found.checked == 6
    # a triangle of 2400 Gbit/s: strength min(3 x 2400 / 2, 2 x 2400) = 3600; 3600 / 2000 = 180 %
    assert found.whole_words == "Nothing failed: 3,600 Gbit/s, 180.0 % of the 2,000 Gbit/s needed."


def test_a_cut_conduit_takes_the_link_over_it_and_leaves_the_path_around(east: Case) -> None:
    found = only(east, "conduit I-70")
    assert found.segments == ("ashburn-pittsburgh",)
    assert (found.lightpaths_lost, found.lightpaths) == (6, 18)
    assert [({link.a, link.z}, link.left_gbps, link.whole_gbps) for link in found.links] == [
        ({"cmh-1", "iad-1"}, 0, 2400)
    ]
    assert failure_sentence(found) == (
        "conduit I-70: 6 of 18 lightpaths are lost. Left: 2,400 Gbit/s, 120.0 % of the 2,000 Gbit/s needed."
    )


def test_two_conduits_take_what_either_takes(east: Case) -> None:
    found = only(east, "conduit I-70 + conduit columbus-atlanta", left=0.0)
    assert found.segments == ("ashburn-pittsburgh", "columbus-atlanta")
    assert (found.lightpaths_lost, len(found.links), found.share) == (12, 2, 0.0)


def test_a_conduit_may_be_named_like_two(east: Case) -> None:
    odd = "a + conduit b"
    segments = tuple(
        replace(segment, conduits=(odd,)) if segment.segment_id == "columbus-atlanta" else segment
        for segment in east.scenario.segments
    )
    case = Case(replace(east.scenario, segments=segments), east.plan)
    assert only(case, f"conduit {odd}").segments == ("columbus-atlanta",)
    assert only(case, f"conduit {odd} + conduit I-70").segments == ("ashburn-pittsburgh", "columbus-atlanta")


def test_a_site_takes_the_links_that_end_there_and_no_fiber(east: Case) -> None:
    found = only(east, "site atl-1", required=1000.0)
    assert (found.segments, found.sites, found.lightpaths_lost) == ((), ("atl-1",), 12)
    assert failure_sentence(found).endswith("The policy requires 1,000 Gbit/s after a failure.")


def test_a_building_that_light_passes_through_takes_it_along(east: Case) -> None:
    # Ashburn to Atlanta by way of Richmond, if Charlotte were a building there
    sites = (*east.scenario.sites, replace(east.scenario.sites[3], site_id="clt", name="Charlotte", role="hub"))
    junctions = tuple(item for item in east.scenario.junctions if item.node_id != "clt")
    case = Case(replace(east.scenario, sites=sites, junctions=junctions), east.plan)
    found = only(case, "site clt")
    assert [{link.a, link.z} for link in found.links] == [{"atl-1", "iad-1"}]


def test_a_zone_takes_all_its_sites_and_the_last_site_needs_nobody(east: Case) -> None:
    found = only(east, "zone PJM", left=None)
    assert set(found.sites) == {"iad-1", "cmh-1", "ric-1"}
    assert (found.lightpaths_lost, found.share) == (18, None)
    assert failure_sentence(found).endswith("one site is left, which has nothing to exchange with others.")


def test_the_least_reserve_comes_first_and_names_decide_between_equals(east: Case) -> None:
    states = [("site ric-1", None), ("conduit I-70", 2400.0), ("conduit B&O", 2400.0), ("site atl-1", 2100.0)]
    plan = failing(
        east.plan, *(FailureStrength(failure=name, strength_gbps=left, required_gbps=2000) for name, left in states)
    )
    names = [failure.name for failure in map_failures(east.scenario, plan).worst]
    assert names == ["site atl-1", "conduit B&O", "conduit I-70", "site ric-1"]


def test_a_link_that_keeps_a_route_keeps_its_capacity(east: Case) -> None:
    longer = replace(
        east.plan.lightpaths[0], count=2, segments=("ashburn-charlotte", "charlotte-atlanta", "columbus-atlanta")
    )
    links = tuple(
        replace(link, capacity_gbps=3200.0, lightpaths=8) if {link.a, link.z} == {"iad-1", "cmh-1"} else link
        for link in east.plan.links
    )
    case = Case(east.scenario, replace(east.plan, lightpaths=(*east.plan.lightpaths, longer), links=links))
    (lost,) = only(case, "conduit I-70").links
    assert (lost.left_gbps, lost.whole_gbps) == (800, 3200)  # 2 x 400 Gbit/s by the other route


@pytest.mark.parametrize("name", ["conduit elsewhere", "site elsewhere", "zone elsewhere", "a storm"])
def test_a_failure_of_something_that_the_scenario_lacks_is_bad_input(east: Case, name: str) -> None:
    with pytest.raises(InvalidInput, match="give the scenario that the plan was made for") as caught:
        only(east, name)
    assert caught.value.reason == "REFERENCE_UNKNOWN"


def test_per_cent_is_never_rounded_up() -> None:
    assert percent_down(0.99999) == "99.9 %"
    assert percent_down(0.29) == "29.0 %"  # 0.29 x 1000 is 290 less a bit in floating point
    assert percent_down(1.0) == "100.0 %"
