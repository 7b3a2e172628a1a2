"""The whole of a build-out: bounds of every year, courses, the cheapest of them, and its independent check."""

import dataclasses
import math
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from topodesign.buildout.accounting import bound_of_years, counted_years, items_of
from topodesign.buildout.courses import Setting, Walk, go, walks_of
from topodesign.buildout.target import ANSWERS
from topodesign.buildout.weights import year_weights
from topodesign.buildout.yearly import yearly_scenarios
from topodesign.catalog import load_catalog
from topodesign.domain.buildout import (
    Buildout,
    BuildoutStatus,
    BuildoutYear,
    CourseOutcome,
    PlannedYear,
    YearBound,
)
from topodesign.domain.checks import require
from topodesign.domain.errors import VerificationFailed
from topodesign.domain.plan import Plan, SolveLimits
from topodesign.domain.scenario import Scenario
from topodesign.making import evaluated
from topodesign.planning.search import PROVEN_GAP
from topodesign.sweeps.engine import Engine
from topodesign.sweeps.local_engine import LocalEngine
from topodesign.sweeps.questions import AskingStopped, Inquiry, Question
from topodesign.sweeps.running import DEFAULT_MEMORY_GIB
from topodesign.sweeps.solving import Answer
from topodesign.verify.buildout import verify_buildout

DEFAULT_LIMITS = SolveLimits(threads=1)
ASSUMPTIONS = (
    "build-out: what is built in a year is paid at its beginning and stands from then on; what a year costs to run is "
    "paid at its end",
    "build-out: nothing is dropped, sold or replaced, and prices of capital are the same in all years",
    "build-out: accelerators stay; their purchase is told beside the cost and is no part of it",
    "build-out: lightpaths in service may move to other channels and fiber pairs when new ones are added",
)


