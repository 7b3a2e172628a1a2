"""Two-stage siting as tables: futures, sites, and choices of sites."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from topodesign.domain.uncertain_plan import CostRange, Recourse, UncertainPlan
from topodesign.sweeps.tables import Cell

if TYPE_CHECKING:
    from pandas import DataFrame

Row = Mapping[str, Cell]


def future_rows(plan: UncertainPlan) -> list[Row]:
    """One row for each future: its least cost had it been known, and what follows from either choice of sites."""
    return [
        {
            "future": item.name,
            "probability": item.probability,
            "settings": "; ".join(item.settings),
            **_ends("known", item.known),
            "known_sites": ";".join(item.known_site_ids),
            **_recourse_cells("two_stage", item.two_stage),
            **_recourse_cells("deterministic", item.deterministic),
            "bound_basis": item.bound_basis,
        }
        for item in plan.futures
    ]


def site_rows(plan: UncertainPlan) -> list[Row]:
    """One row for each site that is committed to or that some plan uses."""
    return [
        {
            "site_id": item.site_id,
            "committed": "yes" if item.is_committed else "no",
            "deterministic": "yes" if item.is_deterministic else "no",
            "fixed_capex_usd": item.fixed_capex_usd,
            "known_futures": item.known_futures,
            "known_probability": item.known_probability,
            "used_futures": item.used_futures,
            "used_probability": item.used_probability,
        }
        for item in plan.sites
    ]


def choice_rows(plan: UncertainPlan) -> list[Row]:
    """One row for each choice of sites that was weighed, the best first."""
    return [
        {
            "sites": ";".join(item.site_ids),
            "site_count": len(item.site_ids),
            **_ends("objective", item.objective),
            "origin": item.origin,
            "reason": item.reason,
        }
        for item in plan.choices
    ]


def frame(rows: Sequence[Row], columns: Sequence[str]) -> "DataFrame":
    """Rows as a frame; figures stay figures where some are missing."""
    import pandas

    table = pandas.DataFrame(rows, columns=list(columns))
    for name in table.columns:
        values = [row[name] for row in rows]
        if any(isinstance(value, str) for value in values):
            table[name] = table[name].astype("string")
        elif all(value is None or isinstance(value, float) for value in values):
            table[name] = table[name].astype("float64")
    return table


def _ends(name: str, cost: CostRange | None) -> Row:
    return {
        f"{name}_lower_usd": None if cost is None else cost.lower_usd,
        f"{name}_usd": None if cost is None else cost.upper_usd,
    }


def _recourse_cells(name: str, found: Recourse | None) -> Row:
    return {
        **_ends(name, None if found is None else found.cost),
        f"{name}_sites": "" if found is None else ";".join(found.site_ids),
        f"{name}_opened_late": "" if found is None else ";".join(found.opened_late),
        f"{name}_idle": "" if found is None else ";".join(found.idle),
        f"{name}_plan_digest": "" if found is None else found.plan_digest,
        **_ends(f"{name}_regret", None if found is None else found.regret),
    }
