"""Packet switches and optical circuit switches of a fabric's bill."""

from collections.abc import Sequence
from dataclasses import replace

from topodesign.domain.equipment import Catalog, CircuitSwitch
from topodesign.domain.errors import InternalError
from topodesign.domain.fabric_bill import FabricBillLine, OcsPorts
from topodesign.fabric.bill_choice import LinkParts, bundle_of, circuit_switch_of, switch_of
from topodesign.fabric.bill_lines import built_in_line, note_bundle, part_line
from topodesign.fabric.topology import (
    BuiltInSwitches,
    CableRun,
    MixedSwitches,
    OcsUnits,
    OpticallySwitched,
    Topology,
)


def switch_lines(topology: Topology, catalog: Catalog, notes: list[str]) -> list[FabricBillLine]:
    """Switches of each tier; what was assumed is added to ``notes``."""
    switch = switch_of(topology, catalog)
    if switch is None:
        return []
    counts = topology.switches_by_tier
    radixes = (
        topology.switch_radix_by_tier
        if isinstance(topology, MixedSwitches)
        else tuple(topology.switch_radix for _ in counts)
    )
    built_in = topology.is_built_in_by_tier if isinstance(topology, BuiltInSwitches) else tuple(False for _ in counts)
    bundle = bundle_of(topology.link_gbps, switch.port_gbps)
    lines = []
    for tier, (count, radix, is_built_in) in enumerate(zip(counts, radixes, built_in, strict=True), start=1):
        what = f"switches of tier {tier}"
        if is_built_in:
            lines.append(built_in_line("switches in racks", what, count))
        else:
            lines.append(part_line(switch, "switch", what, count * bundle, scale=radix / switch.radix))
    bought = {radix for radix, is_built_in in zip(radixes, built_in, strict=True) if not is_built_in}
    others = sorted(bought - {switch.radix})
    if others:
        notes.append(
            f"switches of radix {', '.join(str(radix) for radix in others)}: "
            f"cost and power of {switch.id} (radix {switch.radix}) in proportion to the ports"
        )
    if bought:
        note_bundle(notes, switch.id, bundle)
    return lines


def ocs_lines(
    topology: Topology, runs: Sequence[CableRun], parts: Sequence[LinkParts], catalog: Catalog, notes: list[str]
) -> tuple[list[FabricBillLine], OcsPorts | None]:
    """Optical circuit switches of the runs that need them, and their ports; a path takes two.

    Raises
    ------
    InternalError
        When the family states fewer than its links take (``FABRIC_INCONSISTENT``).
    """
    switched = [(run, made_of) for run, made_of in zip(runs, parts, strict=True) if run.kind == "ocs"]
    if not switched:
        return [], None
    ocs = circuit_switch_of(catalog)
    used = sum(2 * run.count * made_of.bundle for run, made_of in switched)
    bundle = max(made_of.bundle for _, made_of in switched)
    built = _built(topology, ocs, used, bundle, notes)
    free = built.units * (built.ports - built.spare_ports) - used
    if free < 0:
        raise InternalError(
            f"{topology.name}: its links take {used} ports of optical circuit switches, but {built.units} of them have "
            f"only {built.units * (built.ports - built.spare_ports)} in use; correct the family's billed_ocs",
            reason="FABRIC_INCONSISTENT",
        )
    if built.ports != ocs.ports:
        notes.append(
            f"optical circuit switches of {built.ports} ports: "
            f"cost and power of {ocs.id} ({ocs.ports} ports) in proportion to the ports"
        )
    strands = sum(run.count * made_of.cables * made_of.cable.strands for run, made_of in switched)
    ports = OcsPorts(units=built.units, used=used, kept=built.units * built.spare_ports, free=free, strands=strands)
    scale = built.share * built.ports / ocs.ports
    return [part_line(ocs, "ocs", "optical circuit switches", built.units, scale=scale, optical=True)], ports


def _built(topology: Topology, ocs: CircuitSwitch, used: int, bundle: int, notes: list[str]) -> OcsUnits:
    if isinstance(topology, OpticallySwitched):
        billed = topology.billed_ocs
        if billed.share < 1:
            notes.append(f"the fabric bears {billed.share:.3g} of the optical circuit switches of its pod")
        return replace(billed, units=billed.units * bundle)
    notes.append("as few optical circuit switches as have the ports; the wiring may ask for more")
    units = -(-used // (ocs.ports - ocs.spare_ports))
    return OcsUnits(units=units, ports=ocs.ports, spare_ports=ocs.spare_ports)
