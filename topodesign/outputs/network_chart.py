"""The logical network as a diagram: sites about where they lie, but apart, and lines between them by capacity."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from topodesign.domain.plan import Plan, SitePlan
from topodesign.domain.scenario import Scenario
from topodesign.outputs import map_colors
from topodesign.outputs.chart_style import FAINT, INK, chart_style, is_drawable, new_figure, with_prefix
from topodesign.outputs.diagram_geometry import Curve, Side, curves_between, label_places, open_side
from topodesign.outputs.network_load import Ends, ends_of
from topodesign.outputs.spread_places import Place, spread_places

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN = 9.6
LEAST_HEIGHT_IN, MOST_HEIGHT_IN = 2.3, 5.4
WORDS_HEIGHT_IN = 0.75
"""Of title and note."""
WIDEST_PT, LEAST_PT = 7.0, 0.8
LARGEST_PT, SMALLEST_PT = 30.0, 9.0
"""Diameters of the discs of sites, in points."""
MOST_LABELS = 24
"""More links than this have no room for their capacities; the report's table has them."""
MOST_LINES, MOST_NAMES = 300, 40
"""More links and names would be a blot; the largest are drawn, and the note says so."""
NAME_WIDTH = 24
BEHIND_TEXT = {"boxstyle": "round,pad=0.15,rounding_size=0.3", "facecolor": "white", "edgecolor": "none"}
ROOM_ACROSS, ROOM_UP = 0.16, 0.11
"""On each side of the outermost sites, for their names."""
ALIGNMENT: Mapping[Side, tuple[str, str, tuple[float, float]]] = {
    "below": ("center", "top", (0, -1)),
    "above": ("center", "bottom", (0, 1)),
    "right": ("left", "center", (1, 0)),
    "left": ("right", "center", (-1, 0)),
    "above right": ("left", "bottom", (0.7, 0.5)),
    "above left": ("right", "bottom", (-0.7, 0.5)),
    "below right": ("left", "top", (0.7, -0.5)),
    "below left": ("right", "top", (-0.7, -0.5)),
}
"""Of a site's name: horizontal, vertical, and the direction from the disc."""


def network_chart(scenario: Scenario, plan: Plan) -> "Figure | None":
    """Sites and the logical links between them, all modes of a pair joined; ``None`` where no sites are linked.

    Lines are as wide as their capacity, discs as large as the MW drawn. The diagram is schematic: sites keep their
    direction from each other, not their distance.
    """
    capacity = capacity_of_pairs(plan)
    if not capacity:
        return None
    places = spread_places(
        {site.id: (scenario.site_by_id[site.id].lon, scenario.site_by_id[site.id].lat) for site in plan.sites}
    )
    with chart_style():
        figure, axes = _framed(list(places.values()))
        drawn = _largest(capacity)
        curves = curves_between(list(drawn), places)
        _draw_links(axes, drawn, curves)
        _draw_sites(axes, scenario, plan, places, curves)
        if len(capacity) <= MOST_LABELS:
            for ends, place in label_places(curves, list(places.values())).items():
                _label_link(axes, with_prefix(capacity[ends] * 1e9, "bit/s"), place)
        axes.set_title("Logical links between sites, capacity each way (schematic: not to scale)")
        figure.supxlabel(_note(capacity), x=0.01, ha="left", fontsize=8, color=FAINT)
    return figure


def capacity_of_pairs(plan: Plan) -> dict[Ends, float]:
    """Gbit/s in each direction between two sites, over all modes; pairs in the order of their ids."""
    found: dict[Ends, float] = {}
    for link in sorted(plan.links, key=ends_of):
        found[ends_of(link)] = found.get(ends_of(link), 0.0) + link.capacity_gbps
    return found


def _largest(capacity: Mapping[Ends, float]) -> dict[Ends, float]:
    kept = sorted(capacity, key=lambda ends: (-capacity[ends], ends))[:MOST_LINES]
    return {ends: capacity[ends] for ends in sorted(kept)}


