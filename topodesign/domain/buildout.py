"""Building over years: what is given for each year, what is built in it, and what all of it comes to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from topodesign.domain.checks import require, require_number
from topodesign.domain.fiber import LitLightpath
from topodesign.domain.plan import Infeasibility, Plan, Violation
from topodesign.domain.ranges import MOST_ACCELERATORS, MOST_MW
from topodesign.domain.scenario_sweep import PointStatus, SweepAxis

EARLIEST_YEAR, LATEST_YEAR = 1900, 2200
MOST_YEARS = 50
BuildoutStatus = Literal["optimal", "feasible", "infeasible", "limit", "cancelled"]
Course = Literal["year-by-year", "foresight", "union"]
"""How a sequence of states was found: each year as if it were the last; with a preference for the sites and fiber of
the last year's own plan; within the sites that any year's own plan uses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedYear:
    """What holds from a year on.

    Parameters
    ----------
    year : int
        Of the calendar.
    accelerators, power_mw : int, float, optional
        The size target from then on, in place of the scenario's; at most one of the two.
    changes : tuple of SweepAxis
        Figures of the scenario from then on, each with one value; a factor multiplies the scenario's own figure.
    """

    year: int
    accelerators: int | None = None
    power_mw: float | None = None
    changes: tuple[SweepAxis, ...] = ()

    def __post_init__(self) -> None:
        require_number(self.year, field="year", at_least=EARLIEST_YEAR, at_most=LATEST_YEAR)
        require(isinstance(self.year, int), field="year", value=self.year, limit="whole", remedy="give the year")
        require(
            self.accelerators is None or self.power_mw is None,
            field=f"year {self.year}: accelerators",
            value=self.accelerators,
            limit="absent beside power_mw",
            remedy="give one size target",
        )
        if self.accelerators is not None:
            require_number(self.accelerators, field="accelerators", at_least=1, at_most=MOST_ACCELERATORS)
        if self.power_mw is not None:
            require_number(self.power_mw, field="power_mw", above=0, at_most=MOST_MW)
        for axis in self.changes:
            require(
                len(axis.values) == 1,
                field=f"year {self.year}: {axis.name}",
                value=axis.values,
                limit="one value",
                remedy="a year has one value of each figure",
            )


def require_years(years: tuple[PlannedYear, ...]) -> None:
    """Raise :class:`~topodesign.domain.errors.InvalidInput` unless there are years, each after the one before."""
    require_number(len(years), field="number of years", at_least=1, at_most=MOST_YEARS, remedy="give [[year]] tables")
    for before, after in pairwise(years):
        require_number(
            after.year, field="year", above=before.year, remedy="list the years in order, none of them twice"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInYear:
    """What a year adds to what stood before it; only what there is more of is named.

    ``power_mw``: MW more at each site's meter. ``pairs``: lit fiber pairs more, by segment. ``built``: segments on
    which new fiber is built. ``lightpaths``: how many more of each.
    """

    sites: tuple[str, ...] = ()
    pods: Mapping[str, int] = field(default_factory=dict)
    power_mw: Mapping[str, float] = field(default_factory=dict)
    pairs: Mapping[str, int] = field(default_factory=dict)
    built: tuple[str, ...] = ()
    lightpaths: tuple[LitLightpath, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildoutYear:
    """One year of a build-out.

    Parameters
    ----------
    year : int
    stands_years : int
        Years that this state stands: until the next year listed, the last one until the horizon.
    plan : Plan
        The whole state, verified against this year's scenario. Its costs are those of building all of it at once and
        running it over the whole horizon; it has no bound of its own but in a build-out of one year.
    new : NewInYear
    built : tuple of str
        Segments with new fiber, of this year and those before.
    capital_weight, running_weight : float
        What a dollar spent at the beginning of this year weighs, and a dollar a year as long as this state stands.
    capital_usd : mapping of str to float
        Spent in this year by cost item, not discounted.
    site_capital_usd : mapping of str to float
        Of that the items ``site_fixed`` and ``site_power_capex``, by site.
    running_usd_per_year : mapping of str to float
        By cost item, not discounted.
    npc_items : mapping of str to float
        Net present cost of this year's spending and running, by cost item, each to the cent.
    term_usd : float
        This year's part of the cost as the bound has it (docs/buildout.md (3)); the parts sum to the net present cost
        but for roundings.
    accelerator_purchase_usd : float
        Of the accelerators that are new, not discounted; no part of any cost.
    """

    year: int
    stands_years: int
    plan: Plan
    new: NewInYear
    built: tuple[str, ...]
    capital_weight: float
    running_weight: float
    capital_usd: Mapping[str, float]
    site_capital_usd: Mapping[str, float]
    running_usd_per_year: Mapping[str, float]
    npc_items: Mapping[str, float]
    term_usd: float
    accelerator_purchase_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class YearBound:
    """What is proven of one year on its own, at the prices of docs/buildout.md (3).

    No build-out's part in this year is below ``lower_bound_usd``; 0 where nothing is known. ``status`` is that of the
    year's own plan, ``basis`` what its bound is relative to, ``message`` why there is no plan.
    """

    year: int
    status: PointStatus
    lower_bound_usd: float
    basis: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseOutcome:
    """What one course came to: its net present cost in US dollars, or why it ended without one."""

    course: Course
    npc_usd: float | None
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildoutVerification:
    """The independent check of a build-out: ``valid`` exactly when there are no ``violations``; ``npc_usd`` is its own
    total, from the payments of every calendar year."""

    valid: bool
    violations: tuple[Violation, ...]
    npc_usd: float | None
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Buildout:
    """What to build when, at least net present cost; or the finding that there is no such sequence.

    Parameters
    ----------
    status : BuildoutStatus
        ``optimal``: proven; ``feasible``: within ``gap`` of the bound; ``infeasible``: ``infeasible_year`` has no plan
        even on its own, ``infeasibility`` says why; ``limit``: no sequence was found, though there may be one;
        ``cancelled``: it was stopped before there was one.
    npc_usd, lower_bound_usd, gap : float, optional
        Net present cost at the beginning of the first year, US dollars, without the purchase of accelerators; what no
        build-out costs less than; (npc - bound) / npc.
    npc_items : mapping of str to float
        By cost item, over all years; sums to ``npc_usd`` to the cent.
    course : Course, optional
        The one that gave the years.
    """

    scenario_name: str
    status: BuildoutStatus
    npc_usd: float | None = None
    lower_bound_usd: float | None = None
    gap: float | None = None
    npc_items: Mapping[str, float] = field(default_factory=dict)
    horizon_years: int
    discount_rate: float
    years: tuple[BuildoutYear, ...] = ()
    bounds: tuple[YearBound, ...] = ()
    course: Course | None = None
    courses: tuple[CourseOutcome, ...] = ()
    infeasible_year: int | None = None
    infeasibility: Infeasibility | None = None
    verification: BuildoutVerification | None = None
    assumptions: tuple[str, ...] = ()
    attribution: str = ""
