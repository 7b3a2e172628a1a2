"""Lines and labels of a diagram: which way a line bends around a site, where labels have room."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from topodesign.outputs.network_load import Ends
from topodesign.outputs.spread_places import Place

Side = Literal["below", "above", "right", "left", "above right", "above left", "below right", "below left"]
SIDES: Mapping[Side, tuple[float, float]] = {
    "below": (-90.0, 75.0),
    "above": (90.0, 75.0),
    "right": (0.0, 35.0),
    "left": (180.0, 35.0),
    "above right": (45.0, 45.0),
    "above left": (135.0, 45.0),
    "below right": (-45.0, 45.0),
    "below left": (-135.0, 45.0),
}
"""Direction, and how far from it lines must be to leave room for a name, both in degrees; the preferred side first."""
CLEAR = 0.05
"""How near a line may come to a site that it does not end at, in widths of the diagram."""
BEND = 0.16
"""How far the middle of a bent line stands off, in lengths of the straight one; at least twice :data:`CLEAR`."""
PLACES_ON_LINE = (0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73)
LABEL_WIDTH, LABEL_HEIGHT = 0.13, 0.05
"""Of a label with the gap around it, in widths of the diagram."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A line from ``a`` to ``z``, bent toward ``control`` (quadratic Bezier curve)."""

    a: Place
    z: Place
    control: Place

    def at(self, share: float) -> Place:
        """The point at a share of the way, from 0 to 1."""
        of_a, of_control, of_z = (1 - share) ** 2, 2 * share * (1 - share), share**2
        return (
            of_a * self.a[0] + of_control * self.control[0] + of_z * self.z[0],
            of_a * self.a[1] + of_control * self.control[1] + of_z * self.z[1],
        )


def curves_between(pairs: Sequence[Ends], places: Mapping[str, Place]) -> dict[Ends, Curve]:
    """A line for each pair: straight, unless a third site would lie on it; then bent to the side away from that."""
    return {pair: _curve(pair, places) for pair in pairs}


def _curve(pair: Ends, places: Mapping[str, Place]) -> Curve:
    a, z = places[pair[0]], places[pair[1]]
    along = (z[0] - a[0], z[1] - a[1])
    length = math.hypot(*along) or 1.0
    across = (-along[1] / length, along[0] / length)
    nearest = 0.0
    least = CLEAR
    for name, place in sorted(places.items()):
        if name in pair:
            continue
        off = (place[0] - a[0], place[1] - a[1])
        share = (off[0] * along[0] + off[1] * along[1]) / length**2
        side = off[0] * across[0] + off[1] * across[1]
        if 0 < share < 1 and abs(side) < least:
            least, nearest = abs(side), 1.0 if side >= 0 else -1.0
    bend = -nearest * 2 * max(BEND * length, 2 * CLEAR)
    middle = ((a[0] + z[0]) / 2, (a[1] + z[1]) / 2)
    return Curve(a=a, z=z, control=(middle[0] + bend * across[0], middle[1] + bend * across[1]))


def open_side(site_id: str, curves: Mapping[Ends, Curve]) -> Side:
    """The first side of a site with room between its lines for a name, or the one with the most."""
    leaving = []
    for (a, z), curve in curves.items():
        if site_id in (a, z):
            start, near = (curve.at(0.0), curve.at(0.15)) if site_id == a else (curve.at(1.0), curve.at(0.85))
            leaving.append(math.degrees(math.atan2(near[1] - start[1], near[0] - start[0])))
    room = {
        side: min((_apart(angle, line) for line in leaving), default=180.0) / enough
        for side, (angle, enough) in SIDES.items()
    }
    most: Side = max(room, key=lambda side: room[side])
    return next((side for side, share in room.items() if share >= 1), most)


def _apart(one: float, other: float) -> float:
    return abs((one - other + 180.0) % 360.0 - 180.0)


def label_places(curves: Mapping[Ends, Curve], sites: Sequence[Place]) -> dict[Ends, Place]:
    """Where on each line its label covers no other label and no site, or covers them least."""
    taken = list(sites)
    found: dict[Ends, Place] = {}
    for pair, curve in curves.items():
        candidates = [curve.at(share) for share in PLACES_ON_LINE]
        room = [min(_boxes_apart(candidate, other) for other in taken) for candidate in candidates]
        free = next((place for place, apart in enumerate(room) if apart >= 1), None)
        found[pair] = candidates[room.index(max(room)) if free is None else free]
        taken.append(found[pair])
    return found


def _boxes_apart(one: Place, other: Place) -> float:
    """1 where two labels touch, more where they are apart, less where they overlap."""
    return max(abs(one[0] - other[0]) / LABEL_WIDTH, abs(one[1] - other[1]) / LABEL_HEIGHT)
