"""The all-reduce, switches, cost and watts of one fabric alone: what is quick to tell of the largest ones."""

import math
from dataclasses import dataclass

from topodesign.domain.checks import require_number
from topodesign.domain.equipment import Catalog
from topodesign.domain.fabric import FabricSpec
from topodesign.fabric.bill import fabric_bill, switch_of
from topodesign.fabric.collectives_table import NO_LATENCY, candidates, shape_of
from topodesign.fabric.families import topology_of
from topodesign.fabric.latency import PathDelays, step_latency


@dataclass(frozen=True, slots=True, kw_only=True)
class FabricAllReduce:
    """The fastest all-reduce of a fabric, ``latency_s`` of it without bandwidth, and what the fabric is made of.

    ``cost_usd`` (indicative) and ``power_kw`` are as in an evaluation.
    """

    name: str
    allreduce_s: float
    latency_s: float
    switches: int
    cost_usd: float
    power_kw: float


def fastest_allreduce(spec: FabricSpec, *, message_bytes: float, catalog: Catalog) -> FabricAllReduce:
    """What :func:`~topodesign.fabric.evaluate_fabric` finds of these, without bisection, load and distributions.

    Parameters
    ----------
    spec : FabricSpec
    message_bytes : float
        Bytes of each accelerator's array, above 0.
    catalog : Catalog

    Raises
    ------
    InvalidInput
        As an evaluation does.
    """
    require_number(message_bytes, field="message_bytes", above=0)
    topology = topology_of(spec)
    bill = fabric_bill(topology, catalog)
    delays = PathDelays.of(topology, [catalog.cable(item).fec_ns for item in bill.run_classes])
    step = step_latency(topology.path_classes(), switch_of(topology, catalog), delays)
    shape = shape_of(topology)
    timed = candidates("all_reduce", topology, shape, message_bytes, step)
    bare = candidates("all_reduce", topology, shape, message_bytes, NO_LATENCY)
    seconds, without = min(
        ((slow.seconds, fast.seconds) for slow, fast in zip(timed, bare, strict=True)), key=lambda pair: pair[0]
    )
    return FabricAllReduce(
        name=topology.name,
        allreduce_s=seconds,
        latency_s=max(0.0, seconds - without) if math.isfinite(without) else 0.0,
        switches=sum(topology.switches_by_tier),
        cost_usd=bill.cost_usd,
        power_kw=bill.power_kw,
    )
