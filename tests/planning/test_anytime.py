"""A search that is stopped returns its best verified plan; a start is kept or bettered."""

import dataclasses

import pytest

import topodesign as td
from topodesign.planning.instance import compile_instance
from topodesign.planning.known_paths import planned_paths
from topodesign.planning.starting import start_from_plan


@pytest.fixture(name="us", scope="module")
def us_fixture():
    return td.load_scenario("sample_sites/us-multi-region")


@pytest.fixture(name="nova", scope="module")
def nova_fixture():
    return td.load_scenario("sample_sites/regional-nova")


@pytest.fixture(name="planned", scope="module")
def planned_fixture(nova):
    return td.plan(nova, gap=0.001)


def test_a_request_to_stop_after_the_first_plan_returns_a_verified_one(us):
    seen = []
    plan = td.plan(
        us,
        gap=0.0,
        time_limit_s=300,
        on_progress=lambda event: seen.append(event.incumbent_usd),
        should_stop=lambda: any(usd is not None for usd in seen),
    )
    assert plan.stopped_by == "cancelled"
    assert plan.verified
    assert plan.lower_bound_usd < plan.cost_usd


def test_bounds_that_stream_rise_but_for_new_routes_and_incumbents_never_rise(us):
    events = []
    td.plan(us, gap=0.03, time_limit_s=120, on_progress=events.append)
    restarts = [position for position, event in enumerate(events) if event.phase == "routes"]
    assert len(restarts) <= 1
    first = restarts[0] if restarts else len(events)
    for part in (events[:first], events[first:]):
        bounds = [event.bound_usd for event in part if event.bound_usd is not None]
        assert bounds == sorted(bounds)
    costs = [event.incumbent_usd for event in events if event.incumbent_usd is not None]
    assert costs == sorted(costs, reverse=True)
    assert costs


def test_a_start_that_keeps_every_limit_is_never_lost(nova, planned):
    again = td.plan(nova, gap=0.001, start=planned)
    assert again.cost_usd <= planned.cost_usd
    assert again.verified


def test_a_start_that_breaks_a_limit_is_only_a_hint(nova, planned):
    closed = planned.sites[0].id
    forbidding = dataclasses.replace(
        nova,
        sites=tuple(
            dataclasses.replace(site, forbidden=True) if site.site_id == closed else site for site in nova.sites
        ),
    )
    plan = td.plan(forbidding, gap=0.001, start=planned)
    assert plan.verified
    assert closed not in {site.id for site in plan.sites}
    assert plan.cost_usd >= planned.lower_bound_usd


def test_a_plan_told_as_a_start_is_the_same_design(nova, planned):
    instance = compile_instance(nova, td.load_catalog(), also=planned_paths(planned))
    assert start_from_plan(instance, planned).cost_usd == planned.cost_usd
