"""A plan in a few sentences for whoever decides: what is built where, its cost, the proof, failures, training, fabric.

Figures have three digits, as in charts; the report's tables have the exact ones.
"""

from topodesign.domain.plan import CrossSiteEvaluation, Plan, Sync
from topodesign.domain.proven_figures import dollars_at_least, gap_percent
from topodesign.domain.scenario import Scenario
from topodesign.outputs.chart_style import dollars, three_digits, with_prefix
from topodesign.outputs.goal_words import goal_sentence
from topodesign.outputs.kind_words import kind_words
from topodesign.outputs.training_words import RECOVERY_SHORT

MOST_NAMED = 5
"""More sites than this are told by their number and the largest ones."""


def summary_sentences(scenario: Scenario, plan: Plan) -> tuple[str, ...]:
    """Three to six sentences on a plan with sites; none on one without, whose reason stands elsewhere."""
    if not plan.sites:
        return ()
    found = (
        _built(scenario, plan),
        _cost(scenario, plan),
        _proof(plan),
        _failures(plan),
        _training(plan),
        _fabric(scenario, plan),
    )
    return tuple(sentence for sentence in found if sentence)


def share(value: float) -> str:
    """``96.0%``, ``1.99%``, ``0.15%``: three digits, at most two decimals."""
    return f"{three_digits(100 * value)}%"


def _built(scenario: Scenario, plan: Plan) -> str:
    accelerators = sum(site.accelerators for site in plan.sites)
    megawatts = sum(site.power_mw for site in plan.sites)
    ordered = sorted(plan.sites, key=lambda site: (-site.power_mw, site.id))
    names = [f"{scenario.site_by_id[site.id].name or site.id} ({_watts(site.power_mw)})" for site in ordered]
    listed = names if len(names) <= MOST_NAMED else [*names[: MOST_NAMED - 1], f"{len(names) - MOST_NAMED + 1} more"]
    sites = "one site" if len(names) == 1 else f"{len(names):,} sites"
    gbps = sum(link.capacity_gbps for link in plan.links)
    pairs = len({frozenset((link.a, link.z)) for link in plan.links})
    links = ""
    if pairs:
        links = f", joined by {_counted(pairs, 'link')} with {_rate(gbps)} in each direction in all"
    return (
        f"The plan puts {accelerators:,} accelerators, which draw {_watts(megawatts)}, at {sites}: "
        f"{_listed(listed)}{links}."
    )


def _cost(scenario: Scenario, plan: Plan) -> str:
    if plan.cost_usd is None:
        return ""
    economics = scenario.economics
    parts = ""
    if plan.network_cost_usd is not None:
        sites_usd = plan.cost_usd - plan.network_cost_usd
        parts = (
            f", {dollars(sites_usd)} of it for sites and their energy, {dollars(plan.network_cost_usd)} for the network"
        )
    purchase = plan.accelerator_purchase_usd
    beside = "" if purchase is None else f"; the accelerators would cost another {dollars(purchase)}"
    return (
        f"It costs {dollars(plan.cost_usd)} over {_counted(economics.horizon_years, 'year')}, discounted by "
        f"{share(economics.discount_rate)} a year{parts}{beside} (indicative prices)."
    )


def _proof(plan: Plan) -> str:
    if plan.goal is not None:
        sentence = goal_sentence(plan.goal)
        claim = f"{sentence[0].upper()}{sentence[1:]}"
    elif plan.lower_bound_usd is None or plan.gap is None:
        claim = "How much cheaper a plan could be is not proven"
    elif plan.status == "optimal":
        claim = "It is proven that no plan over the same candidate lightpaths costs less, within the solver's tolerance"
    else:
        claim = (
            f"It is proven that no plan over the same candidate lightpaths costs less than "
            f"{dollars_at_least(plan.lower_bound_usd)}, so that at most {gap_percent(plan.gap)}% could be saved"
        )
    checked = (
        "an independent verifier found every limit kept" if plan.verified else "no independent verifier has checked it"
    )
    return f"{claim}; {checked}."


def _failures(plan: Plan) -> str:
    sync = plan.sync
    if sync is None or sync.strength_gbps is None:
        return "There is one site, so that nothing between sites can fail." if len(plan.sites) == 1 else ""
    return f"{_need(sync)}{_worst(sync)}."


def _need(sync: Sync) -> str:
    spent = "" if sync.time_s is None else f", and exchange all gradients in {with_prefix(sync.time_s, 's')}"
    return (
        f"Sites need {_rate(sync.demand_gbps)} between them; with everything up they have "
        f"{_rate(sync.strength_gbps or 0.0)}{spent}"
    )


def _worst(sync: Sync) -> str:
    if sync.worst_failure is None or sync.worst_strength_gbps is None:
        return "; no failure has to be survived"
    of_need = f", {share(sync.worst_strength_gbps / sync.demand_gbps)} of the need" if sync.demand_gbps > 0 else ""
    return f"; the worst failure to survive ({sync.worst_failure}) leaves {_rate(sync.worst_strength_gbps)}{of_need}"


def _training(plan: Plan) -> str:
    column = None if plan.training is None else plan.training.column("as-planned")
    if plan.training is None or column is None or column.step.utilization is None:
        return ""
    shown = plan.training.shown(column)
    rate = shown.effective_exaflops
    ends = "" if rate is None else f": {three_digits(rate)} effective exaFLOP/s remain"
    return (
        f"Training is estimated to compute {share(column.step.utilization)} of the time between failures, and failures "
        f"leave {share(shown.goodput)} of the time (after one, {RECOVERY_SHORT[shown.recovery]}){ends}."
    )


def _fabric(scenario: Scenario, plan: Plan) -> str:
    if plan.fabrics is None or not plan.fabrics.sites:
        return ""
    given = _given_kinds(scenario, plan)
    across = {item.kind: item for item in plan.fabrics.across_sites}
    start = f"Inside, {'the site gets' if len(plan.sites) == 1 else 'sites get'} {_listed(given)} fabrics"
    torus, clos = across.get("torus"), across.get("clos")
    if torus is None or clos is None:
        return f"{start}."
    return (
        f"{start}; with a torus everywhere the fabrics would cost {dollars(torus.cost_usd)} for "
        f"{_bisection(torus)} of bisection bandwidth over all sites, with a Clos {dollars(clos.cost_usd)} for "
        f"{_bisection(clos)} (beside the plan's cost)."
    )


def _given_kinds(scenario: Scenario, plan: Plan) -> list[str]:
    """Kinds that sites get, each once; plans of before there was a choice have the kind that was asked for."""
    kinds: dict[str, None] = {}
    for site in plan.fabrics.sites if plan.fabrics is not None else ():
        chosen = next((fabric.kind for fabric in site.fabrics if fabric.name == site.chosen), scenario.size.fabric)
        kinds[kind_words(chosen)] = None
    return list(kinds)


def _bisection(fabric: CrossSiteEvaluation) -> str:
    upper = _rate(fabric.bisection_upper_gbps)
    if fabric.bisection_lower_gbps >= fabric.bisection_upper_gbps:
        return upper
    lower = fabric.bisection_lower_gbps
    return f"at most {upper}" if lower <= 0 else f"{_rate(lower)} to {upper}"


def _counted(number: int, thing: str) -> str:
    return f"one {thing}" if number == 1 else f"{number:,} {thing}s"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _watts(megawatts: float) -> str:
    return with_prefix(megawatts * 1e6, "W")


def _rate(gbps: float) -> str:
    return with_prefix(gbps * 1e9, "bit/s")
