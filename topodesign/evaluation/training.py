"""Training on a plan, side by side: as planned, torus everywhere, Clos everywhere, and all of it at one site."""

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from topodesign.domain.energy import PlanYear
from topodesign.domain.equipment import Accelerator, Catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.goodput import JobParts
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.domain.training import TrainingRequest
from topodesign.domain.training_report import Arrangement, PlanTraining, TrainingColumn
from topodesign.evaluation.training_fabrics import (
    SINGLE_SITE,
    InSiteFabrics,
    fabric_of_single_site,
    fabrics_of_kind,
)
from topodesign.evaluation.training_goodput import (
    Recovering,
    at_one_site,
    checkpoint_intervals,
    goodput_by_recovery,
    with_switches,
)
from topodesign.evaluation.training_step import NO_EXCHANGE, Exchange, step_of
from topodesign.evaluation.training_words import assumptions_of_training
from topodesign.evaluation.training_yield import Job, bill_of, energy_of_sites, pods_mw, year_of, yields_of
from topodesign.training.collectives import serial_hops
from topodesign.training.compute import pods_for_state, step_flops
from topodesign.training.estimating import estimate
from topodesign.training.interruptions_of_plan import plan_parts
from topodesign.training.job_of_scenario import request_of, ring_gbps


def evaluate_training(scenario: Scenario, plan: Plan, catalog: Catalog) -> PlanTraining:
    """What training on a plan achieves, and what it would with other fabrics, or at one site.

    Parameters
    ----------
    scenario : Scenario
        Its ``training`` has the times of checkpoints and restarts, and jitter.
    plan : Plan
        With sites, its fabrics (without them nothing is known of what happens inside sites) and, where it has
        lightpaths, its availability.
    catalog : Catalog
        After the scenario's overrides.

    Returns
    -------
    PlanTraining
        Columns ``as-planned``, ``torus`` and ``clos`` where fabrics are compared, and ``single-site``, which is
        hypothetical.

    Raises
    ------
    InvalidInput
        For a plan without sites (``NO_SITES``), one with lightpaths but without availability (``NO_AVAILABILITY``), a
        zone that is never up, and a step that takes longer than a job may.
    """
    accelerator, workload = catalog.accelerator(scenario.size.accelerator), scenario.workload
    parts = plan_parts(scenario, plan, catalog)
    year = year_of(scenario, plan, catalog)
    tokens = workload.global_batch_tokens
    flop_per_step = step_flops(workload.active_parameters or workload.parameters, tokens)
    replica_pods, memory_notes = _replica_pods(scenario, plan, accelerator)
    shared = _Shared(
        scenario=scenario,
        plan=plan,
        catalog=catalog,
        parts=parts,
        job=Job.of(scenario, year, flop_per_token=flop_per_step / tokens),
        year=year,
        replica_pods=replica_pods,
        requests={sites: _request(scenario, plan, accelerator, sites=sites) for sites in (1, len(plan.sites))},
    )
    words = assumptions_of_training(scenario, plan, shared.requests[len(plan.sites)])
    return PlanTraining(
        columns=tuple(_columns(shared)),
        flop_per_step=flop_per_step,
        tokens_per_step=tokens,
        replica_pods=replica_pods,
        rules=scenario.training,
        assumptions=(*words, *memory_notes, *parts.assumptions),
    )


