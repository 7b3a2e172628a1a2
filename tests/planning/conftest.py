"""Small random scenarios, built from domain objects, for laws that hold on every scenario."""

import random

import pytest

from topodesign.domain.scenario import (
    Economics,
    FiberSegment,
    Junction,
    Policy,
    PowerZone,
    Scenario,
    Site,
    Size,
    Workload,
)


def random_scenario(seed: int, **policy: object) -> Scenario:
    """Three to six sites and up to two junctions on a ring with chords, small enough to enumerate."""
    draw = random.Random(seed)
    site_count = draw.randint(3, 6)
    names = [f"s{number}" for number in range(site_count)] + [f"j{number}" for number in range(draw.randint(0, 2))]
    places = {name: (draw.uniform(-2, 2), draw.uniform(40, 43)) for name in names}
    zones = [
        PowerZone(zone_id=zone, headroom_mw=draw.uniform(20, 60), energy_usd_per_mwh=draw.uniform(20, 90))
        for zone in ("north", "south")
    ]
    sites = [
        Site(
            site_id=name,
            lon=places[name][0],
            lat=places[name][1],
            zone_id=draw.choice(("north", "south")),
            power_mw=draw.uniform(6, 25),
            fixed_capex_usd=draw.uniform(0, 5e6),
            capex_usd_per_mw=draw.uniform(0, 1e6),
        )
        for name in names
        if name.startswith("s")
    ]
    order = names[:]
    draw.shuffle(order)
    edges = list(zip(order, order[1:] + order[:1], strict=True))
    edges += [tuple(draw.sample(names, 2)) for _ in range(draw.randint(0, 4))]
    segments = [
        FiberSegment(
            segment_id=f"f{number}",
            a=a,
            b=b,
            length_km=draw.uniform(5, 250),
            pairs_available=draw.choice((1, 2, 3, 8)),
        )
        for number, (a, b) in enumerate(edges)
    ]
    return Scenario(
        name=f"random-{seed}",
        sites=tuple(sites),
        zones=tuple(zones),
        junctions=tuple(
            Junction(node_id=name, lon=places[name][0], lat=places[name][1], regeneration=True)
            for name in names
            if name.startswith("j")
        ),
        segments=tuple(segments),
        workload=Workload(parameters=draw.choice((2e11, 1e12)), sync_time_s=1.0),
        size=Size(pod_accelerators=1000, accelerators=draw.randint(3, 12) * 1000),
        policy=Policy(**{"min_sites": draw.randint(1, 3), "max_sites": site_count, **policy}),
        economics=Economics(horizon_years=3),
    )


@pytest.fixture(name="random_scenario")
def random_scenario_fixture():
    return random_scenario
