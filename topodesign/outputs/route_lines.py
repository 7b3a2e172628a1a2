"""The line along which a fiber segment runs: its given geometry, else the geodesic between its ends."""

from typing import Literal

from topodesign.domain.scenario import FiberSegment, Scenario
from topodesign.outputs.geodesics import Line, densified, distance_km

DrawnAs = Literal["route", "geodesic"]


def route_line(scenario: Scenario, segment: FiberSegment) -> Line:
    """Positions from end a to end b, densified: along the given geometry, else along the geodesic."""
    start, end = scenario.position(segment.a), scenario.position(segment.b)
    if len(segment.geometry) < 2:
        return densified((start, end))
    forward = distance_km(start, segment.geometry[0]) + distance_km(end, segment.geometry[-1])
    backward = distance_km(start, segment.geometry[-1]) + distance_km(end, segment.geometry[0])
    return densified(segment.geometry if forward <= backward else segment.geometry[::-1])


def drawn_as(segment: FiberSegment) -> DrawnAs:
    """Whether the line is the segment's own, or the geodesic because none was given."""
    return "route" if len(segment.geometry) >= 2 else "geodesic"
