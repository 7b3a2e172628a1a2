"""Goodput of a job from its size or its parts: closed forms by both ways to recover, and simulations beside them."""

import dataclasses
import math
from collections.abc import Iterator

from topodesign.domain.durations import SECONDS_PER_HOUR
from topodesign.domain.equipment import Catalog
from topodesign.domain.goodput import Checkpointing, FailingParts, Goodput, JobSite
from topodesign.domain.goodput_request import (
    GoodputEstimate,
    GoodputRequest,
    IntervalGoodput,
    IntervalRule,
    require_draws,
)
from topodesign.training.checkpointing import (
    best_interval_s,
    daly_interval_s,
    exact_goodput,
    first_order_loss,
    goodput,
    young_interval_s,
)
from topodesign.training.checkpointing_elastic import elastic_goodput
from topodesign.training.interruptions import interruption_shares, mean_time_to_interrupt_h, mean_wait_s
from topodesign.training.interruptions_of_site import site_parts
from topodesign.training.interruptions_simulation import simulate_elastic, simulate_goodput


def estimate_goodput(request: GoodputRequest, catalog: Catalog) -> GoodputEstimate:
    """Mean time to interrupt, checkpoint intervals, and where a job's time goes.

    Raises
    ------
    InvalidInput
        ``SIMULATION_TOO_LARGE`` when the sites of the catalogue's parts make the simulation draw too much.
    NotFound
        For an accelerator that the catalogue does not have.
    """
    sites = _sites(request, catalog)
    require_draws(request, [(site.replicas, len(site.parts)) for site in sites])
    everything = (*request.parts, *(_of_all_replicas(site, item) for site in sites for item in site.parts))
    rules = Checkpointing(write_s=request.write_s, restart_s=request.restart_s, interval_s=request.interval_s)
    mtti_h, wait_s = mean_time_to_interrupt_h(everything), mean_wait_s(everything)
    restart = goodput(rules, mtti_h, wait_s=wait_s)
    hit = tuple(dataclasses.replace(site, parts=(*site.parts, *request.parts)) for site in sites)
    is_drawn = request.interruptions > 0 and math.isfinite(mtti_h) and math.isfinite(restart.interval_s)
    drawn = {"seed": request.seed, "interruptions": request.interruptions}
    going_on = request.rejoining
    return GoodputEstimate(
        restart=restart,
        intervals=tuple(_intervals(request, mtti_h, wait_s)),
        first_order_loss=_first_order_loss(request, restart),
        shares=interruption_shares(everything),
        elastic=None if going_on is None else elastic_goodput(hit, going_on),
        simulated=simulate_goodput(everything, dataclasses.replace(rules, interval_s=restart.interval_s), **drawn)
        if is_drawn
        else None,
        simulated_elastic=simulate_elastic(hit, going_on, **drawn) if is_drawn and going_on is not None else None,
        assumptions=tuple(_assumptions(request, catalog, is_drawn=is_drawn)),
    )


def _sites(request: GoodputRequest, catalog: Catalog) -> tuple[JobSite, ...]:
    """The sites as given, or as many alike ones with the catalogue's parts."""
    catalog.accelerator(request.accelerator, field="accelerator")
    if request.accelerators is None:
        return request.sites
    each = request.accelerators / request.site_count
    parts = tuple(site_parts(catalog, request.accelerator, each, switches=None))
    return tuple(
        JobSite(site_id=f"site-{number}", accelerators=each, parts=parts) for number in range(1, request.site_count + 1)
    )


def _of_all_replicas(site: JobSite, item: FailingParts) -> FailingParts:
    """A site's parts are those of one of its replicas; a job that needs all replicas is interrupted by any."""
    return item if site.replicas == 1 else dataclasses.replace(item, count=item.count * site.replicas)


def _intervals(request: GoodputRequest, mtti_h: float, wait_s: float) -> Iterator[IntervalGoodput]:
    mtti_s = mtti_h * SECONDS_PER_HOUR
    rules: tuple[tuple[IntervalRule, float], ...] = (
        ("young", float(young_interval_s(request.write_s, mtti_s))),
        ("daly", float(daly_interval_s(request.write_s, mtti_s))),
        ("best", float(best_interval_s(request.write_s, mtti_s))),
    )
    for rule, interval_s in rules:
        share = exact_goodput(
            interval_s, write_s=request.write_s, restart_s=request.restart_s, mtti_s=mtti_s, wait_s=wait_s
        )
        yield IntervalGoodput(rule=rule, interval_s=interval_s, goodput=float(share))


def _first_order_loss(request: GoodputRequest, restart: Goodput) -> float | None:
    if not 0 < restart.interval_s < math.inf or math.isinf(restart.mtti_h):
        return None
    mtti_s = restart.mtti_h * SECONDS_PER_HOUR
    loss = first_order_loss(restart.interval_s, write_s=request.write_s, restart_s=request.restart_s, mtti_s=mtti_s)
    return float(loss)


def _assumptions(request: GoodputRequest, catalog: Catalog, *, is_drawn: bool) -> Iterator[str]:
    yield "parts fail independently of each other at constant rates, and not while all stand still"
    if request.accelerators is not None:
        origin = catalog.reliability().origins.get("accelerator_mtbf_h") or catalog.reliability().origins["*"]
        yield (
            f"rates of accelerators, hosts, adapters, software and links are the catalogue's, for any accelerator "
            f"({origin.source}, {origin.date}, confidence {origin.confidence})"
        )
        yield "spares are at hand for all but a whole site; switches, power zones and light are not counted"
        if catalog.accelerator(request.accelerator).host_accelerators is None:
            yield f"hosts are not counted: the catalogue does not say how many {request.accelerator} share one"
    if request.rejoining is not None:
        yield "state of a site that comes back is fetched from the others; its checkpoints cost nothing"
    if request.interruptions and not is_drawn:
        yield "nothing fails within any time that matters, so nothing was drawn"
