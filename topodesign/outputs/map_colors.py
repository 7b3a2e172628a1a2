"""Colors of the map, interactive and drawn, on light and on dark ground.

On light ground ramps grow darker with the value, on dark ground brighter, so they survive gray print and any color
vision. What is told apart by color alone keeps a distance for people without red, green or blue cones, which
``tests/outputs/test_map_colors.py`` measures.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

Ramp = tuple[tuple[float, str], ...]

WATER = "#e6eef3"
LAND = "#fbfaf7"
BORDER = "#cfcdc6"
CLUSTER = "#D55E00"
CANDIDATE = "#4b5563"
HUB = "#111827"
LINK = "#8a3f86"
AVAILABLE_FIBER = "#b7b2aa"
REGENERATOR = "#009E73"
AMPLIFIER = "#374151"

ZONE_RAMP: Ramp = (
    (0.0, "#fff7df"),
    (0.25, "#fee3a0"),
    (0.5, "#fdc35c"),
    (0.75, "#f29a2e"),
    (1.0, "#c1620c"),
)
"""Share of a zone's headroom in use (from light to dark; after ColorBrewer's YlOrBr)."""

CARBON_RAMP: Ramp = (
    (0.0, "#f6f1f4"),
    (0.5, "#a99cab"),
    (1.0, "#453a4d"),
)
"""Carbon intensity of a zone, from the least on the map to the most."""

PRICE_RAMP: Ramp = (
    (0.0, "#eff8f0"),
    (0.5, "#7fc6ab"),
    (1.0, "#02604f"),
)
"""Price of energy in a zone, from the least on the map to the most (after ColorBrewer's PuBuGn)."""

FIBER_RAMP: Ramp = (
    (0.0, "#56b6e0"),
    (0.5, "#2b7bba"),
    (1.0, "#0b2a6b"),
)
"""Share of the lit spectrum in use (after ColorBrewer's YlGnBu)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapTheme:
    """All colors of one ground.

    ``edge`` parts a symbol from what lies under it and fills those that are known by their rim (regeneration); ``ring``
    fills a candidate's.
    """

    water: str
    land: str
    border: str
    zone_border: str
    ink: str
    place: str
    halo: str
    edge: str
    ring: str
    cluster: str
    candidate: str
    hub: str
    link: str
    available: str
    regenerator: str
    amplifier: str
    failed: str
    only_a: str
    only_b: str
    both: str
    headroom_ramp: Ramp
    carbon_ramp: Ramp
    price_ramp: Ramp
    fiber_ramp: Ramp

    def ramp(self, name: str) -> Ramp:
        """The ramp of ``fiber`` or of a zone measure, by its key."""
        found: Ramp = getattr(self, f"{name}_ramp")
        return found


LIGHT = MapTheme(
    water=WATER,
    land=LAND,
    border=BORDER,
    zone_border="#9a6b1e",
    ink="#1f2933",
    place="#5f6b78",
    halo="#ffffff",
    edge="#ffffff",
    ring="#ffffff",
    cluster=CLUSTER,
    candidate=CANDIDATE,
    hub=HUB,
    link=LINK,
    available=AVAILABLE_FIBER,
    regenerator=REGENERATOR,
    amplifier=AMPLIFIER,
    failed="#b3003c",
    only_a="#0072B2",
    only_b="#D55E00",
    both="#8b949e",
    headroom_ramp=ZONE_RAMP,
    carbon_ramp=CARBON_RAMP,
    price_ramp=PRICE_RAMP,
    fiber_ramp=FIBER_RAMP,
)

DARK = MapTheme(
    water="#0e151c",
    land="#1a2129",
    border="#3b4652",
    zone_border="#a8792f",
    ink="#eef2f5",
    place="#93a0ad",
    halo="#12181f",
    edge="#0f151b",
    ring="#5b6772",
    cluster="#ff8a3d",
    candidate="#c3ccd5",
    hub="#ffffff",
    link="#df9bdc",
    available="#4a4f55",
    regenerator="#2fd6a3",
    amplifier="#cfd6dd",
    failed="#ff6f91",
    only_a="#56B4E9",
    only_b="#ff8a3d",
    both="#808b97",
    headroom_ramp=((0.0, "#33290f"), (0.25, "#5a4413"), (0.5, "#8f651a"), (0.75, "#cc8a2a"), (1.0, "#ffc066")),
    carbon_ramp=((0.0, "#2c2430"), (0.5, "#7c6c83"), (1.0, "#efe3f4")),
    price_ramp=((0.0, "#0c2b25"), (0.5, "#2a7f6b"), (1.0, "#a8f0d8")),
    fiber_ramp=((0.0, "#2277b0"), (0.5, "#45a6dc"), (1.0, "#d2efff")),
)


def theme_colors(theme: MapTheme) -> dict[str, str | Ramp]:
    """The theme by name, for the page's script."""
    return {item.name: getattr(theme, item.name) for item in fields(theme)}


def paints(**named: str) -> str:
    """Several attributes (``fill``, ``stroke``, ``stop_color``) of one element, by the names of theme colors."""
    both = {name.replace("_", "-"): (getattr(LIGHT, key), getattr(DARK, key)) for name, key in named.items()}
    return tones(both)


def tones(both: dict[str, tuple[str, str]]) -> str:
    """Attributes of one element that follow the reader's choice of ground; older browsers keep the light color."""
    plain = " ".join(f'{name}="{light}"' for name, (light, _) in both.items())
    style = ";".join(f"{name}:light-dark({light},{dark})" for name, (light, dark) in both.items())
    return f'{plain} style="{style}"'


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


def ramp_tones(name: str, value: float) -> tuple[str, str]:
    """Colors of a ramp at ``value`` on light and on dark ground."""
    return ramp_color(LIGHT.ramp(name), value), ramp_color(DARK.ramp(name), value)


def _channels(color: str) -> tuple[int, int, int]:
    return (int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16))
