"""What a plan's training yields, and the dollars, energy and carbon that it takes for each unit of it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from topodesign.domain.energy import PlanYear
from topodesign.domain.equipment import Catalog
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.domain.training_report import Recovery, TrainingYield
from topodesign.planning.prices import annuity_factor
from topodesign.training.power_cost import FLOP_PER_EXAFLOP_DAY, per_1e24_flop, usd_per_exaflop_day
from topodesign.training.power_of_plan import plan_year


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """Present US dollars: of sites and network, with the purchase of accelerators, and with that and fabrics."""

    plan_usd: float | None
    with_purchase_usd: float | None
    with_fabrics_usd: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class YearOfEnergy:
    """MWh and tonnes of an average year at the meters, and with the fabrics' watts on top."""

    mwh: float
    carbon_t: float
    mwh_with_fabrics: float | None
    carbon_t_with_fabrics: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What all arrangements have in common.

    ``exaflops`` reach all accelerators inside sites that never stand still, curtailment of their load counted;
    ``flop_per_token`` count for the model; present dollars are spread over ``annuity_years``.
    """

    exaflops: float
    flop_per_token: float
    annuity_years: float

    @classmethod
    def of(cls, scenario: Scenario, year: PlanYear, *, flop_per_token: float) -> "Job":
        return cls(
            exaflops=year.effective_exaflops,
            flop_per_token=flop_per_token,
            annuity_years=annuity_factor(scenario.economics),
        )


def bill_of(plan: Plan, *, has_network: bool, fabric_cost_usd: float | None) -> Bill:
    """The plan's dollars; without the network's between sites for the hypothetical single site."""
    base = plan.cost_usd
    if base is not None and not has_network:
        base = None if plan.network_cost_usd is None else base - plan.network_cost_usd
    bought = _sum(base, plan.accelerator_purchase_usd)
    return Bill(plan_usd=base, with_purchase_usd=bought, with_fabrics_usd=_sum(bought, fabric_cost_usd))


def year_of(scenario: Scenario, plan: Plan, catalog: Catalog) -> PlanYear:
    """Energy and carbon of the plan's sites, and FLOP/s before anything that :func:`yields_of` takes off them."""
    return plan_year(
        scenario, plan, catalog, utilization=scenario.workload.flops_utilization, goodput=1.0, cost_usd=0.0
    )


def energy_of_sites(
    plan: Plan, year: PlanYear, *, drawn_mw: Mapping[str, float], fabric_mw: Mapping[str, float] | None
) -> YearOfEnergy:
    """Energy of sites that draw ``drawn_mw`` in place of the plan's MW, at the same hours, prices and grams."""
    with_fabrics = None
    if fabric_mw is not None:
        with_fabrics = {site_id: mw + fabric_mw[site_id] for site_id, mw in drawn_mw.items()}
    mwh, carbon_t = _scaled(plan, year, drawn_mw)
    more_mwh, more_carbon_t = (None, None) if with_fabrics is None else _scaled(plan, year, with_fabrics)
    return YearOfEnergy(mwh=mwh, carbon_t=carbon_t, mwh_with_fabrics=more_mwh, carbon_t_with_fabrics=more_carbon_t)


def _scaled(plan: Plan, year: PlanYear, mw: Mapping[str, float]) -> tuple[float, float]:
    """MWh and tonnes of a year in which sites draw other megawatts than the plan's."""
    shares = [mw[site.id] / site.power_mw for site in plan.sites]
    mwh = math.fsum(site.mwh * share for site, share in zip(year.sites, shares, strict=True))
    carbon_t = math.fsum(site.carbon_t * share for site, share in zip(year.sites, shares, strict=True))
    return mwh, carbon_t


def pods_mw(scenario: Scenario, plan: Plan, catalog: Catalog) -> Mapping[str, float]:
    """MW at the meter of every site's pods alone, without transceivers between sites: formulation (5)."""
    watts = catalog.accelerator(scenario.size.accelerator).all_in_w
    return {site.id: site.accelerators * watts * scenario.site_by_id[site.id].pue / 1e6 for site in plan.sites}


def yields_of(
    job: Job,
    goodputs: Sequence[tuple[Recovery, float]],
    *,
    utilization: float | None,
    bill: Bill,
    energy: YearOfEnergy,
) -> tuple[TrainingYield, ...]:
    """One entry for every way to recover; without a step's utilization only its goodput is known."""
    return tuple(
        _yield(job, recovery, goodput, utilization=utilization, bill=bill, energy=energy)
        for recovery, goodput in goodputs
    )


def _yield(
    job: Job,
    recovery: Recovery,
    goodput: float,
    *,
    utilization: float | None,
    bill: Bill,
    energy: YearOfEnergy,
) -> TrainingYield:
    exaflops = None if utilization is None else job.exaflops * utilization * goodput

    def dollars(cost_usd: float | None) -> float | None:
        if cost_usd is None or exaflops is None:
            return None
        return _known(float(usd_per_exaflop_day(cost_usd, exaflops=exaflops, years=job.annuity_years)))

    def taken(per_year: float | None) -> float | None:
        return None if per_year is None or exaflops is None else _known(float(per_1e24_flop(per_year, exaflops)))

    return TrainingYield(
        recovery=recovery,
        goodput=goodput,
        effective_exaflops=exaflops,
        tokens_per_day=None if exaflops is None else exaflops * FLOP_PER_EXAFLOP_DAY / job.flop_per_token,
        usd_per_exaflop_day=dollars(bill.plan_usd),
        usd_per_exaflop_day_with_purchase=dollars(bill.with_purchase_usd),
        usd_per_exaflop_day_with_fabrics=dollars(bill.with_fabrics_usd),
        mwh_per_1e24_flop=taken(energy.mwh),
        mwh_per_1e24_flop_with_fabrics=taken(energy.mwh_with_fabrics),
        carbon_t_per_1e24_flop=taken(energy.carbon_t),
        carbon_t_per_1e24_flop_with_fabrics=taken(energy.carbon_t_with_fabrics),
    )


def _sum(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first + second


def _known(value: float) -> float | None:
    """``None`` where nothing is ever trained, so that no finite figure exists."""
    return value if math.isfinite(value) else None
