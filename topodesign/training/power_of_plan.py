"""A plan in an average year: energy, carbon and dollars at the sites' meters, and what its training takes of them."""

import math

from topodesign.domain.durations import HOURS_PER_YEAR
from topodesign.domain.energy import PlanYear, RunningShare, SiteYear
from topodesign.domain.equipment import Catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import Plan, SitePlan
from topodesign.domain.scenario import Economics, Scenario
from topodesign.training.power import powered_share, running_share
from topodesign.training.power_cost import effective_exaflops, per_1e24_flop, usd_per_exaflop_day


def plan_running_share(scenario: Scenario, plan: Plan) -> RunningShare:
    """Share of a year in which the plan's accelerators have power: outages of zones and curtailment.

    Raises
    ------
    InvalidInput
        For a plan without sites.
    """
    return running_share(scenario.zone_by_id, _by_zone(plan))


def plan_year(
    scenario: Scenario,
    plan: Plan,
    catalog: Catalog,
    *,
    utilization: float,
    goodput: float,
    cost_usd: float | None = None,
) -> PlanYear:
    """Energy, carbon and dollars of a plan in an average year, and for each unit of training.

    A site draws power_mw x load_factor while it has power. Training runs at accelerators x peak x ``utilization`` x
    ``goodput`` wherever load is not curtailed.

    Parameters
    ----------
    scenario, plan, catalog : Scenario, Plan, Catalog
        Zones give prices, grams, availability, hours of curtailment and firm share; the horizon and discount rate are
        those of the scenario.
    utilization : float
        In-site model FLOP/s utilization times the share of a step that is not stalled between sites, in [0, 1].
    goodput : float
        In [0, 1]. It includes outages of zones, as :func:`~topodesign.training.interruptions_of_plan.plan_goodput`
        does; here they count for energy only.
    cost_usd : float, optional
        Present value over the horizon; by default the plan's cost and purchase of accelerators. Energy that is not
        drawn while load is curtailed is not taken off it.

    Raises
    ------
    InvalidInput
        For a plan without sites, or a figure out of its range.
    """
    powered = plan_running_share(scenario, plan)
    kept = _kept_share(scenario, plan)
    exaflops = float(
        effective_exaflops(
            sum(site.accelerators for site in plan.sites),
            peak_tflops=catalog.accelerator(scenario.size.accelerator).peak_tflops,
            utilization=utilization,
            goodput=goodput,
            running_share=kept,
        )
    )
    sites = tuple(_site_year(scenario, site, powered) for site in plan.sites)
    mwh, carbon = math.fsum(site.mwh for site in sites), math.fsum(site.carbon_t for site in sites)
    cost = cost_usd if cost_usd is not None else _present_cost_usd(plan)
    years = _annuity_years(scenario.economics)
    return PlanYear(
        sites=sites,
        running_share=powered.mean,
        effective_exaflops=exaflops,
        mwh=mwh,
        carbon_t=carbon,
        energy_usd=math.fsum(site.energy_usd for site in sites),
        mwh_per_1e24_flop=float(per_1e24_flop(mwh, exaflops)),
        carbon_t_per_1e24_flop=float(per_1e24_flop(carbon, exaflops)),
        usd_per_exaflop_day=None if cost is None else float(usd_per_exaflop_day(cost, exaflops=exaflops, years=years)),
        assumptions=(
            "energy and carbon are those of the sites' meters: line systems between sites are beside them",
            "load that is curtailed, or whose zone is down, draws nothing; what that saves is not taken off the cost",
            f"dollars per exaFLOP-day are levelized: present cost over {years:.4g} discounted years",
        ),
    )


def _by_zone(plan: Plan) -> dict[str, float]:
    if not plan.sites:
        raise InvalidInput(
            f"the plan of {plan.scenario_name!r} has 0 sites, but a year of it needs at least 1; take a feasible plan",
            reason="NO_SITES",
            field_path="plan.sites",
        )
    found: dict[str, float] = {}
    for site in plan.sites:
        found[site.zone_id] = found.get(site.zone_id, 0.0) + site.accelerators
    return found


def _kept_share(scenario: Scenario, plan: Plan) -> float:
    """Share of accelerator-hours that curtailment leaves, outages aside."""
    by_zone = _by_zone(plan)
    zones = scenario.zone_by_id
    kept = (
        count
        * float(
            powered_share(
                1.0, curtailed_h=zones[zone_id].curtailed_hours_per_year, firm_share=zones[zone_id].firm_share
            )
        )
        for zone_id, count in by_zone.items()
    )
    return math.fsum(kept) / math.fsum(by_zone.values())


def _site_year(scenario: Scenario, site: SitePlan, powered: RunningShare) -> SiteYear:
    zone = scenario.zone_by_id[site.zone_id]
    share = powered.by_zone[site.zone_id]
    mwh = site.power_mw * scenario.economics.load_factor * HOURS_PER_YEAR * share
    return SiteYear(
        site_id=site.id,
        zone_id=site.zone_id,
        running_share=share,
        mwh=mwh,
        carbon_t=mwh * zone.carbon_g_per_kwh / 1e3,
        energy_usd=mwh * zone.energy_usd_per_mwh,
    )


def _present_cost_usd(plan: Plan) -> float | None:
    if plan.cost_usd is None or plan.accelerator_purchase_usd is None:
        return None
    return plan.cost_usd + plan.accelerator_purchase_usd


def _annuity_years(economics: Economics) -> float:
    """What one dollar a year over the horizon is worth today, in years."""
    return math.fsum((1 + economics.discount_rate) ** -year for year in range(1, economics.horizon_years + 1))
