"""One line of a fabric's bill from one item of the catalogue."""

from topodesign.domain.equipment import (
    CableClass,
    CircuitSwitch,
    NetworkAdapter,
    OpticalModule,
    Origin,
    Switch,
    origin_of,
)
from topodesign.domain.fabric_bill import FabricBillLine, PartTable

Part = Switch | CableClass | OpticalModule | NetworkAdapter | CircuitSwitch

OVERRIDE_SOURCE = "scenario override"
"""Source of a figure that the user gave: not indicative."""
BUILT_IN = Origin(
    source="part of the racks, whose price and watts are those of the accelerators", date="", confidence="medium"
)


def part_line(
    part: Part,
    table: PartTable,
    what: str,
    count: int,
    *,
    scale: float = 1.0,
    unit_cost_usd: float | None = None,
    length_m: float = 0.0,
    optical: bool = False,
) -> FabricBillLine:
    """``count`` of a part, each at ``scale`` times its cost and watts."""
    origin = origin_of(part.origins, "cost_usd")
    return FabricBillLine(
        item=part.id,
        table=table,
        name=part.name,
        what=what,
        count=count,
        length_m=length_m,
        unit_cost_usd=scale * (part.cost_usd if unit_cost_usd is None else unit_cost_usd),
        unit_power_w=scale * part.power_w,
        optical=optical,
        is_indicative=origin.source != OVERRIDE_SOURCE,
        source=origin.source,
        source_date=origin.date,
        confidence=origin.confidence,
    )


def built_in_line(name: str, what: str, count: int) -> FabricBillLine:
    """What is needed but not bought with the fabric."""
    return FabricBillLine(
        item="",
        table="switch",
        name=name,
        what=what,
        count=count,
        length_m=0.0,
        unit_cost_usd=0.0,
        unit_power_w=0.0,
        optical=False,
        is_indicative=False,
        source=BUILT_IN.source,
        source_date=BUILT_IN.date,
        confidence=BUILT_IN.confidence,
    )


def note_bundle(notes: list[str], item: str, bundle: int) -> None:
    """Say once that links are bundles of an item."""
    note = f"each link is a bundle of {bundle} of {item}, the fastest of the catalogue"
    if bundle > 1 and note not in notes:
        notes.append(note)
