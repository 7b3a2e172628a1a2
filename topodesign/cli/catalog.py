"""``topodesign catalog``: the equipment that plans are made of, and where its figures come from."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from topodesign.cli.completion import equipment_ids, words_of
from topodesign.cli.output import emit_json, say
from topodesign.domain.codec import to_builtins
from topodesign.domain.equipment import KIND_OF, EquipmentKind
from topodesign.domain.errors import NotFound
from topodesign.domain.nearest import nearest
from topodesign.domain.origin import origin_of

if TYPE_CHECKING:
    from topodesign.domain.equipment import Equipment

LIST_EXAMPLE = "Example: topodesign catalog list accelerator"
SHOW_EXAMPLE = "Example: topodesign catalog show h100-sxm"
KINDS: tuple[str, ...] = get_args(EquipmentKind)
PRICES = ("cost_usd", "terminal_cost_usd", "build_cost_usd")
WATTS = ("power_w", "all_in_w", "terminal_power_w")

catalog = typer.Typer(
    help="List the equipment of the catalogue, and show where its figures come from.",
    epilog=LIST_EXAMPLE,
    no_args_is_help=True,
    rich_markup_mode=None,
)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document: equipment, each figure with its origin.")]


@catalog.command("list", epilog=LIST_EXAMPLE)
def list_(
    kind: Annotated[
        str | None,
        typer.Argument(autocompletion=words_of(KINDS), help=f"Only one kind: {', '.join(KINDS)}; default: all."),
    ] = None,
    json_output: Json = False,
) -> None:
    """List equipment: id, name, price, watts. Prices are indicative; the last column says how far to trust them.

    Price and watts of a line system are those of one terminal, of an accelerator with its share of host and fabric.
    """
    from topodesign.api import list_equipment

    found = list_equipment(kind=cast(EquipmentKind | None, kind))  # refused there if it is none
    if json_output:
        emit_json({"equipment": [_document(item) for item in found]})
        return
    width = max(len(_key(item)) for item in found)
    say(f"{'equipment':<{width}}  {'USD (indicative)':>16} {'W':>7}  trust   name")
    for item in found:
        price, watts = _first(item, PRICES), _first(item, WATTS)
        trust = "" if price is None else origin_of(item.origins, price).confidence
        say(f"{_key(item):<{width}}  {_number(item, price):>16} {_number(item, watts):>7}  {trust:<6}  {item.name}")


@catalog.command("show", epilog=SHOW_EXAMPLE)
def show(
    item_id: Annotated[
        str,
        typer.Argument(
            metavar="ID", autocompletion=equipment_ids(), help="An id, or kind.id where several kinds have that id."
        ),
    ],
    json_output: Json = False,
) -> None:
    """Show every figure of one item (of each kind that has the id) with its source, date and confidence."""
    from topodesign.api import list_equipment

    everything = list_equipment()
    found = [item for item in everything if item_id in (item.id, _key(item))]
    if not found:
        known = {item.id for item in everything} | {_key(item) for item in everything}
        raise NotFound(
            f"no equipment {item_id!r} in the catalogue; {nearest(item_id, known)} (topodesign catalog list has all)",
            reason="EQUIPMENT_UNKNOWN",
            field_path="id",
            metadata={"id": item_id},
        )
    if json_output:
        emit_json({"equipment": [_document(item) for item in found]})
        return
    _show(found)


def _show(found: "Sequence[Equipment]") -> None:
    from topodesign.catalog import figures_of

    for item in found:
        say(f"{_key(item)}: {item.name}")
        for figure in figures_of(item):
            value = getattr(item, figure)
            if value is None:
                continue
            origin = origin_of(item.origins, figure)
            price = ", indicative" if "usd" in figure and origin.confidence == "low" else ""
            say(f"  {figure:<26} {value:>12,.10g}{price}  ({origin.source}, {origin.date}, {origin.confidence})")


def _key(item: "Equipment") -> str:
    """As a scenario's overrides name it."""
    return f"{KIND_OF[type(item)]}.{item.id}"


def _document(item: "Equipment") -> dict[str, Any]:
    return {"kind": KIND_OF[type(item)], "key": _key(item), **to_builtins(item)}


def _first(item: "Equipment", names: Sequence[str]) -> str | None:
    own = {field.name for field in dataclasses.fields(item)}
    return next((name for name in names if name in own), None)


def _number(item: "Equipment", figure: str | None) -> str:
    return "" if figure is None else f"{getattr(item, figure):,.0f}"
