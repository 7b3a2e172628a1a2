"""Which sites to commit to before the future is known: choices weighed in every future, and a bound for all of them.

1. The scenario itself and every future are planned as if known: the bound of waiting and seeing, and the
   deterministic plan.
2. Choices come from those plans, from rounds of multipliers, and from the best choice by one site more or less. Those
   that look best by the plans known so far are weighed in every future, a few at a time.
3. Rounds of multipliers raise the bound (:mod:`topodesign.uncertainty.multipliers`).
4. Where there are few sites every choice is looked at: the least of what is proven of each is a bound as well, the only
   one that closes where a single future decides the risk and no multiplier can make it disagree with itself.

It ends when bound and best choice are within the gap, when as many choices as allowed were weighed, or when no choice
is left that could be better by what is known and the bound rises no more. docs/uncertainty.md has formulas and proofs.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from topodesign.domain.uncertain_plan import UncertainStop
from topodesign.sweeps.questions import AskingStopped
from topodesign.uncertainty.asking import FuturePlans, NoPlan, Outcome
from topodesign.uncertainty.multipliers import Floats, chosen_sites, excess, stepped
from topodesign.uncertainty.recourse import always_committed, usable
from topodesign.uncertainty.risk import RiskMeasure, dot

AT_ONCE = 4
"""Choices that are weighed together: fixed, so that the number of processes changes nothing."""
LEAST_RISE = 0.01
"""Share of the distance to the best choice by which two rounds of multipliers have to raise the bound to go on."""
PATIENCE = 2
MOST_ENUMERATED = 4096
"""Choices of sites that are looked at one by one for a bound, without a plan of each: up to 12 sites to choose from."""
CLOSED = 1e-8
"""Relative gap that is none: sums over futures are right to some cents only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A choice of sites: its least cost in each future, or why it is out."""

    sites: frozenset[str]
    origin: str
    outcomes: tuple[Outcome, ...] = ()
    lower: float = math.inf
    upper: float = math.inf
    reason: str = ""
    is_proven_out: bool = False


@dataclass(slots=True, kw_only=True)
class SitingSearch:
    """The search. ``stopped_by`` is empty while it goes on.

    Parameters
    ----------
    plans : FuturePlans
    risk : RiskMeasure
    gap : float
        Relative, at which it ends.
    most_choices, most_rounds : int
        Choices that are weighed at most, the deterministic plan's among them, and rounds of multipliers.
    on_progress : callable
        Receives a sentence now and then.
    """

    plans: FuturePlans
    risk: RiskMeasure
    gap: float
    most_choices: int
    most_rounds: int
    on_progress: Callable[[str], object]
    stopped_by: UncertainStop | None = None
    base: Outcome | NoPlan | None = None
    without: tuple[tuple[int, NoPlan], ...] = ()
    weighed: dict[frozenset[str], Weighed] = field(default_factory=dict)
    bounds: list[float] = field(default_factory=list)
    enumerated_bound: float = 0.0
    _origins: dict[frozenset[str], str] = field(default_factory=dict)
    _site_ids: tuple[str, ...] = ()
    _multipliers: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    _used: tuple[frozenset[str], ...] = ()
    _last_bound: float = 0.0
    _rounds_left: int = 0
    _flat_rounds: int = 0

    def run(self) -> None:
        """Search until there is an end, or asking is stopped; what was learnt until then stays."""
        try:
            self._begin()
            while self.stopped_by is None:
                self._go_on()
        except AskingStopped:
            self.stopped_by = "interrupted"

    @property
    def probabilities(self) -> tuple[float, ...]:
        return self.plans.futures.probabilities

    @property
    def bound(self) -> float:
        """No choice of sites has a lower objective, US dollars."""
        return max(self.enumerated_bound, *self.bounds) if self.bounds else 0.0

    @property
    def best(self) -> Weighed | None:
        """The choice with the least objective; of equal ones the first by number and names of sites."""
        kept = [choice for choice in self.weighed.values() if math.isfinite(choice.upper)]
        return min(kept, key=lambda item: (item.upper, len(item.sites), sorted(item.sites)), default=None)

    @property
    def deterministic(self) -> Weighed | None:
        """What the sites of the scenario's own plan come to."""
        return self.weighed.get(self._base_sites) if isinstance(self.base, Outcome) else None

    @property
    def _base_sites(self) -> frozenset[str]:
        assert isinstance(self.base, Outcome)
        return self.base.used | self._always

    @property
    def _always(self) -> frozenset[str]:
        return always_committed(self.plans.scenarios, self.plans.premium)

    @property
    def _at_once(self) -> int:
        return min(AT_ONCE, self.most_choices - len(self.weighed))

    def _begin(self) -> None:
        self.base, outcomes = self.plans.ask_own()
        self.without = tuple((place, found) for place, found in enumerate(outcomes) if isinstance(found, NoPlan))
        if self.without:
            self.stopped_by = "proof" if any(found.is_proven for _, found in self.without) else "limit"
            return
        own = self.plans.own
        self.bounds.append(self.risk.value([outcome.lower for outcome in own], self.probabilities))
        self._last_bound, self._rounds_left = self.bounds[0], self.most_rounds
        self._used = tuple(outcome.used for outcome in own)
        self._site_ids = tuple(sorted({site for scenario in self.plans.scenarios for site in usable(scenario)}))
        self._multipliers = np.zeros((len(own), len(self._site_ids)))
        self._propose_first()
        first = [self._base_sites] if isinstance(self.base, Outcome) else []
        self._weigh([*first, *[choice for choice in self._ranked() if choice not in first]][: self._at_once])
        self._end_if_closed()

    def _go_on(self) -> None:
        """One more batch of choices, and one more round of multipliers."""
        self._propose_neighbors()
        ranked = self._ranked()[: self._at_once]
        self._weigh(ranked)
        self._end_if_closed()
        if self.stopped_by is None and self._rounds_left > 0:
            self._raise_bound()
            self._end_if_closed()
        elif self.stopped_by is None and not ranked and not self._propose_all():
            self.stopped_by = "candidates" if len(self.weighed) >= self.most_choices else "search"

    def _propose(self, sites: frozenset[str], origin: str) -> None:
        choice = sites | self._always
        self._origins.setdefault(choice, origin)

    def _propose_first(self) -> None:
        if isinstance(self.base, Outcome):
            self._propose(self.base.used, "plan of the scenario itself")
        for future, outcome in zip(self.plans.futures.futures, self.plans.own, strict=True):
            self._propose(outcome.used, f"plan of the future {future.name!r}")
        self._propose_shared(self._used, "used by plans of single futures with probability")

    def _propose_shared(self, used: Sequence[frozenset[str]], words: str) -> None:
        """Sites that are used in futures of at least so much probability, for every such probability."""
        shares = {
            site: math.fsum(p for p, sites in zip(self.probabilities, used, strict=True) if site in sites)
            for site in frozenset().union(*used)
        }
        for least in sorted(set(shares.values())):
            sites = frozenset(site for site, share in shares.items() if share >= least)
            self._propose(sites, f"{words} {least:.3g} or more")

    def _propose_neighbors(self) -> None:
        best = self.best
        if best is None:
            self._propose(self.plans.site_ids_of_use(), "all sites that some plan uses")
            return
        for site in sorted(self.plans.site_ids_of_use()):
            if site in best.sites:
                self._propose(best.sites - {site}, f"one better choice without {site}")
            else:
                self._propose(best.sites | {site}, f"one better choice with {site}")

    def _propose_all(self) -> bool:
        """Propose every choice where as many may be weighed; whether that leaves any to weigh."""
        if self._count_of_choices > self.most_choices or len(self.weighed) >= self.most_choices:
            return False
        for choice in self._all_choices():
            self._propose(choice, "one of all choices")
        return bool(self._ranked())

    @property
    def _free_sites(self) -> tuple[str, ...]:
        """Sites that may be committed to or not. One that is of use in no future only costs: no choice needs it."""
        always = self._always
        return tuple(site for site in self._site_ids if site not in always)

    @property
    def _count_of_choices(self) -> int:
        return int(2 ** len(self._free_sites))

    def _all_choices(self) -> Iterator[frozenset[str]]:
        free, always = self._free_sites, self._always
        for count in range(len(free) + 1):
            yield from (always.union(sites) for sites in itertools.combinations(free, count))

    def _enumerate(self) -> None:
        """The least of what is proven of every choice of sites is a bound of them all."""
        if self._count_of_choices <= MOST_ENUMERATED:
            least = min(self._proven(choice) for choice in self._all_choices())
            if math.isfinite(least):
                self.enumerated_bound = max(self.enumerated_bound, least)

    def _proven(self, choice: frozenset[str]) -> float:
        """No plans after this choice cost less, US dollars; infinite where it has none in some future."""
        weighed = self.weighed.get(choice)
        if (weighed is not None and weighed.is_proven_out) or self._is_hopeless(choice):
            return math.inf
        if weighed is not None and weighed.outcomes:
            return weighed.lower
        return self._least(choice)

    def _least(self, choice: frozenset[str]) -> float:
        """What is known of a choice before it is weighed, at least, US dollars."""
        places = range(len(self.plans.scenarios))
        return self.risk.value([self.plans.least(place, choice) for place in places], self.probabilities)

    def _ranked(self) -> list[frozenset[str]]:
        """Choices that were not weighed and may be better, those first that look best by the plans that are known."""
        best = self.best
        threshold = math.inf if best is None else best.upper
        places = range(len(self.plans.scenarios))
        ranked = []
        for choice in self._origins:
            if choice in self.weighed or self._is_hopeless(choice):
                continue
            least = self._least(choice)
            if least < threshold:
                costs = [self.plans.estimate(place, choice) for place in places]
                estimate = self.risk.value(costs, self.probabilities)
                size = len(choice) if math.isfinite(estimate) else -len(choice)  # with more sites there may be a plan
                ranked.append((estimate, least, size, sorted(choice), choice))
        return [choice for *_, choice in sorted(ranked, key=lambda item: item[:4])]

    def _is_hopeless(self, choice: frozenset[str]) -> bool:
        """Where no site can be opened late, what has no plan in some future has none with fewer sites either."""
        return math.isinf(self.plans.premium) and any(
            item.is_proven_out and choice <= item.sites for item in self.weighed.values()
        )

    def _weigh(self, choices: Sequence[frozenset[str]]) -> None:
        if not choices:
            return
        for choice, outcomes in zip(choices, self.plans.ask_recourse(choices), strict=True):
            self.weighed[choice] = self._weighed(choice, outcomes)
        self._enumerate()
        best = self.best
        if best is not None:
            self.on_progress(
                f"{len(self.weighed)} choices of sites weighed: {best.upper / 1e6:,.2f} million USD, at least "
                f"{min(best.upper, self.bound) / 1e6:,.2f} proven"
            )

    def _weighed(self, choice: frozenset[str], outcomes: Sequence[Outcome | NoPlan]) -> Weighed:
        origin = self._origins[choice]
        for future, found in zip(self.plans.futures.futures, outcomes, strict=True):
            if isinstance(found, NoPlan):
                reason = f"no plan in the future {future.name!r}: {found.message}"
                return Weighed(sites=choice, origin=origin, reason=reason, is_proven_out=found.is_proven)
        kept = tuple(found for found in outcomes if isinstance(found, Outcome))
        return Weighed(
            sites=choice,
            origin=origin,
            outcomes=kept,
            lower=self.risk.value([found.lower for found in kept], self.probabilities),
            upper=self.risk.value([found.upper for found in kept], self.probabilities),
        )

    def _end_if_closed(self) -> None:
        best = self.best
        if best is not None and best.upper - self.bound <= max(self.gap, CLOSED) * best.upper:
            self.stopped_by = "gap"

    def _raise_bound(self) -> None:
        """One round: a step from where the futures disagree, and their bounds at the new multipliers."""
        best = self.best
        if best is None:
            self._rounds_left = 0
            return
        self._rounds_left -= 1
        weights = self.risk.spread_envelope([outcome.upper for outcome in best.outcomes], self.probabilities)
        fixed, late = self._prices()
        chosen = chosen_sites(self._used, self._site_ids, self._multipliers, fixed, late)
        missing = max(0.0, best.upper - self._last_bound)
        self._multipliers = stepped(self._multipliers, chosen, weights, -fixed, missing_usd=missing)
        asked = [dict(zip(self._site_ids, row, strict=True)) for row in self._multipliers.tolist()]
        found = [outcome for outcome in self.plans.ask_priced(asked) if isinstance(outcome, Outcome)]
        if len(found) < len(asked):  # a search that its clock ended without a plan; one with more time may go on
            self._rounds_left = 0
            return
        self._used = tuple(outcome.used for outcome in found)
        self._take_bound(dot(weights, [outcome.lower for outcome in found]) - excess(self._multipliers, weights), best)
        number = self.most_rounds - self._rounds_left
        self._propose_shared(self._used, f"multipliers, round {number}: used with probability")

    def _take_bound(self, bound: float, best: Weighed) -> None:
        before = max(self.bounds)
        self._last_bound = bound
        self.bounds.append(max(before, bound))
        is_flat = self.bounds[-1] - before < LEAST_RISE * (best.upper - before)
        self._flat_rounds = self._flat_rounds + 1 if is_flat else 0
        if self._flat_rounds >= PATIENCE:
            self._rounds_left = 0
        rounds = len(self.bounds) - 1
        self.on_progress(f"bound after {rounds} rounds of multipliers: {self.bound / 1e6:,.2f} million USD")

    def _prices(self) -> tuple[Floats, Floats]:
        """Fixed capex of the sites when committed to and when opened late, shape (futures, sites)."""
        both = [self.plans.prices(place) for place in range(len(self.plans.scenarios))]
        fixed = np.array([[committed[site] for site in self._site_ids] for committed, _ in both])
        late = np.array([[opened[site] for site in self._site_ids] for _, opened in both])
        return fixed, late
