"""Colors of the map for all eyes: distances between what is told apart, after simulating three kinds of vision.

Simulation: Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency",
IEEE Transactions on Visualization and Computer Graphics 15 (6), 2009, matrices of severity 1.0 from its table; applied
to linear RGB. sRGB: IEC 61966-2-1. Distance: CIE 1976 L*a*b* (CIE 15), D65 white. Two color patches beside each other
are told apart from about 2.3 on (Mahy, Van Eycken and Oosterlinck, "Evaluation of Uniform Color Spaces Developed after
the Adoption of CIELAB and CIELUV", Color Research and Application 19, 1994); thin lines on a map need many times that.
"""

from itertools import combinations, pairwise

import pytest

from topodesign.outputs.map_colors import DARK, LIGHT, MapTheme, ramp_color

Matrix = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]
Color = tuple[float, float, float]

VISION: dict[str, Matrix] = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
THEMES = {"light": LIGHT, "dark": DARK}
SRGB_TO_XYZ: Matrix = (
    (0.4124, 0.3576, 0.1805),
    (0.2126, 0.7152, 0.0722),
    (0.0193, 0.1192, 0.9505),
)


def times(matrix: Matrix, color: Color) -> Color:
    first, second, third = (sum(weight * part for weight, part in zip(row, color, strict=True)) for row in matrix)
    return (first, second, third)


def linear(color: str) -> Color:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    )
    return (red, green, blue)


def lab(color: str, vision: Matrix) -> Color:
    seen = times(vision, linear(color))
    clipped: Color = (min(1, max(0, seen[0])), min(1, max(0, seen[1])), min(1, max(0, seen[2])))
    white = times(SRGB_TO_XYZ, (1, 1, 1))
    x, y, z = (
        ratio ** (1 / 3) if ratio > (6 / 29) ** 3 else ratio / (3 * (6 / 29) ** 2) + 4 / 29
        for ratio in (part / whole for part, whole in zip(times(SRGB_TO_XYZ, clipped), white, strict=True))
    )
    return (116 * y - 16, 500 * (x - y), 200 * (y - z))


def distance(one: str, other: str, vision: str) -> float:
    a, b = lab(one, VISION[vision]), lab(other, VISION[vision])
    return sum((p - q) ** 2 for p, q in zip(a, b, strict=True)) ** 0.5


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, "contrast ratio": (L1 + 0.05) / (L2 + 0.05) of relative luminances."""
    bright, dim = sorted((times(SRGB_TO_XYZ, linear(color))[1] for color in (one, other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def told_apart(theme: MapTheme) -> list[tuple[str, str]]:
    """Pairs of colors that lie beside each other and mean different things."""
    lit = [color for _, color in theme.fiber_ramp]
    pairs = [(theme.cluster, color) for color in (*lit, theme.amplifier, theme.edge)]
    # regeneration is a rim around the color of edges, so that it stands out from the line that it lies on
    pairs += [(theme.edge, color) for color in (*lit, theme.regenerator, theme.amplifier)]
    pairs += [(theme.failed, color) for color in (*lit, theme.available, theme.land, theme.water, theme.link)]
    pairs += list(combinations((theme.only_a, theme.only_b, theme.both), 2))
    pairs += [(theme.link, color) for color in (theme.available, theme.land, theme.water)]
    pairs += [(lit[0], theme.available), (lit[0], theme.water), (lit[0], theme.land)]
    return pairs


def test_white_and_primaries_have_their_published_places() -> None:
    # CIE L*a*b* of sRGB primaries under D65, e.g. Lindbloom, "RGB/XYZ/Lab" calculator: red 53.24, 80.09, 67.20
    assert lab("#ffffff", VISION["all cones"]) == pytest.approx((100, 0, 0), abs=0.01)
    assert lab("#ff0000", VISION["all cones"]) == pytest.approx((53.24, 80.09, 67.20), abs=0.05)
    assert contrast("#ffffff", "#000000") == pytest.approx(21)


@pytest.mark.parametrize("vision", VISION)
def test_a_matrix_keeps_gray_gray(vision: str) -> None:
    assert times(VISION[vision], (0.5, 0.5, 0.5)) == pytest.approx((0.5, 0.5, 0.5), abs=2e-6)


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("theme", THEMES)
def test_what_means_different_things_looks_different_to_all_eyes(theme: str, vision: str) -> None:
    for one, other in told_apart(THEMES[theme]):
        assert distance(one, other, vision) > 24, (one, other)


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("theme", THEMES)
def test_neighboring_stops_of_a_ramp_differ_and_only_grow_darker_or_brighter(theme: str, vision: str) -> None:
    for name in ("headroom", "carbon", "price", "fiber"):
        ramp = THEMES[theme].ramp(name)
        shades = [lab(ramp_color(ramp, step / 4), VISION[vision])[0] for step in range(5)]
        steps = [after - before for before, after in pairwise(shades)]
        assert all(step < -2 for step in steps) if theme == "light" else all(step > 2 for step in steps), (name, shades)


@pytest.mark.parametrize("theme", THEMES)
def test_labels_can_be_read_on_land_and_water(theme: str) -> None:
    colors = THEMES[theme]
    for ground in (colors.land, colors.water, colors.halo):
        assert contrast(colors.ink, ground) > 7  # WCAG 2.2, 1.4.6 (AAA)
        assert contrast(colors.place, ground) > 4.5  # 1.4.3 (AA)
        assert contrast(colors.failed, ground) > 3  # 1.4.11, graphics
