"""A job whose goodput is asked for, and the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from topodesign.domain.checks import require, require_number
from topodesign.domain.errors import InvalidInput
from topodesign.domain.goodput import (
    ElasticGoodput,
    FailingParts,
    Goodput,
    InterruptionShare,
    JobSite,
    Rejoining,
    SimulatedGoodput,
)
from topodesign.domain.ranges import MOST_ACCELERATORS, MOST_PODS, MOST_SECONDS

IntervalRule = Literal["young", "daly", "best"]
"""Young's and Daly's interval between checkpoints, and that of the best exact goodput."""

MOST_JOB_SITES = 1_000
MOST_SHARED_PARTS = 100
MOST_SITE_PARTS = 10_000
"""Of all sites together."""
MOST_RATE_PER_H = 1e9
MOST_DRAWS = 5_000_000
"""Random numbers of one simulation: less than half a second, 200 MB."""
REPLICA_DRAWS = 2_000
"""Random numbers that take as long as it takes to begin with one more replica."""
LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodputRequest:
    """A job, what interrupts it, and how it goes on; one of ``accelerators``, ``sites`` and ``parts`` is needed.

    Parameters
    ----------
    write_s : float
        To write a checkpoint, while training stands still, seconds.
    restart_s : float
        To restart from one, seconds.
    interval_s : float, optional
        Seconds of training between two of them; default: those of the best goodput.
    accelerators : int, optional
        In all sites together, equally many in each, failing as the catalogue says; not beside ``sites``.
    accelerator : str
        Id in the catalogue: says how many share a host.
    site_count : int
        Sites that ``accelerators`` lie in.
    sites : tuple of JobSite
        Sites of their own sizes, each with the parts that interrupt it.
    parts : tuple of FailingParts
        What interrupts all sites at once, beside the parts of the sites.
    rejoining : Rejoining, optional
        Asks for the goodput of a job whose other sites go on when one is hit; needs sites or accelerators.
    interruptions : int
        To draw for a simulation beside the closed form, at least 2; 0: none. For a job whose other sites go on, for
        each replica.
    seed : int
        Of the simulation.

    Raises
    ------
    InvalidInput
        When a figure is out of range, or the simulation would draw too much (``SIMULATION_TOO_LARGE``).
    """

    write_s: float
    restart_s: float
    interval_s: float | None = None
    accelerators: int | None = None
    accelerator: str = "h100-sxm"
    site_count: int = 1
    sites: tuple[JobSite, ...] = ()
    parts: tuple[FailingParts, ...] = ()
    rejoining: Rejoining | None = None
    interruptions: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("write_s", "restart_s", "interval_s"):
            if getattr(self, name) is not None:
                require_number(getattr(self, name), field=name, at_least=0, at_most=MOST_SECONDS)
        if self.accelerators is not None:
            _require_count(self.accelerators, "accelerators", least=1, most=MOST_ACCELERATORS)
        _require_count(self.site_count, "site_count", least=1, most=MOST_JOB_SITES)
        _require_count(self.interruptions, "interruptions", least=0, most=MOST_DRAWS)
        _require_count(self.seed, "seed", least=0, most=LARGEST_SEED)
        require(
            self.interruptions != 1,
            field="interruptions",
            value=self.interruptions,
            limit="0, or at least 2",
            remedy="an error needs two of them; give 10000",
        )
        self._require_job()
        require_few(self.parts, "parts", MOST_SHARED_PARTS)
        require_few(self.sites, "sites", MOST_JOB_SITES)
        require_few([item for site in self.sites for item in site.parts], "sites", MOST_SITE_PARTS, of="parts")
        require_draws(self, [(site.replicas, len(site.parts)) for site in self.sites])
        self._require_rates()

    def _require_job(self) -> None:
        if self.accelerators is None and not self.sites and not self.parts:
            raise InvalidInput(
                "nothing that fails is given; give accelerators, sites, or parts such as one with the job's mean time "
                "to interrupt",
                reason="FIELD_REQUIRED",
                field_path="accelerators",
            )
        require(
            self.accelerators is None or not self.sites,
            field="accelerators",
            value=self.accelerators,
            limit="left out where sites are given",
            remedy="give either accelerators or sites",
        )
        if self.accelerators is None:
            require(
                self.site_count == 1,
                field="site_count",
                value=self.site_count,
                limit="left out without accelerators",
                remedy="give accelerators that lie in so many sites, or list the sites",
            )
            require(
                self.rejoining is None or bool(self.sites),
                field="rejoining",
                value=self.rejoining,
                limit="left out where no sites are known",
                remedy="give accelerators and site_count, or sites",
            )
        else:
            require(
                self.accelerators >= self.site_count,
                field="site_count",
                value=self.site_count,
                limit=f"at most the {self.accelerators:,} accelerators",
                remedy="every site has at least one",
            )
        require(
            len({site.site_id for site in self.sites}) == len(self.sites),
            field="sites",
            value=len(self.sites),
            limit="of ids that differ",
            remedy="rename those that are alike",
        )

    def _require_rates(self) -> None:
        """Figures that closed forms can be computed with."""
        for item in self.parts:
            _require_rate(item, 1, "parts")
        for site in self.sites:
            require_number(site.accelerators, field="sites", at_most=MOST_ACCELERATORS, remedy="it is what a site has")
            _require_count(site.replicas, "sites", least=1, most=MOST_PODS)
            for item in site.parts:
                _require_rate(item, site.replicas, "sites")
        if self.rejoining is not None:
            for name in ("round_s", "restart_s", "reform_s"):
                value = getattr(self.rejoining, name)
                require_number(value, field="rejoining", at_most=MOST_SECONDS, remedy=f"it is {name}, in seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalGoodput:
    """An interval between checkpoints by one rule, in seconds (may be infinite), and the exact goodput with it."""

    rule: IntervalRule
    interval_s: float
    goodput: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodputEstimate:
    """How often a job is interrupted, and what is left of its time.

    ``restart`` is the job whose sites all restart together, exact for exponential failures; ``intervals`` what each
    rule gives. ``first_order_loss`` is d/t + t/(2 M) + R/M at the interval of ``restart``, ``None`` where that is 0 or
    infinite: above a tenth, not to be relied upon. ``elastic`` is the job whose other sites go on, where asked for.
    ``simulated`` and ``simulated_elastic`` are drawn beside them, where asked for and something fails.
    """

    restart: Goodput
    intervals: tuple[IntervalGoodput, ...]
    first_order_loss: float | None
    shares: tuple[InterruptionShare, ...]
    elastic: ElasticGoodput | None
    simulated: SimulatedGoodput | None
    simulated_elastic: SimulatedGoodput | None
    assumptions: tuple[str, ...]


def goodput_request(request: GoodputRequest | None, options: Mapping[str, Any]) -> GoodputRequest:
    """The request of some fields, or a request with such fields in place of its own."""
    return GoodputRequest(**options) if request is None else replace(request, **options)


def require_few(items: Sequence[object], field: str, most: int, *, of: str = "entries") -> None:
    """Raise :class:`InvalidInput` for a list of more than ``most``."""
    require(len(items) <= most, field=field, value=len(items), limit=f"at most {most} {of}", remedy="join those alike")


def require_draws(request: GoodputRequest, sites: Sequence[tuple[int, int]]) -> None:
    """Raise :class:`InvalidInput` for a simulation that draws too much.

    Parameters
    ----------
    request : GoodputRequest
    sites : sequence of (int, int)
        Of every site its replicas, and the parts that interrupt it alone.
    """
    if request.interruptions == 0:
        return
    shared = len(request.parts)
    each = shared + sum(parts for _, parts in sites)
    beginnings = 0
    if request.rejoining is not None:
        each += sum(replicas * (shared + parts) for replicas, parts in sites)
        beginnings = REPLICA_DRAWS * sum(replicas for replicas, _ in sites)
    if request.interruptions * each + beginnings > MOST_DRAWS:
        fits = max(0, MOST_DRAWS - beginnings) // max(1, each)
        raise InvalidInput(
            f"interruptions is {request.interruptions}, for each of {each:,} kinds of parts over all sites and "
            f"replicas, but a simulation may draw {MOST_DRAWS:,} random numbers, {REPLICA_DRAWS:,} of which count for "
            "every replica that leaves on its own; "
            + (f"draw at most {fits:,} interruptions" if fits > 1 else "join parts, sites or replicas that are alike"),
            reason="SIMULATION_TOO_LARGE",
            field_path="interruptions",
            metadata={"value": str(request.interruptions), "limit": str(fits)},
        )


def _require_rate(item: FailingParts, replicas: int, field: str) -> None:
    require_number(
        item.rate_per_h * replicas,
        field=field,
        at_most=MOST_RATE_PER_H,
        remedy=f"it is how often {item.name!r} interrupts an hour: lower its count or raise its mtbf_h",
    )
    require_number(item.wait_s, field=field, at_most=MOST_SECONDS, remedy="it is a wait in seconds")


def _require_count(value: int, field: str, *, least: int, most: int) -> None:
    require_number(value, field=field, at_least=least, at_most=most)
    require(value == int(value), field=field, value=value, limit="a whole number", remedy="give a count")
