"""``topodesign fabric compare``: kinds of fabrics at equal size, for the same money, or for a budget."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from topodesign.cli.completion import listed_words_of
from topodesign.cli.fabric_bill import bill_options_of, bill_parameters, given_bill
from topodesign.cli.fabric_conditions import condition_parameters, conditions_of
from topodesign.cli.fabric_money import budget_document, equal_cost_document, show_budget, show_equal_cost
from topodesign.cli.fabric_options import refuse_option, take_options
from topodesign.cli.fabric_table import show_fabrics
from topodesign.cli.output import emit_json, note
from topodesign.domain.codec import to_builtins
from topodesign.domain.fabric import SPEC_OF_KIND
from topodesign.domain.fabric_bill import BillOptions
from topodesign.domain.fabric_comparison import ImpossibleFabric
from topodesign.domain.fabric_conditions import FabricConditions

EXAMPLE = (
    "Example: topodesign fabric compare --accelerators 4096 --kinds torus,clos,hyperx, or "
    "topodesign fabric compare --accelerators 4096 --kinds torus,clos --equal-cost, or "
    "topodesign fabric compare --kinds torus,clos --budget-usd 20e6 --json"
)
ALL_KINDS = "all"
OFFERED_KINDS = (ALL_KINDS, *sorted({*SPEC_OF_KIND, "fat-tree", "twisted-torus"} - {"custom"}))
"""What Tab offers: the kinds that there are of a given size, known without importing what makes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What every comparison is asked for."""

    kinds: tuple[str, ...]
    link_gbps: float
    message_bytes: float
    conditions: FabricConditions
    bill: BillOptions
    as_json: bool


def compare(
    accelerators: Annotated[
        int | None, typer.Option("--accelerators", help="Accelerators of every fabric; not with --budget-usd.")
    ] = None,
    kinds: Annotated[
        str,
        typer.Option(
            "--kinds",
            autocompletion=listed_words_of(OFFERED_KINDS),
            help="Kinds with commas between them, or all that have that size.",
        ),
    ] = "torus,clos",
    equal_cost: Annotated[
        bool, typer.Option("--equal-cost", help="Spend as much per accelerator on every kind as on the cheapest.")
    ] = False,
    usd_per_accelerator: Annotated[
        float | None, typer.Option("--usd-per-accelerator", help="Spend this on every kind; implies --equal-cost.")
    ] = None,
    budget_usd: Annotated[
        float | None, typer.Option("--budget-usd", help="The largest fabric of every kind for this budget.")
    ] = None,
    accelerator_usd: Annotated[
        float | None,
        typer.Option("--accelerator-usd", help="Price of one accelerator, out of --budget-usd; default: fabric only."),
    ] = None,
    link_gbps: Annotated[float, typer.Option("--link-gbps", help="Rate of one link, one direction, Gbit/s.")] = 400.0,
    message_bytes: Annotated[
        float, typer.Option("--message-bytes", help="Bytes of each accelerator in the all-reduce and the all-to-all.")
    ] = 1e9,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: fabrics, and kinds without that size.")
    ] = False,
    **given: str | float | bool | None,
) -> None:
    """Compare kinds of fabrics with the same number of accelerators and the same link rate.

    With --equal-cost kinds get parallel links, planes or taper until they cost as much per accelerator (indicative);
    with --budget-usd each kind is as large as the budget pays for. Kinds that cannot have the number of accelerators
    are named with the nearest sizes that they have; the others are compared.
    """
    asked = Asked(
        kinds=_names(kinds),
        link_gbps=link_gbps,
        message_bytes=message_bytes,
        conditions=conditions_of(given),
        bill=bill_options_of(given),
        as_json=json_output,
    )
    is_equal_cost = equal_cost or usd_per_accelerator is not None
    if budget_usd is not None:
        if accelerators is not None or is_equal_cost:
            raise refuse_option("budget_usd", "finds the number of accelerators itself; leave the others out")
        _for_budget(asked, budget_usd, accelerator_usd or 0.0)
        return
    if accelerators is None:
        raise refuse_option("accelerators", "or --budget-usd is needed; add for example --accelerators 4096")
    if accelerator_usd is not None:
        raise refuse_option("accelerator_usd", "is for --budget-usd; leave it out")
    if is_equal_cost:
        _at_equal_cost(asked, accelerators, usd_per_accelerator)
        return
    for name in given_bill(given):
        raise refuse_option(name, "is for --equal-cost and --budget-usd; leave it out, or add one of them")
    _at_equal_size(asked, accelerators)


take_options(compare, last=[*condition_parameters(), *bill_parameters()])


def _names(kinds: str) -> tuple[str, ...]:
    from topodesign.fabric import fabric_kinds

    names = fabric_kinds() if kinds == ALL_KINDS else [name.strip() for name in kinds.split(",")]
    return tuple(dict.fromkeys(names))


def _at_equal_size(asked: Asked, accelerators: int) -> None:
    from topodesign.fabric import compare_at_equal_size

    found = compare_at_equal_size(
        asked.kinds,
        accelerators=accelerators,
        link_gbps=asked.link_gbps,
        message_bytes=asked.message_bytes,
        conditions=asked.conditions,
    )
    if asked.as_json:
        emit_json(found)
        return
    show_fabrics(found.fabrics)
    _note_impossible(found.impossible)


def _at_equal_cost(asked: Asked, accelerators: int, usd_per_accelerator: float | None) -> None:
    from topodesign.fabric import compare_at_equal_cost, fabrics_of_size

    possible, impossible = fabrics_of_size(asked.kinds, accelerators=accelerators, link_gbps=asked.link_gbps)
    found = compare_at_equal_cost(
        tuple(possible),
        accelerators=accelerators,
        usd_per_accelerator=usd_per_accelerator,
        link_gbps=asked.link_gbps,
        message_bytes=asked.message_bytes,
        options=asked.bill,
        conditions=asked.conditions,
    )
    if asked.as_json:
        emit_json({**equal_cost_document(found), "impossible": [to_builtins(item) for item in impossible]})
        return
    show_equal_cost(found)
    _note_impossible(impossible)


def _for_budget(asked: Asked, budget_usd: float, accelerator_usd: float) -> None:
    from topodesign.fabric import fabrics_for_budget

    found = fabrics_for_budget(
        asked.kinds,
        budget_usd=budget_usd,
        accelerator_usd=accelerator_usd,
        link_gbps=asked.link_gbps,
        message_bytes=asked.message_bytes,
        options=asked.bill,
        conditions=asked.conditions,
    )
    if asked.as_json:
        emit_json(budget_document(found))
        return
    show_budget(found)


def _note_impossible(impossible: Sequence[ImpossibleFabric]) -> None:
    for item in impossible:
        note(f"not compared: {item.kind}: {item.message}")
