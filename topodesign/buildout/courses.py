"""Courses of building: sequences of states, each found year after year by the planner on top of what stands.

Several are gone side by side, since none is best everywhere; docs/buildout.md tells them apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from topodesign.buildout.restating import Restated, restated, without_proof
from topodesign.buildout.scaled_prices import scaled_prices
from topodesign.buildout.standing import Standing, clash, standing_scenario
from topodesign.buildout.weights import YearWeight
from topodesign.domain.buildout import Course
from topodesign.domain.plan import Plan, SolveLimits
from topodesign.domain.scenario import Scenario
from topodesign.sweeps.questions import Inquiry, Question
from topodesign.sweeps.solving import Answer

LEAST_RENT = 0.01
"""Share of its price that capital counts at least when a year chooses: at a rent of nothing the planner would buy what
is never of use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What all courses share: the years' scenarios and weights, and how to solve."""

    years: tuple[int, ...]
    scenarios: tuple[Scenario, ...]
    weights: tuple[YearWeight, ...]
    limits: SolveLimits

    def own_prices(self, number: int) -> Scenario:
        """A year at the prices of its term of the bound, docs/buildout.md (3)."""
        weight = self.weights[number]
        return scaled_prices(
            self.scenarios[number], capital=weight.rent, running=weight.running / self.weights[0].to_horizon
        )


@dataclass(slots=True, kw_only=True, eq=False)
class Walk:
    """One course on its way. ``ended``: why it goes no further; empty as long as it does.

    ``is_for_good``: capital counts in full and the state as standing to the horizon, as if no year followed; else at
    the rent of having it from this year on. ``within``: the only sites that are opened. ``sites_in_full``,
    ``segments_in_full``: those whose capital counts in full all the same, since the end has no use for them.
    """

    course: Course
    setting: Setting
    is_for_good: bool = False
    within: frozenset[str] | None = None
    sites_in_full: frozenset[str] = frozenset()
    segments_in_full: frozenset[str] = frozenset()
    plans: list[Plan] = field(default_factory=list)
    standing: Standing = field(default_factory=Standing)
    ended: str = ""
    _last: str = ""

    @property
    def number(self) -> int:
        """Of the year that comes next."""
        return len(self.plans)

    def question(self, *, is_roomy: bool = False) -> Question | None:
        """The next year on top of what stands; ``None`` where it cannot stand in that year, and the course ends."""
        true = self.setting.scenarios[self.number]
        broken = clash(true, self.standing)
        if broken:
            self.ended = f"{self.setting.years[self.number]}: {broken}"
            return None
        capital, running = self._price_factors()
        scenario = standing_scenario(true, self.standing, within=self.within, is_roomy=is_roomy)
        return Question(
            scenario=scaled_prices(
                scenario,
                capital=capital,
                running=running,
                sites_in_full=self.sites_in_full,
                segments_in_full=self.segments_in_full,
            ),
            limits=self.setting.limits,
            start=self._last,
        )

    def take(self, answer: Answer, plan: Plan | None) -> str:
        """Go on with an answer's plan, kept together with what stands; why that cannot be, else empty."""
        if plan is None:
            return f"{answer.status}: {answer.message}"
        found = self._kept(plan)
        if found.plan is None:
            return found.message
        self.standing = self.standing.with_plan(self.setting.scenarios[self.number], found.plan)
        self.plans.append(found.plan)
        self._last = answer.plan_digest
        return ""

    def _kept(self, plan: Plan) -> Restated:
        true = self.setting.scenarios[self.number]
        is_as_asked = self.number == 0 and self._price_factors() == (1.0, 1.0) and self.within is None
        if is_as_asked:  # it is a plan of the year's own scenario
            return Restated(plan=plan if len(self.setting.years) == 1 else without_proof(plan))
        return restated(true, plan, self.standing, self.setting.limits)

    def _price_factors(self) -> tuple[float, float]:
        """Of capital and of running cost, capital as of the year itself: only their ratio decides."""
        weight, annuity = self.setting.weights[self.number], self.setting.weights[0].to_horizon
        if self.is_for_good:
            return 1.0, weight.to_horizon / (annuity * weight.capital)
        rent = max(weight.rent / weight.capital, LEAST_RENT)
        return rent, weight.running / (annuity * weight.capital)


def walks_of(setting: Setting, own: Sequence[Plan | None]) -> tuple[Walk, ...]:
    """The courses to go; ``own`` are the plans of each year on its own. One year needs only one."""
    walks = [Walk(course="year-by-year", setting=setting, is_for_good=True)]
    if len(setting.years) == 1:
        return tuple(walks)
    last = own[-1]
    if last is not None:
        scenario = setting.scenarios[-1]
        kept = {site.id for site in last.sites}
        lit = {segment.segment_id for segment in last.segments}
        walks.append(
            Walk(
                course="foresight",
                setting=setting,
                sites_in_full=frozenset(scenario.site_by_id) - kept,
                segments_in_full=frozenset(scenario.segment_by_id) - lit,
            )
        )
    if any(plan is not None for plan in own):
        sites = frozenset(site.id for plan in own if plan is not None for site in plan.sites)
        walks.append(Walk(course="union", setting=setting, within=sites))
    return tuple(walks)


def go(walks: Sequence[Walk], inquiry: Inquiry) -> None:
    """Take every course through all years, the questions of one year side by side."""
    for number, year in enumerate(walks[0].setting.years):
        stuck = _step([walk for walk in walks if not walk.ended], inquiry, is_roomy=False)
        if number > 0:  # what stands and is not used any more may be what lacks room: the same with room kept for it
            stuck = _step(list(stuck), inquiry, is_roomy=True)
        for walk, message in stuck.items():
            walk.ended = f"{year}: {message}"


def _step(walks: Sequence[Walk], inquiry: Inquiry, *, is_roomy: bool) -> dict[Walk, str]:
    """One year of several courses; those that came no further, with the reason."""
    asked = {walk: question for walk in walks if (question := walk.question(is_roomy=is_roomy)) is not None}
    answers = inquiry.ask(*asked.values())
    told = {
        walk: walk.take(answer, inquiry.plan_of(answer) if answer.plan_digest else None)
        for walk, answer in zip(asked, answers, strict=True)
    }
    return {walk: message for walk, message in told.items() if message}
