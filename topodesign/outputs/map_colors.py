"""Colors of the map, interactive and drawn. All ramps grow darker, so they survive gray print."""

from collections.abc import Sequence
from itertools import pairwise

WATER = "#e6eef3"
LAND = "#fbfaf7"
BORDER = "#cfcdc6"
CLUSTER = "#D55E00"
CANDIDATE = "#4b5563"
HUB = "#111827"
LINK = "#8a3f86"
AVAILABLE_FIBER = "#a9b1ba"
REGENERATOR = "#009E73"
AMPLIFIER = "#374151"

ZONE_RAMP: tuple[tuple[float, str], ...] = (
    (0.0, "#fff7df"),
    (0.25, "#fee3a0"),
    (0.5, "#fdc35c"),
    (0.75, "#f29a2e"),
    (1.0, "#c1620c"),
)
"""Share of a zone's headroom in use (from light to dark; after ColorBrewer's YlOrBr)."""

FIBER_RAMP: tuple[tuple[float, str], ...] = (
    (0.0, "#6cc5d8"),
    (0.5, "#2b7bba"),
    (1.0, "#0b2a6b"),
)
"""Share of the lit spectrum in use (after ColorBrewer's YlGnBu)."""


def ramp_color(ramp: Sequence[tuple[float, str]], value: float) -> str:
    """The ramp's color at ``value``, between two stops mixed in proportion."""
    if value <= ramp[0][0]:
        return ramp[0][1]
    for (low, first), (high, second) in pairwise(ramp):
        if value <= high:
            share = (value - low) / (high - low)
            mixed = (round(a + (b - a) * share) for a, b in zip(_channels(first), _channels(second), strict=True))
            return "#" + "".join(f"{channel:02x}" for channel in mixed)
    return ramp[-1][1]


def _channels(color: str) -> tuple[int, int, int]:
    return (int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16))
