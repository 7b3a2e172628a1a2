"""Slots: channels and fiber pairs of every lightpath, formulation (12): continuous, inside the band, no two at once.

A plan need not state them. Then the verifier looks for an assignment of its own, by first fit: where one is found the
pairs are enough, which is all that has to be shown.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from topodesign.domain.plan import SpectrumRun, Violation
from topodesign.domain.scenario import FiberSegment
from topodesign.verify.evidence import Evidence, Route
from topodesign.verify.fiber import WHOLE, width_ghz
from topodesign.verify.finding import found
from topodesign.verify.tolerance import is_count, is_number

RULES = ("slots_run", "slots_count", "slots_band", "slots_pair", "slots_clash", "slots_exist")

EDGE_GHZ = 1e-6
"""Edges of channels that differ by less, a kilohertz, are the same: grids are in steps of 6.25 GHz."""

UNIT_GHZ = 0.1
"""Step of the verifier's own search for slots; widths are rounded up to it."""

Interval = tuple[float, float, str]
"""Lower and upper edge in GHz, and the lightpath."""


def check_spectrum(evidence: Evidence) -> Iterator[Violation]:
    """Violations of :data:`RULES`."""
    if not any(route.stated.spectrum for route in evidence.routes):
        yield from _check_existence(evidence)
        return
    taken: dict[tuple[str, int], list[Interval]] = {}
    for route in evidence.routes:
        width = width_ghz(route.mode, evidence.scenario.optics)
        sound = []
        for position, run in enumerate(route.stated.spectrum):
            broken = _run_violation(evidence, route, position, run, width)
            if broken is not None:
                yield broken
                continue
            sound.append(run)
            end = run.first_ghz + run.channels * width
            for segment, pair in zip(route.stretches[run.stretch], run.pairs, strict=True):
                taken.setdefault((segment.segment_id, pair), []).append((run.first_ghz, end, route.label))
        yield from _check_counts(route, sound)
    yield from _check_clashes(taken)


def pairs_taken(route: Route) -> set[tuple[str, int]]:
    """(segment, pair) that a route's channels are stated to run on; runs that make no sense are left out."""
    stretches = route.stretches
    return {
        (segment.segment_id, pair)
        for run in route.stated.spectrum
        if is_count(run.stretch, at_least=0) and run.stretch < len(stretches)
        if len(run.pairs) == len(stretches[run.stretch])
        for segment, pair in zip(stretches[run.stretch], run.pairs, strict=True)
        if is_count(pair)
    }


def _run_violation(evidence: Evidence, route: Route, position: int, run: SpectrumRun, width: float) -> Violation | None:
    """What is wrong with one run by itself."""
    thing = f"{route.label}.spectrum[{position}]"
    stretches = route.stretches
    if not (is_count(run.stretch, at_least=0) and run.stretch < len(stretches) and is_count(run.channels)):
        return found(
            "slots_run",
            thing,
            f"stretch {run.stretch} with {run.channels} channels, but the route has {len(stretches)} stretches",
            value=run.stretch,
            limit=len(stretches) - 1,
            remedy="number stretches from 0, and give at least one channel",
        )
    stretch = stretches[run.stretch]
    if len(run.pairs) != len(stretch):
        return found(
            "slots_run",
            thing,
            f"{len(run.pairs)} fiber pairs are named for a stretch of {len(stretch)} segments",
            value=len(run.pairs),
            limit=len(stretch),
            unit="segments",
            remedy="name one pair for each segment",
        )
    return _band_violation(evidence, thing, run, width) or _pair_violation(evidence, thing, stretch, run)


def _band_violation(evidence: Evidence, thing: str, run: SpectrumRun, width: float) -> Violation | None:
    """A channel outside of the band, or across two of its parts."""
    system = evidence.line_system
    part = system.band_ghz / system.sub_bands
    if is_number(run.first_ghz) and run.first_ghz >= -EDGE_GHZ:
        edges = (run.first_ghz + number * width for number in range(run.channels))
        inside = run.first_ghz + run.channels * width <= system.band_ghz + EDGE_GHZ
        if inside and all(_is_inside_a_part(edge, width, part) for edge in edges):
            return None
    return found(
        "slots_band",
        thing,
        f"{run.channels} channels of {width:.12g} GHz from {run.first_ghz} GHz leave the band of "
        f"{system.band_ghz:.12g} GHz, or lie across two of its {system.sub_bands} parts",
        value=run.first_ghz,
        limit=system.band_ghz,
        unit="GHz",
        remedy="choose channels within the band",
    )


