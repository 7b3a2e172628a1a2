"""The report's tables and figures in words, as HTML; every value from a scenario or a plan is escaped here."""

import hashlib
from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from topodesign.domain.codec import encode_json
from topodesign.domain.plan import FabricReport, Goal, Plan, Sync
from topodesign.domain.proven_figures import dollars_at_least, exact_figure, gap_percent
from topodesign.domain.scenario import Scenario
from topodesign.outputs.chart_style import dollars, with_prefix
from topodesign.outputs.cost_chart import ITEM_NAMES, NETWORK_ITEMS, ordered
from topodesign.outputs.goal_words import AIMS, amount, bound_words
from topodesign.outputs.network_load import capacity_by_site

LONG_TABLE = 15
"""Tables with more rows scroll in a box of their own, under a head that stays."""
FIRST_ROWS = 25
"""Of a longer table only these are shown at first; page/tables.css hides the others, but not on paper."""
NOTHING = "–"


class Figure(NamedTuple):
    """A cell that is shown as ``text`` and sorted by ``value``: ``2.50 Pbit/s``."""

    text: str
    value: float


Cell = str | Figure

STATUS_WORDS = {
    "optimal": "Optimal",
    "feasible": "Feasible",
    "infeasible": "Infeasible",
    "limit": "No plan within the limits",
}


def gbps(value: float | None) -> str:
    return NOTHING if value is None else with_prefix(value * 1e9, "bit/s")


def seconds(value: float | None) -> str:
    return NOTHING if value is None else with_prefix(value, "s")


def percent(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2%}"


def gap_words(gap: float | None) -> str:
    return NOTHING if gap is None else f"{gap_percent(gap)}%"


def cards(plan: Plan) -> str:
    """The summary line: what it costs, how sure that is, how large it is and whether it synchronizes."""
    accelerators = sum(site.accelerators for site in plan.sites)
    power_mw = sum(site.power_mw for site in plan.sites)
    entries = [] if plan.goal is None else [_goal_card(plan.goal)]
    entries += [
        ("Net present cost", NOTHING if plan.cost_usd is None else dollars(plan.cost_usd), _bound_words(plan)),
        ("Gap of the cost to its bound", gap_words(plan.gap), f"{gap_words(plan.network_gap)} of the network's cost"),
        ("Clusters", f"{len(plan.sites)}", f"{accelerators:,} accelerators, {power_mw:,.1f} MW"),
        ("Network", *_network_words(plan)),
    ]
    if plan.sync is not None:
        entries += _sync_cards(plan.sync)
    return "".join(
        f'<div class="card"><dt>{escape(name)}</dt><dd>{escape(value)}</dd><p>{escape(remark)}</p></div>'
        for name, value, remark in entries
    )


def _goal_card(goal: Goal) -> tuple[str, str, str]:
    aim = AIMS[goal.objective]
    remark = (
        f"{bound_words(goal)}, proven; gap {gap_words(goal.gap)}; for {dollars(goal.budget_usd)}, accelerators included"
    )
    return f"Goal: {aim}", amount(goal, goal.value), remark


def _bound_words(plan: Plan) -> str:
    bound = (
        "no bound proven"
        if plan.lower_bound_usd is None
        else f"at least {dollars_at_least(plan.lower_bound_usd)} is proven"
    )
    purchase = plan.accelerator_purchase_usd
    return bound if purchase is None else f"{bound}; accelerators come on top: {dollars(purchase)}"


def _network_words(plan: Plan) -> tuple[str, str]:
    cost = NOTHING if plan.network_cost_usd is None else dollars(plan.network_cost_usd)
    lightpaths = sum(path.count for path in plan.lightpaths)
    return cost, f"lightpaths: {lightpaths:,}; lit segments: {len(plan.segments):,}"


def _sync_cards(sync: Sync) -> list[tuple[str, str, str]]:
    strength = "one site, no limit" if sync.strength_gbps is None else gbps(sync.strength_gbps)
    worst = gbps(sync.worst_strength_gbps)
    failure = f"after {sync.worst_failure}" if sync.worst_failure else "no failure has to be survived"
    return [
        ("Sync strength", strength, f"needed {gbps(sync.demand_gbps)}; one all-reduce {seconds(sync.time_s)}"),
        ("In the worst failure", worst, failure),
    ]


