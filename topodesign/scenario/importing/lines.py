"""Lines between nodes: their ends joined to places and to one another, and what they pass on the way."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from topodesign.domain.scenario import Position
from topodesign.scenario.geometry import geodesic_length_km
from topodesign.scenario.importing.draft import Origin, Route
from topodesign.scenario.importing.naming import usable
from topodesign.scenario.importing.passing import Passing, cut, nodes_passed
from topodesign.scenario.importing.positions import as_number
from topodesign.scenario.importing.snapping import Snapped, snap
from topodesign.scenario.importing.words import counted, listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A route and the nodes at its ends."""

    route: Route
    a: str
    b: str


@dataclass(slots=True, kw_only=True)
class JoinedLines:
    """All lines that have two ends, the junctions that were made of ends, and what is to be told."""

    lines: list[Joined] = field(default_factory=list)
    junctions: dict[str, tuple[Origin, Position]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def join_lines(
    routes: Sequence[tuple[Route, Mapping[str, str]]],
    places: Mapping[str, Position],
    *,
    tolerance_m: float,
    cuts: bool,
) -> JoinedLines:
    """Lines between nodes.

    Parameters
    ----------
    routes : sequence of (Route, mapping)
        Each with the ids of the places that its source has, by their keys.
    places : mapping of id to position
        Sites, points and nodes.
    tolerance_m : float
        Within which an end, or with ``cuts`` the side of a line, is at a node, in meters.
    cuts : bool
        Whether a line is cut where it passes a node; otherwise it is only told.
    """
    found = JoinedLines()
    drawn = [route for route, _ in routes if route.ends is None and route.line]
    ends = [end for route in drawn for end in (route.line[0], route.line[-1])]
    snapped = snap(ends, places, tolerance_m=tolerance_m)
    for end, node in enumerate(snapped.nodes):
        if node in snapped.new:
            found.junctions.setdefault(node, (drawn[end // 2].origin, snapped.new[node]))
    if ends:
        _tell_of_ends(found, drawn, snapped, tolerance_m)
    pairs = [(snapped.nodes[place], snapped.nodes[place + 1]) for place in range(0, len(ends), 2)]
    joined = [Joined(route=route, a=a, b=b) for route, (a, b) in zip(drawn, pairs, strict=True)]
    joined = _passing(found, joined, {**places, **snapped.new}, tolerance_m=tolerance_m, cuts=cuts)
    found.lines += _without_loops(found, [*joined, *_stated(found, routes)])
    _tell_of_parallels(found)
    return found


def route_name(route: Route) -> str:
    """How a line is called in the report."""
    return usable(route.name) if route.name else f"line {route.origin.row} of {route.origin.file}"


def _stated(found: JoinedLines, routes: Sequence[tuple[Route, Mapping[str, str]]]) -> list[Joined]:
    """Lines whose source names their nodes; those with a node without position are left out."""
    joined, lost = [], []
    for route, node_of in routes:
        if route.ends is None:
            continue
        if set(route.ends) <= set(node_of):
            joined.append(Joined(route=route, a=node_of[route.ends[0]], b=node_of[route.ends[1]]))
        else:
            lost.append(route_name(route))
    if lost:
        found.notes.append(f"{counted(len(lost), 'line')} left out with a node that has no position: {listed(lost)}")
    return joined


def _without_loops(found: JoinedLines, lines: Sequence[Joined]) -> list[Joined]:
    loops = [f"{route_name(item.route)} at {item.a}" for item in lines if item.a == item.b]
    if loops:
        told = f"{counted(len(loops), 'line')} left out that begin and end at the same node: {listed(loops)}"
        found.notes.append(told)
    return [item for item in lines if item.a != item.b]


def _tell_of_ends(found: JoinedLines, drawn: Sequence[Route], snapped: Snapped, tolerance_m: float) -> None:
    at_places = sum(1 for node in snapped.nodes if node not in snapped.new)
    farthest_m = max(snapped.distances_m)
    found.notes.append(
        f"ends of lines: tolerance {tolerance_m:g} m; {at_places} of {len(snapped.nodes)} joined to sites and "
        f"points, the others to each other in {counted(len(snapped.new), 'new junction')}; "
        f"the farthest was {farthest_m:.1f} m off"
    )
    misses = [
        f"{route_name(drawn[end // 2])} at {math.ceil(distance)} m from {place}"
        for end, place, distance in sorted(snapped.misses, key=lambda item: (item[2], item[0]))
    ]
    if misses:
        found.notes.append(f"ends of lines beyond the tolerance, raise --tolerance-m to join them: {listed(misses)}")


def _passing(
    found: JoinedLines, lines: list[Joined], nodes: Mapping[str, Position], *, tolerance_m: float, cuts: bool
) -> list[Joined]:
    """The lines, cut where they pass nodes when that is wanted; told in either case."""
    drawn, ends = [item.route.line for item in lines], [(item.a, item.b) for item in lines]
    passed = nodes_passed(drawn, ends, nodes, tolerance_m=tolerance_m)
    if not passed:
        return lines
    words = [f"{item.node} on {route_name(lines[item.line].route)} ({item.distance_m:.1f} m)" for item in passed]
    if not cuts:
        told = (
            f"lines pass {counted(len(words), 'node')} that they are not joined to, --cut joins them: {listed(words)}"
        )
        found.notes.append(told)
        return lines
    found.notes.append(f"lines cut at {counted(len(words), 'node')} that they pass: {listed(words)}")
    of_line: dict[int, list[Passing]] = {}
    for item in passed:
        of_line.setdefault(item.line, []).append(item)
    return [
        piece
        for number, item in enumerate(lines)
        for piece in (_pieces(item, of_line[number], nodes) if number in of_line else [item])
    ]


def _pieces(whole: Joined, passed: Sequence[Passing], nodes: Mapping[str, Position]) -> list[Joined]:
    """The pieces of a line, ``NAME (1)`` and so on; a stated length is shared out by geodesic length."""
    route = whole.route
    stops = [whole.a, *(item.node for item in passed), whole.b]
    pieces = [
        piece if len(set(piece)) > 1 else (nodes[a], nodes[b])
        for piece, (a, b) in zip(cut(route.line, passed), pairwise(stops), strict=True)
    ]
    lengths_km = [geodesic_length_km(piece) for piece in pieces]
    stated_km = as_number(route.values.get("length_km"))
    joined = []
    for number, (piece, (a, b)) in enumerate(zip(pieces, pairwise(stops), strict=True), start=1):
        values = dict(route.values)
        if isinstance(stated_km, int | float):
            values["length_km"] = stated_km * lengths_km[number - 1] / math.fsum(lengths_km)
        if "segment_id" in values:
            values["segment_id"] = f"{values['segment_id']} ({number})"
        named = replace(route, name=f"{route_name(route)} ({number})", line=piece, values=values)
        joined.append(Joined(route=named, a=a, b=b))
    return joined


def _tell_of_parallels(found: JoinedLines) -> None:
    """Parallel lines count as diverse where no conduit joins them, and directed links are no second fiber."""
    count = Counter(tuple(sorted((item.a, item.b))) for item in found.lines)
    parallel = [f"{a} to {b} ({number})" for (a, b), number in sorted(count.items()) if number > 1]
    if parallel:
        found.notes.append(
            f"{counted(len(parallel), 'pair')} of nodes with parallel segments, each its own conduit unless "
            f"the column conduits says otherwise: {listed(parallel)}"
        )
