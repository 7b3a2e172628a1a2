"""A Pareto front by the epsilon-constraint method: the ends first, then whatever is still open between them.

References
----------
Haimes, Lasdon and Wismer (1971), "On a bicriterion formulation of the problems of integrated system identification and
system optimization", IEEE Transactions on Systems, Man and Cybernetics 1: limits on all goals but one, which is
minimized. Laumanns, Thiele and Zitzler (2006), "An efficient, adaptive parameter variation scheme for metaheuristics
based on the epsilon-constraint method", European Journal of Operational Research 169: boxes of limits for more goals.
"""

import contextlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from topodesign.domain.pareto_front import (
    Enclosed,
    FrontPoint,
    FrontRequest,
    FrontStatus,
    GoalEnd,
    GoalName,
    OpenCell,
    ParetoFront,
)
from topodesign.domain.plan import SolveLimits
from topodesign.domain.scenario import Scenario
from topodesign.fronts.axes import Corner, achieved, axes_of, with_limit
from topodesign.fronts.book import Book, KnownPlan
from topodesign.fronts.cells import Cells, first_cells
from topodesign.fronts.certificate import knee_of, staircases_of
from topodesign.fronts.searches import (
    Minimized,
    enclosed_level,
    minimized_of,
    relative_gap,
    run_searches,
    search_least_level,
)
from topodesign.fronts.target import WHAT, require_front_folder
from topodesign.sweeps.engine import Engine
from topodesign.sweeps.local_engine import LocalEngine
from topodesign.sweeps.questions import AskingStopped, Inquiry
from topodesign.sweeps.running import DEFAULT_MEMORY_GIB

Progress = Callable[[int, int], object]
"""Receives how many solves are done, and how many plans are known."""
DEFAULT_REQUEST = FrontRequest()


