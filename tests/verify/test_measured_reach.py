"""Measured reaches: planner and verifier decide alike by code of their own, GNPy does not dispute, lies are found."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from needed_tools import need_gnpy

import topodesign as td
from topodesign.catalog import load_catalog
from topodesign.domain.errors import NotFound
from topodesign.domain.scenario import FiberSegment, MeasuredReach, OpticsRules
from topodesign.optics.reach import ReachModel
from topodesign.verify import verify_plan
from topodesign.verify.gnpy_judge import judge_plan, with_judgement
from topodesign.verify.reach import holds_as_measured, stretch_gsnr_db
from topodesign.verify.verifier import gather

CATALOG = load_catalog()
FIBERS = ("ssmf", "g654e", "hollow_core")


def row(reach_km: float, mode: str = "m400", fiber_type: Any = "ssmf") -> MeasuredReach:
    return MeasuredReach(mode=mode, fiber_type=fiber_type, reach_km=reach_km)


def rules_of(case: Any, *rows: MeasuredReach, **changes: Any) -> set[str]:
    scenario = replace(case.scenario, measured_reaches=rows)
    finding = verify_plan(scenario, replace(case.plan, **changes), catalog=case.catalog)
    return {violation.rule for violation in finding.violations}


def test_a_route_beyond_the_measured_reach_is_found(two_sites: Any) -> None:
    # s1 has 80 km and s2 160 km, both in m400
    assert rules_of(two_sites, row(160)) == set()
    assert rules_of(two_sites, row(159.9)) == {"reach_measured"}
    assert rules_of(two_sites, row(79)) == {"reach_measured"}
    assert rules_of(two_sites, row(1, mode="short"), row(1, fiber_type="g654e")) == set()


def test_a_measured_reach_stands_in_place_of_every_other_limit(two_sites: Any) -> None:
    """Each of these modes breaks a limit of its own on the 160 km of s2."""
    first, second = two_sites.plan.lightpaths
    for mode, rule in (
        ("fragile", "reach_gsnr"),
        ("one-span", "reach_spans"),
        ("short", "reach_length"),
        ("dispersive", "reach_dispersion"),
    ):
        paths = {"lightpaths": (first, replace(second, mode=mode))}
        reach_rules = {"reach_gsnr", "reach_spans", "reach_length", "reach_dispersion", "reach_measured"}
        assert rule in rules_of(two_sites, **paths)
        assert not reach_rules & rules_of(two_sites, row(160, mode=mode), **paths)
        assert reach_rules & rules_of(two_sites, row(159, mode=mode), **paths) == {"reach_measured"}


def test_stated_gsnr_is_checked_although_it_does_not_decide(two_sites: Any) -> None:
    first, second = two_sites.plan.lightpaths
    lie = {"lightpaths": (first, replace(second, gsnr_db=second.gsnr_db + 1))}
    assert rules_of(two_sites, row(160), **lie) == {"lightpath_gsnr"}


def test_a_mode_of_the_other_catalogue_is_not_allowed(two_sites: Any) -> None:
    scenario = replace(two_sites.scenario, optics=replace(two_sites.scenario.optics, catalog="flexwan"))
    finding = verify_plan(scenario, two_sites.plan, catalog=two_sites.catalog)
    assert "lightpath_mode" in {violation.rule for violation in finding.violations}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    stretch=st.lists(st.tuples(st.floats(1, 400), st.sampled_from(FIBERS)), min_size=1, max_size=4),
    measured=st.dictionaries(st.sampled_from(FIBERS), st.floats(50, 1500), max_size=3),
    margin_db=st.floats(0, 6),
    catalog=st.sampled_from(["standard", "flexwan"]),
)
def test_planner_and_verifier_decide_alike(
    two_sites: Any,
    stretch: list[tuple[float, Any]],
    measured: dict[Any, float],
    margin_db: float,
    catalog: Any,
) -> None:
    rules = OpticsRules(margin_db=margin_db, catalog=catalog)
    modes = CATALOG.modes_of(catalog)
    rows = tuple(row(km, mode.id, fiber) for fiber, km in measured.items() for mode in modes)
    segments = [
        FiberSegment(segment_id=f"s{place}", a=f"n{place}", b=f"n{place + 1}", length_km=km, fiber_type=fiber)
        for place, (km, fiber) in enumerate(stretch)
    ]
    planner = ReachModel(CATALOG, rules, rows)
    evidence = replace(
        gather(two_sites.scenario, two_sites.plan, two_sites.catalog),
        scenario=replace(two_sites.scenario, optics=rules, measured_reaches=rows),
        catalog=CATALOG,
        line_system=CATALOG.line_system("c-band"),
    )
    for mode in modes:
        planned = planner.stretch(mode, segments)
        verified = holds_as_measured(evidence, mode, segments)
        assert planned.is_measured == (verified is not None)
        assert planned.gsnr_db == pytest.approx(stretch_gsnr_db(evidence, mode, segments), abs=1e-3)
        if planned.is_measured and planned.is_feasible:
            assert verified  # and where one fiber is not measured the verifier is blurred by 0.02 dB, never stricter
        if catalog == "flexwan" or {fiber for _, fiber in stretch} <= set(measured):
            spent = sum(km / measured.get(fiber, mode.reach_km) for km, fiber in stretch)
            if abs(spent - 1) > 1e-9:
                assert planned.is_feasible == verified == (spent < 1)


def test_fiber_that_was_not_measured_takes_its_share_of_the_noise() -> None:
    """Half of the reach on one fiber and half of the tolerated noise on the other make a whole."""
    mode = CATALOG.transceiver("openroadm-600")
    rules = OpticsRules(margin_db=3)
    model = ReachModel(CATALOG, rules, (row(400, mode.id, "g654e"),))
    plain = FiberSegment(segment_id="p", a="a", b="b", length_km=80)
    tolerated = 10 ** (-(mode.required_osnr_db + 3) / 10) - 10 ** (-mode.tx_osnr_db / 10)
    share = model.noise_to_signal(mode, plain) / tolerated
    assert 0 < share < 0.5
    for part, holds in ((1 - share - 1e-6, True), (1 - share + 1e-6, False)):
        rest = FiberSegment(segment_id="g", a="b", b="c", length_km=400 * part, fiber_type="g654e")
        assert model.stretch(mode, [plain, rest]).is_feasible is holds


def test_a_row_for_an_unknown_mode_is_an_error_and_not_ignored() -> None:
    with pytest.raises(NotFound, match="zr-40"):
        ReachModel(CATALOG, OpticsRules(), (row(80, "zr-40"),))


def test_a_plan_with_flexwans_modes_is_valid_and_says_what_it_rests_on(two_campus: Any) -> None:
    scenario = replace(two_campus, optics=replace(two_campus.optics, catalog="flexwan"))
    plan = td.plan(scenario, gap=0.0)
    assert plan.verified
    assert all(path.mode.startswith("flexwan-") for path in plan.lightpaths)
    assert any("'flexwan'" in sentence for sentence in plan.assumptions)
    assert any("their reach was measured" in sentence for sentence in plan.assumptions)


def test_a_reach_that_forbids_the_cheapest_mode_changes_the_plan(two_campus: Any) -> None:
    base = td.plan(two_campus, gap=0.0)
    assert {path.mode for path in base.lightpaths} == {"zr-400"}
    scenario = replace(two_campus, measured_reaches=(row(1, "zr-400"),))
    plan = td.plan(scenario, gap=0.0)
    assert plan.verified
    assert "zr-400" not in {path.mode for path in plan.lightpaths}
    assert plan.cost_usd > base.cost_usd
    assert any("zr-400 on ssmf 1 km" in sentence for sentence in plan.assumptions)
    assert not td.verify(scenario, base).valid


def test_reaches_that_leave_no_light_make_the_scenario_infeasible_and_not_wrong(two_campus: Any) -> None:
    # the two routes have 40 and 60 km: with 45 km in every mode one is left, and a cut of it parts the campuses
    rows = tuple(row(45, mode.id) for mode in CATALOG.modes_of("standard"))
    plan = td.plan(replace(two_campus, measured_reaches=rows), time_limit_s=30)
    assert plan.status == "infeasible"
    assert plan.infeasibility is not None
    assert "policy.survive conduit" in {clash.limit for clash in plan.infeasibility.clashing}


@pytest.fixture
def two_campus() -> Any:
    from pathlib import Path

    return td.load_scenario(Path(__file__).resolve().parents[2] / "sample_sites" / "two-campus")


def test_gnpy_reports_beside_a_measured_reach_and_does_not_dispute_it(two_sites: Any) -> None:
    need_gnpy()
    first, second = two_sites.plan.lightpaths
    plan = replace(two_sites.plan, lightpaths=(first, replace(second, mode="fragile")))
    scenario = replace(two_sites.scenario, measured_reaches=(row(160, mode="fragile"),))
    judgement = judge_plan(scenario, plan, catalog=two_sites.catalog)
    judged = judgement.lightpaths[1]
    assert [path.is_measured for path in judgement.lightpaths] == [False, True]
    assert judged.is_feasible and not judged.gnpy_is_feasible
    assert judgement.disputed == ()
    verification = verify_plan(scenario, plan, catalog=two_sites.catalog)
    assert len(with_judgement(verification, judgement).violations) == len(verification.violations)
