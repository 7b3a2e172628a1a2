"""Slots for a design: every lightpath gets its channels and fiber pairs, and pairs are counted after that."""

import dataclasses
from collections.abc import Mapping
from itertools import pairwise

from topodesign.domain.plan import SolveLimits
from topodesign.optics.lightpaths import LightpathCandidate
from topodesign.optics.spectrum import Band, StretchDemand, assign_spectrum
from topodesign.planning.design import Design, StretchRuns
from topodesign.planning.halting import Halt
from topodesign.planning.instance import Instance
from topodesign.planning.known_paths import PathKey, path_key
from topodesign.planning.requirement import separator_for
from topodesign.planning.sizing import Sizer

WORK_LIMIT = 1.0
"""Deterministic seconds of the exact search where laying slots one by one takes more pairs than the spectrum needs."""
MOST_NARROWINGS = 4
"""Times that a design without slots is sized anew, each time leaving one more channel free where pairs run out."""


def with_slots(instance: Instance, design: Design, *, limits: SolveLimits, halt: Halt) -> Design | None:
    """The design with slots for all its lightpaths, and with the fiber pairs that these take.

    Where none are found within the pairs that there are, or further pairs break another limit, a design of the same
    sites that leaves the crowded segments more room; ``None`` where that fails too.
    """
    separator = separator_for(instance)
    withheld: Mapping[int, float] = {}
    for _ in range(MOST_NARROWINGS):
        slotted = assigned_slots(instance, design, seed=limits.seed)
        if slotted is not None:
            sizer = Sizer(instance, separator, seed=limits.seed)
            if slotted.pairs == design.pairs or sizer.keeps_limits(slotted):
                return slotted
        withheld = _added(withheld, _crowded(instance, slotted or design))
        if not withheld or halt.is_over():
            return None
        narrower = dataclasses.replace(instance, withheld_ghz=withheld)
        sizer = Sizer(narrower, separator, seed=limits.seed)
        resized = sizer.design(tuple(design.pods), gap=limits.gap, halt=halt).design
        if resized is None:
            return None
        design = resized
    return None


def pairs_taken(instance: Instance, design: Design) -> dict[tuple[int, int, str], set[tuple[int, int]]]:
    """For each pair of end nodes and mode, the (segment, number of the pair) that its lightpaths run on."""
    taken: dict[tuple[int, int, str], set[tuple[int, int]]] = {}
    for key, (path, _) in _by_key(instance, design).items():
        pairs = taken.setdefault((path.a, path.z, path.mode.id), set())
        for stretch, runs in zip(stretches(instance, path), design.runs.get(key, ()), strict=False):
            for run in runs:
                pairs.update(zip(stretch, run.pairs, strict=True))
    return taken


def _by_key(instance: Instance, design: Design) -> dict[PathKey, tuple[LightpathCandidate, int]]:
    """Lightpaths and their count, those in service and those bought (candidates of their own) together."""
    together: dict[PathKey, tuple[LightpathCandidate, int]] = {}
    for position, count in design.counts.items():
        path = instance.lightpaths[position]
        together[path_key(path)] = (path, together.get(path_key(path), (path, 0))[1] + count)
    return dict(sorted(together.items()))


def assigned_slots(instance: Instance, design: Design, *, seed: int) -> Design | None:
    """The design with slots; ``None`` where none were found within the pairs that there are."""
    owners: list[PathKey] = []
    demands: list[StretchDemand] = []
    together = _by_key(instance, design)
    for key, (path, count) in together.items():
        for stretch in stretches(instance, path):
            owners.append(key)
            demands.append(StretchDemand(segments=stretch, width_ghz=path.width_ghz, count=count))
    segments = instance.graph.segments
    system = instance.reach.line_system
    assigned = assign_spectrum(
        demands,
        pairs=design.pairs,
        most_pairs={segment: segments[segment].most_pairs for segment in design.pairs},
        pair_usd={segment: instance.segment_prices[segment].new_pair_usd for segment in design.pairs},
        band=Band(width_ghz=system.band_ghz, parts=system.sub_bands),
        work_limit=WORK_LIMIT,
        seed=seed,
    )
    if assigned is None:
        return None
    runs: dict[PathKey, StretchRuns] = dict.fromkeys(together, ())
    for key, taken in zip(owners, assigned.runs, strict=True):
        runs[key] = (*runs[key], taken)
    return design.with_pairs(instance, pairs=assigned.pairs, runs=runs)


def stretches(instance: Instance, path: LightpathCandidate) -> tuple[tuple[int, ...], ...]:
    """Segments between conversions to electronics: the route cut at its regenerations."""
    stops, node = set(path.regenerations), path.a
    cuts = [0]
    for position, segment in enumerate(path.route[:-1], start=1):
        a, b = instance.graph.ends[segment]
        node = b if node == a else a
        if node in stops:
            cuts.append(position)
    return tuple(path.route[start:end] for start, end in pairwise([*cuts, len(path.route)]))


def _crowded(instance: Instance, design: Design) -> Mapping[int, float]:
    """Segments that have all the pairs there are, with the widest channel over each in GHz."""
    widest: dict[int, float] = {}
    for position in design.counts:
        path = instance.lightpaths[position]
        for segment in path.route:
            if design.pairs[segment] >= instance.graph.segments[segment].most_pairs:
                widest[segment] = max(widest.get(segment, 0.0), path.width_ghz)
    return dict(sorted(widest.items()))


def _added(one: Mapping[int, float], other: Mapping[int, float]) -> dict[int, float]:
    """Sum by key."""
    return {key: one.get(key, 0.0) + other.get(key, 0.0) for key in sorted({*one, *other})}
