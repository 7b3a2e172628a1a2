"""Charts in the page: every color of their style follows the page's ground, and is readable on the dark one."""

import re
from pathlib import Path

import pytest

import topodesign.outputs
from topodesign.outputs import CHART_WORDS
from topodesign.outputs.chart_style import KIND_COLORS, OTHER_COLORS
from topodesign.outputs.inline_svg import COLOR_NAMES, inline_chart

CSS = (Path(topodesign.outputs.__file__).parent / "page" / "tables.css").read_text(encoding="utf-8")
LIGHT, DARK = (
    dict(re.findall(r"--chart-(\w+): (#[0-9a-f]{6})", part))
    for part in CSS.split("@media print")[0].split("@media screen")
)


def luminance(color: str) -> float:
    """WCAG 2.2, relative luminance."""
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_formula_of_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # WebAIM's example of one that just fails


@pytest.mark.parametrize("name", CHART_WORDS)
def test_no_color_of_a_chart_is_fixed(complete: Path, name: str) -> None:
    text = inline_chart((complete / f"{name}.svg").read_bytes(), "words", prefix=name)
    assert not re.findall(r": #[0-9a-f]{6}", text)
    assert set(re.findall(r"--chart-(\w+)", text)) <= set(LIGHT)
    assert "http://www.w3.org/1999/02" not in text  # no metadata


def test_the_page_sets_each_color_for_both_grounds() -> None:
    assert {name: color.lower() for color, name in COLOR_NAMES.items()} == LIGHT
    assert set(DARK) == set(LIGHT)
    assert {*KIND_COLORS.values(), *OTHER_COLORS} <= set(COLOR_NAMES)


@pytest.mark.parametrize("name", sorted(set(DARK) - {"paper", "grid"}))
def test_what_is_drawn_stands_out_from_a_dark_ground(name: str) -> None:
    # WCAG 2.2: 4.5 for text (1.4.3), 3 for graphics (1.4.11)
    assert contrast(DARK[name], DARK["paper"]) >= (4.5 if name in ("ink", "faint") else 3)
