"""The differences of two plans as tables of the report: A is the report's plan, B the other one."""

from collections.abc import Callable, Mapping

from topodesign.catalog import load_catalog
from topodesign.comparison import diff_plans
from topodesign.domain.comparison import PlanDiff
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.outputs.chart_style import dollars
from topodesign.outputs.cost_chart import ITEM_NAMES
from topodesign.outputs.report_tables import NOTHING, STATUS_WORDS, gap_words, gbps, table

_HEADER = ("", "Plan A", "Plan B", "B less A")


def comparison_section(scenario: Scenario, plan: Plan, other: Plan | None) -> str:
    """A section of the page: headline figures, sites, fiber, lightpaths and cost items; empty without another plan.

    Raises
    ------
    InvalidInput
        When one of the plans has no sites (``PLAN_EMPTY``), or the scenario lacks what ``other`` uses
        (``REFERENCE_UNKNOWN``).
    """
    if other is None:
        return ""
    found = diff_plans(plan, other, scenario=scenario, catalog=load_catalog(scenario.catalog_overrides))
    return f"<section><h2>Plan A against plan B</h2>{_tables(scenario, plan, other, found)}</section>"


def _tables(scenario: Scenario, plan: Plan, other: Plan, found: PlanDiff) -> str:
    note = (
        "Plan A is the one that this report is about, plan B the one that it is compared with. Costs are net present "
        "US dollars over the horizon, with indicative prices."
    )
    same = "<p>Both plans use the same sites, fiber and lightpaths.</p>" if found.is_same else ""
    parts = [f'<p class="note">{note}</p>{same}{_headline(plan, other)}']
    if found.sites:
        parts.append(f"<h3>Sites that differ</h3>{_sites(scenario, found)}")
    if found.segments:
        parts.append(f"<h3>Fiber that differs</h3>{_segments(scenario, found)}")
    if found.lightpaths:
        parts.append(f"<h3>Lightpaths that differ</h3>{_lightpaths(found)}")
    if found.costs:
        parts.append(f"<h3>Cost items that differ</h3>{_costs(found)}")
    return "".join(parts)


def _headline(plan: Plan, other: Plan) -> str:
    sums: Mapping[str, tuple[Callable[[Plan], float | None], Callable[[float], str]]] = {
        "Net present cost": (lambda item: item.cost_usd, dollars),
        "Of this, network": (lambda item: item.network_cost_usd, dollars),
        "Clusters": (lambda item: len(item.sites), _whole),
        "Accelerators": (lambda item: sum(site.accelerators for site in item.sites), _whole),
        "Power drawn by clusters": (lambda item: sum(site.power_mw for site in item.sites), _megawatts),
        "Lit fiber pairs, all segments": (lambda item: sum(lit.pairs for lit in item.segments), _whole),
        "Lightpaths": (lambda item: sum(path.count for path in item.lightpaths), _whole),
        "Sync strength": (lambda item: None if item.sync is None else item.sync.strength_gbps, gbps),
        "Strength in the worst failure": (
            lambda item: None if item.sync is None else item.sync.worst_strength_gbps,
            gbps,
        ),
    }
    rows = [
        ("Status", STATUS_WORDS[plan.status], STATUS_WORDS[other.status], ""),
        ("Gap of the cost to its bound", gap_words(plan.gap), gap_words(other.gap), ""),
    ]
    for name, (figure, written) in sums.items():
        rows.append((name, *_pair(figure(plan), figure(other), written)))
    return table(_HEADER, rows, numbers=(1, 2, 3))


def _pair(a: float | None, b: float | None, written: Callable[[float], str]) -> tuple[str, str, str]:
    shown = tuple(NOTHING if value is None else written(value) for value in (a, b))
    return (*shown, NOTHING if a is None or b is None else _signed(b - a, written))  # type: ignore[return-value]


def _signed(value: float, written: Callable[[float], str]) -> str:
    return f"{'+' if value > 0 else '−' if value < 0 else '±'}{written(abs(value))}"


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _megawatts(value: float) -> str:
    return f"{value:,.1f} MW"


def _sites(scenario: Scenario, found: PlanDiff) -> str:
    rows = []
    for site in found.sites:
        known = scenario.site_by_id[site.site_id]
        pods = _pair(site.pods_before, site.pods_after, _whole)
        power = _pair(site.power_mw_before, site.power_mw_after, _megawatts)
        rows.append((known.name or site.site_id, site.site_id, *pods, *power))
    header = ("Site", "Id", "Pods, A", "Pods, B", "B less A", "Power, A", "Power, B", "B less A")
    return table(header, rows, numbers=(2, 3, 4, 5, 6, 7))


def _segments(scenario: Scenario, found: PlanDiff) -> str:
    rows = [
        (
            item.segment_id,
            f"{scenario.segment_by_id[item.segment_id].length_km:,.0f}",
            *_pair(item.pairs_before, item.pairs_after, _whole),
        )
        for item in found.segments
    ]
    return table(("Segment", "Length, km", "Pairs, A", "Pairs, B", "B less A"), rows, numbers=(1, 2, 3, 4))


def _lightpaths(found: PlanDiff) -> str:
    rows = [
        (
            f"{item.a} – {item.z}",
            item.mode,
            ", ".join(item.segments),
            *_pair(item.count_before, item.count_after, _whole),
        )
        for item in found.lightpaths
    ]
    return table(("Between", "Mode", "Over", "A", "B", "B less A"), rows, numbers=(3, 4, 5))


def _costs(found: PlanDiff) -> str:
    rows = [
        (ITEM_NAMES.get(item.item, item.item), *_pair(item.before_usd, item.after_usd, dollars)) for item in found.costs
    ]
    rows.append(("Sum of the differences", "", "", _signed(found.cost_delta_usd, dollars)))
    return table(("Item", "Plan A", "Plan B", "B less A"), rows, numbers=(1, 2, 3))
