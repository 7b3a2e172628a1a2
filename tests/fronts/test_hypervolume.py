"""The share that plans dominate, where it can be told by hand."""

import dataclasses
from pathlib import Path

import pytest
from fronts.conftest import triangle

import topodesign as td
from topodesign.sweeps.local_engine import LocalEngine


def test_two_plans_at_the_corners_dominate_nothing_however_dear_a_dominated_plan_is(
    one_process: LocalEngine, tmp_path: Path
):
    # the clean site holds half of the pods, so that the least carbon takes two sites; of single sites the cheapest is
    # the dirtiest: it is best in the number of sites, but a dearer one is as good in that and cleaner
    scenario = triangle()
    clean, middle, dirty = scenario.sites
    sites = (dataclasses.replace(clean, max_pods=3), dataclasses.replace(middle, fixed_capex_usd=2e7), dirty)
    scenario = dataclasses.replace(scenario, sites=sites)
    front = td.pareto(scenario, ("sites", "carbon"), folder=tmp_path, engine=one_process, points=1, end_tolerance=0.2)
    assert [(point.values[0], point.site_ids) for point in front.points] == [(1, ("b",)), (2, ("a", "b"))]
    # pods of the middle site have 200 g/kWh, those of the clean one 10: half of each has 105 / 200
    assert front.points[1].values[1] / front.points[0].values[1] == pytest.approx(105 / 200, rel=1e-3)
    stairs = front.staircases
    assert stairs is not None
    assert stairs.hypervolume_lower == 0.0 < stairs.hypervolume_upper
