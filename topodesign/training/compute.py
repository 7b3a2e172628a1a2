"""Time of a step inside a site, and whether a model fits the memory there."""

import math
from collections.abc import Sequence

from topodesign.domain.checks import require, require_number
from topodesign.domain.equipment import Accelerator
from topodesign.domain.errors import InvalidInput
from topodesign.domain.training_model import TrainingModel

FLOPS_PER_PARAMETER_AND_TOKEN = 6.0
"""Two for the forward pass, four for the backward pass (Kaplan et al., arXiv:2001.08361, section 2.1)."""
RECOMPUTED_FLOPS_PER_PARAMETER_AND_TOKEN = 8.0
"""With full recomputation of activations: the forward pass twice."""
GRADIENT_BYTES = 4.0
OPTIMIZER_BYTES = 12.0
"""FP32 gradients; FP32 master weights and two moments of Adam (ZeRO, arXiv:1910.02054, section 3.1)."""
STATE_SHARE = 0.8
"""Share of memory that weights, gradients and optimizer may take; assumed, the rest is for activations and buffers."""


def step_flops(
    active_parameters: float,
    batch_tokens: float,
    *,
    attention_flops_per_token: float = 0.0,
    recomputes_activations: bool = False,
) -> float:
    """FLOP of one step: 6 for each active parameter and token, and those of attention, if counted.

    With all activations recomputed they are a third more: FLOP that the hardware does, and that count in its
    utilization, but not in that of the model.
    """
    counted = batch_tokens * (FLOPS_PER_PARAMETER_AND_TOKEN * active_parameters + attention_flops_per_token)
    if not recomputes_activations:
        return counted
    return counted * RECOMPUTED_FLOPS_PER_PARAMETER_AND_TOKEN / FLOPS_PER_PARAMETER_AND_TOKEN


def attention_flops_per_token(model: TrainingModel, *, is_causal: bool = True) -> float:
    """FLOP per token of attention's products over the sequence: 12 L d s, half of that where a token sees earlier ones
    only.

    Chowdhery et al., PaLM, arXiv:2204.02311, appendix B, which counts 12 L d s.
    """
    whole = 12.0 * model.layers * model.hidden_size * model.sequence_tokens
    return whole / 2 if is_causal else whole


def compute_step_s(
    *,
    active_parameters: float,
    batch_tokens: float,
    accelerators: float,
    peak_tflops: float,
    flops_utilization: float,
    attention_flops_per_token: float = 0.0,
) -> float:
    """Seconds of computation in one step: its FLOP over those that all accelerators reach.

    Parameters
    ----------
    active_parameters : float
    batch_tokens : float
        Of one global step.
    accelerators : float
        In all sites, which share the batch in proportion to their speed.
    peak_tflops : float
        Dense, at the training precision; data sheets often print the double for sparse matrices.
    flops_utilization : float
        Share of the peak that training reaches within a site, in (0, 1].

    Raises
    ------
    InvalidInput
        When a figure is not above 0, or the utilization is above 1.
    """
    require_number(accelerators, field="accelerators", above=0, remedy="a step needs accelerators")
    require_number(flops_utilization, field="in_site_utilization", above=0, at_most=1)
    for name, value in (
        ("active_parameters", active_parameters),
        ("batch_tokens", batch_tokens),
        ("peak_tflops", peak_tflops),
    ):
        require_number(value, field=name, above=0)
    flops = step_flops(active_parameters, batch_tokens, attention_flops_per_token=attention_flops_per_token)
    return flops / (flops_utilization * peak_tflops * 1e12 * accelerators)


def equal_split_step_s(flops: float, site_flops_per_s: Sequence[float]) -> float:
    """Seconds of a step whose batch is split equally over sites of different speed: that of the slowest."""
    require(
        bool(site_flops_per_s) and min(site_flops_per_s) > 0,
        field="site_flops_per_s",
        value=list(site_flops_per_s),
        limit="above 0 at every one of at least one site",
        remedy="leave out sites without accelerators",
    )
    return max(flops / len(site_flops_per_s) / speed for speed in site_flops_per_s)


def state_bytes_per_parameter(weight_bits: float = 16.0) -> float:
    """Bytes of weights, gradients and optimizer for each parameter: 18 with BF16 weights, 17 with FP8."""
    return weight_bits / 8 + GRADIENT_BYTES + OPTIMIZER_BYTES


def pods_for_state(
    parameters: float, accelerator: Accelerator, *, pod_accelerators: int, weight_bits: float = 16.0
) -> int:
    """Pods that one replica's weights, gradients and optimizer fill, at least 1.

    Raises
    ------
    InvalidInput
        ``MEMORY_UNKNOWN`` when the catalogue has no memory for the accelerator.
    """
    require_number(pod_accelerators, field="pod_accelerators", at_least=1)
    state = parameters * state_bytes_per_parameter(weight_bits)
    return max(1, math.ceil(state / (_usable_bytes(accelerator) * pod_accelerators)))


def _usable_bytes(accelerator: Accelerator) -> float:
    if accelerator.hbm_gb is None:
        raise InvalidInput(
            f"accelerator {accelerator.id!r} has no hbm_gb; give it in the catalogue to learn whether the model fits",
            reason="MEMORY_UNKNOWN",
            field_path="accelerator",
            metadata={"accelerator": accelerator.id},
        )
    return STATE_SHARE * accelerator.hbm_gb * 1e9


def require_memory(
    parameters: float, accelerator: Accelerator, *, pod_accelerators: int, weight_bits: float = 16.0, sites: int = 1
) -> float:
    """Bytes of state for each accelerator of a pod that holds one replica.

    Raises
    ------
    InvalidInput
        ``MODEL_EXCEEDS_MEMORY`` when that is more than the accelerator's memory leaves for it, with the pod that would
        do; ``MEMORY_UNKNOWN`` when the catalogue has no memory for the accelerator.
    """
    needed_pods = pods_for_state(parameters, accelerator, pod_accelerators=pod_accelerators, weight_bits=weight_bits)
    state = parameters * state_bytes_per_parameter(weight_bits)
    if needed_pods == 1:
        return state / pod_accelerators
    usable = _usable_bytes(accelerator)
    needed = math.ceil(state / usable)
    across = f", or pipeline stages across the {sites} sites" if needed_pods <= sites else ""
    raise InvalidInput(
        f"the model's state is {state / 1e12:,.4g} TB (weights, gradients, optimizer: "
        f"{state_bytes_per_parameter(weight_bits):g} bytes for each of {parameters:g} parameters), "
        f"{state / pod_accelerators / 1e9:,.4g} GB for each of {pod_accelerators:,} {accelerator.name} that hold a "
        f"replica, which have {usable / 1e9:,.4g} GB for it ({STATE_SHARE:.0%} of their memory); use at least "
        f"{needed:,} accelerators, accelerators with more memory{across}",
        reason="MODEL_EXCEEDS_MEMORY",
        field_path="pod_accelerators",
        metadata={"state_bytes": repr(state), "needed_accelerators": str(needed)},
    )
