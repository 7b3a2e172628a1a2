"""The map's legend as HTML: ramps, and sizes with the values that they stand for."""

import math

from topodesign.outputs import map_colors
from topodesign.outputs.report_map import ReportMap

RAMP_PX = (150, 10)


def legend(drawn: ReportMap) -> str:
    """What colors and sizes on the map mean."""
    parts = []
    if any(feature["geometry"] is not None for feature in drawn.layers["power_zones"]):
        parts.append(_ramp("Zone headroom in use", map_colors.ZONE_RAMP, "zone-ramp"))
    if drawn.layers["fiber_segments"]:
        most = max(feature["properties"]["pairs"] for feature in drawn.layers["fiber_segments"])
        parts.append(_ramp(f"Lit spectrum in use (width: pairs, up to {most:,})", map_colors.FIBER_RAMP, "fiber-ramp"))
    if drawn.layers["links"]:
        parts.append(f"{_dashes(map_colors.LINK)}Logical link (width: capacity)")
    if drawn.layers["sites"] and drawn.radius_per_root_mw > 0:
        parts.append(_sizes(drawn))
    return f'<div class="legend">{"".join(f"<div>{part}</div>" for part in parts)}</div>'


def _ramp(title: str, stops: tuple[tuple[float, str], ...], name: str) -> str:
    width, height = RAMP_PX
    marks = "".join(f'<stop offset="{value:g}" stop-color="{color}"/>' for value, color in stops)
    return (
        f'{title}<svg width="{width + 60}" height="{height}" role="img" aria-label="from 0 to 100 percent">'
        f'<linearGradient id="{name}">{marks}</linearGradient>'
        f'<text x="0" y="{height - 1}" font-size="10" fill="#5c6773">0 %</text>'
        f'<rect x="24" width="{width}" height="{height}" rx="2" fill="url(#{name})"/>'
        f'<text x="{width + 28}" y="{height - 1}" font-size="10" fill="#5c6773">100 %</text></svg>'
    )


def _dashes(color: str) -> str:
    return (
        '<svg class="sample" width="36" height="8" aria-hidden="true"><line x1="0" y1="4" x2="36" y2="4" '
        f'stroke="{color}" stroke-width="2" stroke-dasharray="3 5"/></svg>'
    )


def _sizes(drawn: ReportMap) -> str:
    """Three rings of round megawatts."""
    largest_mw = max(feature["properties"]["power_mw"] for feature in drawn.layers["sites"])
    steps = [size for size in (_round_number(largest_mw * share) for share in (0.1, 0.4, 1.0)) if size > 0]
    circles, x = [], 0.0
    height = 2 * drawn.radius_per_root_mw * math.sqrt(max(steps)) + 4
    for size_mw in sorted(set(steps)):
        radius = drawn.radius_per_root_mw * math.sqrt(size_mw)
        x += radius + 2
        circles.append(
            f'<circle cx="{x:.1f}" cy="{height / 2:.1f}" r="{radius:.1f}" fill="#fff" stroke="{map_colors.CANDIDATE}"/>'
            f'<text x="{x + radius + 3:.1f}" y="{height / 2 + 4:.1f}" font-size="10" fill="#5c6773">{size_mw:,g}</text>'
        )
        x += radius + 34
    drawing = f'<svg width="{x:.0f}" height="{height:.0f}" aria-hidden="true">{"".join(circles)}</svg>'
    return f"Ring: MW on offer; filled: MW drawn{drawing}"


def _round_number(value: float) -> float:
    """The next lower of 1, 2, 5 times a power of ten."""
    if value <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(value))
    return max(step * power for step in (1, 2, 5) if step * power <= value * 1.0000001)
