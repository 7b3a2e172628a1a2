"""One fabric, evaluated: hops, bisection, all-to-all, all-reduce, latency, cost, power."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from topodesign.catalog import load_catalog
from topodesign.domain.checks import require_number
from topodesign.domain.equipment import Catalog, Switch
from topodesign.domain.fabric import AllToAll, Bisection, FabricEvaluation, FabricSpec, LatencyUs, Throughput
from topodesign.domain.fabric_bill import BillOptions, FabricBill
from topodesign.domain.fabric_conditions import FabricConditions
from topodesign.domain.fabric_failures import FailureSpec
from topodesign.domain.fabric_limits import MAX_MESSAGE_BYTES
from topodesign.fabric.bill import TOTAL_ONLY, fabric_bill, switch_of
from topodesign.fabric.collectives_shapes import BITS_PER_BYTE
from topodesign.fabric.collectives_table import collectives
from topodesign.fabric.failures_report import failure_report
from topodesign.fabric.families import topology_of
from topodesign.fabric.graph import FabricGraph
from topodesign.fabric.hops import diameter_hops, mean_hops
from topodesign.fabric.latency import PathDelays, latency_of, step_latency
from topodesign.fabric.quotient import quotient_of
from topodesign.fabric.topology import CutLinks, PairRate, PathClasses, StepLatency, Topology
from topodesign.fabric.traffic_rates import random_share, uniform_share, worst_shares
from topodesign.fabric.under_load import under_load
from topodesign.processes.remembered import Remembered

FLUID = "bandwidths are fluid: 60 to 90 % of them are reached in practice, depending on routing"
DEFAULT_CONDITIONS = FabricConditions()

MOST_PATTERNED = 10_000
"""Accelerators up to which permutations are looked at in an evaluation ..."""
PATTERN_WORK = 20_000_000
"""... when their classes of twins times links are no more than this: up to about a second."""
MOST_PATTERNED_PORTS = 65_536
"""Ports of all accelerators up to which they are: the graphs of dense fabrics are large at fewer accelerators."""
QUICK_COLUMNS = 5_000
"""Linear programmes of one evaluation: larger ones take more than a second; ask for them by throughput_of."""
PERMUTATION_SEED = 0

PATTERNED: Remembered[bytes, tuple[Throughput, ...]] = Remembered(4096)
"""By the digest of the graph; about a kilobyte each."""


def evaluate_fabric(
    spec: FabricSpec,
    *,
    message_bytes: float = 1e9,
    catalog: Catalog | None = None,
    conditions: FabricConditions = DEFAULT_CONDITIONS,
    failures: FailureSpec | None = None,
    bill: BillOptions | None = None,
) -> FabricEvaluation:
    """Evaluate one fabric.

    Parameters
    ----------
    spec : FabricSpec
        The fabric; link rates count one direction.
    message_bytes : float
        Bytes of each accelerator's array, above 0 up to 1e18: all of it is reduced, or sent in equal parts to all
        accelerators.
    catalog : Catalog, optional
        Prices, watts and switch latency; default: the built-in catalogue.
    conditions : FabricConditions
        Delays of parts, load, and what switches can do.
    failures : FailureSpec, optional
        Also the fabric under these failures, see :func:`topodesign.fabric.failure_report`.
    bill : BillOptions, optional
        Also the bill of materials drawn up so, see :func:`topodesign.fabric.price_fabric`; cost and power are then its
        total.

    Returns
    -------
    FabricEvaluation
        Bandwidths in Gbit/s of one direction, times in s, latency in us, cost in US dollars (indicative), power in kW.
        A bisection or all-to-all that is not proven is marked ``exact=False``, and its value is the upper end.

    Raises
    ------
    InvalidInput
        When the fabric cannot be built: too many accelerators for the radix (``FABRIC_TOO_LARGE``), a cable that no
        class reaches (``CABLE_TOO_LONG``), ``message_bytes`` out of range, and what ``failure_report`` refuses.
    """
    require_number(message_bytes, field="message_bytes", above=0, at_most=MAX_MESSAGE_BYTES)
    parts = _Parts.of(
        topology_of(spec),
        load_catalog() if catalog is None else catalog,
        conditions,
        options=TOTAL_ONLY if bill is None else bill,
    )
    topology, priced, rate = parts.topology, parts.bill, parts.topology.alltoall()
    efficiency = conditions.in_network_efficiency if conditions.in_network_reduction else 0.0
    table = collectives(topology, message_bytes, parts.step, in_network_efficiency=efficiency)
    best = next(row for row in table if row.operation == "all_reduce")
    loaded = under_load(
        topology, parts.paths, parts.switch, delays=parts.delays, load=conditions.load, unloaded=parts.latency
    )
    return FabricEvaluation(
        kind=topology.kind,
        name=topology.name,
        accelerators=topology.accelerators,
        switches=sum(topology.switches_by_tier),
        switches_by_tier=topology.switches_by_tier,
        links=sum(run.count for run in topology.cable_runs()),
        optical_links=priced.optical_links,
        diameter_hops=diameter_hops(parts.paths),
        mean_hops=mean_hops(parts.paths),
        bisection=_bisection(topology.bisection(), topology.link_gbps),
        alltoall=_alltoall(topology, rate, message_bytes, farthest_s=parts.step.farthest_s),
        message_bytes=float(message_bytes),
        allreduce_s=best.seconds,
        allreduce_algorithm=best.algorithm,
        latency_us=parts.latency,
        cost_usd=priced.cost_usd,
        power_kw=priced.power_kw,
        disconnected_pairs=parts.paths.disconnected,
        throughput=_throughput(topology, rate),
        assumptions=_assumptions(parts, rate),
        collectives=table,
        loaded=loaded.loaded,
        jitter=loaded.jitter,
        collisions=loaded.collisions,
        failures=None if failures is None else failure_report(spec, failures),
        bill=None if bill is None else priced,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What several answers are worked out from."""

    topology: Topology
    switch: Switch | None
    paths: PathClasses
    bill: FabricBill
    delays: PathDelays
    step: StepLatency
    latency: LatencyUs

    @classmethod
    def of(cls, topology: Topology, catalog: Catalog, conditions: FabricConditions, *, options: BillOptions) -> Self:
        switch, paths = switch_of(topology, catalog), topology.path_classes()
        bill = fabric_bill(topology, catalog, options=options)
        fec_ns = [catalog.cable(item).fec_ns for item in bill.run_classes]
        delays = PathDelays.of(topology, fec_ns, conditions.latency)
        return cls(
            topology=topology,
            switch=switch,
            paths=paths,
            bill=bill,
            delays=delays,
            step=step_latency(paths, switch, delays),
            latency=latency_of(paths, switch, delays),
        )


