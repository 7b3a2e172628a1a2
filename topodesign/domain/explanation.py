"""Why a plan is as it is: the limits that bind it, and the sites that it does not use. Costs in US dollars."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingLimit:
    """A limit that the plan reaches, and what ``step`` more of it (in ``unit``) would save.

    ``saving_usd`` is what a plan found by a re-solve with the step saves: a lower bound on the true saving, which is at
    most ``saving_upper_usd`` (the cost less the re-solve's proven bound). ``used`` is what the plan uses of ``value``.
    """

    limit: str
    id: str
    value: float
    used: float
    unit: str
    step: float
    saving_usd: float
    saving_upper_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusedSite:
    """What it would cost more to use a site that the plan leaves out, other limits kept.

    ``extra_usd`` is the extra cost of a plan found with the site forced in (``None``: there is no such plan, and
    ``reason`` says why, or none was found in the time); ``extra_lower_usd`` is proven: with the site no plan costs less
    than this plan plus that. It may be negative, by at most the plan's own gap.
    """

    site_id: str
    extra_usd: float | None
    extra_lower_usd: float | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedSite:
    """What it would cost more to do without a site that the plan uses; figures as in :class:`UnusedSite`."""

    site_id: str
    extra_usd: float | None
    extra_lower_usd: float | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything that was asked about a plan; ``cost_usd`` is the plan's. ``basis`` says how the figures were found.

    ``used`` is there for the sites that were asked about by name only.
    """

    cost_usd: float
    binding: tuple[BindingLimit, ...]
    unused: tuple[UnusedSite, ...]
    basis: str
    used: tuple[UsedSite, ...] = ()
