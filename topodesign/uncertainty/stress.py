"""Monte Carlo stress of a plan: power zones and sites out, conduits cut, sites and segments late.

Each sample is a state at a random moment: every part is out with its long-run probability, independent of the others.
What is left is the largest set of sites that lightpaths still join, in accelerators, and the strength of its graph: the
bandwidth of an all-reduce among them. Lightpaths are as in the plan; nothing is restored or moved.

References
----------
E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
Statistical Association 22, 1927 (the intervals of shares). A. Maurer, M. Pontil, "Empirical Bernstein bounds and
sample variance penalization", Conference on Learning Theory, 2009, theorem 4, and W. Hoeffding, "Probability
inequalities for sums of bounded random variables", Journal of the American Statistical Association 58, 1963 (the
interval of the mean). M. To, P. Neusy, IEEE JSAC 12(1), 1994 (cuts).
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from topodesign.catalog import load_catalog
from topodesign.domain.availability import PlanAvailability
from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.domain.stress import (
    PartImpact,
    ShareEstimate,
    StressCheck,
    StressOptions,
    StressQuantile,
    StressReport,
    StressState,
)
from topodesign.evaluation import evaluate_availability
from topodesign.uncertainty.drawn_states import DrawnStates, drawn_states
from topodesign.uncertainty.stressed_parts import StressedParts, stressed_parts
from topodesign.uncertainty.survivors import SurvivingJobs, Survivor

Floats = npt.NDArray[np.float64]

QUANTILES = (0.0001, 0.001, 0.01, 0.05, 0.5)
STATES_SHOWN = 25
STRENGTH_TOLERANCE = 1e-9
"""Relative: strengths are sums of doubles."""
ASSUMPTIONS = (
    "every sample is the state at a random moment: parts are out with their long-run probability, independent of each "
    "other",
    "transceivers, amplifiers and terminals are taken to be up; the plan's availability has them",
    "light neither ends nor passes in a building that is out; nothing is restored, moved or bought in answer",
    "a job is the largest set of sites that lightpaths still join, by accelerators, and of equal ones the strongest; "
    "one site alone needs no link",
    "intervals of shares are Wilson's, that of the mean is the narrower of Maurer and Pontil's and Hoeffding's; they "
    "tell of drawing too few states, not of what the probabilities rest on",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sampled:
    """Distinct states with what is left in each."""

    states: DrawnStates
    survivors: tuple[Survivor, ...]
    keeps: npt.NDArray[np.bool_]
    confidence: float

    @property
    def accelerators(self) -> Floats:
        return np.array([item.accelerators for item in self.survivors], dtype=np.float64)

    @property
    def mean(self) -> float:
        """Accelerators in one job on average."""
        return float(self.states.times @ self.accelerators) / self.states.samples

    @property
    def variance(self) -> float:
        """Of those accelerators, with one less than the samples below."""
        squares = float(self.states.times @ (self.accelerators - self.mean) ** 2)
        return squares / max(1, self.states.samples - 1)

    def share(self, holds: npt.NDArray[np.bool_]) -> ShareEstimate:
        """Of samples in whose state something holds."""
        return wilson(int(self.states.times[holds].sum()), self.states.samples, confidence=self.confidence)


def stress(scenario: Scenario, plan: Plan, options: StressOptions | None = None) -> StressReport:
    """How a plan stands when parts of it are out.

    Parameters
    ----------
    scenario, plan : Scenario, Plan
        A plan with sites of that scenario.
    options : StressOptions, optional

    Returns
    -------
    StressReport
        Shares with intervals, quantiles, and the parts whose outages hurt most. The same for the same seed.

    Raises
    ------
    InvalidInput
        For a plan without sites (``PLAN_EMPTY``), a demand other than all-reduce (``STRESS_DEMAND``), or an id that is
        not known (``STRESS_ID_UNKNOWN``).
    """
    options = options or StressOptions()
    _require_stressable(scenario, plan)
    catalog = load_catalog(scenario.catalog_overrides)
    parts = stressed_parts(scenario, plan, catalog.reliability(), options)
    states = drawn_states([part.probability for part in parts.parts], samples=options.samples, seed=options.seed)
    jobs = SurvivingJobs(plan)
    demand = 0.0 if plan.sync is None else plan.sync.demand_gbps
    survivors = tuple(jobs.of(_any(row, parts.kills_sites), _any(row, parts.kills_paths)) for row in states.out)
    keeps = np.array(
        [item.accelerators > 0 and item.strength_gbps >= demand * (1 - STRENGTH_TOLERANCE) for item in survivors]
    )
    sampled = _Sampled(states=states, survivors=survivors, keeps=keeps, confidence=options.confidence)
    availability = evaluate_availability(scenario, plan, catalog)
    return _report(scenario, plan, options, sampled, parts, jobs, availability)


def wilson(count: int, samples: int, *, confidence: float) -> ShareEstimate:
    """A share and Wilson's score interval for its probability."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = count / samples
    middle = (share + z * z / (2 * samples)) / (1 + z * z / samples)
    half = z * math.sqrt(share * (1 - share) / samples + z * z / (4 * samples**2)) / (1 + z * z / samples)
    return ShareEstimate(
        share=share,
        lower=0.0 if count == 0 else max(0.0, middle - half),
        upper=1.0 if count == samples else min(1.0, middle + half),
    )


