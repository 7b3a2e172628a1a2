"""Lightpaths of a plan and their modules, found by ends, mode and route, whichever end the route is told from."""

from dataclasses import dataclass

from topodesign.domain.plan import Lightpath, Plan

LightpathKey = tuple[str, str, str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lit:
    """All lightpaths of one key: how many, and their modules, regenerations included."""

    count: int
    transceivers: int


def lightpath_key(path: Lightpath) -> LightpathKey:
    """What makes two entries the same lightpaths."""
    return min((path.a, path.z, path.mode, path.segments), (path.z, path.a, path.mode, path.segments[::-1]))


def lit_by_key(plan: Plan) -> dict[LightpathKey, Lit]:
    """The plan's lightpaths; entries that differ in their regenerations only are added up."""
    found: dict[LightpathKey, Lit] = {}
    for path in plan.lightpaths:
        key = lightpath_key(path)
        known = found.get(key, Lit(count=0, transceivers=0))
        modules = path.count * (2 + 2 * len(path.regenerations))
        found[key] = Lit(count=known.count + path.count, transceivers=known.transceivers + modules)
    return found
