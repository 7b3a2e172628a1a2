"""What a solve is told of what is known already."""

from pathlib import Path

import msgspec
from fronts.conftest import campus

from topodesign.domain.solve_limits import SolveLimits
from topodesign.fronts.axes import axes_of
from topodesign.fronts.book import Book, Tried, Wanted
from topodesign.fronts.target import WHAT
from topodesign.sweeps.engine import EngineTask
from topodesign.sweeps.local_engine import LocalEngine
from topodesign.sweeps.questions import Inquiry
from topodesign.sweeps.solving import QuestionOrder


def test_a_bound_that_a_plan_is_below_is_not_given_to_solves(tmp_path: Path):
    class Recording(LocalEngine):
        def submit(self, task: EngineTask) -> None:
            orders.append(msgspec.msgpack.decode(task.payload[1], type=QuestionOrder))
            super().submit(task)

    orders: list[QuestionOrder] = []
    scenario = campus()
    axes = axes_of(scenario, ("cost", "sync-time"))
    with Recording(workers=1) as engine, Inquiry(folder=tmp_path, engine=engine, what=WHAT) as inquiry:
        book = Book(scenario=scenario, axes=axes, limits=SolveLimits(threads=1), inquiry=inquiry)
        book.ask([Wanted(corner=book.top)])
        (plan,) = book.plans
        proven_usd = book.tried[0].bound_usd
        # as if proven over fewer lightpaths than this plan's: all plans within 0.9 s are within 1 s too
        wrong = Tried(corner=book.top, outcome="plan", bound_usd=2 * plan.cost_usd, basis="fewer lightpaths")
        book.tried.append(wrong)
        book.ask([Wanted(corner=(plan.corner[0] * 0.9,))])
    assert 0 < proven_usd <= plan.cost_usd
    assert [order.bound_usd for order in orders] == [0.0, proven_usd]
    assert "fewer lightpaths" not in orders[1].bound_basis
