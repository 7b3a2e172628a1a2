"""How QGIS draws a plan: sites sized by MW, fiber colored by use of its spectrum, zones by use of their headroom.

QGIS takes the style of a GeoPackage layer from the table ``layer_styles`` in the same file, where it stores styles
itself. Colors are those of the report's map.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from topodesign.outputs import map_colors
from topodesign.outputs.properties import LAYERS, Layer
from topodesign.outputs.qgis_symbols import ELSE, Rule, Style, Symbol, qml, rgba

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

SHARE_STEPS = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)
"""Classes of use, in shares of what there is; the last tenth is told apart, where room runs out."""

LARGEST_SITE_MM = 9.0
LARGEST_HUT_MM = 2.2
SMALLEST_HUT_MM = 0.9
SMALLEST_SITE_MM = 1.6
WIDEST_LINE_MM = 2.0
NARROWEST_LINE_MM = 0.35
ZONE_BORDER = "#8a8577"
CLEAR = rgba("#ffffff", opacity=0)


def layer_styles(frames: "Mapping[str, GeoDataFrame]") -> dict[Layer, str]:
    """A QML document for every layer; sizes are relative to the largest site, cable, link and hut of the plan."""
    styles: Mapping[Layer, Style] = {
        "power_zones": Style(rules=_zone_rules()),
        "fiber_segments": Style(rules=_fiber_rules(_most(frames, "fiber_segments", "pairs"))),
        "links": Style(rules=(Rule(label="link (width: capacity)", symbol=_link(frames)),)),
        "amplifiers": Style(rules=(Rule(label="amplifiers", symbol=_point("circle", map_colors.AMPLIFIER, "0.8")),)),
        "amplifier_sites": Style(rules=(Rule(label="amplifier hut (area: amplifiers)", symbol=_hut(frames)),)),
        "regenerators": Style(
            rules=(Rule(label="regenerators", symbol=_point("diamond", map_colors.REGENERATOR, "3")),)
        ),
        "sites": Style(rules=_site_rules(frames), label="name"),
        "clusters": Style(
            rules=(Rule(label="cluster (area: MW drawn)", symbol=_by_power(frames, fill=rgba(map_colors.CLUSTER))),)
        ),
    }
    return {layer: qml(styles[layer], name=layer) for layer in LAYERS}


def _zone_rules() -> tuple[Rule, ...]:
    rules = _classes("used_share", "of the headroom used", map_colors.ZONE_RAMP, _zone)
    return (*rules, Rule(label="no headroom", filter=ELSE, symbol=_zone(CLEAR)))


def _zone(color: str) -> Symbol:
    border = {"outline_color": rgba(ZONE_BORDER), "outline_width": "0.2", "outline_width_unit": "MM"}
    return Symbol(kind="fill", options={"color": color, "style": "solid", "outline_style": "solid", **border})


def _fiber_rules(most_pairs: float) -> tuple[Rule, ...]:
    def line(color: str) -> Symbol:
        return _line(color, style="solid", width=_width("pairs", most_pairs))

    return _classes("utilization", "of the lit spectrum (width: pairs)", map_colors.FIBER_RAMP, line)


def _link(frames: "Mapping[str, GeoDataFrame]") -> Symbol:
    width = _width("capacity_gbps", _most(frames, "links", "capacity_gbps"))
    return _line(rgba(map_colors.LINK), style="dash", width=width)


def _line(color: str, *, style: str, width: str) -> Symbol:
    return Symbol(
        kind="line",
        options={
            "line_color": color,
            "line_style": style,
            "line_width": str(NARROWEST_LINE_MM),
            "line_width_unit": "MM",
            "capstyle": "round" if style == "solid" else "flat",
            "joinstyle": "round",
        },
        by_feature={"outlineWidth": width},
    )


def _classes(
    column: str, what: str, ramp: Sequence[tuple[float, str]], drawn: Callable[[str], Symbol]
) -> tuple[Rule, ...]:
    """One rule for each class of a share, in the ramp's color at the middle of the class."""
    rules = []
    for low, high in pairwise(SHARE_STEPS):
        # rounding may leave a share a little above 1, so the last class has no upper end
        upper = "" if high == SHARE_STEPS[-1] else f' AND "{column}" < {high:g}'
        color = rgba(map_colors.ramp_color(ramp, (low + high) / 2), opacity=0.9)
        label = f"{low:.0%} to {high:.0%} {what}"
        rules.append(Rule(label=label, filter=f'"{column}" >= {low:g}{upper}', symbol=drawn(color)))
    return tuple(rules)


def _site_rules(frames: "Mapping[str, GeoDataFrame]") -> tuple[Rule, ...]:
    used = _by_power(frames, fill=CLEAR, outline=rgba(map_colors.CLUSTER))
    idle = _by_power(frames, fill=CLEAR, outline=rgba(map_colors.CANDIDATE))
    return (
        Rule(label="used site (ring: MW on offer)", filter='"used"', symbol=used),
        Rule(label="candidate site (ring: MW on offer)", filter=ELSE, symbol=idle),
    )


def _by_power(frames: "Mapping[str, GeoDataFrame]", *, fill: str, outline: str = rgba("#ffffff")) -> Symbol:
    """A circle whose area is in proportion to ``power_mw``, at one scale for sites and clusters."""
    size = _diameter("power_mw", _most(frames, "sites", "power_mw"))
    options = {"name": "circle", "color": fill, "outline_color": outline, "outline_width": "0.5"}
    return Symbol(kind="marker", options=_MARKER | options, by_feature={"size": size})


def _hut(frames: "Mapping[str, GeoDataFrame]") -> Symbol:
    size = _diameter(
        "amplifiers", _most(frames, "amplifier_sites", "amplifiers"), range_mm=(SMALLEST_HUT_MM, LARGEST_HUT_MM)
    )
    shape = _point("square", map_colors.AMPLIFIER, str(SMALLEST_HUT_MM))
    return Symbol(kind="marker", options=shape.options, by_feature={"size": size})


_MARKER = {
    "size": str(SMALLEST_SITE_MM),
    "size_unit": "MM",
    "scale_method": "diameter",
    "outline_style": "solid",
    "outline_width_unit": "MM",
}


def _point(shape: str, color: str, size_mm: str) -> Symbol:
    options = {"name": shape, "color": rgba(color), "size": size_mm}
    border = {"outline_color": rgba("#ffffff"), "outline_width": "0.2"}
    return Symbol(kind="marker", options=_MARKER | options | border)


def _diameter(column: str, most: float, *, range_mm: tuple[float, float] = (SMALLEST_SITE_MM, LARGEST_SITE_MM)) -> str:
    """QGIS expression of a diameter in mm: the area grows with the column, and ``most`` of it has the largest."""
    smallest_mm, largest_mm = range_mm
    scale_mm = largest_mm / math.sqrt(most) if most > 0 else 0.0
    return f'max({smallest_mm:g}, {scale_mm:.6g} * sqrt("{column}"))'


def _width(column: str, most: float) -> str:
    """QGIS expression of a line width in mm that grows with the square root of the column."""
    scale_mm = WIDEST_LINE_MM / math.sqrt(most) if most > 0 else 0.0
    return f'max({NARROWEST_LINE_MM:g}, {scale_mm:.6g} * sqrt("{column}"))'


def _most(frames: "Mapping[str, GeoDataFrame]", layer: Layer, column: str) -> float:
    values = frames[layer][column]
    return float(values.max()) if len(values) else 0.0
