"""Under which conditions a fabric is evaluated: delays of its parts, load, and what its switches can do."""

from dataclasses import dataclass, field

from topodesign.domain.checks import require, require_number
from topodesign.domain.fabric_limits import MAX_MESSAGE_BYTES

MOST_UTILIZATION = 0.95
"""Above this share of what is reached in practice a queueing model says nothing useful."""
LONGEST_NS = 1e12
"""Longest delay of a part: 1000 s."""
LONGEST_STEP_S = 1e6
"""Longest time between synchronisations: 12 days."""
MOST_PACKET_BYTES = 1e9
"""Largest packet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyInputs:
    """Delays of the parts of a path. Switch latency and error correction of cables are figures of the catalogue.

    Attributes
    ----------
    adapter_ns : float
        Assumption: network adapter and SerDes at one end of a switched path in ns, so that two ends and one switch
        take about 1.1 us, as small messages do on InfiniBand over short copper.
    direct_hop_ns : float
        One hop between accelerators all in, router, SerDes and error correction, in ns: about 1 us per ICI hop ("How
        to Scale Your Model", Google DeepMind, February 2025). Cable is added on top, which errs on the high side.
    cable_ns_per_m : float
        Light in glass, group index 1.468 (ITU-T G.652), in ns per metre; copper is within a tenth of it.
    message_bytes : float
        Latency is that of the last of so many bytes; 0 (default): of the first byte, nothing is serialized.
    store_and_forward : bool
        Whether every hop waits for the whole message before it sends on; default: cut-through, which serializes once.
    """

    adapter_ns: float = 400.0
    direct_hop_ns: float = 1000.0
    cable_ns_per_m: float = 4.9
    message_bytes: float = 0.0
    store_and_forward: bool = False

    def __post_init__(self) -> None:
        for name in ("adapter_ns", "direct_hop_ns", "cable_ns_per_m"):
            require_number(getattr(self, name), field=name, at_least=0, at_most=LONGEST_NS)
        require_number(self.message_bytes, field="message_bytes", at_least=0, at_most=MAX_MESSAGE_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadInputs:
    """Uniform background traffic, and the synchronised step that waits for its slowest message.

    Attributes
    ----------
    utilization : float
        Offered load as a share of the fluid limit of uniform traffic, from 0; on the busiest kind of links.
    efficiency : float
        Share of the fluid limit that routing and flow control reach, above 0 up to 1. BookSim 2, uniform traffic: 0.60
        to 0.66 on an 8x8 torus with dimension-ordered routing, 0.73 on a 3-level fat tree, 0.86 on 4x4x4.
    packet_bytes : float
        Bytes of a packet, the unit of service of a queue; default: the largest InfiniBand packet payload.
    flows_per_accelerator : int
        Flows of each accelerator that are placed on uplinks by a hash of their own.
    step_s : float
        Time between synchronisations in s (assumption: 1 ms, a layer's share of a training step).
    wanted_share : float
        Share of the time that must not be lost to waiting for the slowest message.
    """

    utilization: float = 0.5
    efficiency: float = 0.7
    packet_bytes: float = 4096.0
    flows_per_accelerator: int = 1
    step_s: float = 1e-3
    wanted_share: float = 0.99

    def __post_init__(self) -> None:
        require_number(self.utilization, field="utilization", at_least=0)
        require_number(self.efficiency, field="efficiency", above=0, at_most=1)
        require(
            self.busiest <= MOST_UTILIZATION,
            field="utilization",
            value=self.utilization,
            limit=f"at most {MOST_UTILIZATION} of the efficiency {self.efficiency:g}",
            remedy="lower it: near saturation queues have no stationary length",
        )
        require_number(self.packet_bytes, field="packet_bytes", at_least=1, at_most=MOST_PACKET_BYTES)
        require_number(self.flows_per_accelerator, field="flows_per_accelerator", at_least=1, at_most=1024)
        require_number(self.step_s, field="step_s", above=0, at_most=LONGEST_STEP_S)
        require_number(self.wanted_share, field="wanted_share", above=0)
        require(
            self.wanted_share < 1,
            field="wanted_share",
            value=self.wanted_share,
            limit="below 1",
            remedy="some time is always lost to the slowest",
        )

    @property
    def busiest(self) -> float:
        """Utilization of the busiest links in what they carry in practice."""
        return self.utilization / self.efficiency


@dataclass(frozen=True, slots=True, kw_only=True)
class FabricConditions:
    """Everything that an evaluation assumes beside the fabric and the catalogue.

    Attributes
    ----------
    in_network_reduction : bool
        Whether switches add up vectors on their way (InfiniBand SHARP class); not assumed by default.
    in_network_efficiency : float
        Share of the link rate at which they do so: NCCL counts 0.85 for NVLink switches of the Hopper generation and
        0.74 for those of Blackwell (its tuning source, June 2026).
    """

    latency: LatencyInputs = field(default_factory=LatencyInputs)
    load: LoadInputs = field(default_factory=LoadInputs)
    in_network_reduction: bool = False
    in_network_efficiency: float = 0.85

    def __post_init__(self) -> None:
        require_number(self.in_network_efficiency, field="in_network_efficiency", above=0, at_most=1)
