"""The tree of starts is a tree, is settled by the definition, and never says that a tighter limit is a looser one."""

import dataclasses
import os

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planning.conftest import random_scenario

from topodesign.domain.codec import decode_json, encode_json
from topodesign.domain.plan import Plan, SolveLimits
from topodesign.domain.scenario_sweep import SweepAxis, SweepDefinition
from topodesign.making import plan_within
from topodesign.planning.search import PROVEN_GAP
from topodesign.planning.solve import solve
from topodesign.sweeps.designs import points_of
from topodesign.sweeps.fields import with_values
from topodesign.sweeps.grammar import axis_of
from topodesign.sweeps.solving import PointOrder, SolvedPoint, encode_scenario, solve_point
from topodesign.sweeps.warm_starts import LOOSER_WHEN_GREATER, can_carry_bounds, warm_starts
from topodesign.verify import verify_plan

LIMITS = ("policy.max_sites=2..5", "workload.sync_time_s=0.5,1,2", "policy.min_sites=2,1")
OTHERS = ("workload.method=diloco,streaming", "catalog.transceiver.zr-400.cost_usd*=1,2,3")


@settings(max_examples=30, deadline=None)
@given(
    limits=st.lists(st.sampled_from(LIMITS), unique=True),
    others=st.lists(st.sampled_from(OTHERS), unique=True),
    count=st.none() | st.integers(2, 30),
)
def test_every_point_hangs_on_a_root_and_contained_ones_are_nowhere_looser(
    limits: list[str], others: list[str], count: int | None
):
    axes = tuple(axis_of(text) for text in (*limits, *others)) or (axis_of(LIMITS[0]),)
    design = "grid" if count is None else "random"
    points = points_of(SweepDefinition(axes=axes, design=design, points=count))
    starts = warm_starts(points, axes)
    assert starts == warm_starts(points, axes)
    assert [start.parent for start in starts].count(None) == (2 if len(points) >= 8 else 1)
    for number, start in enumerate(starts):
        seen = {number}
        parent = start.parent
        while parent is not None:
            assert parent not in seen
            seen.add(parent)
            parent = starts[parent].parent
        if start.contains:
            assert start.parent is not None
            _require_no_tighter(axes, points[start.parent].values, points[number].values)


def _require_no_tighter(axes: tuple[SweepAxis, ...], parent: tuple[object, ...], child: tuple[object, ...]) -> None:
    for axis, above, below in zip(axes, parent, child, strict=True):
        if axis.path in ("policy.max_sites", "workload.sync_time_s"):
            assert above >= below  # type: ignore[operator]
        elif axis.path == "policy.min_sites":
            assert above <= below  # type: ignore[operator]
        else:
            assert above == below


def test_points_begin_from_the_loosest_and_soon_there_is_work_for_all():
    axes = (axis_of("workload.sync_time_s=1..64"),)
    starts = warm_starts(points_of(SweepDefinition(axes=axes)), axes)
    assert starts[63].parent is None  # the longest time is the loosest limit
    assert starts[0].parent is None  # the farthest from it
    assert all(start.contains for start in starts[1:63])
    depth = [0] * 64
    for number in range(62, 0, -1):  # parents have greater numbers here: their times are longer
        parent = starts[number].parent
        assert parent is not None and parent > number
        depth[number] = depth[parent] + 1
    assert max(depth) <= 6  # halves of halves of 64


TIGHTENED = {
    "policy.min_sites": "3",
    "policy.max_sites": "2",
    "policy.max_rtt_ms": "2.5",
    "policy.survivable_fraction": "1",
    "policy.max_zone_share": "0.7",
    "policy.max_utility_share": "0.7",
    "policy.carbon_t_per_year": "22000",
    "workload.sync_time_s": "0.7",
    "zones.*.headroom_mw*": "0.8",
    "sites.*.power_mw*": "0.7",
    "sites.*.max_pods": "4",
}
"""Tighter than in the scenarios below, for every figure in LOOSER_WHEN_GREATER."""


def test_every_figure_that_carries_bounds_is_put_to_the_test():
    tried = {f"{name.split('.')[0]}.{name.rstrip('*').split('.')[-1]}" for name in TIGHTENED}
    assert tried == set(LOOSER_WHEN_GREATER)