def pareto(
    scenario: Scenario,
    goals: Sequence[GoalName] = DEFAULT_REQUEST.goals,
    *,
    folder: str | Path,
    points: int = DEFAULT_REQUEST.points,
    gap: float = DEFAULT_REQUEST.gap,
    end_tolerance: float = DEFAULT_REQUEST.end_tolerance,
    time_limit_s: float = DEFAULT_REQUEST.limits.time_limit_s,
    seed: int = DEFAULT_REQUEST.limits.seed,
    threads: int = DEFAULT_REQUEST.limits.threads,
    engine: Engine | None = None,
    memory_gib: float = DEFAULT_MEMORY_GIB,
    on_progress: Progress | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> ParetoFront:
    """What one goal costs in terms of one or two others, with proven bounds between the plans.

    Parameters
    ----------
    scenario : Scenario
        Its own limits hold for every plan.
    goals : sequence of {"cost", "sync-time", "carbon", "latency", "sites", "zone-share"}
        Two or three; less is better of each.
    folder : path
        Where plans and answers are kept; the same call goes on with what is there.
    points : int
        Problems to solve between the ends, at most.
    gap : float
        Relative gap of each solve, and up to which a stretch of the front counts as closed.
    end_tolerance : float
        How closely the least value of a goal is enclosed that any number can be a limit of, relative to it.
    time_limit_s, seed, threads
        Of each solve.
    engine : Engine, optional
        Stays open; by default two processes of this machine.
    memory_gib : float
        GiB that one solve may take.
    on_progress : callable, optional
    should_stop : callable, optional
        Asked several times a second; when true, what is known is returned (``interrupted``).

    Returns
    -------
    ParetoFront
        Also where there is no plan at all (``infeasible``), or none was found in time (``limit``).

    Raises
    ------
    InvalidInput
        For goals or limits out of range, or that the scenario does not have (``GOAL_UNSUPPORTED``).
    Conflict
        When the folder is another process's or has files of others.
    """
    limits = SolveLimits(time_limit_s=time_limit_s, gap=gap, seed=seed, threads=threads)
    request = FrontRequest(goals=tuple(goals), points=points, gap=gap, end_tolerance=end_tolerance, limits=limits)
    with contextlib.nullcontext(engine) if engine is not None else LocalEngine() as used:
        return run_front(
            scenario,
            request,
            folder=Path(folder),
            engine=used,
            memory_gib=memory_gib,
            on_progress=on_progress,
            should_stop=should_stop,
        )


def run_front(
    scenario: Scenario,
    request: FrontRequest,
    *,
    folder: Path,
    engine: Engine,
    memory_gib: float = DEFAULT_MEMORY_GIB,
    on_progress: Progress | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> ParetoFront:
    """:func:`pareto` with what is asked for in one object, and an engine that stays open."""
    axes = axes_of(scenario, request.goals)
    require_front_folder(folder)
    with Inquiry(folder=folder, engine=engine, what=WHAT, memory_gib=memory_gib, should_stop=should_stop) as inquiry:
        told = on_progress or (lambda _solves, _plans: None)
        book = Book(
            scenario=scenario,
            axes=axes,
            limits=replace(request.limits, gap=request.gap),
            inquiry=inquiry,
            on_change=lambda known: told(len(known.tried), len(known.plans)),
        )
        run = _Run(request=request, book=book)
        try:
            run.until_done()
        except AskingStopped:
            run.is_stopped = True
        return run.front()


@dataclass(slots=True, kw_only=True)
class _Run:
    """One front: its book, the goal that is minimized, and the cells between the ends."""

    request: FrontRequest
    book: Book
    is_stopped: bool = False
    minimized: Minimized = field(init=False)
    cells: Cells | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        goal: GoalName = "cost" if "cost" in self.request.goals else self.request.goals[0]
        request = self.request
        self.minimized = minimized_of(self.book, goal, gap=request.gap, tolerance=request.end_tolerance)

    def until_done(self) -> None:
        """Ends, then cells."""
        book, minimized, tolerance = self.book, self.minimized, self.request.end_tolerance
        loose = tuple(book.axes[place].top for place in minimized.places)
        run_searches(book, [minimized.search(loose)])
        if minimized.best(loose) is None:
            return
        run_searches(book, [search_least_level(book, place, book.top, tolerance) for place in minimized.places])
        tight = self._reached()
        corners = [with_limit(loose, number, limit) for number, limit in enumerate(tight)]
        if len(tight) > 1:
            corners.append(tight)
        run_searches(book, [minimized.search(corner) for corner in corners])
        self.cells = self._first_cells(loose)
        self.cells.close_or_split()

    def _first_cells(self, loose: Corner) -> Cells:
        """Nothing is closed yet: all from the proven ends on."""
        book, minimized = self.book, self.minimized
        axes = [book.axes[place] for place in minimized.places]
        reached = self._reached()
        found = [
            axis.coordinate(book.proven_least(place, book.top))
            for axis, place in zip(axes, minimized.places, strict=True)
        ]
        proven = tuple(min(pair) for pair in zip(found, reached, strict=True))
        return Cells(
            book=book,
            minimized=minimized,
            open=first_cells(axes, proven, reached, loose),
            reached=reached,
            spans=tuple(
                (low, max(plan.corner[place] for plan in book.plans))
                for low, place in zip(proven, minimized.places, strict=True)
            ),
            points=self.request.points,
            end_tolerance=self.request.end_tolerance,
        )

    def front(self) -> ParetoFront:
        """What is known by now."""
        book = self.book
        known = ParetoFront(
            scenario_name=book.scenario.name,
            goals=self.request.goals,
            minimized=self.minimized.goal,
            status=self._status(),
            gap=self.minimized.gap,
            asked=len(book.tried),
            infeasibility=book.infeasibility,
            notes=tuple(book.notes),
        )
        if not book.plans:
            return known
        points = self._points()
        axis = book.axes[self.minimized.places[0]]
        told = replace(
            known,
            points=points,
            ends=tuple(self._end(goal) for goal in known.goals),
            knee=knee_of(points, known.goals),
            staircases=staircases_of(self.minimized, axis, is_complete=known.status == "complete")
            if len(known.goals) == 2
            else None,
        )
        return told if self.cells is None else _certified(told, self.cells)

    def _status(self) -> FrontStatus:
        if self.is_stopped:
            return "interrupted"
        if self.cells is None:
            return "infeasible" if self.book.infeasibility is not None else "limit"
        if not _wide(self.cells.told()):
            return "complete"
        return "points" if self.cells.asked >= self.cells.points else "gaps"

    def _reached(self) -> Corner:
        """The tightest limit of each limited goal that a plan keeps."""
        return tuple(min(plan.corner[place] for plan in self.book.plans) for place in self.minimized.places)

    def _end(self, goal: GoalName) -> GoalEnd:
        if goal == "cost":
            best = self.book.best(self.book.top)
            least = Enclosed(lower=self.book.bound_usd(self.book.top), upper=None if best is None else best.cost_usd)
        else:
            place = next(number for number, axis in enumerate(self.book.axes) if axis.goal == goal)
            best, least = self.book.tightest(place, self.book.top), enclosed_level(self.book, place)
        return GoalEnd(goal=goal, least=least, plan_digest="" if best is None else best.answer.plan_digest)

    def _points(self) -> tuple[FrontPoint, ...]:
        """The plans that none dominates, by the minimized goal and then the others."""
        goals, minimized = self.request.goals, self.minimized
        order = sorted(range(len(goals)), key=lambda column: (goals[column] != minimized.goal, column))
        by_values: dict[tuple[float, ...], KnownPlan] = {}
        for plan in sorted(self.book.plans, key=lambda item: item.rank):
            by_values.setdefault(self._values(plan), plan)
        kept = [values for values in by_values if not any(_dominates(other, values) for other in by_values)]
        kept.sort(key=lambda values: tuple(values[column] for column in order))
        return tuple(self._point(number, values, by_values[values]) for number, values in enumerate(kept, start=1))

    def _values(self, plan: KnownPlan) -> tuple[float, ...]:
        return tuple(achieved(goal, plan.measures, plan.cost_usd) for goal in self.request.goals)

    def _point(self, number: int, values: tuple[float, ...], plan: KnownPlan) -> FrontPoint:
        minimized = self.minimized
        value = minimized.value(plan)
        corner: Corner = tuple(plan.corner[place] for place in minimized.places)
        bound = min(minimized.bound(corner), value)
        return FrontPoint(
            number=number,
            values=values,
            limits=tuple(self._limit(goal, plan) for goal in self.request.goals),
            bound=bound,
            gap=relative_gap(value, bound),
            cost_usd=plan.cost_usd,
            sync_time_s=plan.measures.sync_time_s,
            carbon_t_per_year=plan.measures.carbon_t_per_year,
            largest_rtt_ms=plan.measures.largest_rtt_ms,
            site_count=plan.measures.site_count,
            largest_zone_share=plan.measures.largest_zone_share,
            site_ids=plan.answer.site_ids,
            bound_basis=plan.basis,
            plan_digest=plan.answer.plan_digest,
        )

    def _limit(self, goal: GoalName, plan: KnownPlan) -> float | None:
        for axis, limit in zip(self.book.axes, plan.asked, strict=True):
            if axis.goal == goal and limit < axis.top and not math.isinf(limit):
                return limit
        return None


def _certified(front: ParetoFront, cells: Cells) -> ParetoFront:
    """The front with its cells, and the largest gaps outside and inside of the open ones."""
    open_cells = cells.told()
    wide = _wide(open_cells)
    gaps = [cell.gap for cell in wide if cell.gap is not None]
    return replace(
        front,
        open_cells=open_cells,
        largest_closed_gap=cells.largest_closed_gap,
        largest_gap=max([cells.largest_closed_gap, *gaps]) if len(gaps) == len(wide) else None,
        between=cells.asked,
    )


def _wide(cells: Sequence[OpenCell]) -> list[OpenCell]:
    return [cell for cell in cells if not cell.is_narrow]


def _dominates(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether the first is nowhere worse and somewhere better."""
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))
