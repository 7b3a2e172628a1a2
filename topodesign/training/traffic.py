"""Traffic that each dimension of parallelism would put between sites, and which of them are refused there.

All figures are bits per step, leaving each site (or crossing each boundary, for a pipeline) in each direction.
"""

from topodesign.domain.errors import InvalidInput
from topodesign.domain.training_model import Parallelism, TrainingModel

TENSOR_ALL_REDUCES_PER_LAYER = 4
"""Two in the forward and two in the backward pass (Shoeybi et al., Megatron-LM, arXiv:1909.08053, section 3)."""
SHARDED_PASSES = 3
"""All-gather before the forward and before the backward pass, reduce-scatter after it (ZeRO, arXiv:1910.02054)."""
DISPATCH_BITS = 8.0
COMBINE_BITS = 16.0
"""FP8 to the experts, BF16 back (DeepSeek-V3, arXiv:2412.19437, section 3.3)."""

REFUSED: dict[Parallelism, str] = {
    "tensor": "every layer all-reduces its activations four times a step, and each waits for the round trip",
    "expert": "every mixture-of-experts layer sends all tokens to their experts and back, in both passes",
    "fully-sharded": "every micro-step gathers all weights twice and scatters all gradients; "
    "shard inside a site and replicate across sites",
}


def data_parallel_bits(parameters: float, bits_per_element: float, sites: int) -> float:
    """2 (N - 1) / N of all parameters' gradients, once a step."""
    return 2 * (sites - 1) / sites * parameters * bits_per_element


def fully_sharded_bits(parameters: float, bits_per_element: float, sites: int, *, micro_steps: int = 1) -> float:
    """3 (N - 1) / N of all parameters for each micro-step."""
    return SHARDED_PASSES * (sites - 1) / sites * parameters * bits_per_element * micro_steps


def pipeline_bits(batch_tokens: float, hidden_size: float, bits_per_element: float) -> float:
    """Activations of every token, over one boundary between stages; as many gradients come back."""
    return batch_tokens * hidden_size * bits_per_element


def tensor_bits(batch_tokens: float, model: TrainingModel, bits_per_element: float, sites: int) -> float:
    """Four all-reduces of the activations of every token in every layer."""
    all_reduce = 2 * (sites - 1) / sites * pipeline_bits(batch_tokens, model.hidden_size, bits_per_element)
    return TENSOR_ALL_REDUCES_PER_LAYER * model.layers * all_reduce


def expert_bits(batch_tokens: float, model: TrainingModel, sites: int) -> float:
    """Every token to its experts and back in every expert layer, both passes; (N - 1) / N of them are elsewhere."""
    there_and_back = batch_tokens * model.experts_per_token * model.hidden_size * (DISPATCH_BITS + COMBINE_BITS)
    return there_and_back * model.expert_layers * 2 * (sites - 1) / sites


def bits_across_sites(
    dimension: Parallelism, model: TrainingModel, *, batch_tokens: float, bits_per_element: float, sites: int
) -> float:
    """Bits per step that a dimension of parallelism would send out of each site if it crossed sites."""
    if dimension == "data":
        return data_parallel_bits(model.parameters, bits_per_element, sites)
    if dimension == "pipeline":
        return pipeline_bits(batch_tokens, model.hidden_size, bits_per_element)
    if dimension == "fully-sharded":
        return fully_sharded_bits(model.parameters, bits_per_element, sites)
    if dimension == "expert":
        return expert_bits(batch_tokens, model, sites)
    return tensor_bits(batch_tokens, model, bits_per_element, sites)


def refuse_across_sites(dimension: Parallelism, *, bits: float | None, plain_bits: float, sites: int) -> InvalidInput:
    """The error that says why a dimension of parallelism stays inside a pod.

    Parameters
    ----------
    dimension : {"tensor", "expert", "fully-sharded"}
    bits : float, optional
        That it would send out of each site, per step (fully sharded: per micro-step); ``None`` where layers, width and
        batch are not known.
    plain_bits : float
        What data parallelism sends per step instead.
    sites : int
    """
    every = "micro-step" if dimension == "fully-sharded" else "step"
    amount = (
        "name a model to learn how much it would send"
        if bits is None
        else f"it would send {_terabytes(bits)} a {every}"
    )
    return InvalidInput(
        f"{dimension} parallelism cannot cross sites: {REFUSED[dimension]}; {amount} out of each of {sites} sites, "
        f"against {_terabytes(plain_bits)} a step for data parallelism; keep it inside a pod, and cross sites with "
        "data-parallel, diloco, streaming, asynchronous or pipeline",
        reason="PARALLELISM_NOT_ACROSS_SITES",
        field_path="method",
        metadata={"dimension": dimension} | ({} if bits is None else {"bits_per_step": repr(bits)}),
    )


def _terabytes(bits: float) -> str:
    return f"{bits / 8e12:,.4g} TB"
