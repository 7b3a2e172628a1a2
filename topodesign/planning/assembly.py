"""From a design to the plan that users see."""

import math
import platform
from collections.abc import Collection, Mapping, Sequence
from importlib.metadata import version

import numpy as np

from topodesign.domain.plan import (
    Goal,
    Lightpath,
    Link,
    Plan,
    Provenance,
    SegmentPlan,
    SitePlan,
    SolveLimits,
    SpectrumRun,
    Status,
    Sync,
)
from topodesign.optics.lightpaths import LightpathCandidate
from topodesign.optics.measured import measured_assumptions
from topodesign.optics.reach import channel_width_ghz
from topodesign.planning.design import Design, StretchRuns, site_power_mw
from topodesign.planning.instance import Instance
from topodesign.planning.known_paths import PathKey, path_key
from topodesign.planning.requirement import separator_for
from topodesign.planning.search import PROVEN_GAP, Found
from topodesign.planning.slots import pairs_taken
from topodesign.scenario import scenario_digest
from topodesign.training.job_of_scenario import assumptions_of_job

BOUND_BASIS = (
    "relative to {count} lightpath candidates ({routes} routes between {pairs} pairs of sites): for each pair the "
    "shortest route, the cheapest two and three segment-disjoint routes and conduit-disjoint "
    "alternatives, in every mode that reaches"
)


def assemble_plan(found: Found, limits: SolveLimits, *, wall_s: float, goal: Goal | None = None) -> Plan:
    """The plan of a finished search that found a design; ``goal`` where the goal was not the cost."""
    design, instance = found.design, found.instance
    assert design is not None  # the caller reports searches without a design
    cost = design.cost_usd
    bound = round(min(found.bound_usd, cost), 2)
    gap = (cost - bound) / cost if cost > 0 else 0.0
    network = design.network_cost_usd
    lightpaths = _lightpaths(instance, design)
    left = gap if goal is None else goal.gap
    is_best = left <= PROVEN_GAP * 10 and instance.has_all_routes
    status: Status = "optimal" if is_best else "feasible"
    return Plan(
        scenario_name=instance.scenario.name,
        status=status,
        stopped_by=found.stopped_by,
        cost_usd=cost,
        lower_bound_usd=bound,
        gap=gap,
        network_cost_usd=network,
        network_gap=(cost - bound) / network if network > 0 else None,
        accelerator_purchase_usd=_purchase_usd(instance, design),
        wall_s=wall_s,
        seed=limits.seed,
        sites=_site_plans(instance, design),
        links=_links(instance, design, lightpaths),
        lightpaths=lightpaths,
        segments=_segments(instance, design),
        sync=sync_of(instance, design),
        cost_items=dict(design.cost_items),
        goal=goal,
        attribution=instance.scenario.attribution,
        assumptions=assumptions_of(instance, counts_steps=goal is not None and goal.objective == "effective-flops"),
        provenance=provenance_of(instance, limits, bound_basis(found)),
    )


def bound_basis(found: Found) -> str:
    """What the bound is relative to, and by how much it could move."""
    instance = found.instance
    paths = instance.lightpaths
    routes = {(path.a, path.z, path.route) for path in paths}
    if found.is_coarse:
        return (
            "all sites and all routes, by a coarse programme that leaves out the fiber between the sites' entrances; "
            f"the plan was searched for among {len(instance.sites)} sites with {len(paths)} lightpath candidates"
        )
    if instance.has_all_routes:
        return f"all {len(routes)} routes between sites, in every mode that reaches and is of use"
    basis = BOUND_BASIS.format(count=len(paths), routes=len(routes), pairs=len({route[:2] for route in routes}))
    if found.routes_worth_usd is None:
        return f"{basis}; other routes were not priced"
    return (
        f"{basis}; pricing all routes between the plan's own sites shows that other routes could save them at most "
        f"{found.routes_worth_usd:,.0f} USD"
    )


def provenance_of(instance: Instance, limits: SolveLimits, basis: str = "") -> Provenance:
    """Versions, seed and input hash, and what the bound is relative to."""
    return Provenance(
        topodesign_version=version("topodesign"),
        ortools_version=version("ortools"),
        python_version=platform.python_version(),
        scenario_sha256=scenario_digest(instance.scenario),
        seed=limits.seed,
        threads=limits.threads,
        bound_basis=basis,
    )


