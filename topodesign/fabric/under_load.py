"""A topology under load: its latency distribution, jitter, and collisions of flows at its leaves."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from topodesign.domain.equipment import Switch
from topodesign.domain.fabric import Collisions, Jitter, LatencyUs, LoadedLatency
from topodesign.domain.fabric_conditions import LoadInputs
from topodesign.fabric.collectives_shapes import SwitchedShape
from topodesign.fabric.collectives_table import shape_of
from topodesign.fabric.collisions import collisions_of
from topodesign.fabric.latency import PathDelays, serialization_ns
from topodesign.fabric.loaded import (
    LatencyDistribution,
    distribution_of,
    jitter_of,
    loaded_latency,
    parts_of_factors,
    parts_of_paths,
    service_ns_of,
)
from topodesign.fabric.topology import PathClasses, PathFactor, Topology
from topodesign.processes.remembered import Remembered

COLLISIONS: Remembered[tuple[int, int, int], Collisions] = Remembered(1024)
"""By flows of a leaf, its uplinks, and the number of leaves."""


@runtime_checkable
class HasPathFactors(Protocol):
    """A family whose paths are sums of independent parts, each with its own link load: a torus."""

    def path_factors(self) -> tuple[PathFactor, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderLoad:
    """All results under load; ``None`` where there is nothing to wait for."""

    loaded: LoadedLatency | None
    jitter: Jitter | None
    collisions: Collisions | None


def under_load(
    topology: Topology,
    paths: PathClasses,
    switch: Switch | None,
    *,
    delays: PathDelays,
    load: LoadInputs,
    unloaded: LatencyUs,
) -> UnderLoad:
    """Loaded latency, jitter and collisions; see :mod:`topodesign.fabric.loaded` for the model.

    Parameters
    ----------
    unloaded : LatencyUs
        Latency without load, by the same delays.
    """
    if len(paths.pairs) == 0:
        return UnderLoad(loaded=None, jitter=None, collisions=None)
    distribution = latency_distribution(topology, paths, switch, delays=delays, load=load)
    loaded = loaded_latency(
        distribution,
        load,
        flows=topology.accelerators,
        routing=", dimension-ordered" if isinstance(topology, HasPathFactors) else ", spread evenly over equal links",
        least_us=(unloaded.p50, unloaded.p99),
    )
    return UnderLoad(
        loaded=loaded,
        jitter=jitter_of(loaded, distribution, load),
        collisions=leaf_collisions(topology, load.flows_per_accelerator),
    )


def latency_distribution(
    topology: Topology, paths: PathClasses, switch: Switch | None, *, delays: PathDelays, load: LoadInputs
) -> LatencyDistribution:
    """Distribution of a packet's latency between different accelerators drawn uniformly."""
    service_ns = service_ns_of(load, delays.link_gbps)
    if isinstance(topology, HasPathFactors):
        one_hop_ns = float(serialization_ns(np.ones(1, dtype=np.int64), delays)[0])
        return distribution_of(
            parts_of_factors(topology.path_factors(), delays, load),
            service_ns=service_ns,
            self_share=1 / topology.accelerators,
            offset_ns=0.0 if delays.inputs.store_and_forward else one_hop_ns,
        )
    counts = tuple(run.count for run in topology.cable_runs())
    return distribution_of(parts_of_paths(paths, counts, switch, delays, load), service_ns=service_ns)


def leaf_collisions(topology: Topology, flows_per_accelerator: int) -> Collisions | None:
    """Flows of a full leaf that a static hash places on its uplinks; all of them leave it. ``None`` without leaves."""
    shape = shape_of(topology)
    if not isinstance(shape, SwitchedShape) or not shape.levels or shape.levels[0].ranks >= shape.ranks:
        return None
    leaf = shape.levels[0]
    # each of an accelerator's links leads into a plane of its own, with its own uplinks
    planes = max(1, round(shape.rank_links))
    flows, uplinks = leaf.ranks * flows_per_accelerator, max(1, round(leaf.uplinks / planes))
    leaves = -(-shape.ranks // leaf.ranks) * planes
    return COLLISIONS.get((flows, uplinks, leaves), lambda: collisions_of(flows, uplinks, leaves))
