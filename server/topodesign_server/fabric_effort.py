"""How much work an evaluation is, told from its spec before anything is built."""

import math

from topodesign.domain.fabric import Clos, FabricSpec, Torus
from topodesign.domain.fabric_kinds import HammingMesh, Hypercube, HyperX, ReconfigurableTorus
from topodesign.domain.fabric_switched import (
    DirectBlocks,
    Dragonfly,
    DragonflyPlus,
    EdgeList,
    Jellyfish,
    ScaleUpClos,
    SlimFly,
)
from topodesign_server.fabric_requests import EvaluationAsked

MOST_SMALL_PORTS = 2**15
"""Ports of a fabric up to which its evaluation is small. Measured with every kind at 16 to 4,096 accelerators: 5 to
200 ms of processor time, most under 50 ms; a torus of 8x8x8 has 3,072, a Clos of 4,096 accelerators 24,576."""
MOST_TIERS = 3


def is_small_evaluation(asked: EvaluationAsked) -> bool:
    """Whether a warm child may do it; failures are drawn many times over, and explicit graphs need not be symmetric."""
    return asked.failures is None and ports_at_most(asked.spec) <= MOST_SMALL_PORTS


def ports_at_most(spec: FabricSpec) -> float:
    """Ports of all accelerators and switches, or somewhat more; infinite where only a look at each link would tell."""
    match spec:
        case Torus() | ReconfigurableTorus():
            return math.prod(spec.shape) * 2 * len(spec.shape)
        case Hypercube():
            return spec.dimension << spec.dimension
        case HyperX():
            return math.prod(spec.shape) * spec.ports
        case HammingMesh():
            return math.prod(spec.board) * math.prod(spec.shape) * 8 * spec.planes
        case Clos():
            return spec.accelerators * spec.planes * _tree_ports(spec.oversubscription, spec.upper_oversubscription)
        case ScaleUpClos():
            inside = 2 * spec.scale_up_switches
            return spec.accelerators * (inside + spec.planes * _tree_ports(spec.oversubscription))
        case Dragonfly():
            return spec.a * spec.group_count * (2 * spec.p + spec.a - 1 + spec.h)
        case DragonflyPlus():
            return spec.group_count * (2 * spec.leaves * (spec.p + spec.spines) + spec.spines * spec.h)
        case DirectBlocks():
            up = spec.aggregations * spec.leaf_links
            return spec.blocks * (2 * spec.leaves * (spec.p + up) + spec.aggregations * spec.h)
        case SlimFly():
            return 2 * spec.q**2 * (spec.degree + 2 * spec.hosts_per_router)
        case Jellyfish():
            return spec.switches * (spec.network_ports + 2 * spec.server_ports)
        case EdgeList():
            return math.inf


def _tree_ports(*oversubscriptions: float) -> float:
    """Ports for one accelerator's link in a tree of at most three tiers; below 1 there are more links up than down."""
    return 2 * MOST_TIERS / math.prod(min(1.0, one) for one in oversubscriptions)
