"""Models to train, and which dimension of parallelism of theirs crosses which links."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from topodesign.domain.checks import require_id, require_number
from topodesign.domain.equipment import Origin
from topodesign.domain.ranges import MOST_PARAMETERS, MOST_TOKENS

Parallelism = Literal["data", "pipeline", "tensor", "expert", "fully-sharded"]
LinkKind = Literal["pod", "pods", "sites", "regions"]
"""Links inside a pod, and between pods of a site, sites of a region, regions."""

MOST_LAYERS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingModel:
    """A model and the job that trains it.

    ``parameters`` in all decide bytes, ``active_parameters`` per token decide time. ``hidden_size``: elements of one
    token's activations; ``sequence_tokens`` in one sequence, ``batch_tokens`` in one global step. ``expert_layers`` and
    ``experts_per_token`` are 0 for a dense model.
    """

    id: str
    name: str
    parameters: float
    active_parameters: float
    layers: int
    hidden_size: int
    sequence_tokens: int
    batch_tokens: float
    expert_layers: int = 0
    experts_per_token: int = 0
    origins: Mapping[str, Origin] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_id(self.id, field="model.id")
        require_number(self.parameters, field="model.parameters", above=0, at_most=MOST_PARAMETERS)
        require_number(self.active_parameters, field="model.active_parameters", above=0, at_most=self.parameters)
        require_number(self.layers, field="model.layers", at_least=1, at_most=MOST_LAYERS)
        require_number(self.hidden_size, field="model.hidden_size", at_least=1, at_most=1e9)
        require_number(self.sequence_tokens, field="model.sequence_tokens", at_least=1, at_most=MOST_TOKENS)
        require_number(self.batch_tokens, field="model.batch_tokens", above=0, at_most=MOST_TOKENS)
        require_number(self.expert_layers, field="model.expert_layers", at_least=0, at_most=self.layers)
        require_number(self.experts_per_token, field="model.experts_per_token", at_least=0, at_most=1e6)

    @property
    def is_mixture(self) -> bool:
        """Whether it has experts, of which a token meets only some."""
        return self.expert_layers > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardedDimension:
    """One dimension of parallelism over one kind of link.

    ``bits_per_step`` leave each member there (a replica among pods, a site, a region; a pipeline: cross each boundary),
    in each direction; 0 inside a pod, which nothing leaves. ``bits_across_sites`` is what the dimension would send out
    of each site if it crossed sites.
    """

    dimension: Parallelism
    links: LinkKind
    bits_per_step: float
    bits_across_sites: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardingPlan:
    """Which dimension crosses which links; ``replica_pods`` hold one replica of the model."""

    replica_pods: int
    replica_crosses_sites: bool
    dimensions: tuple[ShardedDimension, ...]
