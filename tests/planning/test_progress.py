"""How a search went travels with its plan, in few points."""

import itertools
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import topodesign
from topodesign.domain.codec import decode_json, encode_json
from topodesign.domain.plan import Plan, PlanEvent
from topodesign.domain.progress import MOST_POINTS, ProgressPoint, thinned
from topodesign.wire import from_proto, to_proto

TWO_CAMPUS = Path(__file__).parents[2] / "sample_sites" / "two-campus"


def test_a_plan_carries_what_was_told_of_its_search_through_json_and_the_wire() -> None:
    told: list[PlanEvent] = []
    plan = topodesign.plan(topodesign.load_scenario(TWO_CAMPUS), on_progress=told.append)
    last = plan.progress[-1]
    assert (plan.progress[0].wall_s, plan.progress[0].phase) == (0.0, "candidates")
    # README of two-campus: 6,950,934.12 USD, proven
    assert (last.incumbent_usd, last.bound_usd) == (6_950_934.12, 6_950_934.12)
    assert {(point.wall_s, point.phase) for point in plan.progress} <= {(event.wall_s, event.phase) for event in told}
    read = decode_json(encode_json(plan), Plan, what="plan.json")
    assert read.progress == plan.progress
    assert from_proto(to_proto(plan), Plan).progress == plan.progress
    assert replace(plan, progress=()) == plan  # times differ from run to run, and are no part of what was planned


@given(st.lists(st.tuples(st.sampled_from([None, 1.0, 2.0]), st.sampled_from("ab")), max_size=40), st.integers(2, 9))
def test_thinning_keeps_the_ends_and_the_order_and_never_more_than_asked(
    states: list[tuple[float | None, str]], most: int
) -> None:
    points = [ProgressPoint(wall_s=float(at), bound_usd=usd, phase=phase) for at, (usd, phase) in enumerate(states)]
    kept = thinned(points, most=most)
    assert len(kept) <= most
    assert [point.wall_s for point in kept] == sorted({point.wall_s for point in kept})
    if points:
        assert (kept[0], kept[-1]) == (points[0], points[-1])


def test_a_point_that_tells_nothing_new_is_left_out_but_for_the_last() -> None:
    same = [ProgressPoint(wall_s=float(at), bound_usd=5.0, phase="branching") for at in range(4)]
    assert [point.wall_s for point in thinned(same)] == [0.0, 3.0]


def test_a_long_search_is_thinned_evenly_to_what_a_chart_can_show() -> None:
    points = [ProgressPoint(wall_s=float(at), bound_usd=float(at)) for at in range(10 * MOST_POINTS)]
    times = [point.wall_s for point in thinned(points)]
    steps = {int(later - earlier) for earlier, later in itertools.pairwise(times)}
    assert len(times) == MOST_POINTS == 200
    assert steps == {10, 11}  # 1999 steps in 199
