"""The baselines answer the same question as the planner, so that the comparison is one."""

import dataclasses

import pytest

import topodesign as td
from benchmarks.baselines import BOUND_REFUTED, times_sooner
from benchmarks.measured_plan import Request, measure_plan, plan_here
from benchmarks.monolith import NOT_BUILT, solve_monolith
from benchmarks.scenarios import build
from benchmarks.siting import choose_sites
from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import SolveLimits
from topodesign.domain.scenario import FiberSegment, Policy, Scenario, Site

EXACT = SolveLimits(time_limit_s=60.0, gap=0.0, threads=1)
BY_HAND_USD = 6_950_934.12  # the whole plan of two-campus is worked out in its README
SITES_BY_HAND_USD = 2_000_000 + 2_500_000 + 1_576_800 + 315_360  # of that, what is not about the network


def triangle(**policy: object) -> Scenario:
    """Three campuses like those of two-campus, each pair joined by 40 km of fiber; one pod of three fits at each."""
    two = build("two-campus")
    ids = ("campus-a", "campus-b", "campus-c")
    first = two.sites[0]
    sites = [Site(**{**site_fields(first), "site_id": name, "lon": first.lon + 0.1 * i}) for i, name in enumerate(ids)]
    segments = [
        FiberSegment(segment_id=f"{a}-{b}", a=a, b=b, length_km=40.0, pairs_available=4, conduits=(f"{a}-{b}",))
        for a, b in (ids[:2], ids[1:], (ids[0], ids[2]))
    ]
    zone = dataclasses.replace(two.zones[0], headroom_mw=9.0)
    size = dataclasses.replace(two.size, accelerators=3000)
    rules = Policy(**{"min_sites": 3, "max_rtt_ms": 5.0, "survive": ("none",), **policy})  # type: ignore[arg-type]
    return dataclasses.replace(
        two, sites=tuple(sites), zones=(zone,), segments=tuple(segments), size=size, policy=rules
    )


def site_fields(site: Site) -> dict[str, object]:
    return {field.name: getattr(site, field.name) for field in dataclasses.fields(site)}


def capacities(plan: td.Plan) -> list[float]:
    between: dict[tuple[str, str], float] = {}
    for link in plan.links:
        between[link.a, link.z] = between.get((link.a, link.z), 0.0) + link.capacity_gbps
    return sorted(between.values())


def test_the_textbook_programme_finds_the_plan_worked_out_by_hand() -> None:
    scenario = build("two-campus")
    outcome = solve_monolith(scenario, limits=EXACT, most_columns=10_000)
    assert outcome.plan is not None
    assert outcome.plan.cost_usd == BY_HAND_USD
    assert outcome.bound_usd == pytest.approx(BY_HAND_USD, rel=1e-6)
    assert td.verify(scenario, outcome.plan).valid


def test_with_cuts_only_the_textbook_programme_passes_a_ring_that_is_too_weak() -> None:
    # B = 3,200 Gbit/s. Three links of 1,600 meet every cut (two links each), but have strength 3 x 1,600 / 2 = 2,400.
    # The partition into single sites wants 2 B = 6,400: a tree of two links of 3,200, or three links of that in all.
    scenario = triangle()
    weak = solve_monolith(scenario, limits=EXACT, most_columns=10_000, cuts_only=True)
    assert weak.plan is not None
    assert capacities(weak.plan) == [1600.0, 1600.0, 1600.0]
    verification = td.verify(scenario, weak.plan)
    assert not verification.valid
    assert verification.strength_gbps == pytest.approx(2400.0)
    exact = solve_monolith(scenario, limits=EXACT, most_columns=10_000)
    assert exact.plan is not None
    assert sum(capacities(exact.plan)) == 6400.0
    assert td.verify(scenario, exact.plan).valid


@pytest.mark.parametrize("survive", ["none", "conduit"])
@pytest.mark.parametrize("with_all_states", [True, False])
def test_the_textbook_programme_and_the_planner_agree_on_a_triangle(survive: str, with_all_states: bool) -> None:
    scenario = triangle(survive=(survive,))
    outcome = solve_monolith(scenario, limits=EXACT, most_columns=10_000, with_all_states=with_all_states)
    ours = td.plan(scenario, time_limit_s=60.0, gap=0.0, threads=1)
    assert outcome.plan is not None
    assert outcome.plan.cost_usd == pytest.approx(ours.cost_usd, rel=1e-9)


