"""The training job, and the traffic between sites where that is given instead."""

from dataclasses import dataclass
from typing import Literal

from topodesign.domain.checks import require, require_id, require_number
from topodesign.domain.ranges import MOST_GBPS, MOST_PARAMETERS, MOST_SECONDS, MOST_STEPS, MOST_TOKENS
from topodesign.domain.training_model import MOST_LAYERS

Method = Literal["synchronous", "diloco", "streaming", "asynchronous"]
Demand = Literal["all-reduce", "matrix", "hose"]

DEFAULT_FLOPS_UTILIZATION = 0.40
"""In-site share of peak FLOP/s that training reaches: H100 BF16 at scale 0.38 to 0.43 (Llama 3, arXiv:2407.21783)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """The training job. Exactly one of ``sync_time_s`` and ``utilization`` sets the bandwidth that an all-reduce needs.

    With the demands ``matrix`` and ``hose`` the bandwidth is given in Gbit/s (:class:`Traffic`, ``Site.hose_gbps``), so
    neither of the two is needed. ``parameters`` and ``active_parameters`` are counts, ``sync_time_s`` is the target for
    one all-reduce between sites in seconds, ``wan_goodput_factor`` the usable share of the line rate between sites.

    What follows counts only where ``utilization`` is the target, or is reported. ``layers`` of the model: without them
    nothing is known to be released before a step ends, and ``streaming`` exchanges the model whole. ``fragment_layers``
    are exchanged at a time by ``streaming``. ``overlap_steps`` go on while an exchange is under way; an asynchronous
    exchange always has all ``inner_steps``. Gradients are released during the last ``backward_overlap`` of a step; 2/3
    is the backward pass.
    ``flops_utilization`` is the share of the peak FLOP/s that training reaches within a site. ``model`` is the id in
    the catalogue of the model that figures were taken from; a scenario's files and requests fill in what they leave
    out from it, as :func:`topodesign.catalog.workload_of_model.figures_of_model` does.
    """

    parameters: float = 1.0e12
    active_parameters: float | None = None
    bits_per_element: float = 16.0
    method: Method = "synchronous"
    inner_steps: int = 1
    global_batch_tokens: float = 6.0e7
    sync_time_s: float | None = None
    utilization: float | None = None
    wan_goodput_factor: float = 0.8
    demand: Demand = "all-reduce"
    model: str | None = None
    layers: int | None = None
    fragment_layers: int = 3
    overlap_steps: float = 0.0
    backward_overlap: float = 2.0 / 3.0
    flops_utilization: float = DEFAULT_FLOPS_UTILIZATION

    def __post_init__(self) -> None:
        require_number(self.parameters, field="workload.parameters", above=0, at_most=MOST_PARAMETERS)
        if self.active_parameters is not None:
            require_number(self.active_parameters, field="workload.active_parameters", above=0, at_most=self.parameters)
        require_number(self.bits_per_element, field="workload.bits_per_element", above=0, at_most=1024)
        require_number(self.inner_steps, field="workload.inner_steps", at_least=1, at_most=MOST_STEPS)
        require_number(self.global_batch_tokens, field="workload.global_batch_tokens", above=0, at_most=MOST_TOKENS)
        require_number(self.wan_goodput_factor, field="workload.wan_goodput_factor", above=0, at_most=1)
        targets = [value for value in (self.sync_time_s, self.utilization) if value is not None]
        is_given_in_gbps = self.demand != "all-reduce" and not targets
        require(
            len(targets) == 1 or is_given_in_gbps,
            field="workload.sync_time_s",
            value=self.sync_time_s,
            limit="given if and only if workload.utilization is not",
            remedy="give exactly one of the two",
        )
        if self.sync_time_s is not None:
            require_number(self.sync_time_s, field="workload.sync_time_s", above=0, at_most=MOST_SECONDS)
        if self.utilization is not None:
            require_number(self.utilization, field="workload.utilization", above=0, at_most=1)
            require(self.utilization < 1, field="workload.utilization", value=1, limit="below 1", remedy="use 0.99")
        self._require_schedule()

    def _require_schedule(self) -> None:
        """What is exchanged when, as (T1) of docs/training.md takes it."""
        if self.model is not None:
            require_id(self.model, field="workload.model")
        if self.layers is not None:
            require_number(self.layers, field="workload.layers", at_least=1, at_most=MOST_LAYERS)
        require_number(self.fragment_layers, field="workload.fragment_layers", at_least=1, at_most=MOST_LAYERS)
        require_number(self.backward_overlap, field="workload.backward_overlap", at_least=0, at_most=1)
        require_number(self.flops_utilization, field="workload.flops_utilization", above=0, at_most=1)
        may_overlap = self.method != "synchronous"
        require_number(
            self.overlap_steps,
            field="workload.overlap_steps",
            at_least=0,
            at_most=self.inner_steps if may_overlap else 0,
            remedy="an exchange must have ended before the next of the same parameters, inner_steps later"
            if may_overlap
            else "a synchronous step needs its gradients; choose diloco or streaming to overlap",
        )
        require(
            self.fragments <= self.inner_steps,
            field="workload.fragment_layers",
            value=self.fragment_layers,
            limit=f"such that at most inner_steps, {self.inner_steps}, fragments result (they are {self.fragments})",
            remedy="give larger fragments or more inner steps",
        )

    @property
    def fragments(self) -> int:
        """K: parts that the model is exchanged in."""
        if self.method != "streaming" or self.layers is None:
            return 1
        return -(-self.layers // self.fragment_layers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """One entry of a demand matrix: ``gbps`` Gbit/s from site ``a`` to site ``b``, above 0; the way back is another."""

    a: str
    b: str
    gbps: float

    def __post_init__(self) -> None:
        require_id(self.a, field="a")
        require_id(self.b, field="b")
        require(self.a != self.b, field="b", value=self.b, limit=f"other than a ({self.a!r})", remedy="drop this entry")
        require_number(self.gbps, field="gbps", above=0, at_most=MOST_GBPS)
