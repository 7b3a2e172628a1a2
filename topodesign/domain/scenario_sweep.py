"""Many plans of one scenario with figures changed: what is varied, how points are chosen, and what each one gave."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, Self, get_args

from topodesign.domain.checks import require, require_number, require_one_of
from topodesign.domain.plan import SitePlan, SolveLimits
from topodesign.domain.solve_limits import Objective

Design = Literal["grid", "random", "lhs"]
"""Every combination; independent draws; a Latin hypercube."""
AxisValue = bool | int | float | str | tuple[str, ...] | None
PointStatus = Literal["optimal", "feasible", "infeasible", "limit", "invalid", "failed"]
MOST_POINTS = 10_000
MOST_AXES = 16
MOST_THREADS = 256
LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepAxis:
    """One figure of the scenario that is varied.

    Parameters
    ----------
    path : str
        Where it is: ``policy.max_sites``, ``zones.PJM.headroom_mw``, ``zones.*.headroom_mw``,
        ``catalog.transceiver.zrplus-400.cost_usd``.
    is_factor : bool
        Values multiply the scenario's own figure instead of taking its place.
    values : tuple
        The values, in order; empty where they are drawn from ``low`` to ``high``.
    low, high : float, optional
        Ends of the range that random and Latin hypercube designs draw from; both ends belong to it.
    is_whole, is_logarithmic : bool
        What is drawn is a whole number; its logarithm is evenly spread.
    """

    path: str
    is_factor: bool = False
    values: tuple[AxisValue, ...] = ()
    low: float | None = None
    high: float | None = None
    is_whole: bool = False
    is_logarithmic: bool = False

    def __post_init__(self) -> None:
        has_range = self.low is not None and self.high is not None
        require(
            bool(self.values) != has_range,
            field=self.name,
            value=self.values,
            limit="either a list of values or a range",
            remedy="give values such as 1,2,4 or a range such as 1..4",
        )
        require(
            len(set(self.values)) == len(self.values),
            field=self.name,
            value=self.values,
            limit="values that are all different",
            remedy="leave out the repeated one",
        )
        if self.low is not None and self.high is not None:
            require_number(self.low, field=self.name)
            require_number(self.high, field=self.name, above=self.low, remedy="the second end is the greater one")
            if self.is_logarithmic:
                require_number(self.low, field=self.name, above=0, remedy="a logarithmic range begins above 0")

    @property
    def name(self) -> str:
        """As it is written before the ``=``: a final ``*`` says that values are factors."""
        return f"{self.path}*" if self.is_factor else self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepDefinition:
    """What is varied, how points are chosen, and the limits of each point's solve.

    ``points`` is how many a random or Latin hypercube design has; a grid has every combination. ``seed`` is of the
    design; ``limits`` are of one point. ``begins_cold``: no point begins from the plan of another, nor takes over its
    bound; every search is then what ``topodesign plan`` does.
    """

    axes: tuple[SweepAxis, ...]
    design: Design = "grid"
    points: int | None = None
    seed: int = 0
    limits: SolveLimits = field(default_factory=lambda: SolveLimits(threads=1))
    begins_cold: bool = False

    def __post_init__(self) -> None:
        require_number(
            len(self.axes), field="number of axes", at_least=1, at_most=MOST_AXES, remedy="vary at least one figure"
        )
        names = [axis.path for axis in self.axes]
        require(
            len(set(names)) == len(names),
            field="axes",
            value=names,
            limit="different figures",
            remedy="vary each figure once",
        )
        _require_whole(self.seed, field="seed", at_least=0, at_most=LARGEST_SEED)
        if self.points is not None:
            _require_whole(self.points, field="points", at_least=1, at_most=MOST_POINTS)
        require(
            isinstance(self.begins_cold, bool),
            field="begins_cold",
            value=self.begins_cold,
            limit="true or false",
            remedy="give one of them, without quotes",
        )
        _require_limits(self.limits)
        if self.design == "grid":
            self._require_grid()
        else:
            require(
                self.points is not None,
                field="points",
                value=self.points,
                limit=f"a number with the design {self.design}",
                remedy="say how many points to draw",
            )
        require_number(
            self.count, field="number of points", at_least=1, at_most=MOST_POINTS, remedy="vary fewer values"
        )

    def _require_grid(self) -> None:
        require(
            self.points is None,
            field="points",
            value=self.points,
            limit="absent with the design grid, which has every combination",
            remedy="take the design random or lhs to draw points",
        )
        for axis in self.axes:
            require(
                bool(axis.values),
                field=axis.name,
                value=f"{axis.low}..{axis.high}",
                limit="a list of values, or a range with a step, in a grid",
                remedy="give a step, such as 0.1..1:0.1, or take the design random or lhs",
            )

    @property
    def count(self) -> int:
        """Points of the design."""
        if self.points is not None:
            return self.points
        number = 1
        for axis in self.axes:
            number *= len(axis.values)
        return number


def _require_limits(limits: SolveLimits) -> None:
    """Each point would be refused for them in its process: that is told once, before any begins."""
    require_number(limits.time_limit_s, field="limits.time_limit_s", above=0)
    require_number(limits.gap, field="limits.gap", at_least=0, at_most=1)
    _require_whole(limits.seed, field="limits.seed", at_least=0, at_most=LARGEST_SEED)
    _require_whole(limits.threads, field="limits.threads", at_least=1, at_most=MOST_THREADS)
    if limits.objective is not None:
        require_one_of(limits.objective, get_args(Objective), field="limits.objective")


def _require_whole(value: int, *, field: str, at_least: int, at_most: int) -> None:
    require_number(value, field=field, at_least=at_least, at_most=at_most)
    require(isinstance(value, int), field=field, value=value, limit="a whole number", remedy="leave out the fraction")


@dataclass(frozen=True, slots=True, kw_only=True)
class PointFigures:
    """What a plan comes to, in the words of :class:`~topodesign.domain.plan.Plan`; ``None`` where it has none.

    ``largest_zone_share`` is of the pods. ``site_carbon_t_per_year`` is power_mw x load factor x 8760 h x the zone's
    grams per kWh, summed over sites; amplifiers along the fiber are left out. ``effective_exaflops`` is of the
    arrangement that keeps most.
    """

    cost_usd: float
    lower_bound_usd: float | None
    gap: float | None
    network_cost_usd: float | None
    accelerator_purchase_usd: float | None
    site_count: int
    accelerators: int
    power_mw: float
    largest_zone_share: float
    site_carbon_t_per_year: float
    sync_time_s: float | None
    sync_latency_s: float | None
    strength_gbps: float | None
    worst_strength_gbps: float | None
    effective_exaflops: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PointResult:
    """What one point gave.

    Parameters
    ----------
    number : int
        Of the point in its design, from 0.
    values : tuple
        One for each axis.
    status : PointStatus
        As of a plan; ``invalid``: such a scenario cannot be (``message`` says why); ``failed``: it was given up.
    message : str
        Why there is no plan; empty where there is one.
    stopped_by : str
        What ended the search; with ``time_limit`` another run may give another plan.
    started_from, bound_from : int, optional
        The points whose plan the search began from, and whose proven bound it took over.
    figures : PointFigures, optional
    sites : tuple of SitePlan
    plan_digest : str
        SHA-256 of the plan without its times (hexadecimal); the name of its file. Empty where there is no plan.
    solve_s : float
        Seconds that the point took in its process, all included.
    """

    number: int
    values: tuple[AxisValue, ...]
    status: PointStatus
    message: str = ""
    stopped_by: str = ""
    started_from: int | None = None
    bound_from: int | None = None
    figures: PointFigures | None = None
    sites: tuple[SitePlan, ...] = ()
    plan_digest: str = ""
    solve_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepCounts:
    """How many points of a sweep are finished, and with what; ``point_count`` is of the design."""

    point_count: int
    finished_count: int = 0
    optimal_count: int = 0
    feasible_count: int = 0
    infeasible_count: int = 0
    limit_count: int = 0
    invalid_count: int = 0
    failed_count: int = 0

    @classmethod
    def of(cls, point_count: int, statuses: Iterable[PointStatus]) -> Self:
        """The counts of a sweep whose finished points have these statuses."""
        found = Counter(statuses)
        counts = {f"{status}_count": number for status, number in found.items()}
        return cls(point_count=point_count, finished_count=found.total(), **counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepEvent:
    """A point of a sweep was finished; ``counts`` has it."""

    point: PointResult
    counts: SweepCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepOutcome:
    """Results by number, finished ones only; ``is_complete``: all of them. ``resumed``: how many were there before.

    A point that failed (killed, out of memory) is finished in its run; of a folder, the next run tries it again.
    """

    definition: SweepDefinition
    results: tuple[PointResult, ...]
    is_complete: bool
    resumed: int = 0
