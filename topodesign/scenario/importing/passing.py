"""Nodes that lie on lines between their ends, and lines cut there.

Edges are straight in longitude and latitude (RFC 7946, section 3.1.1). Distances are taken in a plane at the node, with
one length for all degrees of latitude: within 1 % of the geodesic. Edges across the antimeridian pass nothing.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from topodesign.domain.scenario import Position

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

METERS_PER_DEGREE = 111_320.0
"""Of longitude at the equator; a degree of latitude has 110,574 to 111,694 m."""

LEAST_COSINE = 1e-6
HALF_TURN = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """A node beside a line: ``share`` (0 to 1) of the way along the edge that begins at position ``edge``."""

    line: int
    edge: int
    share: float
    node: str
    distance_m: float


def nodes_passed(
    lines: Sequence[Sequence[Position]],
    ends: Sequence[tuple[str, str]],
    nodes: Mapping[str, Position],
    *,
    tolerance_m: float,
) -> tuple[Passing, ...]:
    """Where lines pass nodes other than their own within the tolerance, by line and along it; each node once a line.

    Parameters
    ----------
    lines : sequence of lines
    ends : sequence of pairs
        The nodes at both ends of each line, which it does not pass.
    nodes : mapping of id to position
    tolerance_m : float
        In meters.
    """
    import numpy as np
    import shapely

    edges = [(line, edge) for line, positions in enumerate(lines) for edge in range(len(positions) - 1)]
    starts = np.array([lines[line][edge] for line, edge in edges], dtype=float).reshape(-1, 2)
    stops = np.array([lines[line][edge + 1] for line, edge in edges], dtype=float).reshape(-1, 2)
    ids = sorted(nodes)
    if not len(edges) or not ids:
        return ()
    places = np.array([nodes[item] for item in ids], dtype=float)
    room = _boxes(places, tolerance_m)
    tree = shapely.STRtree(shapely.get_parts(shapely.linestrings(np.stack((starts, stops), axis=1))))
    of_node, of_edge = tree.query(shapely.box(*room.T))
    best: dict[tuple[int, str], Passing] = {}
    for node, edge in sorted(zip(of_node.tolist(), of_edge.tolist(), strict=True)):
        line, place = edges[edge]
        if ids[node] in ends[line]:
            continue
        share, distance_m = _beside(places[node], starts[edge], stops[edge])
        found = Passing(line=line, edge=place, share=share, node=ids[node], distance_m=distance_m)
        known = best.get((line, ids[node]))
        if distance_m <= tolerance_m and (known is None or distance_m < known.distance_m):
            best[(line, ids[node])] = found
    return tuple(sorted(best.values(), key=lambda item: (item.line, item.edge, item.share, item.node)))


def cut(line: Sequence[Position], passed: Sequence[Passing]) -> tuple[tuple[Position, ...], ...]:
    """The pieces of a line between the nodes that it passes, in its order: one more than there are nodes."""
    pieces: list[list[Position]] = [[line[0]]]
    waiting = list(passed)
    for number, (start, stop) in enumerate(pairwise(line)):
        while waiting and waiting[0].edge == number:
            share = waiting.pop(0).share
            place = (start[0] + share * (stop[0] - start[0]), start[1] + share * (stop[1] - start[1]))
            pieces[-1].append(place)
            pieces.append([place])
        pieces[-1].append(stop)
    return tuple(_distinct(piece) for piece in pieces)


def _boxes(places: "NDArray[numpy.float64]", tolerance_m: float) -> "NDArray[numpy.float64]":
    """West, south, east and north of a box around each place with room for the tolerance."""
    import numpy as np

    room = 1.01 * tolerance_m / METERS_PER_DEGREE
    wide = room / np.maximum(np.cos(np.radians(places[:, 1])), LEAST_COSINE)
    tall = np.full(len(places), 1.01 * room)
    return np.stack((places[:, 0] - wide, places[:, 1] - tall, places[:, 0] + wide, places[:, 1] + tall), axis=1)


def _beside(
    place: "NDArray[numpy.float64]", start: "NDArray[numpy.float64]", stop: "NDArray[numpy.float64]"
) -> tuple[float, float]:
    """Share of the way along an edge at which it is nearest to a place, and that distance in meters."""
    if abs(stop[0] - start[0]) > HALF_TURN:
        return 0.0, math.inf  # across the antimeridian
    wide = METERS_PER_DEGREE * math.cos(math.radians(place[1]))
    ax, ay = (start[0] - place[0]) * wide, (start[1] - place[1]) * METERS_PER_DEGREE
    bx, by = (stop[0] - place[0]) * wide, (stop[1] - place[1]) * METERS_PER_DEGREE
    squared = (bx - ax) ** 2 + (by - ay) ** 2
    share = 0.0 if squared == 0 else min(1.0, max(0.0, -(ax * (bx - ax) + ay * (by - ay)) / squared))
    return share, math.hypot(ax + share * (bx - ax), ay + share * (by - ay))


def _distinct(piece: Sequence[Position]) -> tuple[Position, ...]:
    """Without positions that repeat one after the other, but with two at least."""
    kept = [piece[0], *(position for before, position in pairwise(piece) if position != before)]
    return tuple(kept) if len(kept) > 1 else (piece[0], piece[-1])
