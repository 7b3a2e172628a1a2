"""Charts of training: curves that are the estimates, points that are the plan's, the same bytes every time."""

import io
from dataclasses import replace
from itertools import pairwise

import pytest
from outputs.hand_made_plans import Case
from PIL import Image

from topodesign.catalog import load_catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.goodput import Checkpointing
from topodesign.domain.scenario import TrainingRules
from topodesign.domain.training import TrainingRequest
from topodesign.evaluation import evaluate_availability, evaluate_training
from topodesign.outputs import (
    CostPoint,
    cost_over_sites,
    cost_points,
    goodput_over_size,
    methods_beside,
    png_bytes,
    svg_bytes,
    training_chart,
    utilization_over_bandwidth,
    utilization_over_distance,
)
from topodesign.outputs.training_chart_of_plan import job_of_plan
from topodesign.training.estimating import estimate
from topodesign.training.uptime import uptime_of

JOB = TrainingRequest(parameters=2e12, step_s=4.0, sites=4, layers=156, fragment_layers=6, gbps=20_000.0)


def labelled(axes) -> dict[str, object]:  # type: ignore[no-untyped-def]
    return {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_")}


def marks(axes) -> list[tuple[float, float]]:  # type: ignore[no-untyped-def]
    return [(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines if line.get_marker() == "o"]


def test_a_jobs_method_stands_beside_others_that_it_has_figures_for() -> None:
    assert list(methods_beside(JOB)) == [
        "data-parallel, every step, 16 bits",
        "diloco, every 100 steps, 16 bits",
        "streaming, every 100 steps, 16 bits, 1 step overlapped",
        "streaming, every 100 steps, 4 bits, 1 step overlapped",
    ]
    own = replace(JOB, method="diloco", inner_steps=500, layers=None)
    assert list(methods_beside(own)) == [
        "diloco, every 500 steps, 16 bits",
        "data-parallel, every step, 16 bits",
        "diloco, every 100 steps, 16 bits",
    ]


def test_curves_over_bandwidth_are_the_estimates() -> None:
    jobs = methods_beside(JOB)
    axes = utilization_over_bandwidth(jobs, least_gbps=10, most_gbps=1e5, point=(20_000, 0.5)).axes[0]
    lines = labelled(axes)
    assert list(lines) == list(jobs)
    for name, job in jobs.items():
        x, y = lines[name].get_xdata(), lines[name].get_ydata()
        assert (x[0], x[-1]) == pytest.approx((10, 1e5))
        for place in (0, 30, 60):
            assert y[place] == estimate(replace(job, gbps=float(x[place]))).utilization
        assert all(later >= earlier - 1e-12 for earlier, later in pairwise(y))
    assert marks(axes) == [(20_000, 0.5)]
    assert axes.get_xscale() == "log"


def test_curves_over_distance_fall_by_the_round_trips_of_the_ring() -> None:
    # six one-way latencies of 4.9 us/km: 5,000 km are 0.147 s in every step of data parallelism
    (line,) = labelled(utilization_over_distance({"job": replace(JOB, layers=None)}).axes[0]).values()
    x, y = line.get_xdata(), line.get_ydata()
    exchange_s = 1.5 * 2e12 * 16 / 20e12
    assert y[0] == pytest.approx(4 / (4 + exchange_s))
    assert (x[-1], y[-1]) == (5000, pytest.approx(4 / (4 + exchange_s + 6 * 5000 * 4.9e-6)))


def test_uptime_over_size_is_that_of_the_failures() -> None:
    catalog, recovery = load_catalog(), Checkpointing(write_s=60, restart_s=300)
    recoveries = {"own": recovery, "slow": Checkpointing(write_s=1e5, restart_s=1e6)}
    axes = goodput_over_size(catalog, recoveries=recoveries, point=50_000).axes[0]
    lines = labelled(axes)
    x, y = lines["own"].get_xdata(), lines["own"].get_ydata()
    for place in (0, 60):
        found = uptime_of(float(x[place]), accelerator="h100-sxm", catalog=catalog, checkpointing=recovery)
        assert y[place] == found.useful
    assert y[-1] < y[0]
    # a million seconds to restart, and an interruption every three minutes: nothing is left
    assert lines["slow"].get_ydata()[-1] == 0
    found = uptime_of(50_000, accelerator="h100-sxm", catalog=catalog, checkpointing=recovery)
    assert marks(axes) == [(50_000, found.useful)]


def test_cost_over_sites_joins_the_cheapest_and_marks_the_best() -> None:
    points = [
        CostPoint(sites=3, cost_usd=29e9, lower_bound_usd=28.5e9),
        CostPoint(sites=2, cost_usd=31e9, lower_bound_usd=31e9),
        CostPoint(sites=3, cost_usd=30e9),
    ]
    axes = cost_over_sites(points).axes[0]
    joined = next(line for line in axes.lines if len(line.get_xdata()) == 2 and line.get_marker() == "None")
    assert (list(joined.get_xdata()), list(joined.get_ydata())) == ([2, 3], [31e9, 29e9])
    bars = [line for line in axes.lines if line.get_alpha() == 0.35]
    assert [list(line.get_ydata()) for line in bars] == [[28.5e9, 29e9]]
    assert [text.get_text() for text in axes.texts] == ["$29.0 bn"]
    best = max(axes.lines, key=lambda line: line.get_zorder())
    assert (best.get_xdata()[0], best.get_ydata()[0]) == (3, 29e9)


def test_cost_points_are_of_plans_that_have_a_cost(east: Case) -> None:
    free = replace(east.plan, cost_usd=None)
    (point,) = cost_points([free, east.plan, replace(east.plan, sites=())])
    assert (point.sites, point.cost_usd) == (len(east.plan.sites), east.plan.cost_usd)
    assert point.lower_bound_usd == east.plan.lower_bound_usd


def test_a_plans_chart_marks_its_own_bandwidth_distance_and_size(east: Case) -> None:
    catalog = load_catalog()
    job = job_of_plan(east.scenario, east.plan, catalog)
    assert job is not None and east.plan.sync is not None
    # three sites: a ring with 4/3 of the strength takes as long as the graph, V / (beta sigma)
    volume = east.scenario.workload.parameters * 16
    assert estimate(job).sync_s == pytest.approx(volume / (0.8e9 * east.plan.sync.strength_gbps))
    figure = training_chart(east.scenario, east.plan, catalog)
    assert figure is not None
    bandwidth, distance, uptime = figure.axes
    assert marks(bandwidth) == [(job.gbps, estimate(job).utilization)]
    lengths = [link.length_km for link in east.plan.links]
    assert marks(distance)[0][0] == pytest.approx(sum(lengths) / len(lengths))
    assert marks(uptime)[0][0] == sum(site.accelerators for site in east.plan.sites)
    assert next(iter(labelled(bandwidth))).startswith("this plan: data-parallel")


def test_a_plans_chart_has_its_own_seconds_and_recoveries_and_no_legend_over_a_curve(east: Case) -> None:
    catalog = load_catalog()
    plan = replace(east.plan, availability=evaluate_availability(east.scenario, east.plan, catalog))
    scenario = replace(east.scenario, training=TrainingRules(write_s=12.0, restart_s=34.0))
    plan = replace(plan, training=evaluate_training(scenario, plan, catalog))
    assert plan.training is not None
    column = plan.training.columns[0]
    figure = training_chart(scenario, plan, catalog)
    assert figure is not None
    uptime = figure.axes[2]
    assert list(labelled(uptime)) == [
        "this plan: 12 s to write, 34 s to restart",
        "30 s to write, 180 s to restart",
        "5 s to write, 30 s to restart",
        "120 s to write, 600 s to restart",
        "this plan, if all restart",
        "this plan, if the other replicas go on",
    ]
    heights = [labelled(uptime)[name].get_ydata()[0] for name in list(labelled(uptime))[4:]]  # type: ignore[attr-defined]
    assert heights == [column.yields[0].goodput, column.best.goodput]
    png_bytes(figure)  # places everything
    legend = uptime.get_legend()
    assert legend is not None and not legend.get_window_extent().overlaps(uptime.get_window_extent())


def test_a_plan_without_an_exchange_between_sites_has_no_such_chart(east: Case) -> None:
    catalog = load_catalog()
    assert training_chart(east.scenario, replace(east.plan, sync=None), catalog) is None
    alone = replace(east.plan, sites=east.plan.sites[:1])
    assert training_chart(east.scenario, alone, catalog) is None
    workload = replace(east.scenario.workload, demand="hose", sync_time_s=None)
    sites = tuple(replace(site, hose_gbps=100.0) for site in east.scenario.sites)
    assert training_chart(replace(east.scenario, workload=workload, sites=sites), east.plan, catalog) is None


def test_training_charts_are_stable_and_large_enough_to_print() -> None:
    chart = utilization_over_bandwidth({"job": JOB})
    assert svg_bytes(chart) == svg_bytes(utilization_over_bandwidth({"job": JOB}))
    assert b"<dc:date>" not in svg_bytes(chart)
    assert Image.open(io.BytesIO(png_bytes(chart))).width >= 1000


@pytest.mark.parametrize(
    ("draw", "field"),
    [
        (lambda: utilization_over_bandwidth({}), "curves"),
        (lambda: utilization_over_bandwidth({str(number): JOB for number in range(8)}), "curves"),
        (lambda: utilization_over_bandwidth({"job": JOB}, least_gbps=0), "gbps"),
        (lambda: utilization_over_bandwidth({"job": JOB}, least_gbps=10, most_gbps=1), "gbps"),
        (lambda: utilization_over_distance({"job": JOB}, most_km=0), "most_km"),
        (lambda: goodput_over_size(load_catalog(), least=-1), "accelerators"),
        (lambda: cost_over_sites([]), "points"),
    ],
)
def test_charts_of_nothing_are_refused(draw, field: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidInput) as refusal:
        draw()
    assert refusal.value.field_path == field