def _assumptions(parts: _Parts, rate: PairRate) -> tuple[str, ...]:
    return (
        f"latency without queueing: {_delays_in_words(parts.delays, parts.switch)}",
        FLUID,
        f"all-to-all: {rate.method}",
        *parts.topology.assumptions,
        *parts.bill.assumptions,
    )


def compare_fabrics(
    specs: Sequence[FabricSpec],
    *,
    message_bytes: float = 1e9,
    catalog: Catalog | None = None,
    conditions: FabricConditions = DEFAULT_CONDITIONS,
) -> tuple[FabricEvaluation, ...]:
    """Evaluate several fabrics under the same conditions, in the order given; see :func:`evaluate_fabric`."""
    return tuple(
        evaluate_fabric(spec, message_bytes=message_bytes, catalog=catalog, conditions=conditions) for spec in specs
    )


def _delays_in_words(delays: PathDelays, switch: Switch | None) -> str:
    inputs = delays.inputs
    parts = f"accelerator hop {inputs.direct_hop_ns:g} ns, error correction included"
    if switch is not None:
        longest = max(delays.run_fec_ns, default=0.0)
        parts = (
            f"switch {switch.latency_ns:g} ns ({switch.id}), adapter {inputs.adapter_ns:g} ns at each end, "
            f"error correction of optical links up to {longest:g} ns each"
        )
    if inputs.message_bytes:
        how = "at every hop" if inputs.store_and_forward else "once"
        parts += f", {inputs.message_bytes:g} bytes serialized {how}"
    return f"{parts}, cable {inputs.cable_ns_per_m:g} ns/m"


def _bisection(cut: CutLinks, link_gbps: float) -> Bisection:
    return Bisection(
        links=cut.upper,
        gbps=cut.upper * link_gbps,
        lower_gbps=cut.lower * link_gbps,
        upper_gbps=cut.upper * link_gbps,
        method=cut.method,
        exact=cut.exact,
    )


def _alltoall(topology: Topology, rate: PairRate, message_bytes: float, *, farthest_s: float) -> AllToAll:
    """The array of each accelerator has one part for every accelerator, itself included (nccl-tests' convention)."""
    count = topology.accelerators
    pair_gbps = rate.rate * topology.link_gbps
    time_s = 0.0
    if count > 1 and pair_gbps == 0:
        time_s = math.inf
    elif count > 1:
        time_s = farthest_s + message_bytes / count * BITS_PER_BYTE / (pair_gbps * 1e9)
    return AllToAll(
        rate_per_pair=rate.rate,
        gbps_per_accelerator=pair_gbps * (count - 1),
        exact=rate.exact,
        time_s=time_s,
        lower_gbps_per_accelerator=rate.proven * topology.link_gbps * (count - 1),
        method=rate.method,
    )


def _throughput(topology: Topology, rate: PairRate) -> tuple[Throughput, ...]:
    """The uniform all-to-all as it is known, the other patterns where they are quick to bound."""
    count = topology.accelerators
    if count == 1:
        return ()
    uniform = uniform_share(rate, accelerators=count, injected=topology.injection_links)
    if count > MOST_PATTERNED or count * topology.injection_links > MOST_PATTERNED_PORTS:
        return (uniform,)
    graph = topology.graph()
    return (uniform, *PATTERNED.get(graph.digest(), lambda: _patterned(graph)))


def _patterned(graph: FabricGraph) -> tuple[Throughput, ...]:
    """The patterns of permutations, as shares: they depend on the graph alone, whatever the rate of its links."""
    reduced = quotient_of(graph).graph
    is_quick = reduced.hosts * 2 * len(reduced.a) <= PATTERN_WORK
    shares: list[Throughput] = []
    if is_quick or graph.orbit is not None:
        shares += worst_shares(graph, most_columns=QUICK_COLUMNS)
    if is_quick:
        shares.append(random_share(graph, seed=PERMUTATION_SEED, most_columns=QUICK_COLUMNS))
    return tuple(shares)
