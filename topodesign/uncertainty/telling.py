"""The answer of a search for sites, as the user sees it: figures as brackets of what is proven and found."""

import dataclasses
import math
from collections.abc import Collection, Sequence

from topodesign.domain.futures import Future
from topodesign.domain.scenario import Scenario
from topodesign.domain.uncertain_plan import (
    CostRange,
    CostRisk,
    FutureOutcome,
    FutureWithout,
    Recourse,
    SiteChoice,
    SiteRole,
    UncertainPlan,
    UncertainStatus,
)
from topodesign.sweeps.told import shown
from topodesign.uncertainty.asking import CENTS, NoPlan, Outcome
from topodesign.uncertainty.risk import cvar, dot
from topodesign.uncertainty.siting import SitingSearch, Weighed


def told(search: SitingSearch, base: Scenario) -> UncertainPlan:
    """The answer, complete or not."""
    plans = search.plans
    best = search.best
    assert search.stopped_by is not None  # the search has ended
    plain = UncertainPlan(
        scenario_name=base.name,
        status=_status(search),
        stopped_by=search.stopped_by,
        futures_basis=plans.futures.basis,
        risk_weight=search.risk.weight,
        cvar_level=search.risk.level,
        late_premium=plans.premium,
        gap=search.gap,
        seed=plans.limits.seed,
        without_plan=tuple(_without(plans.futures.futures[place], found) for place, found in search.without),
        plans_made=plans.asked,
        attribution=base.attribution,
        assumptions=(*base.assumptions, *_assumptions(search)),
    )
    if best is None or not plans.own:
        return plain
    return _with_figures(plain, search, best, base)


def _with_figures(plain: UncertainPlan, search: SitingSearch, best: Weighed, base: Scenario) -> UncertainPlan:
    deterministic = search.deterministic
    weighed = deterministic if deterministic is not None and deterministic.outcomes else None
    see = [CostRange(lower_usd=own.lower, upper_usd=known) for own, known in _known(search)]
    wait_and_see = _risk(see, search)
    objective = _range(search.bound, best.upper)
    futures = tuple(_future(search, place, best, weighed) for place in range(len(see)))
    regrets = [item.deterministic.regret for item in futures if item.deterministic is not None]
    return dataclasses.replace(
        plain,
        committed=tuple(sorted(best.sites)),
        objective=objective,
        two_stage=_risk(_costs(best), search),
        deterministic_site_ids=tuple(sorted(search.base.used)) if isinstance(search.base, Outcome) else (),
        deterministic_reason=_why_no_deterministic(search, deterministic),
        deterministic=None if weighed is None else _risk(_costs(weighed), search),
        wait_and_see=wait_and_see,
        stochastic_value=None if weighed is None else _difference(_range(weighed.lower, weighed.upper), objective),
        information_value=_difference(objective, wait_and_see.objective),
        regret=_expected(regrets, search.probabilities) if regrets else None,
        largest_regret=_largest(regrets) if regrets else None,
        futures=futures,
        sites=_roles(search, best, base),
        choices=tuple(_choice(item) for item in _in_order(search)),
        bounds_usd=tuple(round(bound, CENTS) for bound in search.bounds),
    )


def _status(search: SitingSearch) -> UncertainStatus:
    if search.stopped_by == "proof":
        return "infeasible"
    best = search.best
    if best is None:
        return "limit"
    return "optimal" if search.stopped_by == "gap" else "feasible"


def _known(search: SitingSearch) -> list[tuple[Outcome, float]]:
    """Each future's own plan, and what the cheapest plan of it costs that was met anywhere."""
    return [(own, min(own.upper, search.plans.best_known(place))) for place, own in enumerate(search.plans.own)]


def _future(search: SitingSearch, place: int, best: Weighed, deterministic: Weighed | None) -> FutureOutcome:
    future, own = search.plans.futures.futures[place], search.plans.own[place]
    known = _range(own.lower, min(own.upper, search.plans.best_known(place)))
    return FutureOutcome(
        name=future.name,
        probability=search.probabilities[place],
        settings=settings_in_words(future),
        known=known,
        known_site_ids=tuple(sorted(own.used)),
        bound_basis=search.plans.bound_basis(place),
        two_stage=_recourse(best, place, known),
        deterministic=None if deterministic is None else _recourse(deterministic, place, known),
    )


def settings_in_words(future: Future) -> tuple[str, ...]:
    """What is other in a future than in the scenario, as in its file."""
    outlook = future.outlook
    words = [f"{axis.name} = {shown(axis.values[0])}" for axis in outlook.settings]
    words += [f"late site {item}" for item in outlook.late_sites]
    return (*words, *(f"late segment {item}" for item in outlook.late_segments))


