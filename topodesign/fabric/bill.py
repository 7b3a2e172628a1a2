"""Bill of materials of a fabric: parts of the catalogue, their indicative cost and watts, each with its source."""

from collections.abc import Callable, Sequence

from topodesign.catalog import load_catalog
from topodesign.domain.equipment import Catalog
from topodesign.domain.fabric import FabricSpec
from topodesign.domain.fabric_bill import BillOptions, FabricBill, FabricBillLine, Listing, PartTable
from topodesign.fabric.bill_choice import LinkParts, adapter_of, bundle_of, link_parts
from topodesign.fabric.bill_choice import switch_of as switch_of
from topodesign.fabric.bill_lines import Part, note_bundle, part_line
from topodesign.fabric.bill_spares import spare_lines
from topodesign.fabric.bill_switches import ocs_lines, switch_lines
from topodesign.fabric.families import topology_of
from topodesign.fabric.topology import CableRun, Topology

DEFAULT_OPTIONS = BillOptions()
TOTAL_ONLY = BillOptions(adapters="left_out", spares="left_out")
"""What evaluations need: they have no place for lines beside the total."""
INDICATIVE = (
    "cost and power at catalogue figures, indicative; accelerators, racks, cable trays and labor are not included"
)


def price_fabric(
    spec: FabricSpec, *, catalog: Catalog | None = None, options: BillOptions = DEFAULT_OPTIONS
) -> FabricBill:
    """Bill of materials of the fabric that a spec describes; see :func:`fabric_bill`."""
    return fabric_bill(topology_of(spec), catalog if catalog is not None else load_catalog(), options=options)


def fabric_bill(topology: Topology, catalog: Catalog, *, options: BillOptions = TOTAL_ONLY) -> FabricBill:
    """Switches by tier, optical circuit switches, cables and modules by run; adapters and spares as asked for.

    A link is the cheapest of its rate that reaches: one cable whose ends are built in (copper, active optical), or a
    cable and two modules, or, by way of an optical circuit switch, two fibers, two modules and two ports. Traces and
    backplanes cost what the catalogue says: nothing. A switch or optical circuit switch of another size than the
    catalogue's costs and draws in proportion to its ports. Links faster than every class are bundles of the fastest.

    Parameters
    ----------
    topology : Topology
        Its ``cable_runs``, ``switches_by_tier``, ``switch_radix`` and ``link_gbps``, and what it says by
        :class:`MixedSwitches`, :class:`BuiltInSwitches` and :class:`OpticallySwitched`.
    catalog : Catalog
        Prices in US dollars, watts, failures per year.
    options : BillOptions
        Where adapters and spares go.

    Raises
    ------
    InvalidInput
        When no cable class reaches (``CABLE_TOO_LONG``) or the catalogue lacks a kind of equipment
        (``EQUIPMENT_UNKNOWN``).
    """
    runs = topology.cable_runs()
    parts = [link_parts(run, topology.link_gbps, catalog) for run in runs]
    notes = [INDICATIVE]
    lines = switch_lines(topology, catalog, notes)
    circuit_switches, ocs = ocs_lines(topology, runs, parts, catalog, notes)
    lines += circuit_switches
    for run, made_of in zip(runs, parts, strict=True):
        lines += _link_lines(run, made_of)
        note_bundle(notes, f"{made_of.cable.port_gbps:g}G cables", made_of.bundle)
    beside: list[FabricBillLine] = []
    extras: tuple[tuple[str, Listing, Callable[[], list[FabricBillLine]]], ...] = (
        ("network adapters", options.adapters, lambda: _adapter_lines(topology, runs, catalog, notes)),
        (
            "spares",
            options.spares,
            lambda: spare_lines([*lines, *beside], _failure_rates(catalog), options.spares_rule),
        ),
    )
    for what, listing, find in extras:
        found = [] if listing == "left_out" else find()
        (lines if listing == "in_total" else beside).extend(found)
        if listing == "left_out":
            notes.append(f"{what} are not in the total")
        elif listing == "beside" and found:
            notes.append(f"{what} are not in the total, but listed beside it")
    return FabricBill(
        accelerators=topology.accelerators,
        lines=tuple(lines),
        beside=tuple(beside),
        optical_links=sum(run.count for run, made_of in zip(runs, parts, strict=True) if made_of.cable.is_optical),
        run_classes=tuple(made_of.cable.id for made_of in parts),
        ocs=ocs,
        assumptions=tuple(notes),
    )


def _link_lines(run: CableRun, parts: LinkParts) -> list[FabricBillLine]:
    cable = parts.cable
    lines = [
        part_line(
            cable,
            "cable",
            run.what,
            run.count * parts.cables,
            unit_cost_usd=parts.cable_usd,
            length_m=run.length_m,
            optical=cable.is_optical,
        )
    ]
    if parts.module is not None:
        lines.append(
            part_line(parts.module, "module", f"{run.what}, both ends", run.count * parts.modules, optical=True)
        )
    return lines


def _adapter_lines(
    topology: Topology, runs: Sequence[CableRun], catalog: Catalog, notes: list[str]
) -> list[FabricBillLine]:
    """Adapters of the ends that the runs state; else, with switches, one for each link of an accelerator."""
    stated = [(run.count * run.adapters, run.rate * topology.link_gbps) for run in runs if run.adapters]
    has_routers = any(run.kind in ("trace", "backplane") for run in runs)
    if not stated and topology.switch_radix and not has_routers:
        stated = [(round(topology.injection_links * topology.accelerators), topology.link_gbps)]
    if not stated:
        notes.append("no network adapters: links end at routers of the accelerators")
        return []
    counts: dict[str, int] = {}
    for count, gbps in stated:
        adapter = adapter_of(gbps, catalog)
        counts[adapter.id] = counts.get(adapter.id, 0) + count * bundle_of(gbps, adapter.port_gbps)
    return [
        part_line(catalog.adapter(item), "adapter", "network adapters, by port", count)
        for item, count in sorted(counts.items())
    ]


def _failure_rates(catalog: Catalog) -> dict[tuple[str, str], float]:
    tables: tuple[tuple[PartTable, Sequence[Part]], ...] = (
        ("switch", catalog.switches),
        ("ocs", catalog.circuit_switches),
        ("module", catalog.modules),
        ("cable", catalog.cables),
        ("adapter", catalog.adapters),
    )
    return {(table, item.id): item.failures_per_year for table, items in tables for item in items}
