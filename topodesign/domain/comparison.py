"""What differs between two plans. Costs in US dollars, power in MW."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteChange:
    """A site that one plan uses or both use differently; 0 where a plan does not use it."""

    site_id: str
    pods_before: int
    pods_after: int
    power_mw_before: float
    power_mw_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentChange:
    """A segment with other fiber pairs in use; 0 where a plan leaves it dark."""

    segment_id: str
    pairs_before: int
    pairs_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LightpathChange:
    """Lightpaths of one pair of sites, mode and route, told from the site whose id sorts first."""

    a: str
    z: str
    mode: str
    segments: tuple[str, ...]
    count_before: int
    count_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChange:
    """A logical link, all lightpaths of two sites and one mode, with another capacity; 0 where a plan has none."""

    a: str
    z: str
    mode: str
    lightpaths_before: int
    lightpaths_after: int
    capacity_gbps_before: float
    capacity_gbps_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class InputChange:
    """An input of the scenarios by its path; ``None`` where one of them does not have it, ``present`` for things."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How sure a plan is: whether it was verified, and how far it may be from the best, relative to its cost."""

    status: str
    verified: bool
    cost_usd: float
    lower_bound_usd: float | None
    gap: float | None
    stopped_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CostChange:
    """A cost item of both plans."""

    item: str
    before_usd: float
    after_usd: float

    @property
    def delta_usd(self) -> float:
        return round(self.after_usd - self.before_usd, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Works:
    """What turning the first plan's network into the second's takes: to add, and to take away or leave dark."""

    sites_opened: int
    sites_closed: int
    pods_added: int
    pods_removed: int
    pairs_lit: int
    pairs_darkened: int
    lightpaths_added: int
    lightpaths_removed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What it takes to turn the first plan, once built, into the second: things to buy or build, and to give up.

    Nothing here is a present value over the horizon: energy, carbon and route charges are left out, and what the first
    plan has is there already. Freed transceivers are used again for lightpaths of the same mode, wherever they are;
    freed fiber pairs are of no use elsewhere. Accelerators, as everywhere, are counted beside the cost.

    ``items_usd`` are the one-off expenses by the names of cost items, and ``cost_usd`` their sum; ``None`` where prices
    were not given.
    """

    new_sites: tuple[str, ...]
    closed_sites: tuple[str, ...]
    new_pods: int
    freed_pods: int
    new_pairs: int
    freed_pairs: int
    built_segments: tuple[str, ...]
    new_amplifiers: int
    transceivers_to_buy: Mapping[str, int] = field(default_factory=dict)
    transceivers_left_over: Mapping[str, int] = field(default_factory=dict)
    new_accelerators: int
    items_usd: Mapping[str, float] | None = None
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDiff:
    """All changes from one plan to another; what is equal in both is left out.

    ``costs`` sum to ``cost_delta_usd`` to the cent. That is a difference of present values; what the change itself
    takes is in ``works``, and what an owner of the first network must buy for it in ``conversion``. ``proof`` has both
    plans'; the true difference of the best plans lies within both gaps of ``cost_delta_usd``. ``inputs`` are what
    differs between their scenarios, ``None`` where one of these is not known.
    """

    sites: tuple[SiteChange, ...]
    segments: tuple[SegmentChange, ...]
    lightpaths: tuple[LightpathChange, ...]
    costs: tuple[CostChange, ...]
    cost_delta_usd: float
    network_cost_delta_usd: float
    strength_gbps: tuple[float | None, float | None]
    goal_value: tuple[float | None, float | None]
    works: Works
    is_same: bool
    conversion: Conversion | None = None
    links: tuple[LinkChange, ...] = ()
    proof: tuple[Proof, Proof] | None = None
    inputs: tuple[InputChange, ...] | None = None
