"""The map's legend as HTML: ramps, and sizes with the values that they stand for."""

import math
from html import escape

from topodesign.outputs.map_colors import DARK, LIGHT, paints, ramp_color, tones
from topodesign.outputs.map_comparison import SIDE_WORDS
from topodesign.outputs.report_map import ReportMap
from topodesign.outputs.round_numbers import round_number
from topodesign.outputs.zone_measures import HEADROOM, ZoneMeasure

RAMP_PX = (200, 10)
FAINT = "place"
_OUTLINE = f'{paints(stroke="border")} stroke-width="0.6"'


def legend(drawn: ReportMap) -> str:
    """What colors and sizes on the map mean.

    Elements with ``data-measure`` and ``data-when`` belong to what the reader chooses above the map; at first the plan
    and the headroom are shown, which is also what the drawn map shows.
    """
    parts = []
    if any(feature["geometry"] is not None for feature in drawn.layers["power_zones"]):
        parts += [_measure(measure) for measure in drawn.measures]
    if drawn.layers["fiber_segments"]:
        most = max(feature["properties"]["pairs"] for feature in drawn.layers["fiber_segments"])
        words = f"Lit spectrum in use (width: pairs, up to {most:,})"
        parts.append(f'<div data-when="plan">{words}{_ramp("fiber", "0 %", "100 %")}</div>')
    if drawn.layers["links"]:
        parts.append(f'<div data-when="plan">{_line("link", dashes="3 5")}Logical link (capacity)</div>')
    if drawn.layers["regenerators"]:
        parts.append(f'<div data-when="plan">{_dot("edge", rim="regenerator")}Regeneration</div>')
    if drawn.layers["amplifier_sites"]:
        parts.append(f'<div data-layer="amplifier_sites" hidden>{_dot("amplifier", rim="edge")}Amplifier hut</div>')
    if drawn.layers["sites"] and drawn.radius_per_root_mw > 0:
        parts.append(f"<div>{_sizes(drawn)}</div>")
    if drawn.failures.worst:
        parts.append(f'<div data-when="failure" hidden>{_line("failed", dashes="7 3")}Cut or lost; ✕ where</div>')
    if drawn.comparison is not None:
        for side, words in SIDE_WORDS.items():
            line = _line("both" if side == "both" else f"only_{side}", dashes="8 4" if side == "b" else "")
            parts.append(f'<div data-when="comparison" hidden>{line}{words[0].upper()}{words[1:]}</div>')
    return f'<div class="legend">{"".join(parts)}</div>'


def _measure(measure: ZoneMeasure) -> str:
    hidden = "" if measure.key == HEADROOM.key else " hidden"
    title = "Zone headroom in use" if measure.key == HEADROOM.key else f"{measure.title}, {measure.unit}"
    low, high = measure.written(measure.low), measure.written(measure.high)
    ramp = _ramp(measure.key, low, high, measure.opacity)
    return f'<div data-measure="{measure.key}"{hidden}>{escape(title)}{ramp}</div>'


def _ramp(key: str, low: str, high: str, opacity: float = 1.0) -> str:
    """A ramp as it looks over land, with its ends written below it."""
    width, height = RAMP_PX
    marks = "".join(
        f'<stop offset="{value:g}" {tones({"stop-color": (light, dark)})}/>'
        for (value, light), (_, dark) in zip(LIGHT.ramp(key), _at_stops_of_light(key), strict=True)
    )
    box = f'<rect width="{width}" height="{height}" rx="2"'
    text = f'font-size="10.5" {paints(fill=FAINT)}'
    return (
        f'<svg width="{width}" height="{height + 15}" role="img" aria-label="from {low} to {high}">'
        f'<linearGradient id="{key}-ramp">{marks}</linearGradient>'
        f'{box} {paints(fill="land")}/>{box} fill="url(#{key}-ramp)" fill-opacity="{opacity:g}" {_OUTLINE}/>'
        f'<text x="0" y="{height + 12}" {text}>{low}</text>'
        f'<text x="{width}" y="{height + 12}" text-anchor="end" {text}>{high}</text></svg>'
    )


def _at_stops_of_light(key: str) -> tuple[tuple[float, str], ...]:
    """The dark ramp at the values of the light one's stops."""
    return tuple((value, ramp_color(DARK.ramp(key), value)) for value, _ in LIGHT.ramp(key))


def _line(color: str, *, dashes: str) -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        '<svg class="sample" width="28" height="8" aria-hidden="true"><line x1="0" y1="4" x2="28" y2="4" '
        f'{paints(stroke=color)} stroke-width="2.5"{dashed}/></svg>'
    )


def _dot(color: str, *, rim: str) -> str:
    return (
        '<svg class="sample" width="28" height="12" aria-hidden="true"><circle cx="14" cy="6" r="4.2" '
        f'{paints(fill=color, stroke=rim)} stroke-width="2.4"/></svg>'
    )


def _sizes(drawn: ReportMap) -> str:
    """Three rings of round megawatts."""
    largest_mw = max(feature["properties"]["power_mw"] for feature in drawn.layers["sites"])
    steps = [size for size in (round_number(largest_mw * share) for share in (0.1, 0.4, 1.0)) if size > 0]
    circles, x = [], 0.0
    height = 2 * drawn.radius_per_root_mw * math.sqrt(max(steps)) + 4
    for size_mw in sorted(set(steps)):
        radius = drawn.radius_per_root_mw * math.sqrt(size_mw)
        x += radius + 2
        circles.append(
            f'<circle cx="{x:.1f}" cy="{height / 2:.1f}" r="{radius:.1f}" fill="none" {paints(stroke="candidate")}/>'
            f'<text x="{x + radius + 3:.1f}" y="{height / 2 + 4:.1f}" font-size="10.5" {paints(fill=FAINT)}>'
            f"{size_mw:,g}</text>"
        )
        x += radius + 34
    drawing = f'<svg class="rings" width="{x:.0f}" height="{height:.0f}" aria-hidden="true">{"".join(circles)}</svg>'
    return f"Ring: MW on offer; filled: MW drawn{drawing}"
