"""What interrupts a training job, how it recovers, and how much of its time ends in training.

Times of failures are in hours, times of a job's own actions in seconds; shares are of wall-clock time, from 0 to 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from topodesign.domain.checks import require_id, require_number

Unit = Literal["site", "pod"]
"""What leaves when one of its parts fails: all of a site, or the pod alone, each pod holding a replica of the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingParts:
    """``count`` alike parts, any of which interrupts the job (or its site) every ``mtbf_h`` hours (may be infinite).

    ``wait_s`` is how long nothing can run before the restart begins: 0 where a spare takes over, the repair time where
    none does (power of a zone, the only route of a site).
    """

    name: str
    count: float
    mtbf_h: float
    wait_s: float = 0.0

    def __post_init__(self) -> None:
        require_id(self.name, field="parts.name")
        require_number(self.count, field="parts.count", at_least=0)
        require_number(self.mtbf_h, field="parts.mtbf_h", above=0, may_be_infinite=True)
        require_number(self.wait_s, field="parts.wait_s", at_least=0)

    @property
    def rate_per_h(self) -> float:
        """Interruptions per hour of all of them."""
        return self.count / self.mtbf_h


@dataclass(frozen=True, slots=True, kw_only=True)
class InterruptionShare:
    """Parts of one kind: their interruptions per hour, and their share of all interruptions."""

    name: str
    count: float
    rate_per_h: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpointing:
    """Time to write a checkpoint (training stands still), time to restart from one, and seconds of training between.

    ``interval_s`` ``None`` is the interval of the best goodput.
    """

    write_s: float
    restart_s: float
    interval_s: float | None = None

    def __post_init__(self) -> None:
        require_number(self.write_s, field="checkpointing.write_s", at_least=0)
        require_number(self.restart_s, field="checkpointing.restart_s", at_least=0)
        if self.interval_s is not None:
            require_number(self.interval_s, field="checkpointing.interval_s", at_least=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goodput:
    """Where the time of a job goes in the long run: the five shares sum to 1, ``useful`` is the goodput.

    ``rework`` is training that is lost with an interruption, ``waiting`` is for repair. ``mtti_h`` is the mean time
    between interruptions of a running job, ``interval_s`` the training between checkpoints; both may be infinite.
    """

    mtti_h: float
    interval_s: float
    useful: float
    writing: float
    rework: float
    restart: float
    waiting: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSite:
    """One site of a job: its accelerators, and the parts that interrupt it alone.

    With ``replicas`` above 1 it trains that many alike replicas, each of which leaves on its own; ``parts`` are then
    those that interrupt one of them, what several have in common included.
    """

    site_id: str
    accelerators: float
    parts: tuple[FailingParts, ...]
    replicas: int = 1

    def __post_init__(self) -> None:
        require_id(self.site_id, field="site_id")
        require_number(self.accelerators, field="accelerators", above=0)
        require_number(self.replicas, field="replicas", at_least=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejoining:
    """How a site leaves a job and comes back while the others go on.

    ``round_s``: training between exchanges with the others, lost with the site that leaves (a step, or the inner steps
    of DiLoCo). ``restart_s``: until the site trains again, state fetched from the others. ``reform_s``: how long all
    stand still whenever a site leaves or comes back (0 where nobody waits for it).
    """

    round_s: float
    restart_s: float
    reform_s: float = 0.0

    def __post_init__(self) -> None:
        for name in ("round_s", "restart_s", "reform_s"):
            require_number(getattr(self, name), field=f"rejoining.{name}", at_least=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ElasticGoodput:
    """Goodput of a job whose surviving sites go on: ``goodput`` is training done over that of all sites at all times.

    ``by_site`` are the sites on their own (one replica of each), ``reforming`` is the share of time in which all stand
    still, ``all_away`` the probability that nobody trains, were sites and replicas independent of each other.
    """

    goodput: float
    by_site: Mapping[str, Goodput]
    reforming: float
    all_away: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedGoodput:
    """A Monte Carlo estimate: mean, standard error of that mean, interruptions drawn, and the seed that repeats it."""

    goodput: float
    standard_error: float
    interruptions: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCuts:
    """What cuts of the light between sites cost.

    ``protected``: share of time left with protection switching. ``restart``: without it, every cut restarts the job.
    ``continue_without``: without it, cuts keep only the site that they cut off away. Each counts cuts alone.
    """

    cuts_per_year: float
    protected: float
    restart: Goodput
    continue_without: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JobParts:
    """The parts of a planned job, by what their failure does.

    ``sites`` have the parts that stop them alone; ``zones`` are power zones (one part each, named after the zone), and
    ``zone_of`` maps site to zone. ``light`` stops a job that needs all sites: cuts after which some site waits for the
    repair (``cut_off`` lists these by site), and cuts that the plan is not protected against. ``pauses`` are
    failures of light that protection switching bridges.
    """

    sites: tuple[JobSite, ...]
    zones: tuple[FailingParts, ...]
    zone_of: Mapping[str, str]
    light: tuple[FailingParts, ...]
    cut_off: Mapping[str, tuple[FailingParts, ...]]
    pauses: tuple[FailingParts, ...]
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanGoodput:
    """A plan's goodput if all sites restart together, and if the others continue without a site that is hit.

    ``shares`` tells the interruptions of the whole job apart, most frequent first.
    """

    restart: Goodput
    continue_without: ElasticGoodput
    shares: tuple[InterruptionShare, ...]
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointTraffic:
    """Copies of checkpoints to another site: bits of one, Gbit/s of line rate to keep up, seconds to fetch one back.

    ``restore_s`` is ``None`` where no line rate was given.
    """

    bits: float
    gbps: float
    restore_s: float | None
