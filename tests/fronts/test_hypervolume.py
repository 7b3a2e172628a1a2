"""The share that plans dominate, where it can be told by hand."""

from pathlib import Path

import pytest
from fronts.conftest import triangle

from topodesign.domain.solve_limits import SolveLimits
from topodesign.fronts.axes import axes_of
from topodesign.fronts.book import Book, KnownPlan, Tried
from topodesign.fronts.certificate import staircases_of
from topodesign.fronts.searches import minimized_of
from topodesign.fronts.target import WHAT
from topodesign.sweeps.local_engine import LocalEngine
from topodesign.sweeps.questions import Inquiry
from topodesign.sweeps.solving import Answer
from topodesign.verify.measures import Measures


def known(sites: int, carbon_t: float, cost_usd: float) -> KnownPlan:
    measures = Measures(
        sync_time_s=1.0,
        carbon_t_per_year=carbon_t,
        largest_rtt_ms=1.0,
        site_count=sites,
        largest_zone_share=1 / sites,
    )
    corner = (float(sites), carbon_t)
    answer = Answer(status="optimal")
    return KnownPlan(corner=corner, asked=corner, measures=measures, cost_usd=cost_usd, basis="", answer=answer)


def test_the_rectangle_ends_at_the_plan_that_none_dominates_not_at_the_cheapest(
    one_process: LocalEngine, tmp_path: Path
):
    scenario = triangle()
    sites, carbon = axes_of(scenario, ("sites", "carbon"))
    tonnes = 4 * carbon.least
    book = Book(
        scenario=scenario,
        axes=(sites, carbon),
        limits=SolveLimits(),
        inquiry=Inquiry(folder=tmp_path, engine=one_process, what=WHAT),  # nothing is asked
    )
    # of the two plans with one site the cheaper one is dominated
    book.plans += [known(3, tonnes, 3e6), known(2, 1.5 * tonnes, 3e6), known(1, 2 * tonnes, 2e6)]
    book.plans.append(known(1, 5 * tonnes, 1e6))
    book.tried.append(Tried(corner=(3.0, 0.5 * tonnes), outcome="none"))
    book.tried.append(Tried(corner=(1.0, 1.8 * tonnes), outcome="none"))
    minimized = minimized_of(book, "sites", gap=0.01, tolerance=0.01)
    stairs = staircases_of(minimized, carbon, is_complete=False)
    assert stairs is not None
    # from 0.5 to 2 times the tonnes, and from 1 to 3 sites: an area of 3; two sites from 1.5 on are 1 better than three
    assert stairs.hypervolume_lower == pytest.approx(0.5 * 1 / 3)
    # proven: at least two sites up to 1.8 times, at least one from there on
    assert stairs.hypervolume_upper == pytest.approx((1.3 * 1 + 0.2 * 2) / 3)
