"""Scenarios built from domain objects: one that is solved at once, one that keeps a solver busy."""

import math

from topodesign.domain.scenario import FiberSegment, Policy, PowerZone, Scenario, Site, Size, Workload


def two_sites(**changes: object) -> Scenario:
    """Two sites 80 km apart, joined by two segments in different conduits; 9 216 accelerators need both sites."""
    fields: dict[str, object] = {
        "name": "two sites",
        "attribution": "made for a test",
        "sites": (
            Site(site_id="east", lon=-77.0, lat=39.0, zone_id="pjm", power_mw=12.0),
            Site(site_id="west", lon=-77.9, lat=39.0, zone_id="pjm", power_mw=12.0),
        ),
        "zones": (PowerZone(zone_id="pjm", headroom_mw=40.0, energy_usd_per_mwh=50.0),),
        "segments": (
            FiberSegment(segment_id="north", a="east", b="west", length_km=90.0),
            FiberSegment(segment_id="south", a="east", b="west", length_km=110.0),
        ),
        "workload": Workload(parameters=1e11, sync_time_s=10.0),
        "size": Size(pod_accelerators=4608, accelerators=9216),
        "policy": Policy(min_sites=2),
    }
    return Scenario(**{**fields, **changes})  # type: ignore[arg-type]


def wide_grid(side: int = 4) -> Scenario:
    """Sites on a grid, joined to their neighbors; many plans cost nearly the same: soon a plan, late a proof."""
    cells = [(row, column) for row in range(side) for column in range(side)]
    sites = tuple(
        Site(
            site_id=f"s{row}-{column}",
            lon=-100 + 1.5 * column,
            lat=32 + 1.2 * row,
            zone_id=f"z{row % 3}",
            power_mw=25.0,
            fixed_capex_usd=1e6 * (10 + math.sin(7 * row + 3 * column)),
        )
        for row, column in cells
    )
    segments = tuple(
        FiberSegment(
            segment_id=f"{a[0]}-{a[1]}:{b[0]}-{b[1]}",
            a=f"s{a[0]}-{a[1]}",
            b=f"s{b[0]}-{b[1]}",
            length_km=140 + 10 * math.sin(11 * a[0] + 5 * a[1] + b[0]),
        )
        for a in cells
        for b in ((a[0] + 1, a[1]), (a[0], a[1] + 1))
        if b in cells
    )
    zones = tuple(PowerZone(zone_id=f"z{number}", headroom_mw=400.0 + number) for number in range(3))
    return Scenario(
        name="wide grid",
        sites=sites,
        zones=zones,
        segments=segments,
        workload=Workload(parameters=2e13, sync_time_s=1.0),
        size=Size(pod_accelerators=4608, accelerators=4608 * 8),
        policy=Policy(min_sites=5),
    )