def test_the_textbook_programme_chooses_sites_as_the_planner_does() -> None:
    # Two of three campuses must be used; the third is dearer, so both leave it out.
    three = triangle(min_sites=2, survive=("none",))
    dear = dataclasses.replace(three.sites[2], fixed_capex_usd=5e6)
    size = dataclasses.replace(three.size, accelerators=2000)
    scenario = dataclasses.replace(three, sites=(*three.sites[:2], dear), size=size)
    outcome = solve_monolith(scenario, limits=EXACT, most_columns=10_000)
    ours = td.plan(scenario, time_limit_s=60.0, gap=0.0, threads=1)
    assert outcome.plan is not None
    assert [site.id for site in outcome.plan.sites] == [site.id for site in ours.sites] == ["campus-a", "campus-b"]
    assert outcome.plan.cost_usd == pytest.approx(ours.cost_usd, rel=1e-9)


def test_a_textbook_programme_with_too_many_columns_is_not_built_and_says_so() -> None:
    outcome = solve_monolith(build("us-multi-region"), limits=EXACT, most_columns=1_000_000)
    assert outcome.plan is None
    assert outcome.columns > 1_000_000
    assert outcome.note.startswith(NOT_BUILT)


def test_the_textbook_programme_refuses_failures_of_sites() -> None:
    scenario = triangle(survive=("site",))
    with pytest.raises(InvalidInput, match="conduits"):
        solve_monolith(scenario, limits=EXACT, most_columns=10_000)


@pytest.mark.parametrize("model", ["facility", "median"])
def test_siting_prices_sites_as_the_scenario_does(model: str) -> None:
    siting = choose_sites(build("two-campus"), model, time_limit_s=30.0, seed=0)  # type: ignore[arg-type]
    assert siting.site_ids == ("campus-a", "campus-b")
    assert siting.is_proven
    assert siting.cost_usd is not None
    # the median adds 40 km (the shorter fiber) x 1 pair (3,200 of 25,600 Gbit/s) x 2,000 USD
    fiber_usd = 40 * 2000 if model == "median" else 0
    assert siting.cost_usd == pytest.approx(SITES_BY_HAND_USD + fiber_usd, abs=1.0)


def test_the_median_prefers_near_sites_where_all_sites_cost_the_same() -> None:
    # campus-c moves away: 400 km from both others, so a and b, 40 km apart, are the pair of choice.
    base = triangle(min_sites=2)
    far = [
        dataclasses.replace(segment, length_km=400.0) if "campus-c" in (segment.a, segment.b) else segment
        for segment in base.segments
    ]
    size = dataclasses.replace(base.size, accelerators=2000)
    policy = dataclasses.replace(base.policy, max_rtt_ms=50.0, max_sites=2)
    scenario = dataclasses.replace(base, segments=tuple(far), size=size, policy=policy)
    siting = choose_sites(scenario, "median", time_limit_s=30.0, seed=0)
    assert siting.site_ids == ("campus-a", "campus-b")


def test_every_method_is_measured_by_the_same_verifier() -> None:
    request = Request(scenario="two-campus", gap=0.0, threads=1)
    for method in ("planner", "facility", "median", "monolith", "monolith-reduced"):
        run = plan_here(dataclasses.replace(request, method=method))  # type: ignore[arg-type]
        assert run.verified, method
        assert run.cost_usd == BY_HAND_USD, method


def test_a_bound_above_a_verified_plan_is_no_bound_of_the_scenario() -> None:
    ours = plan_here(Request(scenario="two-campus", gap=0.0, threads=1))
    theirs = dataclasses.replace(ours, request=dataclasses.replace(ours.request, method="monolith"))
    assert times_sooner(theirs, ours).endswith(" x")
    assert ours.cost_usd is not None
    refuted = dataclasses.replace(theirs, cost_usd=ours.cost_usd * 1.02, lower_bound_usd=ours.cost_usd * 1.01)
    assert times_sooner(refuted, ours) == BOUND_REFUTED


def test_a_run_that_dies_of_its_memory_limit_is_a_result() -> None:
    run = measure_plan(Request(scenario="two-campus", method="monolith", memory_mb=60.0))  # less than numpy needs
    assert (run.status, run.cost_usd, run.verified) == ("died", None, False)
    assert "within 60 MB" in run.note


def test_a_run_in_its_own_process_comes_back_whole() -> None:
    request = Request(scenario="two-campus", gap=0.0, threads=1, seed=3)
    run = measure_plan(request)
    assert run.request == request
    assert (run.cost_usd, run.verified, run.site_count) == (BY_HAND_USD, True, 2)
    assert run.first_plan_s is not None
    assert run.first_plan_s <= run.wall_s
    assert run.peak_mb > 20  # a Python process with numpy and OR-Tools