def _recourse(choice: Weighed, place: int, known: CostRange) -> Recourse:
    outcome = choice.outcomes[place]
    cost = _range(outcome.lower, outcome.upper)
    return Recourse(
        cost=cost,
        site_ids=tuple(sorted(outcome.used)),
        opened_late=tuple(sorted(outcome.used - choice.sites)),
        idle=tuple(sorted(choice.sites - outcome.used)),
        plan_digest=outcome.digest,
        regret=_difference(cost, known),
    )


def _costs(choice: Weighed) -> list[CostRange]:
    return [_range(outcome.lower, outcome.upper) for outcome in choice.outcomes]


def _risk(costs: Sequence[CostRange], search: SitingSearch) -> CostRisk:
    """Ends of every measure from ends of the costs: none of them falls when a cost rises."""
    ends = [item.lower_usd for item in costs], [item.upper_usd for item in costs]
    chances = search.probabilities
    return CostRisk(
        expected=_range(*(dot(chances, end) for end in ends)),
        cvar=_range(*(cvar(end, chances, level=search.risk.level) for end in ends)),
        worst=_range(*(max(end) for end in ends)),
        objective=_range(*(search.risk.value(end, chances) for end in ends)),
    )


def _range(lower: float, upper: float) -> CostRange:
    """To the cent; the lower end is never above the upper one, which a plan reaches."""
    most = round(upper, CENTS)
    return CostRange(lower_usd=min(most, round(lower, CENTS)), upper_usd=most)


def _difference(more: CostRange, less: CostRange) -> CostRange:
    """Of two least costs of which the first cannot be below the second."""
    return CostRange(
        lower_usd=max(0.0, round(more.lower_usd - less.upper_usd, CENTS)),
        upper_usd=max(0.0, round(more.upper_usd - less.lower_usd, CENTS)),
    )


def _expected(ranges: Sequence[CostRange], probabilities: Sequence[float]) -> CostRange:
    return _range(
        dot(probabilities, [item.lower_usd for item in ranges]), dot(probabilities, [item.upper_usd for item in ranges])
    )


def _largest(ranges: Sequence[CostRange]) -> CostRange:
    return _range(max(item.lower_usd for item in ranges), max(item.upper_usd for item in ranges))


def _why_no_deterministic(search: SitingSearch, weighed: Weighed | None) -> str:
    if isinstance(search.base, NoPlan):
        return f"the scenario itself has no plan: {search.base.message}"
    return "" if weighed is None else weighed.reason


def _without(future: Future, found: NoPlan) -> FutureWithout:
    return FutureWithout(name=future.name, message=found.message, infeasibility=found.answer.infeasibility)


def _roles(search: SitingSearch, best: Weighed, base: Scenario) -> tuple[SiteRole, ...]:
    """Of every site that is committed to or that a plan uses."""
    in_base = search.base.used if isinstance(search.base, Outcome) else frozenset()
    known = [own.used for own in search.plans.own]
    used = [outcome.used for outcome in best.outcomes]
    ids = sorted(best.sites | in_base | frozenset().union(*known, *used))
    return tuple(
        SiteRole(
            site_id=site,
            is_committed=site in best.sites,
            is_deterministic=site in in_base,
            fixed_capex_usd=base.site_by_id[site].fixed_capex_usd,
            known_futures=sum(site in sites for sites in known),
            known_probability=_chance(site, known, search.probabilities),
            used_futures=sum(site in sites for sites in used),
            used_probability=_chance(site, used, search.probabilities),
        )
        for site in ids
    )


def _chance(site: str, used: Sequence[Collection[str]], probabilities: Sequence[float]) -> float:
    return math.fsum(chance for chance, sites in zip(probabilities, used, strict=True) if site in sites)


def _in_order(search: SitingSearch) -> list[Weighed]:
    return sorted(search.weighed.values(), key=lambda item: (item.upper, len(item.sites), sorted(item.sites)))


def _choice(item: Weighed) -> SiteChoice:
    return SiteChoice(
        site_ids=tuple(sorted(item.sites)),
        origin=item.origin,
        objective=_range(item.lower, item.upper) if item.outcomes else None,
        reason=item.reason,
    )


def _assumptions(search: SitingSearch) -> tuple[str, ...]:
    premium = search.plans.premium
    late = (
        "no other site can be opened once the future is known"
        if math.isinf(premium)
        else f"a site opened without commitment costs {premium:.3g} of its fixed capex more"
    )
    return (
        f"futures: {search.plans.futures.basis}",
        f"committed sites pay their fixed capex in every future, also where they are not used; {late}",
        "everything but the commitment (pods, fiber, optics) is decided once the future is known; costs are in the "
        "prices of each future",
        f"objective: {1 - search.risk.weight:.3g} x expected cost + {search.risk.weight:.3g} x mean of the worst "
        f"{1 - search.risk.level:.3g} of outcomes (CVaR)",
    )
