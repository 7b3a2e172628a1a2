"""Scenarios small enough to be worked out by hand or enumerated, and engines that all tests of fronts share."""

import dataclasses
from collections.abc import Iterator

import pytest

import topodesign as td
from topodesign.domain.pareto_front import ParetoFront
from topodesign.domain.scenario import (
    Economics,
    FiberSegment,
    OpticsRules,
    Policy,
    PowerZone,
    Scenario,
    Site,
    Size,
    Workload,
)
from topodesign.sweeps.local_engine import LocalEngine

FEW = {"points": 4, "end_tolerance": 0.1}
"""As little as shows what a front is."""


def campus(**policy: object) -> Scenario:
    """The two campuses of the sample, with the prices of the catalogue, which the enumeration takes."""
    scenario = td.load_scenario("sample_sites/two-campus")
    kept = dataclasses.replace(scenario.policy, **policy)
    return dataclasses.replace(scenario, policy=kept, catalog_overrides={})


def triangle(**policy: object) -> Scenario:
    """Three sites in three zones, joined in a triangle of 100, 200 and 400 km with two fibers on each side.

    Six pods are wanted and each site holds six: one site is a zone share of 1, two are 1/2 at best, three 1/3. Sites
    that lie far apart are cheap, so that short round trips cost more.
    """
    fixed = {"a": 9e6, "b": 6e6, "c": 1e6}
    carbon = {"a": 10.0, "b": 200.0, "c": 500.0}
    ends = {"ab": 100.0, "bc": 200.0, "ca": 400.0}
    return Scenario(
        name="triangle",
        sites=tuple(
            Site(site_id=name, lon=0.0, lat=number, zone_id=f"z{name}", power_mw=100.0, max_pods=6, fixed_capex_usd=usd)
            for number, (name, usd) in enumerate(fixed.items())
        ),
        zones=tuple(
            PowerZone(zone_id=f"z{name}", headroom_mw=100.0, energy_usd_per_mwh=50.0, carbon_g_per_kwh=carbon[name])
            for name in fixed
        ),
        segments=tuple(
            FiberSegment(segment_id=f"{name}{twin}", a=name[0], b=name[1], length_km=km, pairs_available=4)
            for name, km in ends.items()
            for twin in (1, 2)
        ),
        workload=Workload(parameters=2e10, sync_time_s=1.0),
        size=Size(pod_accelerators=1000, accelerators=6000),
        policy=Policy(**{"min_sites": 1, **policy}),
        economics=Economics(horizon_years=3),
        optics=OpticsRules(modes=("zrplus-400",)),
    )


@pytest.fixture(scope="session")
def one_process() -> Iterator[LocalEngine]:
    with LocalEngine(workers=1) as engine:
        yield engine


@pytest.fixture(scope="session")
def campus_front(one_process: LocalEngine, tmp_path_factory: pytest.TempPathFactory) -> ParetoFront:
    """Cost against sync time of the two campuses, with a few points between the ends."""
    folder = tmp_path_factory.mktemp("campus-front")
    return td.pareto(campus(), folder=folder, engine=one_process, **FEW)


@pytest.fixture(scope="session")
def three_goals(one_process: LocalEngine, tmp_path_factory: pytest.TempPathFactory) -> ParetoFront:
    """Carbon, cost and zone share of the triangle."""
    folder = tmp_path_factory.mktemp("three-goals")
    goals = ("carbon", "cost", "zone-share")
    return td.pareto(triangle(), goals, folder=folder, engine=one_process, **FEW)
