"""A Pareto front: plans of which none is better in one goal without being worse in another, and what is proven."""

from dataclasses import dataclass, field
from typing import Literal

from topodesign.domain.checks import require, require_number, require_one_of
from topodesign.domain.front_goals import GOALS
from topodesign.domain.front_goals import GoalName as GoalName
from topodesign.domain.plan import Infeasibility
from topodesign.domain.solve_limits import SolveLimits

FrontStatus = Literal["complete", "points", "gaps", "interrupted", "infeasible", "limit"]
"""Every cell is closed, or narrow; the points are used up; solves that ended at their limits leave more open than was
asked for; it was told to stop; there is no plan; none was found in time."""
MOST_GOALS = 3
LARGEST_FRONT_GAP = 0.5
"""Beyond it a front says nothing."""
MOST_FRONT_POINTS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontRequest:
    """What a front is asked for.

    Parameters
    ----------
    goals : tuple of GoalName
        Two or three. Where the cost is among them it is minimized within limits on the others, else the first one is.
    points : int
        Problems to solve between the ends, at most; 0 to 1000.
    gap : float
        Relative gap of each solve, and up to which a stretch of the front counts as closed.
    end_tolerance : float
        How closely the least value of a continuous goal is enclosed, relative to it, before points are spent. What is
        left is an open cell.
    limits : SolveLimits
        Of each solve; its ``gap`` is that of the front.
    """

    goals: tuple[GoalName, ...] = ("cost", "sync-time")
    points: int = 12
    gap: float = 0.01
    end_tolerance: float = 0.01
    limits: SolveLimits = field(default_factory=lambda: SolveLimits(threads=1))

    def __post_init__(self) -> None:
        for goal in self.goals:
            require_one_of(goal, GOALS, field="goals")
        require(
            len(set(self.goals)) == len(self.goals),
            field="goals",
            value=", ".join(self.goals),
            limit="different goals",
            remedy="name each goal once",
        )
        require(
            2 <= len(self.goals) <= MOST_GOALS,
            field="goals",
            value=", ".join(self.goals),
            limit=f"2 or {MOST_GOALS} of {', '.join(GOALS)}",
            remedy="a front weighs two or three goals against each other",
        )
        require_number(self.points, field="points", at_least=0, at_most=MOST_FRONT_POINTS)
        require(
            isinstance(self.points, int),
            field="points",
            value=self.points,
            limit="a whole number",
            remedy="leave out the fraction",
        )
        require_number(self.gap, field="gap", at_least=0, at_most=LARGEST_FRONT_GAP)
        require_number(self.end_tolerance, field="end_tolerance", above=0, at_most=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosed:
    """A least value: ``lower`` is proven, ``upper`` is reached by a plan (``None``: no plan is known)."""

    lower: float
    upper: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalEnd:
    """The least value of one goal alone, and the plan that reaches ``least.upper`` (empty where none is known)."""

    goal: GoalName
    least: Enclosed
    plan_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontPoint:
    """A plan that no other known plan dominates.

    Parameters
    ----------
    number : int
        From 1, in the order of the front.
    values : tuple of float
        What the plan achieves in each goal, as the verifier measures it.
    limits : tuple of float or None
        The limits under which it was found, for each goal; ``None``: none beyond the scenario's own, or the goal that
        was minimized.
    bound : float
        No plan that is as good in all other goals has a lower value of the goal that is minimized than this.
    gap : float
        (value - bound) / value of that goal.
    cost_usd, sync_time_s, carbon_t_per_year, largest_rtt_ms, site_count, largest_zone_share
        All that can be a goal, also what is none here.
    site_ids : tuple of str
    bound_basis : str
        What the bound of the plan's own cost is relative to.
    plan_digest : str
        The name of the plan among the kept ones.
    """

    number: int
    values: tuple[float, ...]
    limits: tuple[float | None, ...]
    bound: float
    gap: float
    cost_usd: float
    sync_time_s: float | None
    carbon_t_per_year: float
    largest_rtt_ms: float
    site_count: int
    largest_zone_share: float
    site_ids: tuple[str, ...]
    bound_basis: str
    plan_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCell:
    """A box of the goals that are limited in which better plans may hide.

    Parameters
    ----------
    tightest, loosest : tuple of float
        Its corners, for every goal but the one that is minimized; the loosest may be infinite.
    bound : float
        No plan within ``loosest`` has a lower value of the minimized goal.
    best : float, optional
        The least value of a known plan within ``tightest``; ``None``: no plan is known there.
    gap : float, optional
        (best - bound) / best; ``None`` without such a plan.
    share : float
        Of the whole box from the proven ends on that it takes.
    is_narrow : bool
        It is too narrow to be split: limits that close to each other are not told apart. At its loose corner it is
        closed. An end that is enclosed to 1 %, and as closely as was asked for, is narrow too.
    """

    tightest: tuple[float, ...]
    loosest: tuple[float, ...]
    bound: float
    best: float | None
    gap: float | None
    share: float
    is_narrow: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A value of the minimized goal that holds for every limit of the other from ``limit`` to that of the next step."""

    limit: float
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Staircases:
    """Two goals as steps over the limit of the second: ``plans`` reach, ``bounds`` are proven (``None``: no plan can
    be, or none is known). Between the two lie all fronts that are still possible.

    ``hypervolume_lower`` and ``hypervolume_upper``: share of the rectangle between the ends that the plans dominate,
    and that the bounds leave possible. Where it has no area they are 1 for a complete front, whose one plan is best
    in both goals, else 0 and 1: nothing is known.
    """

    plans: tuple[Step, ...]
    bounds: tuple[Step, ...]
    hypervolume_lower: float
    hypervolume_upper: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ParetoFront:
    """A front and its certificate.

    Parameters
    ----------
    scenario_name : str
    goals : tuple of GoalName
    minimized : GoalName
        The goal that is minimized within limits on the others.
    status : FrontStatus
    gap : float
        Up to which a cell counts as closed.
    points : tuple of FrontPoint
        Sorted by the goals' values, the minimized one from its least value on. None dominates another.
    ends : tuple of GoalEnd
        One for each goal.
    open_cells : tuple of OpenCell
        Where better plans may hide still; by their loosest corners. Outside of them no plan betters the known ones by
        more than ``largest_closed_gap``.
    largest_closed_gap : float
        Of all that is closed; at most ``gap``.
    largest_gap : float, optional
        Of all cells, open ones too but for narrow ones; ``None``: of some no plan is known at their tight corner, so
        that there is none.
    knee : int, optional
        Number of the point that lies farthest from the plane through the ends (Das 1999): information, no advice.
    staircases : Staircases, optional
        For two goals.
    asked, between : int
        Problems solved in all, and of the minimized goal between the ends.
    infeasibility : Infeasibility, optional
        Why there is no plan at all.
    notes : tuple of str
        What went otherwise than it should, in words.
    """

    scenario_name: str
    goals: tuple[GoalName, ...]
    minimized: GoalName
    status: FrontStatus
    gap: float
    points: tuple[FrontPoint, ...] = ()
    ends: tuple[GoalEnd, ...] = ()
    open_cells: tuple[OpenCell, ...] = ()
    largest_closed_gap: float = 0.0
    largest_gap: float | None = None
    knee: int | None = None
    staircases: Staircases | None = None
    asked: int = 0
    between: int = 0
    infeasibility: Infeasibility | None = None
    notes: tuple[str, ...] = ()