def training_or_why_not(
    scenario: Scenario, plan: Plan, catalog: Catalog
) -> tuple[PlanTraining | None, tuple[str, ...]]:
    """Training on a plan; where no job can be told of (a zone that is never up, a step of years), why not, in words."""
    try:
        return evaluate_training(scenario, plan, catalog), ()
    except InvalidInput as refused:
        return None, (f"training is not evaluated: {refused.message}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """What all columns are made from."""

    scenario: Scenario
    plan: Plan
    catalog: Catalog
    parts: JobParts
    job: Job
    year: PlanYear
    replica_pods: int
    requests: Mapping[int, TrainingRequest]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arranged:
    """What one column is made from; ``drawn_mw`` and ``fabric_mw`` at the meters of the plan's sites."""

    arrangement: Arrangement
    fabrics: InSiteFabrics
    parts: JobParts
    replicas: Mapping[str, int]
    exchange: Exchange | None
    drawn_mw: Mapping[str, float]
    fabric_mw: Mapping[str, float] | None
    unknown: tuple[str, ...] = ()


def _columns(shared: _Shared) -> Iterator[TrainingColumn]:
    scenario, plan = shared.scenario, shared.plan
    yield _column(shared, _multi_site(shared, "as-planned", fabrics_of_kind(scenario, plan, None)))
    if plan.fabrics is not None:
        yield _column(shared, _multi_site(shared, "torus", fabrics_of_kind(scenario, plan, "torus")))
        yield _column(shared, _multi_site(shared, "clos", fabrics_of_kind(scenario, plan, "clos")))
    yield _column(shared, _single_site(shared))


def _multi_site(shared: _Shared, arrangement: Arrangement, fabrics: InSiteFabrics) -> _Arranged:
    plan = shared.plan
    exchange, why_not = _exchange(shared.scenario, plan)
    return _Arranged(
        arrangement=arrangement,
        fabrics=fabrics,
        parts=with_switches(shared.parts, fabrics.switches, shared.catalog),
        replicas={site.id: max(1, site.pods // shared.replica_pods) for site in plan.sites},
        exchange=exchange,
        drawn_mw={site.id: site.power_mw for site in plan.sites},
        fabric_mw=fabrics.mw_by_site,
        unknown=why_not,
    )


def _single_site(shared: _Shared) -> _Arranged:
    plan, catalog = shared.plan, shared.catalog
    drawn = pods_mw(shared.scenario, plan, catalog)
    needed = math.fsum(drawn.values())
    it_mw = _accelerators(plan) * catalog.accelerator(shared.scenario.size.accelerator).all_in_w / 1e6
    fabrics = fabric_of_single_site(shared.scenario, plan, catalog, pue=max(1.0, needed / it_mw))
    together = at_one_site(shared.scenario, plan, shared.parts, catalog)
    fabric_mw = fabrics.power_mw
    return _Arranged(
        arrangement="single-site",
        fabrics=fabrics,
        parts=with_switches(together, fabrics.switches, catalog),
        replicas={SINGLE_SITE: max(1, sum(site.pods for site in plan.sites) // shared.replica_pods)},
        exchange=NO_EXCHANGE,
        drawn_mw=drawn,
        # as the sites draw, so that its hours, prices and grams are theirs
        fabric_mw=None if fabric_mw is None else {site_id: fabric_mw * mw / needed for site_id, mw in drawn.items()},
    )


def _column(shared: _Shared, arranged: _Arranged) -> TrainingColumn:
    fabrics, sites, rules = arranged.fabrics, len(arranged.parts.sites), shared.scenario.training
    request = shared.requests[sites]
    step = step_of(request, fabrics.allreduce, arranged.exchange)
    recovering = Recovering(
        rules=rules,
        round_s=shared.scenario.workload.inner_steps * (step.wall_s or step.compute_s),
        waits_for_all=request.method == "data-parallel",
        replicas=arranged.replicas,
    )
    found, goodputs = goodput_by_recovery(arranged.parts, recovering)
    mtti_h = found.restart.mtti_h
    has_network = arranged.arrangement != "single-site"
    bill = bill_of(shared.plan, has_network=has_network, fabric_cost_usd=fabrics.cost_usd)
    energy = energy_of_sites(shared.plan, shared.year, drawn_mw=arranged.drawn_mw, fabric_mw=arranged.fabric_mw)
    return TrainingColumn(
        arrangement=arranged.arrangement,
        fabric=fabrics.name,
        sites=sites,
        accelerators=_accelerators(shared.plan),
        power_mw=math.fsum(arranged.drawn_mw.values()),
        fabric_switches=None if fabrics.switches is None else sum(fabrics.switches.values()),
        fabric_cost_usd=fabrics.cost_usd,
        fabric_power_mw=fabrics.power_mw,
        step=step,
        compute_penalty=estimate(request).compute_penalty,
        mtti_h=mtti_h if math.isfinite(mtti_h) else None,
        interruptions=found.shares,
        checkpoints=checkpoint_intervals(mtti_h, found.restart.interval_s, rules),
        yields=yields_of(shared.job, goodputs, utilization=step.utilization, bill=bill, energy=energy),
        unknown=(*arranged.unknown, *(() if fabrics.why_not is None else (f"inside sites: {fabrics.why_not}",))),
    )


def _request(scenario: Scenario, plan: Plan, accelerator: Accelerator, *, sites: int) -> TrainingRequest:
    """The scenario's job over so many sites; where nothing crosses them the rate between sites has no effect."""
    strength = None if plan.sync is None else plan.sync.strength_gbps
    request = request_of(
        scenario,
        accelerator,
        sites=sites,
        accelerators=_accelerators(plan),
        gbps=accelerator.scale_out_gbps if not strength else ring_gbps(strength, sites),
    )
    return dataclasses.replace(request, jitter_s=scenario.training.jitter_s)


def _accelerators(plan: Plan) -> int:
    return sum(site.accelerators for site in plan.sites)


def _exchange(scenario: Scenario, plan: Plan) -> tuple[Exchange | None, tuple[str, ...]]:
    """One exchange of the model over the plan's links, or why it cannot be told."""
    sites, demand = len(plan.sites), scenario.workload.demand
    if sites == 1:
        return NO_EXCHANGE, ()
    if demand != "all-reduce":
        return None, (f"between sites: the demand is a {demand}, which says nothing of how long an exchange takes",)
    if plan.sync is None or plan.sync.time_s is None:
        return None, ("between sites: the plan does not state how long an exchange takes",)
    slowest_ms = max((path.latency_ms for path in plan.lightpaths), default=0.0)
    return Exchange(
        transfer_s=plan.sync.time_s,
        latency_s=serial_hops(sites) * slowest_ms / 1e3,
        least_latency_s=plan.sync.latency_s,
    ), ()


def _replica_pods(scenario: Scenario, plan: Plan, accelerator: Accelerator) -> tuple[int, tuple[str, ...]]:
    """Pods that hold one replica of the model, and what has to be said of it."""
    try:
        pods = pods_for_state(
            scenario.workload.parameters, accelerator, pod_accelerators=scenario.size.pod_accelerators
        )
    except InvalidInput as unknown:
        if unknown.reason != "MEMORY_UNKNOWN":
            raise
        return 1, (f"one pod is taken to hold a replica: the memory of {accelerator.name} is not in the catalogue",)
    small = [site.id for site in plan.sites if site.pods < pods]
    if small:
        return pods, (
            f"one replica fills {pods} pods, more than there are at {', '.join(small)}: there the model would have to "
            "be split further than is counted here",
        )
    return pods, (f"one replica fills {pods} pod(s); pods beyond whole replicas belong to one of them",)
