"""Lightpaths known from elsewhere, in service today or in an earlier plan, as candidates of an instance."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.optics.lightpaths import LightpathCandidate, LightpathFinder, RouteOfPair

PathKey = tuple[int, int, tuple[int, ...], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPath:
    """Ends, mode and segments in order from ``a``, by id; ``lit`` lightpaths of it are in service today."""

    a: str
    z: str
    mode: str
    segments: tuple[str, ...]
    lit: int = 0


def path_key(path: LightpathCandidate) -> PathKey:
    """What makes two candidates the same lightpath: ends, route, mode."""
    return (path.a, path.z, path.route, path.mode.id)


def lit_paths(scenario: Scenario) -> tuple[KnownPath, ...]:
    """The scenario's lightpaths in service."""
    return tuple(
        KnownPath(a=path.a, z=path.z, mode=path.mode, segments=path.segments, lit=path.count)
        for path in scenario.lit_lightpaths
    )


def planned_paths(plan: Plan) -> tuple[KnownPath, ...]:
    """The lightpaths of an earlier plan."""
    return tuple(KnownPath(a=path.a, z=path.z, mode=path.mode, segments=path.segments) for path in plan.lightpaths)


def with_known_paths(
    candidates: Sequence[LightpathCandidate],
    finder: LightpathFinder,
    ends: Iterable[int],
    known: Sequence[KnownPath],
    *,
    lit_counts: Sequence[int] = (),
) -> tuple[tuple[LightpathCandidate, ...], tuple[int, ...]]:
    """Candidates with the known ones added, and for each how many are lit (0: an ordinary candidate).

    A lit lightpath is a candidate of its own beside the ordinary one of the same route and mode: as many as are lit
    cost no purchase. Known lightpaths that the scenario does not allow (ends that are no candidate sites, segments that
    are gone, a mode that is not allowed or does not reach) are left out.
    """
    paths = list(candidates)
    lit = list(lit_counts) or [0] * len(paths)
    position = {path_key(path): index for index, path in enumerate(paths)}
    allowed = set(ends)
    for item, candidate in zip(known, _candidates(finder, known), strict=True):
        if candidate is None or not {candidate.a, candidate.z} <= allowed:
            continue
        key = path_key(candidate)
        if key not in position:
            position[key] = len(paths)
            paths.append(candidate)
            lit.append(0)
        if item.lit:
            paths.append(candidate)
            lit.append(item.lit)
    return tuple(paths), tuple(lit)


def _candidates(finder: LightpathFinder, known: Sequence[KnownPath]) -> list[LightpathCandidate | None]:
    """The candidate of each known lightpath, ``None`` where the graph or the modes do not allow it."""
    by_id = {segment.segment_id: index for index, segment in enumerate(finder.graph.segments)}
    nodes = finder.graph.index
    asked = [
        (position, item)
        for position, item in enumerate(known)
        if item.a in nodes and item.z in nodes and by_id.keys() >= set(item.segments)
    ]
    routes = [
        _from_lower_end(nodes[item.a], nodes[item.z], [by_id[each] for each in item.segments]) for _, item in asked
    ]
    found: list[LightpathCandidate | None] = [None] * len(known)
    for (position, _), candidate in zip(asked, finder.in_modes(routes, [item.mode for _, item in asked]), strict=True):
        found[position] = candidate
    return found


def _from_lower_end(a: int, z: int, segments: Sequence[int]) -> RouteOfPair:
    return (z, a, tuple(reversed(segments))) if a > z else (a, z, tuple(segments))
