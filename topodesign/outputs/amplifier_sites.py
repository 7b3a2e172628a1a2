"""Where in-line amplifiers stand: at the ends of equal spans along the route, in huts that a conduit's fiber shares.

Spans are equal in fiber length, so the k-th of n spans ends at the share k / n of the segment's length. Its place on
the map is the same share of the geodesic length of the drawn line. The two lengths may differ, since a scenario states
``length_km`` (slack and detours included) apart from the geometry; the place is then as far off as the slack is uneven.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from topodesign.domain.equipment import Catalog, HutKind, LineSystem
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.optics.reach import LINE_SYSTEM_OF_BAND
from topodesign.outputs.geodesics import distance_km, positions_at
from topodesign.outputs.route_lines import DrawnAs, drawn_as, route_line

LEAST_KM_PER_DEGREE = 110.5
"""No degree of latitude on the WGS 84 ellipsoid is shorter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmplifierPlace:
    """Where the amplifiers of one segment stand: ``number`` counts from end a, starting at 1.

    ``from_a_km`` is fiber length. One amplifier serves one fiber pair (both directions).
    """

    segment_id: str
    number: int
    from_a_km: float
    lon: float
    lat: float
    amplifiers: int
    drawn_as: DrawnAs

    @property
    def id(self) -> str:
        """Unique, and the id of no segment: those have no ``;``."""
        return f"{self.segment_id};{self.number:04d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AmplifierSite:
    """A hut. It stands at the first of its ``places``, the others are at most ``apart_km`` away from there.

    ``amplifier_power_w`` is the rated draw of the amplifiers of all ``pairs``, ``feed_power_w`` that times the hut's
    PUE.
    ``is_new``: fiber is built where there was none, so that the hut has to be built, too.
    """

    id: str
    lon: float
    lat: float
    conduits: tuple[str, ...]
    segments: tuple[str, ...]
    places: tuple[AmplifierPlace, ...]
    pairs: int
    amplifiers: int
    amplifier_power_w: float
    feed_power_w: float
    apart_km: float
    is_new: bool
    drawn_as: DrawnAs


def amplifier_places(scenario: Scenario, plan: Plan) -> tuple[AmplifierPlace, ...]:
    """All places of in-line amplifiers, by segment id and number."""
    return tuple(_places(scenario, plan))


def _places(scenario: Scenario, plan: Plan) -> Iterator[AmplifierPlace]:
    for lit in sorted(plan.segments, key=lambda item: item.segment_id):
        if lit.spans < 2 or lit.pairs == 0:
            continue
        segment = scenario.segment_by_id[lit.segment_id]
        numbers = range(1, lit.spans)
        found = positions_at(route_line(scenario, segment), [number / lit.spans for number in numbers])
        for number, (lon, lat) in zip(numbers, found, strict=True):
            yield AmplifierPlace(
                segment_id=lit.segment_id,
                number=number,
                from_a_km=segment.length_km * number / lit.spans,
                lon=lon,
                lat=lat,
                amplifiers=lit.pairs,
                drawn_as=drawn_as(segment),
            )


def amplifier_sites_of(scenario: Scenario, plan: Plan, catalog: Catalog) -> tuple[AmplifierSite, ...]:
    """The huts of a plan, by id.

    Places are taken by segment id and number. Each joins the nearest hut within ``hut.default.sharing_km`` that was
    founded by a segment of one of its conduits and does not serve its segment yet; where there is none, it founds one.

    Parameters
    ----------
    scenario, plan : Scenario, Plan
        Pairs and spans are taken as the plan states them.
    catalog : Catalog
        With the line system of the scenario's band and ``hut.default``, after the scenario's overrides.
    """
    system, kind = catalog.line_system(LINE_SYSTEM_OF_BAND[scenario.optics.band]), catalog.hut()
    huts: list[list[AmplifierPlace]] = []
    founded_in: dict[str, list[int]] = {}
    for place in amplifier_places(scenario, plan):
        conduits = scenario.segment_by_id[place.segment_id].conduits
        near = {hut for conduit in conduits for hut in founded_in.get(conduit, ())}
        found = _nearest(place, {hut: huts[hut] for hut in sorted(near)}, kind.sharing_km)
        if found is not None:
            huts[found].append(place)
            continue
        for conduit in conduits:
            founded_in.setdefault(conduit, []).append(len(huts))
        huts.append([place])
    built = {lit.segment_id for lit in plan.segments if lit.built and not _has_fiber(scenario, lit.segment_id)}
    sites = (_site(scenario, tuple(places), system, kind, built) for places in huts)
    return tuple(sorted(sites, key=lambda site: site.id))


def _has_fiber(scenario: Scenario, segment_id: str) -> bool:
    """Whether there is a cable already, and so huts along it."""
    segment = scenario.segment_by_id[segment_id]
    return segment.lit_pairs > 0 or segment.pairs_available > 0


def _nearest(place: AmplifierPlace, huts: dict[int, list[AmplifierPlace]], most_km: float) -> int | None:
    """The nearest hut within reach that has no place of the same segment."""
    found: list[tuple[float, int]] = []
    for hut, places in huts.items():
        first = places[0]
        if abs(first.lat - place.lat) * LEAST_KM_PER_DEGREE > most_km:
            continue
        if any(other.segment_id == place.segment_id for other in places):
            continue
        apart_km = _apart_km(first, place)
        if apart_km <= most_km:
            found.append((apart_km, hut))
    return min(found)[1] if found else None


def _apart_km(one: AmplifierPlace, other: AmplifierPlace) -> float:
    return distance_km((one.lon, one.lat), (other.lon, other.lat))


def _site(
    scenario: Scenario, places: tuple[AmplifierPlace, ...], system: LineSystem, kind: HutKind, built: set[str]
) -> AmplifierSite:
    first = places[0]
    segments = tuple(sorted({place.segment_id for place in places}))
    amplifiers = sum(place.amplifiers for place in places)
    power_w = amplifiers * system.amplifier_power_w
    return AmplifierSite(
        id=first.id,
        lon=first.lon,
        lat=first.lat,
        conduits=tuple(sorted({conduit for item in segments for conduit in scenario.segment_by_id[item].conduits})),
        segments=segments,
        places=places,
        pairs=amplifiers,
        amplifiers=amplifiers,
        amplifier_power_w=power_w,
        feed_power_w=power_w * kind.pue,
        apart_km=max(_apart_km(first, place) for place in places),
        is_new=all(item in built for item in segments),
        drawn_as=first.drawn_as,
    )