def assumptions_of(instance: Instance, *, counts_steps: bool = False) -> tuple[str, ...]:
    """The scenario's assumptions and the planner's own; ``counts_steps``: the goal counts the time of a step."""
    own = [
        "prices of transceivers, line systems, accelerators and fabrics come from the catalogue and are indicative",
        "every lightpath has its channels and fiber pairs, a new assignment also for those in service; nodes switch "
        "single channels, so that pairs may differ from segment to segment",
        "every segment has a terminal at each end, at express nodes too (junctions and buildings that light passes "
        f"through): {instance.reach.line_system.terminal_loss_db:g} dB of ROADM or multiplexer, which a booster of "
        f"{instance.reach.line_system.noise_figure_db:g} dB noise figure makes up for",
    ]
    reach, scenario = instance.reach, instance.scenario
    own += measured_assumptions(reach.modes, scenario.optics, scenario.measured_reaches)
    # a forbidden one is out whatever its year, as a build-out has it in the years before
    late = [site for site in scenario.sites if site.in_service_year is not None and not site.forbidden]
    if late:
        own.append(f"in_service_year is not a limit: {len(late)} sites have one, and all sites count as in service")
    if counts_steps or instance.scenario.workload.utilization is not None:
        own += assumptions_of_job(instance.scenario.workload)
    return (*instance.scenario.assumptions, *own)


def _purchase_usd(instance: Instance, design: Design) -> float:
    accelerators = sum(design.pods.values()) * instance.scenario.size.pod_accelerators
    return round(accelerators * instance.catalog.accelerator(instance.scenario.size.accelerator).cost_usd, 2)


def _site_plans(instance: Instance, design: Design) -> tuple[SitePlan, ...]:
    power = site_power_mw(instance, design.pods, design.counts)
    plans = [
        SitePlan(
            id=(site := instance.sites[position].site).site_id,
            zone_id=site.zone_id,
            pods=pods,
            accelerators=pods * instance.scenario.size.pod_accelerators,
            power_mw=power[site.site_id],
        )
        for position, pods in design.pods.items()
    ]
    return tuple(sorted(plans, key=lambda plan: plan.id))


def _lightpaths(instance: Instance, design: Design) -> tuple[Lightpath, ...]:
    nodes, segments = instance.graph.nodes, instance.graph.segments
    found = []
    together: dict[PathKey, tuple[LightpathCandidate, int]] = {}
    for position, count in design.counts.items():
        # those in service and those bought are candidates of their own
        path = instance.lightpaths[position]
        together[path_key(path)] = (path, together.get(path_key(path), (path, 0))[1] + count)
    for path, count in together.values():
        found.append(
            Lightpath(
                a=nodes[path.a],
                z=nodes[path.z],
                mode=path.mode.id,
                count=count,
                segments=tuple(segments[segment].segment_id for segment in path.route),
                regenerations=tuple(nodes[node] for node in path.regenerations),
                rate_gbps=path.mode.rate_gbps,
                length_km=path.length_km,
                gsnr_db=path.gsnr_db,
                margin_db=path.margin_db,
                latency_ms=path.latency_ms,
                spectrum=_spectrum(design.runs.get(path_key(path), ())),
            )
        )
    return tuple(sorted(found, key=lambda path: (path.a, path.z, path.length_km, path.mode, path.segments)))


def _spectrum(runs: StretchRuns) -> tuple[SpectrumRun, ...]:
    return tuple(
        SpectrumRun(stretch=stretch, first_ghz=run.first_ghz, channels=run.channels, pairs=run.pairs)
        for stretch, taken in enumerate(runs)
        for run in taken
    )


def _links(instance: Instance, design: Design, lightpaths: Sequence[Lightpath]) -> tuple[Link, ...]:
    grouped: dict[tuple[str, str, str], list[Lightpath]] = {}
    for path in lightpaths:
        grouped.setdefault((path.a, path.z, path.mode), []).append(path)
    node = instance.graph.nodes
    taken = {(node[a], node[z], mode): pairs for (a, z, mode), pairs in pairs_taken(instance, design).items()}
    return tuple(_link(instance, paths, taken[key]) for key, paths in sorted(grouped.items()))


def _link(instance: Instance, paths: Sequence[Lightpath], pairs: Collection[tuple[int, int]]) -> Link:
    """``paths`` share their ends and mode; ``pairs`` are (segment, number of the pair) that they run on."""
    a, z, mode = paths[0].a, paths[0].z, paths[0].mode
    node = instance.graph.index[a]
    count = sum(path.count for path in paths)
    width = channel_width_ghz(instance.catalog.transceiver(mode), instance.scenario.optics)
    return Link(
        a=a,
        z=z,
        mode=mode,
        lightpaths=count,
        capacity_gbps=math.fsum(path.capacity_gbps for path in paths),
        length_km=max(path.length_km for path in paths),
        gsnr_db=min(path.gsnr_db for path in paths),
        margin_db=min(path.margin_db for path in paths),
        spectrum_ghz=count * width,
        pairs=sum(node in instance.graph.ends[segment] for segment, _ in pairs) if pairs else None,
        amplifiers=sum(instance.segment_prices[segment].spans - 1 for segment, _ in pairs) if pairs else None,
    )


