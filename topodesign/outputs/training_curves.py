"""Curves of training over sites: what is drawn, before any of it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from topodesign.domain.checks import require
from topodesign.domain.equipment import Catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.goodput import Checkpointing
from topodesign.domain.plan import Plan
from topodesign.domain.training import TrainingRequest
from topodesign.training.estimating import estimate
from topodesign.training.uptime import uptime_of

POINTS = 61
MOST_CURVES = 7
"""As many as the palette tells apart."""
FIBER_MS_PER_KM = 4.9e-3
"""One way: a group index of 1.468, as in docs/formulation.md."""
SELDOM_STEPS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One line of a chart: its name, where it is, and how high."""

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPoint:
    """Cost of a plan by its number of sites, with its proven lower bound; US dollars, net present."""

    sites: int
    cost_usd: float
    lower_bound_usd: float | None = None


def methods_beside(job: TrainingRequest) -> dict[str, TrainingRequest]:
    """The job under its own method first, then under others: every step, every 100 steps, streaming with overlap.

    Those that the job has no figures for are left out: streaming needs layers, no more fragments than steps.
    """
    base = replace(job, method="data-parallel", inner_steps=1, overlap_steps=0.0, pipeline=None)
    found = {method_name(job): job}
    found.setdefault(method_name(base), base)
    seldom = replace(base, method="diloco", inner_steps=SELDOM_STEPS)
    found.setdefault(method_name(seldom), seldom)
    if job.layers is not None and -(-job.layers // job.fragment_layers) <= SELDOM_STEPS:
        streaming = replace(seldom, method="streaming", overlap_steps=1.0)
        found.setdefault(method_name(streaming), streaming)
        quantized = replace(streaming, bits_per_element=min(4.0, job.bits_per_element))
        found.setdefault(method_name(quantized), quantized)
    return found


def method_name(job: TrainingRequest) -> str:
    """A method with what decides its traffic: ``streaming, every 100 steps, 4 bits, 1 step overlapped``."""
    every = "every step" if job.steps_between_exchanges == 1 else f"every {job.steps_between_exchanges:,} steps"
    words = [job.method, *([] if job.method == "pipeline" else [every]), f"{job.bits_per_element:g} bits"]
    if job.overlap_steps > 0:
        words.append(f"{job.overlap_steps:g} {'step' if job.overlap_steps == 1 else 'steps'} overlapped")
    return ", ".join(words)


def bandwidth_curves(jobs: Mapping[str, TrainingRequest], *, least_gbps: float, most_gbps: float) -> tuple[Curve, ...]:
    """Utilization of each job for bandwidths spaced evenly on a logarithmic axis, Gbit/s of each site.

    Raises
    ------
    InvalidInput
        Without jobs, for more than :data:`MOST_CURVES`, or for a range that is none.
    """
    _require_curves(jobs)
    rates = _between("gbps", least_gbps, most_gbps)
    return tuple(
        Curve(name=name, x=rates, y=np.array([_at_gbps(job, float(rate)) for rate in rates]))
        for name, job in jobs.items()
    )


def distance_curves(
    jobs: Mapping[str, TrainingRequest], *, most_km: float, gbps: float | None = None
) -> tuple[Curve, ...]:
    """Utilization of each job for fiber of 0 to ``most_km`` km between neighboring sites.

    ``gbps`` is that of each site in each direction; by default each job's own, which must then be given.
    """
    _require_curves(jobs)
    require(most_km > 0, field="most_km", value=most_km, limit="above 0", remedy="give a distance in km")
    distances = np.linspace(0.0, most_km, POINTS)
    return tuple(
        Curve(name=name, x=distances, y=np.array([_at_km(job, float(km), gbps) for km in distances]))
        for name, job in jobs.items()
    )


def uptime_curves(
    recoveries: Mapping[str, Checkpointing],
    *,
    catalog: Catalog,
    accelerator: str,
    sites: int = 1,
    least: float = 1e3,
    most: float = 1e6,
) -> tuple[Curve, ...]:
    """Uptime of jobs by their number of accelerators, for each way to recover; 0 where nothing is left."""
    _require_curves(recoveries)
    counts = _between("accelerators", least, most)
    return tuple(
        Curve(
            name=name,
            x=counts,
            y=np.array([uptime_at(float(count), recovery, catalog, accelerator, sites) for count in counts]),
        )
        for name, recovery in recoveries.items()
    )


def recovery_name(checkpointing: Checkpointing) -> str:
    """``30 s to write, 180 s to restart``."""
    return f"{checkpointing.write_s:g} s to write, {checkpointing.restart_s:g} s to restart"


def uptime_at(count: float, recovery: Checkpointing, catalog: Catalog, accelerator: str, sites: int) -> float:
    """Uptime of a job of so many accelerators; 0 where nothing is left of its time."""
    try:
        return uptime_of(count, accelerator=accelerator, catalog=catalog, checkpointing=recovery, sites=sites).useful
    except InvalidInput as fault:
        if fault.reason != "NO_PROGRESS":
            raise
        return 0.0


def cost_points(plans: Sequence[Plan]) -> tuple[CostPoint, ...]:
    """Cost and bound of the plans that have sites and a cost, by their number of sites."""
    return tuple(
        CostPoint(sites=len(plan.sites), cost_usd=plan.cost_usd, lower_bound_usd=plan.lower_bound_usd)
        for plan in plans
        if plan.sites and plan.cost_usd is not None
    )


def _at_gbps(job: TrainingRequest, gbps: float) -> float:
    return estimate(replace(job, gbps=gbps, utilization=None, site_gbps=())).utilization


def _at_km(job: TrainingRequest, km: float, gbps: float | None) -> float:
    there = job if gbps is None else replace(job, gbps=gbps, utilization=None, site_gbps=())
    return estimate(replace(there, rtt_ms=2 * km * FIBER_MS_PER_KM, site_rtt_ms=())).utilization


def _between(field: str, least: float, most: float) -> NDArray[np.float64]:
    require(
        0 < least < most,
        field=field,
        value=(least, most),
        limit="a range above 0",
        remedy="give its lower and its upper end",
    )
    return np.geomspace(least, most, POINTS)


def _require_curves(named: Mapping[str, object]) -> None:
    require(
        1 <= len(named) <= MOST_CURVES,
        field="curves",
        value=len(named),
        limit=f"from 1 to {MOST_CURVES}",
        remedy="draw fewer at a time",
    )