def plan_buildout(
    scenario: Scenario,
    years: Sequence[PlannedYear],
    *,
    limits: SolveLimits = DEFAULT_LIMITS,
    folder: Path | None = None,
    engine: Engine | None = None,
    workers: int = 2,
    memory_gib: float = DEFAULT_MEMORY_GIB,
    on_answer: Callable[[Answer], object] = lambda _answer: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Buildout:
    """What to build in which year, at least net present cost, each year verified, with a proven lower bound.

    Parameters
    ----------
    scenario : Scenario
        With a size target; its horizon counts from the first year, and its sites and segments may have an
        ``in_service_year``.
    years : sequence of PlannedYear
        In order. Years between two of them are as the earlier one.
    limits : SolveLimits
        Of each of the planning problems, four for every year at most.
    folder : Path, optional
        Where answers are kept: the same call goes on there after an interruption. By default they are not kept.
    engine : Engine, optional
        What solves; by default ``workers`` processes on this machine.
    memory_gib : float
        GiB that one problem may take.
    on_answer : callable
        Receives each answer as it comes.
    should_stop : callable
        Asked several times a second; when true the build-out is returned as ``cancelled``.

    Returns
    -------
    Buildout
        With one year, its plan, cost and bound are those of :func:`topodesign.plan` for the scenario of that year.

    Raises
    ------
    InvalidInput
        As :func:`~topodesign.buildout.yearly.yearly_scenarios` and :func:`~topodesign.buildout.weights.year_weights`;
        for another objective than the least cost.
    Conflict
        As :class:`~topodesign.sweeps.questions.Inquiry`.
    VerificationFailed
        When the independent check rejects the result: a defect of ours.

    References
    ----------
    docs/buildout.md has the formulas, and why the bound holds.
    """
    require(
        limits.objective in (None, "cost"),
        field="objective",
        value=limits.objective,
        limit="cost in a build-out",
        remedy="leave it out",
    )
    scenarios = yearly_scenarios(scenario, years)
    setting = Setting(
        years=tuple(given.year for given in years),
        scenarios=scenarios,
        weights=year_weights([given.year for given in years], scenarios[0].economics),
        limits=limits,
    )
    with ExitStack() as stack:
        place = folder if folder is not None else Path(stack.enter_context(tempfile.TemporaryDirectory()))
        running = engine if engine is not None else stack.enter_context(LocalEngine(workers))
        inquiry = stack.enter_context(
            Inquiry(
                folder=place / ANSWERS,
                engine=running,
                what="build-out",
                memory_gib=memory_gib,
                should_stop=should_stop,
                on_answer=on_answer,
            )
        )
        try:
            return _searched(scenario, setting, inquiry)
        except AskingStopped:
            return _without(scenario, setting, "cancelled")


def _searched(scenario: Scenario, setting: Setting, inquiry: Inquiry) -> Buildout:
    answers = inquiry.ask(
        *(Question(scenario=setting.own_prices(number), limits=setting.limits) for number in range(len(setting.years)))
    )
    own = [inquiry.plan_of(answer) if answer.plan_digest else None for answer in answers]
    bounds = tuple(map(_bound, setting.years, answers, own))
    for year, answer in zip(setting.years, answers, strict=True):
        if answer.status == "infeasible":
            found = _without(scenario, setting, "infeasible", bounds=bounds)
            return dataclasses.replace(found, infeasible_year=year, infeasibility=answer.infeasibility)
    walks = walks_of(setting, own)
    go(walks, inquiry)
    return _best(scenario, setting, walks, bounds)


def _bound(year: int, answer: Answer, plan: Plan | None) -> YearBound:
    usd, basis = 0.0, "no bound was proven: no cost is below 0"
    if plan is not None and plan.lower_bound_usd is not None:
        usd, basis = plan.lower_bound_usd, plan.provenance.bound_basis
    return YearBound(year=year, status=answer.status, lower_bound_usd=usd, basis=basis, message=answer.message)


def _best(scenario: Scenario, setting: Setting, walks: Sequence[Walk], bounds: tuple[YearBound, ...]) -> Buildout:
    """The course of least cost; of equal ones the first."""
    done: list[tuple[float, Walk]] = []
    told = []
    for walk in walks:
        npc = None if walk.ended else math.fsum(items_of(_counted(setting, walk.plans)).values())
        told.append(
            CourseOutcome(course=walk.course, npc_usd=None if npc is None else round(npc, 2), message=walk.ended)
        )
        if npc is not None:
            done.append((round(npc, 2), walk))
    if not done:
        return dataclasses.replace(_without(scenario, setting, "limit", bounds=bounds), courses=tuple(told))
    npc, walk = min(done, key=lambda item: item[0])
    bound = bound_of_years(npc, bounds)
    gap = (npc - bound) / npc if npc > 0 else 0.0
    is_best = gap <= PROVEN_GAP and all(item.status == "optimal" for item in bounds)
    years = _counted(setting, _evaluated(setting, walk.plans))
    found = dataclasses.replace(
        _without(scenario, setting, "optimal" if is_best else "feasible", bounds=bounds),
        npc_usd=npc,
        lower_bound_usd=bound,
        gap=gap,
        npc_items=items_of(years),
        years=years,
        course=walk.course,
        courses=tuple(told),
    )
    verification = verify_buildout(setting.scenarios, found)
    if not verification.valid:
        raise VerificationFailed(verification.violations)
    return dataclasses.replace(found, verification=verification)


def _counted(setting: Setting, plans: Sequence[Plan]) -> tuple[BuildoutYear, ...]:
    return counted_years(setting.years, setting.scenarios, plans, setting.weights)


def _evaluated(setting: Setting, plans: Sequence[Plan]) -> list[Plan]:
    """Fabrics, availability and training of the states; a plan as the planner gave it has them."""
    return [
        plan if plan.availability is not None else evaluated(scenario, plan, load_catalog(scenario.catalog_overrides))
        for scenario, plan in zip(setting.scenarios, plans, strict=True)
    ]


def _without(
    scenario: Scenario, setting: Setting, status: BuildoutStatus, *, bounds: tuple[YearBound, ...] = ()
) -> Buildout:
    economics = setting.scenarios[0].economics
    return Buildout(
        scenario_name=scenario.name,
        status=status,
        lower_bound_usd=round(math.fsum(item.lower_bound_usd for item in bounds), 2) if bounds else None,
        horizon_years=economics.horizon_years,
        discount_rate=economics.discount_rate,
        bounds=bounds,
        assumptions=(*scenario.assumptions, *ASSUMPTIONS),
        attribution=scenario.attribution,
    )
