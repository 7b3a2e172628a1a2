"""Two-stage siting from Python: the call that makes folder, engine and search."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from topodesign.domain.checks import require_number
from topodesign.domain.futures import Futures
from topodesign.domain.plan import SolveLimits
from topodesign.domain.scenario import Scenario
from topodesign.domain.uncertain_plan import UncertainPlan
from topodesign.sweeps.engine import Engine
from topodesign.sweeps.local_engine import LocalEngine
from topodesign.sweeps.questions import Inquiry
from topodesign.sweeps.running import DEFAULT_MEMORY_GIB
from topodesign.uncertainty.applying import require_cost_goal, scenarios_of
from topodesign.uncertainty.asking import FuturePlans
from topodesign.uncertainty.recourse import require_late_prices
from topodesign.uncertainty.risk import RiskMeasure
from topodesign.uncertainty.siting import SitingSearch
from topodesign.uncertainty.telling import told

WHAT = "plan under uncertainty"
PLAN_GAP_SHARE = 0.5
"""Of the gap that each plan may have: objective and bound are made of plans, and may miss as much on either side."""
LEAST_PREMIUM, MOST_PREMIUM = 0.0, 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SitingOptions:
    """How sites are chosen.

    Parameters
    ----------
    risk : RiskMeasure
        Of the objective.
    late_premium : float
        What a site costs more, relative to its fixed capex, when it is opened without having been committed to; at
        least 0, infinite where that cannot be done.
    gap : float
        Relative gap of the objective at which the search ends; each plan is asked for within half of it.
    max_candidates : int
        Choices of sites that are weighed at most.
    bound_rounds : int
        Rounds of multipliers at most; 0 leaves the bound of waiting and seeing.
    memory_gib : float
        That one plan may take.
    limits : SolveLimits
        Time, seed and threads of each plan.
    """

    risk: RiskMeasure = field(default_factory=RiskMeasure)
    late_premium: float = 0.5
    gap: float = 0.002
    max_candidates: int = 24
    bound_rounds: int = 8
    memory_gib: float = DEFAULT_MEMORY_GIB
    limits: SolveLimits = field(default_factory=lambda: SolveLimits(threads=1))

    def __post_init__(self) -> None:
        if self.late_premium != float("inf"):
            require_number(self.late_premium, field="late_premium", at_least=LEAST_PREMIUM, at_most=MOST_PREMIUM)
        require_number(self.gap, field="gap", at_least=0, at_most=1)
        require_number(self.max_candidates, field="max_candidates", at_least=1, at_most=10_000)
        require_number(self.bound_rounds, field="bound_rounds", at_least=0, at_most=1000)

    @property
    def plan_limits(self) -> SolveLimits:
        """Of each plan."""
        return replace(self.limits, gap=PLAN_GAP_SHARE * self.gap, objective=None)


def plan_under_uncertainty(
    scenario: Scenario,
    futures: Futures,
    options: SitingOptions | None = None,
    *,
    folder: Path | None = None,
    engine: Engine | None = None,
    workers: int = 2,
    on_progress: Callable[[str], object] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> UncertainPlan:
    """Which sites to commit to before it is known which future comes, at least expected cost or risk.

    Parameters
    ----------
    scenario : Scenario
        Its plan is the deterministic one that the answer is compared with.
    futures : Futures
        As :func:`topodesign.read_futures` or :func:`topodesign.uncertainty.drawing.futures_of_factors` makes them.
    options : SitingOptions, optional
    folder : Path, optional
        Where plans are kept, so that the same call goes on after an interruption; a temporary one without it.
    engine : Engine, optional
        What runs the plans; a :class:`LocalEngine` of ``workers`` processes without it.
    workers : int
        Processes that plan at the same time; they change nothing in the answer.
    on_progress : callable, optional
        Receives a sentence now and then.
    should_stop : callable, optional
        When true the search ends with what it has (``stopped_by`` ``interrupted``).

    Returns
    -------
    UncertainPlan
        All costs are brackets in US dollars. ``infeasible`` names the futures that have no plan.

    Raises
    ------
    InvalidInput
        When a future's scenario cannot be, its goal is not the least cost, or a site opened late would cost more than a
        scenario takes (``LATE_COST_TOO_HIGH``).
    Conflict
        As :class:`~topodesign.sweeps.questions.Inquiry`.

    References
    ----------
    J. R. Birge, F. Louveaux, "Introduction to Stochastic Programming", Springer, 2011, chapter 4 (value of the
    stochastic solution, value of perfect information). S. Ahmed, Operations Research Letters 41(6), 2013 (the bound).
    """
    options = options or SitingOptions()
    require_cost_goal(scenario)
    scenarios = scenarios_of(scenario, futures)
    require_late_prices(scenarios, futures, options.late_premium)
    with (
        _folder(folder) as place,
        _engine(engine, workers) as running,
        Inquiry(
            folder=place,
            engine=running,
            what=WHAT,
            memory_gib=options.memory_gib,
            should_stop=should_stop or (lambda: False),
        ) as inquiry,
    ):
        search = SitingSearch(
            plans=FuturePlans(
                base=scenario,
                futures=futures,
                scenarios=scenarios,
                premium=options.late_premium,
                limits=options.plan_limits,
                inquiry=inquiry,
            ),
            risk=options.risk,
            gap=options.gap,
            most_choices=options.max_candidates,
            most_rounds=options.bound_rounds,
            on_progress=on_progress or (lambda _: None),
        )
        search.run()
        return told(search, scenario)


@contextlib.contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="topodesign-") as made:
        yield Path(made)


@contextlib.contextmanager
def _engine(given: Engine | None, workers: int) -> Iterator[Engine]:
    """A caller's engine stays open."""
    if given is not None:
        yield given
        return
    with LocalEngine(workers) as made:
        yield made
