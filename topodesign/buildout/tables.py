"""A build-out as tables: a row for each year, for each site of each year, and for each cost item of each year."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from topodesign.domain.buildout import Buildout, BuildoutYear

if TYPE_CHECKING:
    from pandas import DataFrame

Cell = int | float | str | None
YEAR_COLUMNS = (
    "year", "stands_years", "sites", "pods", "accelerators", "power_mw", "fiber_pairs", "lightpaths", "new_sites",
    "new_pods", "new_power_mw", "new_fiber_pairs", "new_built_segments", "new_lightpaths", "capital_usd",
    "running_usd_per_year", "npc_usd", "term_usd", "lower_bound_usd", "accelerator_purchase_usd",
)  # fmt: skip
SITE_COLUMNS = (
    "year", "site_id", "zone_id", "pods", "accelerators", "power_mw", "new_pods", "new_power_mw", "capital_usd",
    "built_year",
)  # fmt: skip
SPENDING_COLUMNS = ("year", "item", "kind", "usd", "weight", "npc_usd")
"""``usd`` is spent in the year, or paid in each of its years; ``weight`` times it is ``npc_usd``."""


def year_rows(buildout: Buildout) -> list[dict[str, Cell]]:
    """One row for each year; ``lower_bound_usd`` bounds ``term_usd``."""
    bounds = {item.year: item.lower_bound_usd for item in buildout.bounds}
    return [_year_row(item, bounds[item.year]) for item in buildout.years]


def _year_row(item: BuildoutYear, bound_usd: float) -> dict[str, Cell]:
    plan, new = item.plan, item.new
    return {
        "year": item.year,
        "stands_years": item.stands_years,
        "sites": len(plan.sites),
        "pods": sum(site.pods for site in plan.sites),
        "accelerators": sum(site.accelerators for site in plan.sites),
        "power_mw": sum(site.power_mw for site in plan.sites),
        "fiber_pairs": sum(segment.pairs for segment in plan.segments),
        "lightpaths": sum(path.count for path in plan.lightpaths),
        "new_sites": len(new.sites),
        "new_pods": sum(new.pods.values()),
        "new_power_mw": sum(new.power_mw.values()),
        "new_fiber_pairs": sum(new.pairs.values()),
        "new_built_segments": len(new.built),
        "new_lightpaths": sum(path.count for path in new.lightpaths),
        "capital_usd": round(sum(item.capital_usd.values()), 2),
        "running_usd_per_year": round(sum(item.running_usd_per_year.values()), 2),
        "npc_usd": round(sum(item.npc_items.values()), 2),
        "term_usd": item.term_usd,
        "lower_bound_usd": bound_usd,
        "accelerator_purchase_usd": item.accelerator_purchase_usd,
    }


def site_rows(buildout: Buildout) -> list[dict[str, Cell]]:
    """One row for each used site of each year, with the year in which it was built first."""
    built = built_years(buildout)
    return [
        {
            "year": item.year,
            "site_id": site.id,
            "zone_id": site.zone_id,
            "pods": site.pods,
            "accelerators": site.accelerators,
            "power_mw": site.power_mw,
            "new_pods": item.new.pods.get(site.id, 0),
            "new_power_mw": item.new.power_mw.get(site.id, 0.0),
            "capital_usd": item.site_capital_usd.get(site.id, 0.0),
            "built_year": built[site.id],
        }
        for item in buildout.years
        for site in item.plan.sites
    ]


def built_years(buildout: Buildout) -> Mapping[str, int]:
    """For each used site the year in which it is used first."""
    return {site_id: item.year for item in reversed(buildout.years) for site_id in item.new.sites}


def spending_rows(buildout: Buildout) -> list[dict[str, Cell]]:
    """One row for each cost item of each year."""
    return [
        {
            "year": item.year,
            "item": name,
            "kind": kind,
            "usd": usd,
            "weight": weight,
            "npc_usd": item.npc_items[name],
        }
        for item in buildout.years
        for kind, items, weight in (
            ("capital", item.capital_usd, item.capital_weight),
            ("running", item.running_usd_per_year, item.running_weight),
        )
        for name, usd in items.items()
    ]


def table_frame(rows: Sequence[Mapping[str, Cell]], columns: Sequence[str]) -> "DataFrame":
    """Rows as a frame with these columns, also where there are none."""
    import pandas

    return pandas.DataFrame([[row[name] for name in columns] for row in rows], columns=list(columns))
