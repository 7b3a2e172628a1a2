"""What a plan must keep to: size, policy, economics and optics; and how its job runs."""

from dataclasses import dataclass
from typing import Literal, get_args

from topodesign.domain.checks import require, require_number, require_one_of
from topodesign.domain.equipment import ModeCatalog
from topodesign.domain.ranges import MOST_ACCELERATORS, MOST_MW, MOST_SECONDS, MOST_UNIT_USD, MOST_USD

Survive = Literal["none", "conduit", "conduit-pair", "site", "zone"]
Band = Literal["c", "c+l"]
Recovery = Literal["restart", "without-site", "without-replica"]
"""After an interruption all go back to the last checkpoint, or the others go on without the site, or the replica of
the model, that was hit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much compute: integer pods of ``pod_accelerators``; the target is exactly one of the last three fields."""

    accelerator: str = "gb300-nvl72"
    fabric: str = "clos"
    pod_accelerators: int = 4608
    accelerators: int | None = None
    power_mw: float | None = None
    budget_usd: float | None = None

    def __post_init__(self) -> None:
        require_number(self.pod_accelerators, field="size.pod_accelerators", at_least=1, at_most=MOST_ACCELERATORS)
        given = [v for v in (self.accelerators, self.power_mw, self.budget_usd) if v is not None]
        require(
            len(given) == 1,
            field="size.accelerators",
            value=self.accelerators,
            limit="the only target: exactly one of accelerators, power_mw and budget_usd",
            remedy="give exactly one of the three",
        )
        most = MOST_ACCELERATORS if self.accelerators else MOST_MW if self.power_mw else MOST_USD
        require_number(given[0], field="size target", above=0, at_most=most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Rules that any plan must keep. ``max_rtt_ms`` bounds the round trip between any two used sites.

    ``budget_usd``, where given beside a size target, bounds cost and accelerators together; the goal is then the least
    time of one all-reduce between sites.
    """

    min_sites: int = 1
    max_sites: int | None = None
    max_rtt_ms: float = float("inf")
    survive: tuple[Survive, ...] = ("conduit",)
    survivable_fraction: float = 1.0
    max_zone_share: float = 1.0
    max_utility_share: float = 1.0
    carbon_t_per_year: float = float("inf")
    budget_usd: float | None = None

    def __post_init__(self) -> None:
        if self.budget_usd is not None:
            require_number(self.budget_usd, field="policy.budget_usd", above=0, at_most=MOST_USD)
        require_number(self.min_sites, field="policy.min_sites", at_least=1)
        if self.max_sites is not None:
            require_number(
                self.max_sites, field="policy.max_sites", at_least=self.min_sites, remedy="raise it to min_sites"
            )
        require_number(self.max_rtt_ms, field="policy.max_rtt_ms", above=0, may_be_infinite=True)
        require_number(self.survivable_fraction, field="policy.survivable_fraction", at_least=0, at_most=1)
        require_number(self.max_zone_share, field="policy.max_zone_share", above=0, at_most=1)
        require_number(self.max_utility_share, field="policy.max_utility_share", above=0, at_most=1)
        require_number(self.carbon_t_per_year, field="policy.carbon_t_per_year", at_least=0, may_be_infinite=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Economics:
    """Horizon in years, discount rate per year, carbon price in USD per tonne, mean load over rated power."""

    horizon_years: int = 5
    discount_rate: float = 0.08
    carbon_usd_per_t: float = 0.0
    load_factor: float = 0.9

    def __post_init__(self) -> None:
        require_number(self.horizon_years, field="economics.horizon_years", at_least=1, at_most=100)
        require_number(self.discount_rate, field="economics.discount_rate", above=-1, at_most=1)
        require_number(self.carbon_usd_per_t, field="economics.carbon_usd_per_t", at_least=0, at_most=MOST_UNIT_USD)
        require_number(self.load_factor, field="economics.load_factor", at_least=0, at_most=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpticsRules:
    """System margin in dB, longest span in km, band, and the catalogue ids of the modes that may be used.

    ``grid_ghz``, when given, rounds every channel width up to a multiple of it; otherwise each mode keeps its own.
    ``catalog`` is the set of modes: ``standard``, or ``flexwan`` with measured reaches.
    """

    margin_db: float = 3.0
    span_km: float = 80.0
    grid_ghz: float | None = None
    band: Band = "c"
    modes: tuple[str, ...] = ("*",)
    catalog: ModeCatalog = "standard"

    def __post_init__(self) -> None:
        require_number(self.margin_db, field="optics.margin_db", at_least=0, at_most=30)
        require_number(self.span_km, field="optics.span_km", above=0, at_most=200)
        if self.grid_ghz is not None:
            require_number(self.grid_ghz, field="optics.grid_ghz", above=0, at_most=4800)
        require_one_of(self.catalog, get_args(ModeCatalog), field="optics.catalog")
        require(
            len(self.modes) > 0, field="optics.modes", value=self.modes, limit="not empty", remedy='use ["*"] for all'
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRules:
    """How the job runs on a plan. No plan depends on it, only what is told of training on one.

    Parameters
    ----------
    write_s, restart_s : float
        To write a checkpoint while training stands still, and to train again after an interruption, seconds. Assumed:
        with 30 s and 180 s losses come out as published, 9 % for 16,384 and 28 % for 100,000 accelerators.
    reform_s : float
        That all stand still whenever a site or replica leaves or comes back, seconds, where each step waits for all.
        Assumed: 30 s, of the order in which MegaScale (arXiv:2402.15627, recollected) sets up the communication of
        10,000 accelerators.
    jitter_s : float
        Standard deviation of one site's step time, seconds.
    recovery : Recovery, optional
        The way to recover that summaries show; by default, for each arrangement, the one that keeps the most. All are
        reported.
    """

    write_s: float = 30.0
    restart_s: float = 180.0
    reform_s: float = 30.0
    jitter_s: float = 0.0
    recovery: Recovery | None = None

    def __post_init__(self) -> None:
        for name in ("write_s", "restart_s", "reform_s", "jitter_s"):
            require_number(getattr(self, name), field=f"training.{name}", at_least=0, at_most=MOST_SECONDS)
        if self.recovery is not None:
            remedy = "name one of them, or none for the one that keeps the most"
            require_one_of(self.recovery, get_args(Recovery), field="training.recovery", otherwise=remedy)
