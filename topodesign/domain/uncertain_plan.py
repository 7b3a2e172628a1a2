"""Sites that are committed to before it is known which future comes, and what that costs in each of them."""

from dataclasses import dataclass
from typing import Literal

from topodesign.domain.plan import Infeasibility

UncertainStatus = Literal["optimal", "feasible", "infeasible", "limit"]
UncertainStop = Literal["gap", "candidates", "search", "proof", "limit", "interrupted"]
"""``gap``: it is closed; ``candidates``: as many choices of sites as allowed were weighed; ``search``: no other choice
is left that could be better by what is known, and the bound rises no more; ``proof``: some future has no plan;
``limit``: some future's search ended without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRange:
    """A cost that is known to lie between a proven bound and what a verified plan costs, US dollars."""

    lower_usd: float
    upper_usd: float

    @property
    def gap(self) -> float:
        """Relative to the upper end; 0 where that is 0."""
        return (self.upper_usd - self.lower_usd) / self.upper_usd if self.upper_usd > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRisk:
    """Cost over all futures, US dollars: expected, conditional value at risk, greatest, and the objective made of them.

    Each is for the same committed sites: the lower end is proven of them, not of all choices of sites.
    """

    expected: CostRange
    cvar: CostRange
    worst: CostRange
    objective: CostRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Recourse:
    """What follows in one future from the committed sites.

    Parameters
    ----------
    cost : CostRange
        Fixed capex of all committed sites and the rest of the plan, US dollars of that future.
    site_ids : tuple of str
        The sites that its plan uses, sorted.
    opened_late : tuple of str
        Those of them that had not been committed to.
    idle : tuple of str
        Committed sites that it does not use, and has paid.
    plan_digest : str
        Name of the plan among the kept ones.
    regret : CostRange
        By how much more it costs than the best plan of that future would have, with that future known, US dollars.
    """

    cost: CostRange
    site_ids: tuple[str, ...]
    opened_late: tuple[str, ...]
    idle: tuple[str, ...]
    plan_digest: str
    regret: CostRange


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureOutcome:
    """One future.

    Parameters
    ----------
    name : str
    probability : float
    settings : tuple of str
        What is other than in the scenario, in words.
    known : CostRange
        Its least cost, had it been known beforehand, US dollars.
    known_site_ids : tuple of str
        Sites of that plan.
    bound_basis : str
        What its proven bound is relative to.
    two_stage, deterministic : Recourse, optional
        After the committed sites, and after those of the deterministic plan; ``None`` where that has none.
    """

    name: str
    probability: float
    settings: tuple[str, ...]
    known: CostRange
    known_site_ids: tuple[str, ...]
    bound_basis: str
    two_stage: Recourse | None = None
    deterministic: Recourse | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRole:
    """Why a site is committed to, or not: in how many futures plans use it, and with what probability.

    ``known_*``: in plans made for each future alone; ``used_*``: in plans after the committed sites.
    ``is_deterministic``: the plan of the scenario itself uses it. ``fixed_capex_usd`` as in the scenario.
    """

    site_id: str
    is_committed: bool
    is_deterministic: bool
    fixed_capex_usd: float
    known_futures: int
    known_probability: float
    used_futures: int
    used_probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteChoice:
    """A choice of sites that was weighed: what it comes to, or why it is out. ``origin``: how it was found."""

    site_ids: tuple[str, ...]
    origin: str
    objective: CostRange | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureWithout:
    """A future that has no plan, whatever is committed to; ``infeasibility`` where that was proven."""

    name: str
    message: str
    infeasibility: Infeasibility | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UncertainPlan:
    """The answer of two-stage siting. All costs are net present US dollars, without the purchase of accelerators.

    Parameters
    ----------
    status : UncertainStatus
        ``optimal``: within the gap; ``feasible``: not; ``infeasible``: some future has no plan at all; ``limit``:
        nothing was found within the limits.
    objective : CostRange, optional
        From what is proven of every choice of sites to what the best one costs.
    two_stage, deterministic : CostRisk, optional
        Of the committed sites, and of those of the scenario's own plan, in the same futures.
    wait_and_see : CostRisk, optional
        Of plans that know which future comes.
    stochastic_value : CostRange, optional
        How much less the objective is than that of the deterministic plan's sites (value of the stochastic solution).
    information_value : CostRange, optional
        How much less it would be with the future known (expected value of perfect information).
    regret, largest_regret : CostRange, optional
        Of the deterministic plan's sites: expected, and of the future where it is greatest.
    bounds_usd : tuple of float
        The proven bound after each round of multipliers; the first is that of waiting and seeing. What is proven of
        every choice of few sites may be higher: it is in ``objective``.
    """

    scenario_name: str
    status: UncertainStatus
    stopped_by: UncertainStop
    futures_basis: str
    risk_weight: float
    cvar_level: float
    late_premium: float
    gap: float
    seed: int
    committed: tuple[str, ...] = ()
    objective: CostRange | None = None
    two_stage: CostRisk | None = None
    deterministic_site_ids: tuple[str, ...] = ()
    deterministic_reason: str = ""
    deterministic: CostRisk | None = None
    wait_and_see: CostRisk | None = None
    stochastic_value: CostRange | None = None
    information_value: CostRange | None = None
    regret: CostRange | None = None
    largest_regret: CostRange | None = None
    futures: tuple[FutureOutcome, ...] = ()
    sites: tuple[SiteRole, ...] = ()
    choices: tuple[SiteChoice, ...] = ()
    bounds_usd: tuple[float, ...] = ()
    without_plan: tuple[FutureWithout, ...] = ()
    plans_made: int = 0
    attribution: str = ""
    assumptions: tuple[str, ...] = ()
