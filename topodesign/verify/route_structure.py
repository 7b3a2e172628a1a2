"""Lightpaths of a plan: ends, counts, modes and routes make sense, formulation (10)."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping

from topodesign.domain.equipment import Catalog, TransceiverMode
from topodesign.domain.plan import Lightpath, Plan, Violation
from topodesign.domain.scenario import FiberSegment, Scenario
from topodesign.verify.evidence import Route, allowed_modes
from topodesign.verify.finding import disagrees, found, shown
from topodesign.verify.tolerance import LARGEST_COUNT, agrees, is_count

RULES = (
    "lightpath_ends",
    "lightpath_count",
    "lightpath_mode",
    "lightpath_segments",
    "lightpath_route",
    "lightpath_loop",
    "lightpath_regeneration",
    "lightpath_distinct",
    "lightpath_rate",
    "lightpath_length",
)


def label(position: int) -> str:
    """How violations name a lightpath: its JSON path in the plan."""
    return f"lightpaths[{position}]"


def walk(lightpath: Lightpath, segments: Mapping[str, FiberSegment]) -> tuple[str, ...] | None:
    """Nodes in order from ``a``, or ``None`` where segments are unknown, missing or do not join up to ``z``."""
    nodes = [lightpath.a]
    for segment_id in lightpath.segments:
        segment = segments.get(segment_id)
        if segment is None or nodes[-1] not in (segment.a, segment.b):
            return None
        nodes.append(segment.b if segment.a == nodes[-1] else segment.a)
    return tuple(nodes) if lightpath.segments and nodes[-1] == lightpath.z else None


def sound_routes(plan: Plan, scenario: Scenario, catalog: Catalog) -> tuple[Route, ...]:
    """Lightpaths with a known mode, a sane count and a joined-up route without loops."""
    modes = {mode.id: mode for mode in catalog.transceivers}
    routes = []
    for position, lightpath in enumerate(plan.lightpaths):
        nodes = walk(lightpath, scenario.segment_by_id)
        mode = modes.get(lightpath.mode)
        if nodes is None or mode is None or not is_count(lightpath.count) or len(set(nodes)) < len(nodes):
            continue
        segments = tuple(scenario.segment_by_id[segment_id] for segment_id in lightpath.segments)
        routes.append(Route(label=label(position), stated=lightpath, mode=mode, nodes=nodes, segments=segments))
    return tuple(routes)


def check_lightpaths(plan: Plan, scenario: Scenario, catalog: Catalog, used: frozenset[str]) -> Iterator[Violation]:
    """Violations of the rules on single lightpaths and on duplicates among them."""
    modes = {mode.id: mode for mode in catalog.transceivers}
    allowed = {mode.id for mode in allowed_modes(scenario, catalog)}
    for position, lightpath in enumerate(plan.lightpaths):
        thing = label(position)
        yield from _check_ends(thing, lightpath, used)
        if not is_count(lightpath.count):
            yield found(
                "lightpath_count",
                thing,
                f"count is {shown(lightpath.count)}, but it must be a whole number from 1 to {LARGEST_COUNT}",
                value=lightpath.count,
                limit=1,
                unit="lightpaths",
                remedy="give whole lightpaths, or do not list the route",
            )
        yield from _check_mode(thing, lightpath, modes, allowed)
        yield from _check_route(thing, lightpath, scenario)
        yield from _check_regenerations(thing, lightpath, scenario)
    yield from _check_distinct(plan)


def _check_ends(thing: str, lightpath: Lightpath, used: frozenset[str]) -> Iterator[Violation]:
    if lightpath.a == lightpath.z:
        yield found(
            "lightpath_ends",
            thing,
            f"both ends are {lightpath.a!r}",
            value=lightpath.a,
            remedy="a lightpath joins two different used sites",
        )
    for end in dict.fromkeys((lightpath.a, lightpath.z)):
        if end not in used:
            yield found(
                "lightpath_ends",
                thing,
                f"the end {end!r} is no used site of the plan",
                value=end,
                remedy="end lightpaths at used sites only, or use the site",
            )


def _check_mode(
    thing: str, lightpath: Lightpath, modes: Mapping[str, TransceiverMode], allowed: set[str]
) -> Iterator[Violation]:
    mode = modes.get(lightpath.mode)
    if mode is None:
        yield found(
            "lightpath_mode",
            thing,
            f"the catalogue has no transceiver mode {lightpath.mode!r}",
            value=lightpath.mode,
            remedy=f"use one of {', '.join(sorted(modes))}",
        )
        return
    if mode.id not in allowed:
        yield found(
            "lightpath_mode",
            thing,
            f"optics.modes does not allow the mode {mode.id!r}",
            value=mode.id,
            limit=";".join(sorted(allowed)),
            remedy="use an allowed mode, or allow this one",
        )
    if not agrees(lightpath.rate_gbps, mode.rate_gbps):
        yield disagrees("lightpath_rate", thing, "rate_gbps", lightpath.rate_gbps, mode.rate_gbps, "Gbit/s")


def _check_route(thing: str, lightpath: Lightpath, scenario: Scenario) -> Iterator[Violation]:
    unknown = [segment for segment in lightpath.segments if segment not in scenario.segment_by_id]
    if unknown or not lightpath.segments:
        text = f"the scenario has no fiber segment {unknown[0]!r}" if unknown else "the route has no segments"
        yield found(
            "lightpath_segments",
            thing,
            text,
            value=unknown[0] if unknown else 0,
            remedy="list the ids of the route's fiber segments in order from a",
        )
        return
    nodes = walk(lightpath, scenario.segment_by_id)
    if nodes is None:
        yield found(
            "lightpath_route",
            thing,
            f"the segments {' > '.join(lightpath.segments)} do not lead from {lightpath.a!r} to {lightpath.z!r}",
            value=";".join(lightpath.segments),
            remedy="list adjoining segments in order from a to z",
        )
        return
    repeated = [node for node, times in Counter(nodes).items() if times > 1]
    if repeated:
        yield found(
            "lightpath_loop",
            thing,
            f"the route visits {repeated[0]!r} {nodes.count(repeated[0])} times",
            value=nodes.count(repeated[0]),
            limit=1,
            unit="visits",
            remedy="leave the loop out",
        )
    length = math.fsum(scenario.segment_by_id[segment].length_km for segment in lightpath.segments)
    if not agrees(lightpath.length_km, length):
        yield disagrees("lightpath_length", thing, "length_km", lightpath.length_km, length, "km")


def _check_regenerations(thing: str, lightpath: Lightpath, scenario: Scenario) -> Iterator[Violation]:
    nodes = walk(lightpath, scenario.segment_by_id)
    for node, times in Counter(lightpath.regenerations).items():
        site, junction = scenario.site_by_id.get(node), scenario.junction_by_id.get(node)
        permitted = (site is not None and site.role == "hub") or (junction is not None and junction.regeneration)
        if times > 1:
            reason = f"the signal is regenerated {times} times at {node!r}"
        elif not permitted:
            reason = f"{node!r} is neither a hub nor a junction with regeneration"
        elif nodes is not None and node not in nodes[1:-1]:
            reason = f"the route does not pass through {node!r}"
        else:
            continue
        yield found(
            "lightpath_regeneration",
            thing,
            reason,
            value=node,
            remedy="regenerate once, at hubs and regeneration junctions on the route only",
        )


def _check_distinct(plan: Plan) -> Iterator[Violation]:
    seen: dict[tuple[object, ...], int] = {}
    for position, lightpath in enumerate(plan.lightpaths):
        forward, regenerations = lightpath.segments, tuple(sorted(lightpath.regenerations))
        key = (lightpath.mode, min(forward, forward[::-1]), regenerations, frozenset((lightpath.a, lightpath.z)))
        first = seen.setdefault(key, position)
        if first != position:
            yield found(
                "lightpath_distinct",
                label(position),
                f"the same ends, route, mode and regenerations as {label(first)}",
                value=label(first),
                remedy="list each lightpath once, with its count",
            )
