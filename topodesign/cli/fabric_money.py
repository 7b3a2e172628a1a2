"""Fabrics compared for the same money or a budget: JSON documents, and tables for people."""

from typing import TYPE_CHECKING

from topodesign.cli.fabric_bill import bill_document
from topodesign.cli.fabric_table import show_fabrics
from topodesign.cli.output import say, say_tables, table_width
from topodesign.domain.codec import to_builtins
from topodesign.domain.fabric_comparison import BudgetComparison, BudgetFabric, EqualCostComparison

if TYPE_CHECKING:
    pass


def equal_cost_document(comparison: EqualCostComparison) -> dict[str, object]:
    """The comparison as JSON; every fabric's bill has its totals."""
    return {
        **to_builtins(comparison),
        "fabrics": [
            {
                **to_builtins(fabric),
                "cost_usd_per_accelerator": fabric.cost_usd_per_accelerator,
                "bill": bill_document(fabric.bill),
            }
            for fabric in comparison.fabrics
        ],
    }


def budget_document(comparison: BudgetComparison) -> dict[str, object]:
    """The comparison as JSON; every fabric's bill has its totals."""
    return {
        **to_builtins(comparison),
        "fabrics": [
            {**to_builtins(fabric), "bill": None if fabric.bill is None else bill_document(fabric.bill)}
            for fabric in comparison.fabrics
        ],
    }


def show_equal_cost(comparison: EqualCostComparison) -> None:
    """Write what each kind costs of the target, how it differs from the plain one, and what it gives to stdout."""
    from rich.table import Table

    target = f"{comparison.target_usd_per_accelerator:,.0f} USD per accelerator ({comparison.target_of}), indicative"
    table = Table("kind", "change", "USD per accelerator", "% of target", title=f"For {target}")
    for column in table.columns[2:]:
        column.justify = "right"
    for fabric in comparison.fabrics:
        beyond = "" if fabric.is_within else " (the cheapest)"
        table.add_row(
            fabric.kind,
            fabric.change,
            f"{fabric.cost_usd_per_accelerator:,.0f}",
            f"{fabric.share_of_target:.1%}{beyond}",
        )
    say_tables(table, width=table_width(100))
    say(comparison.definition)
    show_fabrics([fabric.evaluation for fabric in comparison.fabrics])


def show_budget(comparison: BudgetComparison) -> None:
    """Write what the budget buys of each kind, and what that gives, to stdout."""
    from rich.table import Table

    each = f", accelerators at {comparison.accelerator_usd:,.0f} USD" if comparison.accelerator_usd else ""
    table = Table(
        "kind",
        "accelerators",
        "cost, MUSD",
        "left, MUSD",
        "next larger size",
        title=f"For {comparison.budget_usd / 1e6:,.2f} MUSD{each}, indicative",
    )
    for column in table.columns[1:]:
        column.justify = "right"
    for fabric in comparison.fabrics:
        table.add_row(
            fabric.kind,
            f"{fabric.accelerators:,}" if fabric.accelerators else "none",
            f"{fabric.cost_usd / 1e6:,.2f}",
            f"{fabric.left_usd / 1e6:,.2f}",
            _next(fabric),
        )
    say_tables(table, width=table_width(100))
    say(comparison.definition)
    bought = [fabric.evaluation for fabric in comparison.fabrics if fabric.evaluation is not None]
    if bought:
        show_fabrics(bought)


def _next(fabric: BudgetFabric) -> str:
    if fabric.next_accelerators is None or fabric.next_cost_usd is None:
        return "none"
    return f"{fabric.next_accelerators:,} for {fabric.next_cost_usd / 1e6:,.2f} MUSD"