def _segments(instance: Instance, design: Design) -> tuple[SegmentPlan, ...]:
    band = instance.reach.line_system.band_ghz
    width: dict[int, float] = {}
    for position, count in design.counts.items():
        path = instance.lightpaths[position]
        for segment in path.route:
            width[segment] = width.get(segment, 0.0) + count * path.width_ghz
    plans = [
        SegmentPlan(
            segment_id=instance.graph.segments[segment].segment_id,
            pairs=pairs,
            built=segment in design.built,
            spans=instance.segment_prices[segment].spans,
            amplifiers=pairs * (instance.segment_prices[segment].spans - 1),
            utilization=width[segment] / (band * pairs),
        )
        for segment, pairs in design.pairs.items()
    ]
    return tuple(sorted(plans, key=lambda plan: plan.segment_id))


def sync_of(instance: Instance, design: Design) -> Sync:
    """Strength with nothing failed and in the worst failure state, and the time of one all-reduce."""
    used = sorted(design.pods)
    capacity = np.zeros(len(instance.lightpaths))
    for position, count in design.counts.items():
        capacity[position] = count * instance.lightpaths[position].mode.rate_gbps
    separator = separator_for(instance)
    nothing, *failures = separator.states.relevant(capacity)
    whole = separator.strength_gbps(capacity, used, nothing)
    worst_name: str | None = None
    worst = whole
    for state in failures:
        strength = separator.strength_gbps(capacity, used, state)
        if strength < worst or (worst_name is None and strength <= worst and math.isfinite(strength)):
            worst_name, worst = state.name, strength
    return Sync(
        demand_gbps=instance.demand.demand_gbps,
        strength_gbps=whole if math.isfinite(whole) else None,
        worst_failure=worst_name,
        worst_strength_gbps=worst if worst_name is not None and math.isfinite(worst) else None,
        time_s=_exchange_s(instance, whole),
        latency_s=_least_tree_delay_s(instance, design, used),
    )


def _exchange_s(instance: Instance, strength_gbps: float) -> float | None:
    """Seconds of one all-reduce; ``None`` where there is none or no link is needed."""
    volume = instance.demand.volume_bits
    if volume is None or not math.isfinite(strength_gbps) or strength_gbps <= 0:
        return None
    return volume / (instance.scenario.workload.wan_goodput_factor * strength_gbps * 1e9)


def kept_exchange_s(instance: Instance, design: Design) -> float:
    """Seconds of one all-reduce that a design keeps in every failure state of the policy; 0 where one site is used.

    With nothing failed, and after a failure with ``survivable_fraction`` of the bandwidth.
    """
    sync = sync_of(instance, design)
    if sync.strength_gbps is None:
        return 0.0
    share = instance.scenario.policy.survivable_fraction
    kept_gbps = sync.strength_gbps
    if sync.worst_strength_gbps is not None and share > 0:
        kept_gbps = min(kept_gbps, sync.worst_strength_gbps / share)
    return _exchange_s(instance, kept_gbps) or math.inf


def _least_tree_delay_s(instance: Instance, design: Design, used: Sequence[int]) -> float | None:
    """Twice the radius of the graph of lightpaths: no reduce-and-broadcast tree has a shorter leaf-root-leaf delay."""
    if len(used) < 2 or instance.scenario.workload.demand != "all-reduce":
        return None
    delay: dict[tuple[int, int], float] = {}
    for position in design.counts:
        a, z = (int(end) for end in instance.ends[position])
        latency = instance.lightpaths[position].latency_ms
        for pair in ((a, z), (z, a)):
            delay[pair] = min(latency, delay.get(pair, math.inf))
    radius = min(max(_distances(delay, root, used).values()) for root in used)
    return 2 * radius / 1e3


def _distances(delay: Mapping[tuple[int, int], float], root: int, used: Sequence[int]) -> dict[int, float]:
    distance = {site: 0.0 if site == root else math.inf for site in used}
    for _ in used:
        for (a, z), latency in delay.items():
            distance[z] = min(distance[z], distance[a] + latency)
    return distance