def table(
    header: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    numbers: Sequence[int] = (),
    whole: Sequence[int] = (),
    sortable: bool = False,
    has_total: bool = False,
) -> str:
    """An HTML table. Long ones scroll inside their own box, and show their first rows until all are asked for.

    Parameters
    ----------
    header, rows
        Text is escaped here.
    numbers : sequence of int
        Columns that stand to the right.
    whole : sequence of int
        Columns whose text is never broken: ids.
    sortable : bool
        Heads become buttons that sort, where scripts run.
    has_total : bool
        The last row is a sum of the others.
    """
    listed = list(rows)
    head = "".join(
        f'<th scope="col"{_kind(place, numbers, ())}>{escape(name)}</th>' for place, name in enumerate(header)
    )
    body = "".join(
        f"<tr{_total(has_total and number == len(listed))}>"
        f"{''.join(_cell(cell, _kind(place, numbers, whole)) for place, cell in enumerate(row))}</tr>"
        for number, row in enumerate(listed, 1)
    )
    long = " long" if len(listed) > LONG_TABLE else ""
    kind = "data sortable" if sortable and listed else "data"
    return (
        f'{_more(len(listed))}<div class="scroll{long}"{_reachable(long)}><table class="{kind}"><thead><tr>{head}</tr>'
        f"</thead><tbody>{body or _empty(len(header))}</tbody></table></div>"
    )


def _more(rows: int) -> str:
    """The switch between the first rows and all of them; it works without scripts."""
    if rows <= FIRST_ROWS:
        return ""
    return (
        f'<details class="more"><summary><span class="closed">Show all {rows:,} rows</span>'
        f'<span class="open">Show the first {FIRST_ROWS} rows</span></summary></details>'
    )


def _reachable(long: str) -> str:
    """What scrolls has to be reachable by keyboard."""
    return ' tabindex="0" role="group" aria-label="Table that scrolls"' if long else ""


def _total(is_total: bool) -> str:
    return ' class="total"' if is_total else ""


def _kind(place: int, numbers: Sequence[int], whole: Sequence[int]) -> str:
    return ' class="number"' if place in numbers else ' class="whole"' if place in whole else ""


def _cell(cell: Cell, kind: str) -> str:
    if isinstance(cell, Figure):
        return f'<td{kind} data-value="{float(cell.value)!r}">{escape(cell.text)}</td>'
    return f"<td{kind}>{escape(cell)}</td>"


def _empty(columns: int) -> str:
    return f'<tr><td colspan="{columns}">none</td></tr>'


def site_table(scenario: Scenario, plan: Plan) -> str:
    """The clusters, the largest first."""
    attached = capacity_by_site(plan)
    rows = []
    for cluster in sorted(plan.sites, key=lambda item: (-item.power_mw, item.id)):
        site = scenario.site_by_id[cluster.id]
        capacity = attached.get(cluster.id, (0, 0.0))[1]
        rows.append(
            (
                site.name or cluster.id,
                cluster.id,
                cluster.zone_id,
                f"{cluster.pods:,}",
                f"{cluster.accelerators:,}",
                f"{cluster.power_mw:,.2f}",
                f"{site.power_mw:,.0f}",
                Figure(gbps(capacity), capacity),
            )
        )
    header = ("Site", "Id", "Zone", "Pods", "Accelerators", "MW drawn", "MW on offer", "Links to others")
    return table(header, rows, numbers=(3, 4, 5, 6, 7), whole=(1, 2), sortable=True)


def link_table(scenario: Scenario, plan: Plan) -> str:
    """The logical links, the largest first."""
    rows = [
        (
            _named(scenario, link.a),
            _named(scenario, link.z),
            link.mode,
            f"{link.lightpaths:,}",
            Figure(gbps(link.capacity_gbps), link.capacity_gbps),
            f"{link.length_km:,.0f}",
            NOTHING if link.margin_db is None else f"{link.margin_db:.1f}",
            NOTHING if link.pairs is None else f"{link.pairs:,}",
            NOTHING if link.amplifiers is None else f"{link.amplifiers:,}",
        )
        for link in sorted(plan.links, key=lambda item: (-item.capacity_gbps, item.a, item.z, item.mode))
    ]
    header = (
        *("From", "To", "Transceiver mode", "Lightpaths", "Capacity, each way", "Longest route, km"),
        *("Least margin, dB", "Fiber pairs", "Amplifiers passed"),
    )
    return table(header, rows, numbers=(3, 4, 5, 6, 7, 8), whole=(2,), sortable=True)


def _named(scenario: Scenario, site_id: str) -> str:
    name = scenario.site_by_id[site_id].name
    return f"{name} ({site_id})" if name and name != site_id else site_id


def zone_table(scenario: Scenario, used_mw: dict[str, float]) -> str:
    """Power zones by share of the headroom in use; zones without use are left out."""
    rows = [
        (
            zone.name or zone.zone_id,
            f"{used_mw[zone.zone_id]:,.2f}",
            f"{zone.headroom_mw:,.1f}",
            percent(used_mw[zone.zone_id] / zone.headroom_mw) if zone.headroom_mw else NOTHING,
            f"{zone.energy_usd_per_mwh:,.1f}",
            f"{zone.carbon_g_per_kwh:,.0f}",
        )
        for zone in sorted(scenario.zones, key=lambda item: (-used_mw.get(item.zone_id, 0.0), item.zone_id))
        if used_mw.get(zone.zone_id, 0.0) > 0
    ]
    header = ("Zone", "MW drawn", "Headroom, MW", "In use", "Energy, USD/MWh", "Carbon, g/kWh")
    return table(header, rows, numbers=(1, 2, 3, 4, 5), sortable=True)


