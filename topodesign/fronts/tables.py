"""A front as tables: one row for each point, and one for each open cell."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from topodesign.domain.pareto_front import GoalName, ParetoFront
from topodesign.fronts.telling import COLUMNS
from topodesign.sweeps.tables import Cell

if TYPE_CHECKING:
    from pandas import DataFrame

WORDS = frozenset({"is_knee", "site_ids", "bound_basis", "plan_digest"})
WHOLE = frozenset({"point", "site_count"})


def limited_goals(front: ParetoFront) -> tuple[GoalName, ...]:
    """All goals but the one that is minimized, in order."""
    return tuple(goal for goal in front.goals if goal != front.minimized)


def point_rows(front: ParetoFront) -> list[dict[str, Cell]]:
    """Every figure that can be a goal, the limits that were asked for, the bracket, and the plan."""
    rows: list[dict[str, Cell]] = []
    for point in front.points:
        limits = dict(zip(front.goals, point.limits, strict=True))
        rows.append(
            {
                "point": point.number,
                **{column: getattr(point, column) for column in COLUMNS.values()},
                **{f"limit_{COLUMNS[goal]}": limits[goal] for goal in limited_goals(front)},
                f"bound_{COLUMNS[front.minimized]}": point.bound,
                "gap": point.gap,
                "is_knee": "yes" if point.number == front.knee else "no",
                "site_ids": ";".join(point.site_ids),
                "plan_digest": point.plan_digest,
                "bound_basis": point.bound_basis,
            }
        )
    return rows


def cell_columns(front: ParetoFront) -> tuple[str, ...]:
    """Names of the columns of :func:`cell_rows`."""
    limited = [COLUMNS[goal] for goal in limited_goals(front)]
    own = COLUMNS[front.minimized]
    ends = [f"{end}_{name}" for end in ("tightest", "loosest") for name in limited]
    return (*ends, f"bound_{own}", f"best_{own}", "gap", "share", "is_narrow")


def cell_rows(front: ParetoFront) -> list[dict[str, Cell]]:
    """Corners, bound and best known value of each open cell; empty where a corner has no limit or no plan."""
    columns = cell_columns(front)
    return [
        dict(
            zip(
                columns,
                [
                    *(_finite(limit) for limit in (*cell.tightest, *cell.loosest)),
                    cell.bound,
                    cell.best,
                    cell.gap,
                    cell.share,
                    "yes" if cell.is_narrow else "no",
                ],
                strict=True,
            )
        )
        for cell in front.open_cells
    ]


def point_frame(rows: Sequence[dict[str, Cell]]) -> "DataFrame":
    """:func:`point_rows` as a frame; the kinds of its columns do not depend on the values."""
    import pandas

    def kind(name: str) -> str:
        return "string" if name in WORDS else "Int64" if name in WHOLE else "float64"

    names = tuple(rows[0]) if rows else ()
    return pandas.DataFrame({name: pandas.Series([row[name] for row in rows], dtype=kind(name)) for name in names})


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