def half_width(variance: float, span: float, samples: int, *, confidence: float) -> float:
    """Half the width of an interval that holds the mean of a bounded quantity, whatever its distribution; above 0.

    The narrower of an empirical Bernstein and a Hoeffding interval. Which that is depends on the draw, so that each has
    half of the probability of missing, on two sides:

        span (sqrt(2 v L / n) + 7 L / (3 (n - 1))), L = ln(8 / (1 - confidence)), v the variance for a span of 1;
        span sqrt(ln(4 / (1 - confidence)) / (2 n)).

    A normal interval has no width where no loss was drawn, however few the samples.

    Parameters
    ----------
    variance : float
        Of the sample, with n - 1 below; in the square of the quantity's unit.
    span : float
        Between the least and the greatest that the quantity can be, in its unit.
    samples : int
    confidence : float

    References
    ----------
    A. Maurer, M. Pontil, COLT 2009, theorem 4. W. Hoeffding, J. Am. Stat. Assoc. 58, 1963, theorem 1.
    """
    missing = 1 - confidence
    hoeffding = span * math.sqrt(math.log(4 / missing) / (2 * samples))
    if samples == 1:
        return hoeffding
    log = math.log(8 / missing)
    bernstein = math.sqrt(2 * variance * log / samples) + span * 7 * log / (3 * (samples - 1))
    return min(hoeffding, bernstein)


def _report(
    scenario: Scenario,
    plan: Plan,
    options: StressOptions,
    sampled: _Sampled,
    parts: StressedParts,
    jobs: SurvivingJobs,
    availability: PlanAvailability,
) -> StressReport:
    whole = np.array([item.has_all_sites for item in sampled.survivors])
    placed = sum(site.accelerators for site in plan.sites)
    half = half_width(sampled.variance, placed, options.samples, confidence=options.confidence)
    return StressReport(
        scenario_name=scenario.name,
        samples=options.samples,
        seed=options.seed,
        confidence=options.confidence,
        distinct_states=len(sampled.survivors),
        accelerators=placed,
        demand_gbps=0.0 if plan.sync is None else plan.sync.demand_gbps,
        nothing_out=sampled.share(sampled.states.out.sum(axis=1) == 0),
        whole_job=sampled.share(whole),
        keeps_target=sampled.share(sampled.keeps),
        whole_job_at_target=sampled.share(whole & sampled.keeps),
        mean_accelerators=sampled.mean,
        mean_lower=max(0.0, sampled.mean - half),
        mean_upper=min(float(placed), sampled.mean + half),
        quantiles=_quantiles(plan, sampled),
        parts=_impacts(parts, sampled, jobs, placed),
        worst_states=_worst(parts, sampled, placed),
        checks=_checks(parts, sampled, jobs, availability),
        attribution=scenario.attribution,
        assumptions=ASSUMPTIONS,
    )


def _require_stressable(scenario: Scenario, plan: Plan) -> None:
    if not plan.sites:
        raise InvalidInput(f"a plan with status {plan.status!r} has no sites to stress", reason="PLAN_EMPTY")
    if scenario.workload.demand != "all-reduce":
        raise InvalidInput(
            f"workload.demand is {scenario.workload.demand!r}, but what is left of a plan is measured by an "
            "all-reduce; use the plan's availability",
            reason="STRESS_DEMAND",
            field_path="workload.demand",
        )


