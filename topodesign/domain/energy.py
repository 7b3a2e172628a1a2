"""Power and place: how much of a year accelerators run, and what energy, carbon and dollars their training takes."""

from collections.abc import Mapping
from dataclasses import dataclass

from topodesign.domain.checks import require_number


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningShare:
    """Share of a year in which accelerators have power.

    ``mean`` over all accelerators holds whatever zones have in common. ``all_zones``: all have full power at once,
    were zones independent; ``all_zones_lower`` and ``all_zones_upper`` hold whatever they have in common.
    """

    by_zone: Mapping[str, float]
    mean: float
    all_zones: float
    all_zones_lower: float
    all_zones_upper: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteYear:
    """A site in an average year: share of it with power, energy at the meter, carbon, and the price of the energy."""

    site_id: str
    zone_id: str
    running_share: float
    mwh: float
    carbon_t: float
    energy_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanYear:
    """A plan in an average year, and what its training takes.

    ``effective_exaflops``: 10^18 FLOP/s, averaged over the year. Energy and carbon are those of the sites' meters.
    ``usd_per_exaflop_day``: one exaFLOP-day is 8.64 x 10^22 FLOP; ``None`` where no cost is known.
    """

    sites: tuple[SiteYear, ...]
    running_share: float
    effective_exaflops: float
    mwh: float
    carbon_t: float
    energy_usd: float
    mwh_per_1e24_flop: float
    carbon_t_per_1e24_flop: float
    usd_per_exaflop_day: float | None
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """What one accelerator costs: purchase, years of use, and dollars a year beside energy."""

    cost_usd: float
    life_years: float
    other_usd_per_year: float = 0.0

    def __post_init__(self) -> None:
        require_number(self.cost_usd, field="ownership.cost_usd", at_least=0)
        require_number(self.life_years, field="ownership.life_years", above=0)
        require_number(self.other_usd_per_year, field="ownership.other_usd_per_year", at_least=0)
