"""A fabric kind at every chosen site, joined by the plan's links: bisection, worst latency, hierarchical all-reduce."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from topodesign.domain.fabric import FabricEvaluation
from topodesign.domain.plan import CrossSiteEvaluation, Lightpath, Link, Plan
from topodesign.evaluation.halves import Halves, SiteFabric, bisect_plan


def across_sites(
    plan: Plan, kind: str, evaluations: Sequence[FabricEvaluation], *, accelerator_gbps: Sequence[float]
) -> CrossSiteEvaluation:
    """End-to-end evaluation of one kind.

    Parameters
    ----------
    plan : Plan
        Its sites, links and lightpaths.
    kind : str
        Fabric kind, as in ``evaluations``.
    evaluations : sequence of FabricEvaluation
        One for each of ``plan.sites``, in that order.
    accelerator_gbps : sequence of float
        Capacity of all links of one accelerator of each site, one direction, in Gbit/s.
    """
    names = [site.id for site in plan.sites]
    fabrics = [
        SiteFabric.of(evaluation, accelerator_gbps=gbps)
        for evaluation, gbps in zip(evaluations, accelerator_gbps, strict=True)
    ]
    halves = _halves(fabrics, names, plan.links, evaluations)
    pair, latency_us = worst_pair_latency(names, evaluations, plan.lightpaths)
    return CrossSiteEvaluation(
        kind=kind,
        bisection_lower_gbps=halves.lower_gbps,
        bisection_upper_gbps=halves.upper_gbps,
        bisection_exact=halves.is_exact,
        bisection_method=halves.method,
        worst_pair_latency_us=latency_us,
        worst_pair=pair,
        hierarchical_allreduce_s=hierarchical_allreduce_s(plan, evaluations),
        cost_usd=math.fsum(evaluation.cost_usd for evaluation in evaluations),
        power_mw=math.fsum(evaluation.power_kw for evaluation in evaluations) / 1e3,
    )


def _halves(
    fabrics: Sequence[SiteFabric],
    names: Sequence[str],
    links: Sequence[Link],
    evaluations: Sequence[FabricEvaluation],
) -> Halves:
    if len(fabrics) == 1:
        own = evaluations[0].bisection
        return Halves(lower_gbps=own.lower_gbps, upper_gbps=own.upper_gbps, method=own.method)
    index = {name: position for position, name in enumerate(names)}
    between = np.zeros((len(names), len(names)))
    for link in links:
        a, z = index[link.a], index[link.z]
        between[a, z] += link.capacity_gbps
        between[z, a] += link.capacity_gbps
    return bisect_plan(fabrics, between)


def worst_pair_latency(
    names: Sequence[str], evaluations: Sequence[FabricEvaluation], lightpaths: Sequence[Lightpath]
) -> tuple[tuple[str, str] | None, float]:
    """The two farthest sites and an upper bound on the one-way latency between accelerators there, in microseconds.

    An accelerator is at most its fabric's longest latency from the border. Between borders the fastest chain of
    lightpaths counts; it may pass through other used sites. With one site it is the fabric's own longest latency.
    """
    if len(names) == 1:
        return None, evaluations[0].latency_us.max
    edge = {name: evaluation.latency_us.max for name, evaluation in zip(names, evaluations, strict=True)}
    worst: tuple[tuple[str, str] | None, float] = (None, -math.inf)
    for position, source in enumerate(names):
        reached = _fastest_us(source, names, lightpaths)
        for target in names[position + 1 :]:
            total = edge[source] + reached[target] + edge[target]
            if total > worst[1]:
                worst = ((source, target), total)
    return worst


def _fastest_us(source: str, names: Sequence[str], lightpaths: Sequence[Lightpath]) -> Mapping[str, float]:
    """Bellman-Ford over the few used sites, in microseconds."""
    reached = {name: 0.0 if name == source else math.inf for name in names}
    for _ in names:
        for path in lightpaths:
            for a, z in ((path.a, path.z), (path.z, path.a)):
                reached[z] = min(reached[z], reached[a] + path.latency_ms * 1e3)
    return reached


def hierarchical_allreduce_s(plan: Plan, evaluations: Sequence[FabricEvaluation]) -> float | None:
    """Reduce-scatter in every site, all-reduce between sites, all-gather in every site, one after the other, in
    seconds.

    The two in-site parts together are the fabric's all-reduce of one accelerator's share; the slowest site decides.
    Between sites the plan's strength gives the transfer, and the least tree delay is added.
    """
    if plan.sync is None:
        return None
    inside = max(evaluation.allreduce_s for evaluation in evaluations)
    between = (plan.sync.time_s or 0.0) + (plan.sync.latency_s or 0.0)
    return inside + between