def _any(out: npt.NDArray[np.bool_], kills: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """What some part that is out takes with it."""
    found: npt.NDArray[np.bool_] = np.any(kills[out], axis=0)
    return found


def _quantiles(plan: Plan, sampled: _Sampled) -> tuple[StressQuantile, ...]:
    strengths = np.array([item.strength_gbps for item in sampled.survivors])
    times = np.array([_sync_time_s(plan, item) for item in sampled.survivors])
    return tuple(
        StressQuantile(
            worse_share=level,
            accelerators=int(_quantile(sampled.accelerators, sampled.states, level)),
            strength_gbps=_quantile(strengths, sampled.states, level),
            sync_time_s=-_quantile(-times, sampled.states, level),
        )
        for level in QUANTILES
    )


def _quantile(values: Floats, states: DrawnStates, level: float) -> float:
    """The greatest value such that at most ``level`` of all samples are below it."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(states.times[order])
    return float(values[order][int(np.searchsorted(reached, level * states.samples, side="right"))])


def _sync_time_s(plan: Plan, job: Survivor) -> float:
    """Seconds of one all-reduce in a job: 0 within one site, infinite where nothing runs."""
    sync = plan.sync
    if job.accelerators == 0:
        return math.inf
    if math.isinf(job.strength_gbps) or sync is None or sync.time_s is None or sync.strength_gbps is None:
        return 0.0
    return sync.time_s * sync.strength_gbps / job.strength_gbps


def _impacts(parts: StressedParts, sampled: _Sampled, jobs: SurvivingJobs, placed: int) -> tuple[PartImpact, ...]:
    found = [_impact(parts, column, sampled, jobs, placed) for column in range(len(parts.parts))]
    return tuple(sorted(found, key=lambda item: (*_hurt(item), item.kind, item.id)))


def _impact(parts: StressedParts, column: int, sampled: _Sampled, jobs: SurvivingJobs, placed: int) -> PartImpact:
    part, out, times = parts.parts[column], sampled.states.out[:, column], sampled.states.times
    lost = (placed - sampled.accelerators) * times
    drawn = int(times[out].sum())
    all_lost, lost_when_out = float(lost.sum()), float(lost[out].sum())
    saved = lost_when_out - _lost_with_part_up(parts, column, sampled, jobs, placed)
    return PartImpact(
        kind=part.kind,
        id=part.id,
        probability=part.probability,
        basis=part.basis,
        drawn_out=drawn,
        lost_accelerators_when_out=lost_when_out / drawn if drawn else None,
        missed_when_out=int(times[out & ~sampled.keeps].sum()) / drawn if drawn else None,
        avoidable_share=saved / all_lost if drawn and all_lost > 0 else None,
    )


def _lost_with_part_up(parts: StressedParts, column: int, sampled: _Sampled, jobs: SurvivingJobs, placed: int) -> float:
    """Lost accelerators, summed over the samples in which a part was out, had it alone been up in them.

    Parts are independent: the other parts of these samples are drawn as if it never were out.
    """
    states = sampled.states
    rows = np.flatnonzero(states.out[:, column] & (sampled.accelerators < placed))
    lost = 0.0
    for row in rows.tolist():
        others = states.out[row].copy()
        others[column] = False
        left = jobs.of(_any(others, parts.kills_sites), _any(others, parts.kills_paths))
        lost += float(states.times[row]) * (placed - left.accelerators)
    return lost


def _hurt(item: PartImpact) -> tuple[float, float]:
    return -(item.avoidable_share or 0.0), -(item.missed_when_out or 0.0) * item.drawn_out


def _worst(parts: StressedParts, sampled: _Sampled, placed: int) -> tuple[StressState, ...]:
    found = []
    for row, job in enumerate(sampled.survivors):
        keeps = bool(sampled.keeps[row])
        if job.accelerators < placed or not keeps:
            found.append(
                StressState(
                    out=tuple(parts.parts[column].label for column in np.flatnonzero(sampled.states.out[row]).tolist()),
                    drawn=int(sampled.states.times[row]),
                    accelerators=job.accelerators,
                    strength_gbps=job.strength_gbps,
                    keeps_target=keeps,
                )
            )
    return tuple(sorted(found, key=lambda item: (-item.drawn, item.accelerators, item.out))[:STATES_SHOWN])


def _checks(
    parts: StressedParts, sampled: _Sampled, jobs: SurvivingJobs, availability: PlanAvailability
) -> tuple[StressCheck, ...]:
    """The same samples, conduits alone, against the states that the availability enumerates."""
    cuts = sampled.states.out & parts.is_conduit
    none_dead = np.zeros(parts.kills_sites.shape[1], dtype=bool)
    joined = np.array([jobs.of(none_dead, _any(row, parts.kills_paths)).has_all_sites for row in cuts])
    exact = availability.all_connected_cuts_only
    few = cuts.sum(axis=1) <= availability.guaranteed_cuts
    guaranteed = availability.guaranteed.availability
    return (
        StressCheck(
            what="all sites connected, conduits cut and nothing else out",
            drawn=sampled.share(joined),
            exact_lower=exact.lower,
            exact_upper=exact.upper,
        ),
        StressCheck(
            what=f"at most {availability.guaranteed_cuts} conduits cut at once",
            drawn=sampled.share(few),
            exact_lower=guaranteed,
            exact_upper=guaranteed,
        ),
    )