@pytest.mark.parametrize("seed", [2, 4, 6] if os.environ.get("TOPODESIGN_NEW_EXAMPLES") else [6])
def test_a_bound_that_is_taken_over_is_below_every_plan_of_the_tighter_limits(seed: int):
    """Tightening what carries bounds never makes a plan cheaper, and what is proven by a bound of before is true."""
    scenario = random_scenario(seed, min_sites=1, survivable_fraction=0.5)
    zones = tuple(
        dataclasses.replace(zone, utility=zone.zone_id, carbon_g_per_kwh=100.0 * number)
        for number, zone in enumerate(scenario.zones, start=1)
    )
    scenario = dataclasses.replace(scenario, zones=zones)
    loose = solve(scenario, limits=SolveLimits(threads=1))
    assert loose.lower_bound_usd is not None
    for path, value in TIGHTENED.items():
        axis = axis_of(f"{path}={value}")
        tighter = with_values(scenario, [axis], axis.values)
        exact = solve(tighter, limits=SolveLimits(threads=1, gap=0.0))
        taken = solve(tighter, limits=SolveLimits(threads=1), start=loose, known_bound_usd=loose.lower_bound_usd)
        assert (taken.status == "infeasible") == (exact.status == "infeasible")
        if taken.cost_usd is not None and exact.cost_usd is not None and taken.lower_bound_usd is not None:
            rounding = 1 + PROVEN_GAP  # of the solvers; and costs are sums of items to the cent
            assert loose.lower_bound_usd <= taken.lower_bound_usd <= exact.cost_usd * rounding
            assert taken.cost_usd <= exact.cost_usd / (1 - SolveLimits().gap) + 0.01
            assert verify_plan(tighter, taken).valid


def test_a_plan_that_keeps_the_tighter_limits_is_proven_by_the_looser_ones_bound_without_a_search():
    scenario = random_scenario(1, min_sites=1)
    loose = solve(scenario, limits=SolveLimits(threads=1))
    assert loose.lower_bound_usd is not None
    axis = axis_of(f"policy.max_sites={len(loose.sites)}")
    phases: list[str] = []
    taken = solve(
        with_values(scenario, [axis], axis.values),
        limits=SolveLimits(threads=1),
        start=loose,
        known_bound_usd=loose.lower_bound_usd,
        on_progress=lambda event: phases.append(event.phase),
    )
    assert phases == ["candidates", "incumbent"]  # no relaxation, no branching
    assert (taken.cost_usd, taken.sites, taken.lightpaths) == (loose.cost_usd, loose.sites, loose.lightpaths)
    assert taken.lower_bound_usd == loose.lower_bound_usd


def test_a_bound_that_a_plan_is_below_proves_nothing():
    """It was of other candidates: the search ends as if it had not been given."""
    scenario = random_scenario(1, min_sites=1)
    loose = solve(scenario, limits=SolveLimits(threads=1))
    assert loose.cost_usd is not None
    told: list[tuple[object, ...]] = []
    for known_usd in (0.0, 1.001 * loose.cost_usd, 3 * loose.cost_usd):
        phases: list[str] = []
        found = solve(
            scenario,
            limits=SolveLimits(threads=1, gap=0.01),
            start=loose,
            known_bound_usd=known_usd,
            on_progress=lambda event, phases=phases: phases.append(event.phase),  # type: ignore[misc]
        )
        told.append((found.status, found.stopped_by, found.cost_usd, found.lower_bound_usd, phases))
    assert told[1:] == told[:1] * 2
    assert "relaxation" in told[0][-1]  # type: ignore[operator]


def test_a_plan_takes_a_bound_over_only_where_one_was_handed_over():
    scenario = random_scenario(1, min_sites=1)
    limits = SolveLimits(threads=1, gap=0.0)
    first = plan_within(scenario, limits)  # proven to its cost, as the second is: the bounds are equal
    axis = axis_of(f"policy.min_sites={scenario.policy.min_sites}")
    order = PointOrder(number=1, axes=(axis,), values=axis.values, limits=limits, started_from=0)
    payload = (encode_scenario(scenario), msgspec.msgpack.encode(order), encode_json(first))
    solved = msgspec.msgpack.decode(solve_point(payload), type=SolvedPoint)
    assert solved.result.figures is not None and solved.result.figures.lower_bound_usd == first.lower_bound_usd
    assert solved.result.bound_from is None
    basis = decode_json(solved.plan, Plan, what="plan").provenance.bound_basis
    assert "proven of point" not in basis


@pytest.mark.parametrize(
    ("axes", "carries"),
    [
        (("policy.max_sites=2,3",), True),
        (("workload.sync_time_s=1,2",), True),
        (("workload.sync_time_s=1,none", "workload.utilization=0.8,none"), False),
        (("policy.budget_usd=1e9,2e9",), False),
    ],
)
def test_bounds_are_carried_only_where_the_least_cost_is_the_goal(axes: tuple[str, ...], carries: bool):
    definition = SweepDefinition(axes=tuple(axis_of(text) for text in axes))
    scenario = random_scenario(1)
    assert can_carry_bounds(scenario, definition) is carries
    limits = SolveLimits(objective="sync-time")
    assert not can_carry_bounds(scenario, dataclasses.replace(definition, limits=limits))
