"""What differs between two plans. Costs in US dollars, power in MW."""

from dataclasses import dataclass


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
class PlanDiff:
    """All changes from one plan to another; what is equal in both is left out.

    ``costs`` sum to ``cost_delta_usd`` to the cent. That is a difference of present values; what the change itself
    takes is in ``works``.
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
