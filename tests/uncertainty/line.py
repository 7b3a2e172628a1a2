"""Three sites on a line, a pod at each end: all light passes through the building in the middle."""

from topodesign.domain.scenario import (
    Economics,
    FiberSegment,
    Policy,
    PowerZone,
    Scenario,
    Site,
    SiteRole,
    Size,
    Workload,
)


def line(role: SiteRole = "compute") -> Scenario:
    """``a`` and ``c`` are joined through ``m`` alone, 50 km from either."""
    return Scenario(
        name="line",
        sites=tuple(
            Site(
                site_id=name,
                lon=lon,
                lat=40,
                zone_id="z",
                power_mw=3,
                pue=1.25,
                role=role if name == "m" else "compute",
                fixed_capex_usd=1e6 if name == "m" else 0.0,
            )
            for name, lon in (("a", -100.0), ("m", -99.5), ("c", -99.0))
        ),
        zones=(PowerZone(zone_id="z", headroom_mw=9, energy_usd_per_mwh=50),),
        segments=tuple(
            FiberSegment(segment_id=f"{a}{b}", a=a, b=b, length_km=50, pairs_available=4, lit_pairs=1)
            for a, b in (("a", "m"), ("m", "c"))
        ),
        workload=Workload(parameters=1.6e11, sync_time_s=1.0),
        size=Size(pod_accelerators=1000, accelerators=2000),
        policy=Policy(min_sites=2, max_rtt_ms=5.0, survive=("none",)),
        economics=Economics(horizon_years=2),
    )
