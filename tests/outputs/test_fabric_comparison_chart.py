"""The chart that compares fabrics: marks stand where the figures are, and bounds are never drawn as bars."""

import math
from dataclasses import replace

import pytest
from matplotlib.axes import Axes
from outputs.hand_made_plans import fabric

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import Clos, FabricEvaluation, Throughput, Torus
from topodesign.fabric import compare_fabrics
from topodesign.outputs import fabric_comparison_chart, png_bytes, svg_bytes

BISECTION, ALLTOALL, LATENCY, ALLREDUCE, COST, POWER = range(6)


def share(lower: float, upper: float) -> tuple[Throughput, ...]:
    return (
        Throughput(
            pattern="uniform all-to-all", value=upper, lower=lower, upper=upper, method="", exact=lower == upper
        ),
    )


def with_bisection(found: FabricEvaluation, lower_gbps: float, upper_gbps: float) -> FabricEvaluation:
    cut = replace(
        found.bisection, lower_gbps=lower_gbps, upper_gbps=upper_gbps, gbps=upper_gbps, exact=lower_gbps == upper_gbps
    )
    return replace(found, bisection=cut)


def panel(fabrics: list[FabricEvaluation], number: int) -> Axes:
    return fabric_comparison_chart(fabrics).axes[number]


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_bars_are_the_figures_of_each_fabric_per_accelerator() -> None:
    fabrics = list(compare_fabrics([Torus(shape=(8, 8, 8)), Clos(accelerators=512)]))
    for number, scale in ((COST, 1.0), (POWER, 1000.0)):
        axes = panel(fabrics, number)
        values = [found.cost_usd if number == COST else found.power_kw for found in fabrics]
        assert [bar.get_width() for bar in axes.patches] == pytest.approx([scale * value / 512 for value in values])
    # 8x8x8: 4 x 8 x 8 / 2 = 128 links of 400 Gbit/s over 512; Clos 256
    assert [bar.get_width() for bar in panel(fabrics, BISECTION).patches] == pytest.approx([100e9, 200e9])
    # 8 / 8 links per pair and axis: lambda = 8 / (8 x 512), of 6 links: 511 x 8 / 512 / 8 / 6
    assert panel(fabrics, ALLTOALL).patches[0].get_width() == pytest.approx(100 * 511 * 8 / (8 * 512) / 6)


def test_an_interval_is_a_bracket_and_no_bar_from_zero() -> None:
    exact = fabric("clos", 100)
    unsure = with_bisection(exact, 5_000, 8_000)
    axes = panel([exact, unsure], BISECTION)
    bar, band = axes.patches
    assert (bar.get_x(), bar.get_width()) == (0, pytest.approx(200e9))
    assert (band.get_x(), band.get_width()) == (pytest.approx(50e9), pytest.approx(30e9))
    assert band.get_alpha() is not None and band.get_height() < bar.get_height()
    assert texts(axes) == ["200 Gbit/s", "50.0 Gbit/s to 80.0 Gbit/s"]


def test_where_only_an_upper_end_is_known_the_text_says_at_most() -> None:
    axes = panel([replace(fabric("clos", 100), throughput=share(0.0, 0.7))], ALLTOALL)
    assert texts(axes) == ["≤ 70 %"]


def test_what_was_not_solved_is_not_drawn() -> None:
    axes = panel([fabric("clos", 100), replace(fabric("torus", 100), throughput=share(0.5, 0.5))], ALLTOALL)
    assert texts(axes) == ["not known", "50 %"]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([50.0])


def test_a_fabric_that_cannot_finish_says_so() -> None:
    axes = panel([fabric("clos", 100), replace(fabric("torus", 100), allreduce_s=math.inf)], ALLREDUCE)
    assert texts(axes) == ["42.0 ms", "infinite"]


def test_latency_runs_from_the_median_to_the_99th_percentile() -> None:
    axes = panel([fabric("torus", 100)], LATENCY)
    assert [float(x) for x in axes.lines[0].get_xdata()] == pytest.approx([2.2e-6, 2.4e-6])
    assert texts(axes) == ["2.20 µs to 2.40 µs"]


def test_values_far_apart_stand_on_a_logarithmic_axis_that_begins_below_them() -> None:
    small, large = (with_bisection(fabric("clos", 100), gbps, gbps) for gbps in (10, 20_000))
    nothing = with_bisection(small, 0, 0)
    axes = panel([small, large, nothing], BISECTION)
    assert axes.get_xscale() == "log"
    assert not axes.patches
    points = [float(line.get_xdata()[0]) for line in axes.lines if line.get_marker() == "o"]
    assert points == pytest.approx([0.1e9, 200e9])
    assert 0 < axes.get_xlim()[0] < 0.1e9
    assert texts(axes)[2] == "0 bit/s"


@pytest.mark.parametrize("count", [1, 2, 9, 24])
def test_any_number_of_kinds_has_a_row_each_and_the_same_bytes_each_time(count: int) -> None:
    kinds = ["torus", "clos", "dragonfly", "hyperx", "slimfly", "jellyfish", "hypercube", "hammingmesh", "custom"]
    fabrics = [fabric(kinds[number % len(kinds)], 64, name=f"fabric {number}") for number in range(count)]
    figure = fabric_comparison_chart(fabrics)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [found.name for found in fabrics]
    if count <= 2:
        for written in (png_bytes, svg_bytes):
            assert written(fabric_comparison_chart(fabrics)) == written(fabric_comparison_chart(fabrics))


def test_the_title_names_the_sizes() -> None:
    figure = fabric_comparison_chart([fabric("torus", 4096), fabric("clos", 8192)])
    assert figure.get_suptitle() == "Fabrics of 4,096 to 8,192 accelerators"
    assert fabric_comparison_chart([fabric("torus", 64)], title="Ours").get_suptitle() == "Ours"


@pytest.mark.parametrize("count", [0, 25])
def test_no_fabrics_or_too_many_are_refused(count: int) -> None:
    with pytest.raises(InvalidInput, match="1 to 24"):
        fabric_comparison_chart([fabric("clos", 64)] * count)
