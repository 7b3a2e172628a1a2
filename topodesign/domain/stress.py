"""What is left of a plan when parts of it are out: shares and quantiles over many drawn states."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from topodesign.domain.checks import require_number

PartKind = Literal["zone", "site", "conduit", "late site", "late segment"]
MOST_SAMPLES = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StressOptions:
    """What is drawn.

    Parameters
    ----------
    samples : int
        States that are drawn, independent of each other.
    seed : int
    confidence : float
        Of every interval, in (0, 1).
    late_sites, late_segments : mapping of str to float
        Probability that a site that is used or that light passes through, or a segment, is not in service yet.
    """

    samples: int = 10_000
    seed: int = 0
    confidence: float = 0.95
    late_sites: Mapping[str, float] = field(default_factory=dict)
    late_segments: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_number(self.samples, field="samples", at_least=1, at_most=MOST_SAMPLES)
        require_number(self.seed, field="seed", at_least=0, at_most=2**63 - 1)
        require_number(self.confidence, field="confidence", at_least=0.5, at_most=0.999999)
        for name, late in (("late_sites", self.late_sites), ("late_segments", self.late_segments)):
            for item, chance in late.items():
                require_number(chance, field=f"{name}.{item}", at_least=0, at_most=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareEstimate:
    """A share of drawn states, with the interval that holds its probability with the report's confidence (Wilson)."""

    share: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StressQuantile:
    """At most this share of states is worse than these values; of each figure by itself.

    ``strength_gbps`` is infinite where one site is left, ``sync_time_s`` infinite where nothing runs.
    """

    worse_share: float
    accelerators: int
    strength_gbps: float
    sync_time_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PartImpact:
    """What a part's outages do. ``probability`` is the one it was drawn with, and ``basis`` where that comes from.

    ``lost_accelerators_when_out`` and ``missed_when_out``: the mean loss, and how often the target was missed, in
    states in which this part was out, with whatever else was. ``avoidable_share``: of the mean loss over all states,
    how much less it would be if this part never were out: since parts are independent, the states in which it was are
    looked at again with it up. Two parts that lose something only together each count for it, so that these do not sum
    to 1. ``None`` where no drawn state had it out, or nothing was lost.
    """

    kind: PartKind
    id: str
    probability: float
    basis: str
    drawn_out: int
    lost_accelerators_when_out: float | None
    missed_when_out: float | None
    avoidable_share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StressState:
    """A drawn state in which the target is missed or accelerators are lost: what is out, and what is left."""

    out: tuple[str, ...]
    drawn: int
    accelerators: int
    strength_gbps: float
    keeps_target: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StressCheck:
    """A probability that was also worked out without drawing: it lies in [``exact_lower``, ``exact_upper``].

    ``agrees``: the drawn interval meets that one.
    """

    what: str
    drawn: ShareEstimate
    exact_lower: float
    exact_upper: float

    @property
    def agrees(self) -> bool:
        return self.drawn.lower <= self.exact_upper and self.exact_lower <= self.drawn.upper


@dataclass(frozen=True, slots=True, kw_only=True)
class StressReport:
    """Monte Carlo stress of one plan.

    Parameters
    ----------
    samples, seed, confidence
        As asked for.
    distinct_states : int
        Different states among the samples; each was evaluated once.
    accelerators : int
        That the plan places.
    demand_gbps : float
        The strength that the sync target needs.
    nothing_out, whole_job, keeps_target, whole_job_at_target : ShareEstimate
        No part is out; all accelerators run in one connected job; what still runs in one connected job synchronizes
        within the target; both.
    mean_accelerators, mean_lower, mean_upper : float
        Accelerators in the largest connected job, on average, with an interval that holds for any distribution of
        them (Maurer and Pontil 2009, or Hoeffding 1963 where that is narrower); never of zero width.
    quantiles : tuple of StressQuantile
    parts : tuple of PartImpact
        Those that hurt most first.
    worst_states : tuple of StressState
        The most frequent states that lose accelerators or the target.
    checks : tuple of StressCheck
    """

    scenario_name: str
    samples: int
    seed: int
    confidence: float
    distinct_states: int
    accelerators: int
    demand_gbps: float
    nothing_out: ShareEstimate
    whole_job: ShareEstimate
    keeps_target: ShareEstimate
    whole_job_at_target: ShareEstimate
    mean_accelerators: float
    mean_lower: float
    mean_upper: float
    quantiles: tuple[StressQuantile, ...]
    parts: tuple[PartImpact, ...]
    worst_states: tuple[StressState, ...]
    checks: tuple[StressCheck, ...]
    attribution: str = ""
    assumptions: tuple[str, ...] = ()

    @property
    def all_agree(self) -> bool:
        """Whether every check against an enumerated probability holds."""
        return all(check.agrees for check in self.checks)

    @property
    def mean_share(self) -> float:
        """Share of the accelerators that run in one job on average."""
        return self.mean_accelerators / self.accelerators if self.accelerators else math.nan
