"""A plan made by the service is the plan that the library makes, for the same scenario, seed and limits."""

import dataclasses
from pathlib import Path

import pytest

import topodesign as td

SAMPLES = Path(__file__).parents[2] / "sample_sites"


@pytest.mark.parametrize(("name", "gap"), [("two-campus", 0.0), ("regional-nova", 0.002), ("us-multi-region", 0.03)])
def test_the_service_makes_the_same_plan_as_the_library(name, gap, shared_server):
    scenario = td.load_scenario(SAMPLES / name)
    limits = {"time_limit_s": 120.0, "gap": gap, "seed": 0}
    with td.Client(shared_server.address) as client:
        job = client.submit_plan(scenario, **limits)
        events = list(job.watch())
        served = job.result(timeout_s=300)
    local = td.plan(scenario, **limits)
    assert local.stopped_by in ("gap", "proof")  # a plan stopped by the clock would depend on the machine
    assert dataclasses.replace(served, wall_s=0.0) == dataclasses.replace(local, wall_s=0.0)
    again = next((position for position, event in enumerate(events) if event.phase == "routes"), len(events))
    for part in (events[:again], events[again:]):  # more routes became candidates: the bound begins anew
        bounds = [event.bound_usd for event in part if event.bound_usd is not None]
        assert bounds == sorted(bounds)
    assert events[-1].incumbent_usd == local.cost_usd