def _is_inside_a_part(edge: float, width: float, part: float) -> bool:
    number = (edge + EDGE_GHZ) // part
    return edge + width <= (number + 1) * part + EDGE_GHZ


def _pair_violation(
    evidence: Evidence, thing: str, stretch: Sequence[FiberSegment], run: SpectrumRun
) -> Violation | None:
    """A pair that the plan does not have in use."""
    for segment, pair in zip(stretch, run.pairs, strict=True):
        stated = evidence.fiber.get(segment.segment_id)
        most = stated.pairs if stated is not None else 0
        if not (is_count(pair) and pair <= most):
            return found(
                "slots_pair",
                thing,
                f"pair {pair} of {segment.segment_id}, which has {most} pairs in use",
                value=pair,
                limit=most,
                unit="pairs",
                remedy="number pairs from 1, and light as many",
            )
    return None


def _check_counts(route: Route, runs: Sequence[SpectrumRun]) -> Iterator[Violation]:
    """As many channels on every stretch as there are lightpaths."""
    for number in range(len(route.stretches)):
        channels = sum(run.channels for run in runs if run.stretch == number)
        if channels != route.stated.count:
            yield found(
                "slots_count",
                route.label,
                f"{channels} channels on stretch {number}, but there are {route.stated.count} lightpaths",
                value=channels,
                limit=route.stated.count,
                unit="channels",
                remedy="give every lightpath one channel on every stretch",
            )


def _check_clashes(taken: Mapping[tuple[str, int], Sequence[Interval]]) -> Iterator[Violation]:
    """No two channels on one pair at the same frequency."""
    for (segment_id, pair), intervals in sorted(taken.items()):
        for (_, end, one), (start, _, other) in pairwise(sorted(intervals)):
            if start < end - EDGE_GHZ:
                yield found(
                    "slots_clash",
                    segment_id,
                    f"on pair {pair} {other} begins at {start:.12g} GHz, but {one} goes on to {end:.12g} GHz",
                    value=start,
                    limit=end,
                    unit="GHz",
                    remedy="give one of the two other channels or another pair",
                )
                break


def _check_existence(evidence: Evidence) -> Iterator[Violation]:
    """Whole pairs, then first fit, the widest and those over most segments first; who finds no slot is a violation.

    Loads are enough: intervals on a line fit into as many rows as overlap at one point at most, so the pairs of a
    segment suffice when no frequency is taken more often than there are pairs.
    """
    system = evidence.line_system
    units = math.floor(system.band_ghz / system.sub_bands / UNIT_GHZ + WHOLE)
    room = {
        segment.segment_id: np.full(units * system.sub_bands, stated.pairs if stated is not None else 0)
        for route in evidence.routes
        for segment in route.segments
        for stated in [evidence.fiber.get(segment.segment_id)]
    }
    tasks = [
        (math.ceil(width_ghz(route.mode, evidence.scenario.optics) / UNIT_GHZ - WHOLE), stretch, route)
        for route in evidence.routes
        for stretch in route.stretches
    ]
    order = sorted(tasks, key=lambda task: (-task[0], -len(task[1]), task[2].label))
    starts = {
        width: [part * units + slot * width for part in range(system.sub_bands) for slot in range(units // width)]
        for width, _, _ in order
    }
    for width, stretch, route in order:  # as many whole pairs as each can fill, then what is left of it
        for segment in stretch:
            room[segment.segment_id] -= route.stated.count // max(1, len(starts[width]))
    for width, stretch, route in order:
        segments = [room[segment.segment_id] for segment in stretch]
        left = route.stated.count % max(1, len(starts[width]))
        for start in starts[width]:
            if left and all(free[start : start + width].min() > 0 for free in segments):
                left -= 1
                for free in segments:
                    free[start : start + width] -= 1
        if left:
            yield found(
                "slots_exist",
                route.label,
                f"{left} of {route.stated.count} lightpaths find no free channels by first fit, and none are stated",
                value=left,
                limit=0,
                unit="lightpaths",
                remedy="state channels and pairs of every lightpath (spectrum), or light more pairs",
            )
