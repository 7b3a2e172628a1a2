"""Charts: the same bytes for the same plan, and bars that stand for the plan's numbers."""

from dataclasses import replace
from pathlib import Path

import pytest
from outputs.hand_made_plans import Case, fabric
from PIL import Image

from topodesign.domain.plan import FabricReport, SiteFabrics
from topodesign.outputs import cost_chart, fabric_chart, png_bytes, svg_bytes
from topodesign.outputs.chart_style import color_of, dollars, with_prefix


def report_of(case: Case) -> FabricReport:
    assert case.plan.fabrics is not None
    return case.plan.fabrics


def test_charts_are_byte_for_byte_stable_and_carry_no_date(east: Case, complete: Path) -> None:
    charts = {"fabrics": fabric_chart(report_of(east)), "cost": cost_chart(east.plan.cost_items)}
    for name, figure in charts.items():
        # the other way round than when saving: what was drawn before has no effect
        assert png_bytes(figure) == (complete / f"{name}.png").read_bytes()
        svg = svg_bytes(figure)
        assert svg == (complete / f"{name}.svg").read_bytes()
        assert b"<dc:date>" not in svg


def test_the_png_is_large_enough_to_print(complete: Path) -> None:
    image = Image.open(complete / "fabrics.png")
    assert image.width >= 1400
    assert len(image.convert("RGB").getcolors(1 << 24) or []) > 20


def test_bars_inside_sites_are_the_fabrics_bisection(east: Case) -> None:
    axes = fabric_chart(report_of(east)).axes[0]
    heights = sorted(patch.get_height() for patch in axes.patches)
    # 30 and 200 Gbit/s for each of 9216, 13824, 13824 accelerators
    expected = [accelerators * rate * 1e9 for rate in (30, 200) for accelerators in (9216, 13824, 13824)]
    assert heights == pytest.approx(expected)


def test_an_interval_is_drawn_pale_between_its_ends(east: Case) -> None:
    axes = fabric_chart(report_of(east)).axes[1]
    solid = [patch for patch in axes.patches if patch.get_alpha() is None]
    pale = [patch for patch in axes.patches if patch.get_alpha() is not None]
    assert [patch.get_height() for patch in solid] == pytest.approx([4e12, 4e12])
    assert [(patch.get_y(), patch.get_height()) for patch in pale] == [pytest.approx((4e12, 2e12))]


def test_values_far_apart_are_points_on_a_logarithmic_axis(east: Case) -> None:
    # a torus of 9216 x 30 Gbit/s against a Clos of 9216 x 200 Gbit/s x 40: 267 times as much
    sites = tuple(
        SiteFabrics(site_id=name, fabrics=(fabric("torus", 9216), fabric("clos", 9216 * 40))) for name in ("a", "b")
    )
    axes = fabric_chart(replace(report_of(east), sites=sites)).axes[0]
    assert axes.get_yscale() == "log"
    assert not axes.patches
    points = sorted(float(line.get_ydata()[0]) for line in axes.lines if line.get_marker() == "o")
    assert points == pytest.approx([276.48e12, 276.48e12, 73.728e15, 73.728e15])


def test_of_many_sites_the_largest_are_drawn_and_the_title_says_so(east: Case) -> None:
    sites = tuple(
        SiteFabrics(site_id=f"s{number:02d}", fabrics=(fabric("clos", 1000 + number),)) for number in range(14)
    )
    figure = fabric_chart(replace(report_of(east), sites=sites))
    assert "the 10 largest of 14" in figure.axes[0].get_title("left")
    names = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert names == [f"s{number:02d}" for number in range(4, 14)]


def test_a_single_site_without_an_all_reduce_across_sites_is_drawn(east: Case) -> None:
    across = tuple(replace(item, hierarchical_allreduce_s=None) for item in report_of(east).across_sites)
    figure = fabric_chart(replace(report_of(east), across_sites=across))
    assert [text.get_text() for text in figure.axes[5].texts].count("not\napplicable") == 2


def test_the_waterfall_ends_at_the_plans_cost(east: Case) -> None:
    left, right = cost_chart(east.plan.cost_items).axes
    assert left.patches[-1].get_width() == pytest.approx(east.plan.cost_usd)
    assert right.patches[-1].get_width() == pytest.approx(east.plan.network_cost_usd)
    ends = [patch.get_x() + patch.get_width() for patch in left.patches]
    assert ends[:-1] == sorted(ends[:-1])
    assert ends[-2] == pytest.approx(ends[-1])


def test_an_unknown_cost_item_is_shown_under_its_own_name() -> None:
    left, _ = cost_chart({"site_fixed": 5.0, "land": 7.0}).axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["Opening sites", "land", "Total"]
    assert left.patches[-1].get_width() == 12


def test_torus_and_clos_have_different_colors_wherever_they_stand() -> None:
    assert color_of("torus", 0) == color_of("torus", 5) != color_of("clos", 0)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 bit/s"), (2.7648e15, "2.76 Pbit/s"), (999.9e9, "1.00 Tbit/s"), (45e12, "45.0 Tbit/s"), (1, "1.00 bit/s")],
)
def test_rates_have_three_digits_and_a_prefix(value: float, text: str) -> None:
    assert with_prefix(value, "bit/s") == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "$0"), (950, "$950"), (1_102_352_325.52, "$1.10 bn"), (-63_300_000, "-$63.3 M")]
)
def test_money_has_three_digits_and_a_scale(value: float, text: str) -> None:
    assert dollars(value) == text
