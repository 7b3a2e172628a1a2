"""What is said of a front whose least values are not resolved: plans may hide below the ones that were reached."""

import dataclasses
import math
from pathlib import Path

import msgspec
from fronts.conftest import campus
from planning.test_optimum import exhaustive_optimum

import topodesign as td
from topodesign.domain.pareto_front import ParetoFront
from topodesign.fronts.book import FIRST_PLAN_GAP
from topodesign.fronts.telling import proof_words
from topodesign.sweeps.engine import EngineTask
from topodesign.sweeps.local_engine import LocalEngine
from topodesign.sweeps.solving import QuestionOrder

NO_TIME_S = 1e-6


class NoTimeForEnds(LocalEngine):
    """Every question that only asks whether there is a plan ends at its time limit, as it may in a large scenario."""

    def submit(self, task: EngineTask) -> None:
        scenario, content, start = task.payload
        order = msgspec.msgpack.decode(content, type=QuestionOrder)
        if order.limits.gap == FIRST_PLAN_GAP:
            limits = dataclasses.replace(order.limits, time_limit_s=NO_TIME_S)
            order = msgspec.structs.replace(order, limits=limits)
        super().submit(dataclasses.replace(task, payload=(scenario, msgspec.msgpack.encode(order), start)))


def fastest_that_can_be(scenario: td.Scenario, within: tuple[float, ...]) -> float:
    """The tightest of some limits on the sync time that has a plan, by enumeration."""
    possible = []
    for limit in within:
        workload = dataclasses.replace(scenario.workload, sync_time_s=limit)
        if math.isfinite(exhaustive_optimum(dataclasses.replace(scenario, workload=workload))):
            possible.append(limit)
    return min(possible)


def require_open_below_the_reached_end(front: ParetoFront) -> None:
    """A tenth of the time that was reached has a plan: it must be in an open cell, and nothing may say otherwise."""
    time, stairs = front.ends[1], front.staircases
    assert time.least.upper is not None and time.least.lower < time.least.upper and stairs is not None
    faster = fastest_that_can_be(campus(), (0.3, 0.1, 0.05))
    assert faster < time.least.upper / 5
    (cell,) = [item for item in front.open_cells if item.tightest[0] <= faster <= item.loosest[0]]
    assert (cell.best, cell.gap, cell.is_narrow) == (None, None, False)
    assert front.status == "points" and front.largest_gap is None
    assert (stairs.hypervolume_lower, stairs.hypervolume_upper) == (0.0, 1.0)
    assert "not known whether limits that tight have a plan" in proof_words(front)


def test_an_end_whose_solves_ran_out_of_time_is_an_open_cell(tmp_path: Path):
    with NoTimeForEnds(workers=1) as engine:
        front = td.pareto(campus(), folder=tmp_path, engine=engine, points=0)
    assert front.notes  # of the solves without an answer
    require_open_below_the_reached_end(front)


def test_an_end_that_was_not_to_be_enclosed_closely_is_an_open_cell_which_points_resolve(
    one_process: LocalEngine, tmp_path: Path
):
    asked = {"folder": tmp_path, "engine": one_process, "end_tolerance": 1.0}
    require_open_below_the_reached_end(td.pareto(campus(), **asked, points=0))
    looked = td.pareto(campus(), **asked, points=3)
    assert looked.ends[1].least.upper is not None and looked.ends[1].least.upper < 0.5
