"""One-way latency of a small message between accelerators, weighted by the distribution of paths.

    latency = adapters (switched paths) + accelerator hops + switches + cable + error correction + serialization

Every term is an input: :class:`LatencyInputs`, the catalogue's switch and cables, the floor plan's lengths. Published
figures of one and the same 64-port NDR switch say below 150, about 330 and below 400 ns, which moves a path of five
switches by more than a microsecond: override ``switch.<id>.latency_ns`` to see it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from topodesign.domain.equipment import Switch
from topodesign.domain.fabric import LatencyUs
from topodesign.domain.fabric_conditions import LatencyInputs
from topodesign.fabric.collectives_shapes import BITS_PER_BYTE
from topodesign.fabric.topology import Counts, Lengths, PathClasses, StepLatency, Topology

NO_LATENCY = LatencyUs(min=0.0, mean=0.0, p50=0.0, p99=0.0, max=0.0)
DEFAULT_INPUTS = LatencyInputs()
ADAPTER_NS = DEFAULT_INPUTS.adapter_ns
CABLE_NS_PER_M = DEFAULT_INPUTS.cable_ns_per_m
DIRECT_HOP_NS = DEFAULT_INPUTS.direct_hop_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class PathDelays:
    """Delays of the parts of a path.

    ``link_gbps`` is the slowest link's rate one way; ``run_fec_ns`` the error correction of one link of each cable run
    beyond what switch and adapter figures contain.
    """

    inputs: LatencyInputs = DEFAULT_INPUTS
    link_gbps: float = 400.0
    run_fec_ns: tuple[float, ...] = ()

    @classmethod
    def of(cls, topology: Topology, fec_ns: Sequence[float], inputs: LatencyInputs = DEFAULT_INPUTS) -> Self:
        """Those of a fabric whose cable runs, in order, have links of that error correction."""
        slowest = min((run.rate for run in topology.cable_runs()), default=1.0)
        return cls(inputs=inputs, link_gbps=topology.link_gbps * slowest, run_fec_ns=tuple(fec_ns))

    def of_first_byte(self) -> "PathDelays":
        """The same without serialization: collectives count their bytes themselves."""
        return replace(self, inputs=replace(self.inputs, message_bytes=0.0))


DEFAULT_DELAYS = PathDelays()


def latency_of(paths: PathClasses, switch: Switch | None, delays: PathDelays = DEFAULT_DELAYS) -> LatencyUs:
    """Latency over all ordered pairs, with exact percentiles of the distribution.

    A percentile is the least latency that at least that share of the pairs does not exceed. Queueing is not included.

    Parameters
    ----------
    paths : PathClasses
        Distribution of shortest paths.
    switch : Switch or None
        The packet switch of the fabric; ``None`` when it has none.
    delays : PathDelays
        Delays of the other parts.
    """
    if len(paths.pairs) == 0:
        return NO_LATENCY
    nanoseconds = class_latency_ns(paths, switch, delays)
    order = np.argsort(nanoseconds, kind="stable")
    sorted_us = nanoseconds[order] / 1000.0
    cumulative = np.cumsum(paths.pairs[order])
    total = int(cumulative[-1])
    weights = paths.pairs[order] / total

    def percentile(percent: int) -> float:
        rank = -(-total * percent // 100)
        return float(sorted_us[np.searchsorted(cumulative, rank)])

    return LatencyUs(
        min=float(sorted_us[0]),
        mean=float(np.clip(np.dot(weights, sorted_us), sorted_us[0], sorted_us[-1])),
        p50=percentile(50),
        p99=percentile(99),
        max=float(sorted_us[-1]),
    )


def class_latency_ns(paths: PathClasses, switch: Switch | None, delays: PathDelays = DEFAULT_DELAYS) -> Lengths:
    """Latency of each class of paths in ns: adapters or accelerator routers, switches, cables, error correction."""
    inputs = delays.inputs
    adapters = np.where(paths.switches > 0, 2 * inputs.adapter_ns, 0.0)
    in_switches = paths.switches * (switch.latency_ns if switch is not None else 0.0)
    total: Lengths = (
        adapters
        + direct_latency_ns(paths.direct_hops, paths.metres, inputs)
        + in_switches
        + _error_correction_ns(paths, delays.run_fec_ns)
        + serialization_ns(paths.hops, delays)
    )
    return total


def direct_latency_ns(direct_hops: Counts, metres: Lengths, inputs: LatencyInputs) -> Lengths:
    """Accelerator hops, all in, and cable, in ns."""
    total: Lengths = direct_hops * inputs.direct_hop_ns + metres * inputs.cable_ns_per_m
    return total


def serialization_ns(hops: Counts, delays: PathDelays) -> Lengths:
    """S over the slowest link once (cut-through), or S over every link (store-and-forward), in ns."""
    once = delays.inputs.message_bytes * BITS_PER_BYTE / delays.link_gbps
    sendings: Lengths = (hops if delays.inputs.store_and_forward else np.minimum(hops, 1)).astype(np.float64)
    return once * sendings


def _error_correction_ns(paths: PathClasses, run_fec_ns: Sequence[float]) -> Lengths:
    """Links of the path that the hops of accelerators (all in) do not cover; the slowest run where none are told."""
    if not run_fec_ns:
        return np.zeros(len(paths.hops))
    if paths.hops_by_run is None:
        return (paths.hops - paths.direct_hops).astype(np.float64) * max(run_fec_ns)
    total = np.zeros(len(paths.hops))
    for hops, fec_ns in zip(paths.hops_by_run.T, run_fec_ns, strict=True):
        total += hops * fec_ns
    return total


def step_latency(paths: PathClasses, switch: Switch | None, delays: PathDelays = DEFAULT_DELAYS) -> StepLatency:
    """Latency of a collective's steps: the slowest of the shortest paths (a neighbor), and the slowest of all.

    All accelerators step together, so that a step takes as long as its slowest message. Of the first byte.
    """
    if len(paths.pairs) == 0:
        return StepLatency(neighbor_s=0.0, farthest_s=0.0)
    seconds = class_latency_ns(paths, switch, delays.of_first_byte()) * 1e-9
    nearest = paths.hops == paths.hops.min()
    return StepLatency(neighbor_s=float(seconds[nearest].max()), farthest_s=float(seconds.max()))


def transfer_us(path_us: float, message_bytes: float, *, rate_gbps: float) -> float:
    """Time in us until the last byte of one message arrives: first byte, then the bytes over the rates of its ports."""
    return path_us + message_bytes * BITS_PER_BYTE / rate_gbps / 1000.0
