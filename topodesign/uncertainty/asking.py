"""Asks for plans of futures, and knows what was learnt of each: plans to begin from, and bounds that hold elsewhere."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from topodesign.domain.errors import InvalidInput
from topodesign.domain.futures import Futures
from topodesign.domain.plan import SolveLimits
from topodesign.domain.scenario import Scenario
from topodesign.sweeps.questions import Inquiry, Question
from topodesign.sweeps.solving import Answer
from topodesign.uncertainty.recourse import (
    Multipliers,
    committed_usd,
    fixed_usd,
    late_usd,
    priced_scenario,
    priced_usd,
    recourse_scenario,
    usable,
)

CENTS = 2
"""Plans and bounds are in whole cents, and so is what is made of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The least cost of a future under some choice, US dollars: at least ``lower``, at most ``upper``, by a plan."""

    lower: float
    upper: float
    used: frozenset[str]
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPlan:
    """Why a question has no plan. ``is_proven``: there is none."""

    answer: Answer

    @property
    def is_proven(self) -> bool:
        return self.answer.status == "infeasible"

    @property
    def message(self) -> str:
        return self.answer.message


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPlan:
    """A verified plan of a future: the sites that it uses, and all that it costs but their fixed capex."""

    used: frozenset[str]
    variable_usd: float
    digest: str


@dataclass(slots=True, kw_only=True)
class FuturePlans:
    """Plans of all futures. What is asked together never depends on what runs at the same time.

    Parameters
    ----------
    base : Scenario
        As it is without any future.
    futures : Futures
    scenarios : tuple of Scenario
        Of each future.
    premium : float
        What a site costs more that is opened without having been committed to, relative; may be infinite.
    limits : SolveLimits
        Of each plan.
    inquiry : Inquiry
    """

    base: Scenario
    futures: Futures
    scenarios: tuple[Scenario, ...]
    premium: float
    limits: SolveLimits
    inquiry: Inquiry
    own: tuple[Outcome, ...] = field(default=(), init=False)
    _fixed: tuple[dict[str, float], ...] = field(init=False)
    _usable: tuple[frozenset[str], ...] = field(init=False)
    _pool: list[list[KnownPlan]] = field(init=False)
    _recourse: dict[tuple[int, frozenset[str]], Outcome | NoPlan] = field(default_factory=dict, init=False)
    _own_answers: tuple[Answer, ...] = field(default=(), init=False)

    def __post_init__(self) -> None:
        self._fixed = tuple(fixed_usd(scenario) for scenario in self.scenarios)
        self._usable = tuple(usable(scenario) for scenario in self.scenarios)
        self._pool = [[] for _ in self.scenarios]

    def ask_own(self) -> tuple[Outcome | NoPlan, tuple[Outcome | NoPlan, ...]]:
        """The plan of the scenario itself, and the plan of each future had it been known."""
        wanted = [Question(scenario=scenario, limits=self.limits) for scenario in (self.base, *self.scenarios)]
        base, *each = self.inquiry.ask(*wanted)
        outcomes = tuple(self._outcome(place, answer, self._fixed[place]) for place, answer in enumerate(each))
        self._own_answers = tuple(each)
        self.own = tuple(outcome for outcome in outcomes if isinstance(outcome, Outcome))
        return _read(base), outcomes

    @property
    def asked(self) -> int:
        """Plans that were made or had been kept."""
        return self.inquiry.solved + self.inquiry.kept

    def bound_basis(self, place: int) -> str:
        """What the bound of a future's own plan is relative to."""
        return self.inquiry.plan_of(self._own_answers[place]).provenance.bound_basis

    def ask_recourse(self, choices: Sequence[frozenset[str]]) -> list[tuple[Outcome | NoPlan, ...]]:
        """Least cost of every future after each choice of sites was committed to, all asked for at once.

        Costs have the fixed capex of all committed sites in them.
        """
        wanted: dict[tuple[int, frozenset[str]], Question] = {}
        for choice in choices:
            for place in range(len(self.scenarios)):
                key = (place, choice & self._usable[place])
                if key not in self._recourse and not self._is_settled(key):
                    wanted[key] = self._recourse_question(place, key[1])
        answers = self.inquiry.ask(*wanted.values())
        for key, answer in zip(wanted, answers, strict=True):
            self._recourse[key] = self._outcome(key[0], answer, self._prices_after(*key))
        return [tuple(self._after(place, choice) for place in range(len(self.scenarios))) for choice in choices]

    def ask_priced(self, multipliers: Sequence[Multipliers]) -> tuple[Outcome | NoPlan, ...]:
        """Least cost of each future with its multipliers, begun from its own plan."""
        wanted = [
            Question(
                scenario=priced_scenario(scenario, prices, self.premium),
                limits=self.limits,
                start=self._cheapest(place, self._priced(place, prices)).digest,
                explains=False,
            )
            for place, (scenario, prices) in enumerate(zip(self.scenarios, multipliers, strict=True))
        ]
        answers = self.inquiry.ask(*wanted)
        return tuple(
            self._outcome(place, answer, self._priced(place, prices))
            for place, (answer, prices) in enumerate(zip(answers, multipliers, strict=True))
        )

    def estimate(self, place: int, choice: Collection[str]) -> float:
        """What the best of the known plans costs after a choice: infinite where none of them can be."""
        prices = self._prices_after(place, choice)
        return self._committed(place, choice) + self._cost(self._cheapest(place, prices), prices)

    def least(self, place: int, choice: Collection[str]) -> float:
        """A bound of the least cost after a choice: the future's own, and committed sites that are of no use in it."""
        idle = [self._fixed[place][site] for site in choice if site not in self._usable[place]]
        return self.own[place].lower + math.fsum(idle)

    def best_known(self, place: int) -> float:
        """What the cheapest known plan of a future costs, had the future been known."""
        return self._cost(self._cheapest(place, self._fixed[place]), self._fixed[place])

    def site_ids_of_use(self) -> frozenset[str]:
        """Sites that some known plan uses."""
        return frozenset(site for plans in self._pool for plan in plans for site in plan.used)

    def prices(self, place: int) -> tuple[dict[str, float], dict[str, float]]:
        """Fixed capex of each site in a future when committed to, and when opened late, US dollars."""
        fixed = self._fixed[place]
        return fixed, {site: late_usd(value, self.premium) for site, value in fixed.items()}

    def _after(self, place: int, choice: frozenset[str]) -> Outcome | NoPlan:
        """The recourse, with what the committed sites cost."""
        found = self._recourse[place, choice & self._usable[place]]
        if isinstance(found, NoPlan):
            return found
        paid = self._committed(place, choice)
        upper = round(found.upper + paid, CENTS)
        lower = min(upper, max(round(found.lower + paid, CENTS), self.least(place, choice)))
        return Outcome(lower=lower, upper=upper, used=found.used, digest=found.digest)

    def _committed(self, place: int, choice: Collection[str]) -> float:
        return committed_usd(self.scenarios[place], choice)

    def _is_settled(self, key: tuple[int, frozenset[str]]) -> bool:
        """Whether a known plan is within the gap of what is proven already; it is the answer then."""
        place, committed = key
        prices = self._prices_after(place, committed)
        plan = self._cheapest(place, prices)
        upper, lower = self._cost(plan, prices), self._recourse_bound(place, committed)
        if not math.isfinite(upper) or upper - lower > self.limits.gap * upper:
            return False
        self._recourse[key] = Outcome(lower=min(lower, upper), upper=upper, used=plan.used, digest=plan.digest)
        return True

    def _recourse_bound(self, place: int, committed: Collection[str]) -> float:
        """No plan after the commitment costs less than the future's own bound without what was committed."""
        return max(0.0, round(self.own[place].lower - self._committed(place, committed), CENTS))

    def _recourse_question(self, place: int, committed: frozenset[str]) -> Question:
        name = self.futures.futures[place].name
        return Question(
            scenario=recourse_scenario(self.scenarios[place], committed, self.premium),
            limits=self.limits,
            start=self._cheapest(place, self._prices_after(place, committed)).digest,
            bound_usd=self._recourse_bound(place, committed),
            bound_basis=f"proven of the future {name!r} with all sites open, less what was committed",
            explains=False,  # the choice is out; which limits clash would take longer than to find that they do
        )

    def _prices_after(self, place: int, committed: Collection[str]) -> dict[str, float]:
        """Fixed capex of each site in the recourse problem."""
        return {
            site: 0.0 if site in committed else late_usd(fixed, self.premium)
            for site, fixed in self._fixed[place].items()
        }

    def _priced(self, place: int, multipliers: Multipliers) -> dict[str, float]:
        return {
            site: priced_usd(fixed, multipliers.get(site, 0.0), self.premium)
            for site, fixed in self._fixed[place].items()
        }

    def _cheapest(self, place: int, prices: dict[str, float]) -> KnownPlan:
        return min(self._pool[place], key=lambda plan: (self._cost(plan, prices), plan.digest))

    @staticmethod
    def _cost(plan: KnownPlan, prices: dict[str, float]) -> float:
        return round(plan.variable_usd + math.fsum(prices[site] for site in plan.used), CENTS)

    def _outcome(self, place: int, answer: Answer, prices: dict[str, float]) -> Outcome | NoPlan:
        """What an answer says, its plan kept for later; ``prices`` are the fixed capex that were asked with."""
        if answer.status == "invalid":
            name = self.futures.futures[place].name
            raise InvalidInput(f"future {name!r}: {answer.message}", metadata={"future": name})
        found = _read(answer)
        if isinstance(found, Outcome):
            variable = found.upper - math.fsum(prices[site] for site in found.used)
            self._pool[place].append(KnownPlan(used=found.used, variable_usd=variable, digest=found.digest))
        return found


def _read(answer: Answer) -> Outcome | NoPlan:
    """A bound over some routes may lie above a plan over others: what is reported is never above it."""
    if answer.figures is None:
        return NoPlan(answer=answer)
    upper = answer.figures.cost_usd
    lower = min(upper, max(0.0, answer.figures.lower_bound_usd or 0.0))
    return Outcome(lower=lower, upper=upper, used=frozenset(answer.site_ids), digest=answer.plan_digest)
