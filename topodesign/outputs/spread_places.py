"""Places on the Earth laid out for a diagram: neighbors keep their directions, but nobody covers anybody."""

import math
from collections.abc import Mapping, Sequence

Place = tuple[float, float]
HEIGHT = 0.5
MOST_STRETCH = 8.0
"""Of one direction against the other: more would make neighbors of sites that are not."""
APART = 0.2
"""Least distance of two places, where the layout is 1 wide; less where there are many."""
MOST_STEPS = 200
PAIRS_LOOKED_AT = 400_000
"""Over all steps: half a second. Hundreds of sites are crowded anyway, and their diagram need not be perfect."""


def spread_places(positions: Mapping[str, Place]) -> dict[str, Place]:
    """Longitudes and latitudes in degrees as places in a diagram about 1 wide and at most 0.5 high, x to the east.

    The shortest arc of longitudes that holds all of them becomes the width, so that a layout across the antimeridian
    is in one piece. Places that are too close then push each other apart, the same way in every run.
    """
    names = sorted(positions)
    west = _westmost([lon for lon, _ in positions.values()])
    flat = _in_a_box([_flat(positions[name], west) for name in names])
    apart = min(APART, 0.75 / math.sqrt(max(1, len(names))))
    for _ in range(min(MOST_STEPS, 1 + PAIRS_LOOKED_AT // len(names) ** 2)):
        if not _push_apart(flat, apart):
            break
    return {name: (x, y) for name, (x, y) in zip(names, flat, strict=True)}


def _westmost(given: Sequence[float]) -> float:
    """The longitude behind the widest gap: where the arc of all places begins."""
    longitudes = sorted(lon % 360.0 for lon in given)
    gaps = [(after - before) % 360.0 for before, after in zip(longitudes, longitudes[1:] + longitudes[:1], strict=True)]
    widest = max(range(len(gaps)), key=lambda place: (gaps[place], -place))
    return longitudes[(widest + 1) % len(longitudes)]


def _flat(position: Place, west: float) -> Place:
    """Degrees east of ``west``, and those of latitude on the scale of the middle latitudes (cosine of 40 degrees)."""
    lon, lat = position
    return ((lon - west) % 360.0 * math.cos(math.radians(40)), lat)


def _in_a_box(places: Sequence[Place]) -> list[list[float]]:
    """Into 1 by ``HEIGHT``; a layout much narrower than that is stretched across, up to ``MOST_STRETCH``."""
    left, low = min(x for x, _ in places), min(y for _, y in places)
    width, height = max(x for x, _ in places) - left, max(y for _, y in places) - low
    scale = max(width, height / HEIGHT) or 1.0
    across, up = (
        min(MOST_STRETCH / scale, side / extent) if extent > 0 else 1.0
        for side, extent in ((1, width), (HEIGHT, height))
    )
    return [[(x - left) * across, (y - low) * up] for x, y in places]


def _push_apart(places: list[list[float]], apart: float) -> bool:
    """One round of every pair; whether any was too close. Places that fall together part along a fixed direction."""
    moved = False
    for one in range(len(places)):
        for other in range(one):
            dx, dy = places[one][0] - places[other][0], places[one][1] - places[other][1]
            distance = math.hypot(dx, dy)
            if distance >= apart * 0.999:
                continue
            if distance < 1e-9:
                angle = 2.399963 * (one + 1)  # the golden angle: no two pairs part alike
                dx, dy, distance = math.cos(angle), math.sin(angle), 1.0
                push = apart / 2
            else:
                push = (apart - distance) / 2
            for index, sign in ((one, 1), (other, -1)):
                places[index][0] += sign * push * dx / distance
                places[index][1] += sign * push * dy / distance
            moved = True
    return moved