def cost_table(plan: Plan) -> str:
    """Cost items and their sum, to the cent."""
    items = plan.cost_items
    rows = [
        (ITEM_NAMES.get(name, name), "network" if name in NETWORK_ITEMS else "sites", f"{items[name]:,.2f}")
        for name in ordered(items)
    ]
    if plan.cost_usd is not None:
        rows.append(("Total", "", f"{plan.cost_usd:,.2f}"))
    header = ("Item", "Part", "US dollars, net present")
    return table(header, rows, numbers=(2,), has_total=plan.cost_usd is not None)


def failure_table(plan: Plan) -> str:
    """Strength in every failure state that the verifier derived, the least reserve first."""
    if plan.verification is None:
        return ""
    states = [state for state in plan.verification.failures if state.strength_gbps is not None]
    states.sort(key=lambda state: ((state.strength_gbps or 0.0) - state.required_gbps, state.failure))
    rows = [
        (
            state.failure,
            Figure(gbps(state.strength_gbps), state.strength_gbps or 0.0),
            Figure(gbps(state.required_gbps), state.required_gbps),
            _reserve(state.strength_gbps, state.required_gbps),
        )
        for state in states
    ]
    return table(("Failure", "Strength left", "Needed", "Reserve"), rows, numbers=(1, 2, 3), sortable=True)


def _reserve(strength: float | None, required: float) -> str:
    return NOTHING if strength is None or required <= 0 else f"{strength / required - 1:+.1%}"


def fabric_table(report: FabricReport) -> str:
    """One row per site and fabric."""
    rows = [
        (
            site.site_id,
            fabric.name,
            f"{fabric.switches:,}",
            f"{fabric.links:,}",
            Figure(f"{'' if fabric.bisection.exact else '≤ '}{gbps(fabric.bisection.gbps)}", fabric.bisection.gbps),
            Figure(with_prefix(fabric.latency_us.max / 1e6, "s"), fabric.latency_us.max),
            Figure(seconds(fabric.allreduce_s), fabric.allreduce_s),
            Figure(dollars(fabric.cost_usd), fabric.cost_usd),
            Figure(with_prefix(fabric.power_kw * 1e3, "W"), fabric.power_kw),
        )
        for site in report.sites
        for fabric in site.fabrics
    ]
    header = ("Site", "Fabric", "Switches", "Links", "Bisection", "Worst latency", "All-reduce", "Cost", "Power")
    return table(header, rows, numbers=(2, 3, 4, 5, 6, 7, 8), sortable=True)


def infeasibility_tables(plan: Plan) -> str:
    """Why there is no plan: clashing limits and the least relief."""
    reason = plan.infeasibility
    if reason is None:
        return ""
    clashes = [(clash.limit, clash.id, f"{exact_figure(clash.value)} {clash.unit}") for clash in reason.clashing]
    reliefs = [
        (
            relief.limit,
            relief.id,
            f"{exact_figure(relief.from_value)} {relief.unit}",
            f"{exact_figure(relief.to_value)} {relief.unit}",
        )
        for relief in reason.relief
    ]
    return (
        f"<section><h2>Why there is no plan</h2><p>{escape(reason.message)}</p>"
        f"<h3>Limits that clash</h3>{table(('Limit', 'Of', 'Value'), clashes)}"
        f"<h3>Relief that would make it feasible</h3>{table(('Limit', 'Of', 'From', 'To'), reliefs)}</section>"
    )


def bullet_list(items: Sequence[str]) -> str:
    if not items:
        return "<p>None.</p>"
    return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"


def provenance_table(plan: Plan) -> str:
    """What is needed to repeat the plan."""
    origin = plan.provenance
    rows = (
        ("topodesign", origin.topodesign_version),
        ("OR-Tools", origin.ortools_version),
        ("Python", origin.python_version),
        ("Scenario, SHA-256", origin.scenario_sha256),
        ("plan.json, SHA-256", hashlib.sha256(encode_json(plan)).hexdigest()),
        ("Seed", str(origin.seed)),
        ("Threads", str(origin.threads)),
        ("Time to the plan", f"{plan.wall_s:,.1f} s"),
        ("Stopped by", plan.stopped_by),
        ("What the bound is relative to", origin.bound_basis),
    )
    return table(("What", "Value"), [(name, value or NOTHING) for name, value in rows])
