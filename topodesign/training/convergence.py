"""What fewer synchronizations cost in learning, apart from time: a fit to published losses, and a wall-clock model.

Reference: Scaling Laws for DiLoCo, arXiv:2503.09799, Table 10 (joint fit of the loss) and Appendix A (wall clock).
"""

from dataclasses import dataclass

LOSS_SCALE = 19.226
LOSS_PARAMETERS_EXPONENT = -0.0985
LOSS_REPLICAS_EXPONENT = 0.0116


def joint_loss(parameters: float, replicas: float) -> float:
    """Evaluation loss after compute-optimal training of a model of so many parameters in so many replicas."""
    return float(LOSS_SCALE * parameters**LOSS_PARAMETERS_EXPONENT * replicas**LOSS_REPLICAS_EXPONENT)


def compute_penalty(replicas: float) -> float:
    """Factor of compute by which replicas that synchronize seldom need more than one, for the same loss.

    At a fixed number of tokens per parameter compute grows as the square of parameters, so the loss that M replicas
    lose is bought back with M^(2 x 0.0116 / 0.0985) = M^0.2355 of compute. The fit is of H = 30 steps and up to 8
    replicas of models up to 10^10 parameters; beyond that it is extrapolated.
    """
    return float(replicas ** (-2 * LOSS_REPLICAS_EXPONENT / LOSS_PARAMETERS_EXPONENT))


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeNetwork:
    """One network class of the wall-clock model: bit/s of one node (not of a site) and seconds of latency."""

    bps: float
    latency_s: float


def node_all_reduce_s(bits: float, nodes: float, network: NodeNetwork) -> float:
    """2 bits / W x (1 - 1/R) + latency: an all-reduce over R nodes at the bandwidth of each."""
    return 2 * bits / network.bps * (1 - 1 / nodes) + network.latency_s


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunicationTime:
    """Seconds that a whole run spends communicating, inside datacenters and between them."""

    inside_s: float
    between_s: float

    @property
    def total_s(self) -> float:
        return self.inside_s + self.between_s


def communication_s(
    *,
    bits: float,
    nodes: float,
    replicas: float,
    steps: float,
    inner_steps: float,
    inside: NodeNetwork,
    between: NodeNetwork,
) -> CommunicationTime:
    """Communication of a run of so many steps: data parallel for one replica, DiLoCo for more.

    DiLoCo all-reduces inside each of the M replicas (R / M nodes) every step, and over all R nodes every H steps.
    """
    if replicas == 1:
        return CommunicationTime(inside_s=0.0, between_s=steps * node_all_reduce_s(bits, nodes, between))
    return CommunicationTime(
        inside_s=steps * node_all_reduce_s(bits, nodes / replicas, inside),
        between_s=steps / inner_steps * node_all_reduce_s(bits, nodes, between),
    )