def _note(capacity: Mapping[Ends, float]) -> str:
    least, most = (with_prefix(end(capacity.values()) * 1e9, "bit/s") for end in (min, max))
    widths = f"widest line {most}" if least == most else f"widest line {most}, thinnest {least}"
    shown = f" (the {MOST_LINES} largest are drawn)" if len(capacity) > MOST_LINES else ""
    return (
        f"Linked pairs of sites: {len(capacity):,}{shown}. Lines as wide as their capacity: {widths}. Discs: MW drawn."
    )


def _framed(places: Sequence[Place]) -> "tuple[Figure, Axes]":
    """A figure as high as the diagram needs, with room around the outermost sites."""
    xs, ys = [x for x, _ in places], [y for _, y in places]
    width, height = max(xs) - min(xs) + 2 * ROOM_ACROSS, max(ys) - min(ys) + 2 * ROOM_UP
    height_in = min(MOST_HEIGHT_IN, max(LEAST_HEIGHT_IN, WIDTH_IN * height / width + WORDS_HEIGHT_IN))
    shape = WIDTH_IN / (height_in - WORDS_HEIGHT_IN)
    width, height = max(width, shape * height), max(height, width / shape)
    figure = new_figure(WIDTH_IN, height_in)
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_aspect("equal")
    middle_x, middle_y = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
    axes.set_xlim(middle_x - width / 2, middle_x + width / 2)
    axes.set_ylim(middle_y - height / 2, middle_y + height / 2)
    return figure, axes


def _draw_links(axes: "Axes", capacity: Mapping[Ends, float], curves: Mapping[Ends, Curve]) -> None:
    most = max(capacity.values())
    for ends, gbps in capacity.items():
        width = max(LEAST_PT, WIDEST_PT * gbps / most)
        points = [curves[ends].at(step / 24) for step in range(25)]
        axes.plot(
            [x for x, _ in points],
            [y for _, y in points],
            color=map_colors.LINK,
            linewidth=width,
            solid_capstyle="butt",
            clip_on=False,
        )


def _draw_sites(
    axes: "Axes", scenario: Scenario, plan: Plan, places: Mapping[str, Place], curves: Mapping[Ends, Curve]
) -> None:
    most_mw = max(site.power_mw for site in plan.sites)
    for number, site in enumerate(sorted(plan.sites, key=lambda site: (-site.power_mw, site.id))):
        share = (site.power_mw / most_mw) ** 0.5 if most_mw > 0 else 0.0
        size = max(SMALLEST_PT, LARGEST_PT * share)
        axes.plot(
            *places[site.id],
            marker="o",
            markersize=size,
            color=map_colors.CLUSTER,
            markeredgecolor="white",
            markeredgewidth=1.2,
            clip_on=False,
            zorder=4,
        )
        if number < MOST_NAMES:
            _name_site(axes, scenario, site, places[site.id], open_side(site.id, curves), size / 2 + 4)


def _name_site(axes: "Axes", scenario: Scenario, site: SitePlan, place: Place, side: Side, apart_pt: float) -> None:
    across, up, (right, above) = ALIGNMENT[side]
    stated = scenario.site_by_id[site.id].name
    name = stated if stated and is_drawable(stated) else site.id
    name = textwrap.fill(name, NAME_WIDTH, max_lines=3, placeholder=" …")
    axes.annotate(
        f"{name}\n{with_prefix(site.power_mw * 1e6, 'W')}",
        place,
        (right * apart_pt, above * apart_pt),
        textcoords="offset points",
        ha=across,
        va=up,
        multialignment=across,
        fontsize=8.5,
        fontweight="bold",
        color=INK,
        zorder=6,
        bbox=BEHIND_TEXT,
    )


def _label_link(axes: "Axes", text: str, place: Place) -> None:
    axes.annotate(
        text,
        place,
        ha="center",
        va="center",
        fontsize=8,
        color=INK,
        zorder=5,
        bbox=BEHIND_TEXT,
    )
