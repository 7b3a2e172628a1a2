"""Four sites on a ring with a chord, two pods, and futures of them: each plan takes a tenth of a second."""

import itertools
from collections.abc import Collection, Iterator, Sequence

from topodesign.domain.futures import Future, Futures, Outlook
from topodesign.domain.plan import SolveLimits
from topodesign.domain.scenario import Economics, FiberSegment, Policy, PowerZone, Scenario, Site, Size, Workload
from topodesign.sweeps.grammar import axis_of

LIMITS = SolveLimits(gap=0.0, threads=1)
SITES = (("a", "east", 1.0e6), ("b", "east", 1.2e6), ("c", "west", 2.5e6), ("d", "west", 0.8e6))
FIBER = (("a", "b", 40), ("b", "c", 60), ("c", "d", 50), ("a", "d", 70), ("a", "c", 90))


def ring(fixed_usd: Sequence[float] = tuple(fixed for _, _, fixed in SITES)) -> Scenario:
    """A pod is 1,000 x 1,875 W x 1.25 = 2.34 MW at the meter: one at a site of 3 MW, and two sites are asked for."""
    return Scenario(
        name="ring",
        sites=tuple(
            Site(
                site_id=name,
                lon=-100 + place / 2,
                lat=40,
                zone_id=zone,
                power_mw=3,
                pue=1.25,
                fixed_capex_usd=fixed,
                capex_usd_per_mw=5e5,
            )
            for place, ((name, zone, _), fixed) in enumerate(zip(SITES, fixed_usd, strict=True))
        ),
        zones=(
            PowerZone(zone_id="east", headroom_mw=6, energy_usd_per_mwh=50),
            PowerZone(zone_id="west", headroom_mw=6, energy_usd_per_mwh=60),
        ),
        segments=tuple(
            FiberSegment(segment_id=f"{a}{b}", a=a, b=b, length_km=length, pairs_available=4) for a, b, length in FIBER
        ),
        workload=Workload(parameters=1.6e11, sync_time_s=1.0),
        size=Size(pod_accelerators=1000, accelerators=2000),
        policy=Policy(min_sites=2, max_rtt_ms=5.0, survive=("none",)),  # no cut: each plan is quicker
        economics=Economics(horizon_years=2),
    )


def future(name: str, probability: float, *settings: str, late: Sequence[str] = ()) -> Future:
    outlook = Outlook(settings=tuple(axis_of(text) for text in settings), late_sites=tuple(late))
    return Future(name=name, probability=probability, outlook=outlook)


UNCERTAIN = Futures(
    futures=(
        future("as planned", 0.5),
        future("site d late", 0.3, late=["d"]),
        future("dear east", 0.2, "zones.east.energy_usd_per_mwh*=8"),
    )
)


def choices_of(names: Collection[str]) -> Iterator[frozenset[str]]:
    """Every set of the sites."""
    for count in range(len(names) + 1):
        yield from (frozenset(chosen) for chosen in itertools.combinations(sorted(names), count))
