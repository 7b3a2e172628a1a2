"""A training job over several sites: what is asked of an estimate, and its answer."""

from dataclasses import dataclass
from typing import Literal, get_args

from topodesign.domain.checks import require, require_number, require_one_of
from topodesign.domain.goodput import Checkpointing, Goodput
from topodesign.domain.ranges import (
    MOST_ACCELERATORS,
    MOST_GBPS,
    MOST_PARAMETERS,
    MOST_SECONDS,
    MOST_STEPS,
    MOST_TOKENS,
)
from topodesign.domain.training_model import MOST_LAYERS
from topodesign.domain.training_sites import MOST_RTT_MS, require_site_links, require_site_steps

TrainingMethod = Literal[
    "data-parallel", "diloco", "streaming", "asynchronous", "pipeline", "tensor", "expert", "fully-sharded"
]
"""Ways to split a job over sites; the last three are refused there, with the traffic they would cause."""
JitterLaw = Literal["normal", "exponential"]

MOST_SITES = 100_000
MOST_BITS = 1024
"""Bits of one element; the limit of a scenario's workload too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineShape:
    """A pipeline whose stages lie in several sites, in order; every site has about as many of them.

    Parameters
    ----------
    stages : int
        In all sites together, at least one in each.
    micro_batches : int
        In one global step, of each replica of the pipeline.
    hidden_size : int
        Elements of one token's activations.
    batch_tokens : float
        Tokens of one global step, in all replicas.
    replicas : int
        Pipelines side by side, which share the link between two sites.
    extra_in_flight : int
        Micro-batches that stages before a boundary begin ahead of plain one-forward-one-backward; each costs memory.
    """

    stages: int
    micro_batches: int
    hidden_size: int
    batch_tokens: float
    replicas: int = 1
    extra_in_flight: int = 0

    def __post_init__(self) -> None:
        require_number(self.stages, field="pipeline.stages", at_least=1, at_most=10_000)
        require_number(self.micro_batches, field="pipeline.micro_batches", at_least=1, at_most=1_000_000)
        require_number(self.hidden_size, field="pipeline.hidden_size", at_least=1, at_most=1e9)
        require_number(self.batch_tokens, field="pipeline.batch_tokens", above=0, at_most=MOST_TOKENS)
        require_number(self.replicas, field="pipeline.replicas", at_least=1, at_most=MOST_ACCELERATORS)
        require_number(self.extra_in_flight, field="pipeline.extra_in_flight", at_least=0, at_most=1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRequest:
    """A job over sites, with the bandwidth that it has or the utilization that it wants.

    Parameters
    ----------
    parameters : float
        P, in all, above 0.
    step_s : float
        T: seconds of computation in one step, above 0.
    sites : int
        N, at least 1.
    bits_per_element : float
        Of what is exchanged: 16 for BF16 gradients, 4 for FP4.
    method : TrainingMethod
    inner_steps : int, optional
        H: steps between two exchanges; default 1 for data parallelism, else 100.
    layers : int, optional
        L; needed by ``streaming``. Not given: nothing is known to be released before a step ends, so nothing is hidden
        behind the backward pass.
    fragment_layers : int
        Layers of a fragment of ``streaming``.
    overlap_steps : float
        tau: steps that go on while an exchange is under way, at most ``inner_steps``; 0 for data parallelism.
    gbps : float, optional
        Gbit/s of each site in each direction, above 0. Exactly one of this, ``site_gbps`` and ``utilization``.
    utilization : float, optional
        Wanted share of time that is computing, in (0, 1].
    rtt_ms : float
        Round trip between neighbors in the order of the exchange, milliseconds.
    goodput_factor : float
        Usable share of the line rate, in (0, 1].
    backward_overlap : float
        a: share of a step during which gradients are released, in [0, 1]; 2/3 is the backward pass.
    jitter_s : float
        Of one site's step time: standard deviation (``normal``) or mean delay (``exponential``), seconds.
    jitter_law : {"normal", "exponential"}
    uptime : float
        Share of time not lost to failures, restarts and checkpoints, in (0, 1].
    pipeline : PipelineShape, optional
        Needed by the method ``pipeline``.
    site_gbps : tuple of float
        Of sites whose links differ, in the order of the exchange, Gbit/s of each in each direction; in place of
        ``gbps``.
    site_rtt_ms : tuple of float
        Round trip from each site to the next one, the last back to the first, milliseconds (of a pipeline, the last is
        not used); in place of ``rtt_ms``.
    site_step_s : tuple of float
        Computation of one step at each site, whose largest is ``step_s``. Not for a pipeline.

    Raises
    ------
    InvalidInput
        When a figure is out of range, or two of them do not go together.
    """

    parameters: float
    step_s: float
    sites: int
    bits_per_element: float = 16.0
    method: TrainingMethod = "data-parallel"
    inner_steps: int | None = None
    layers: int | None = None
    fragment_layers: int = 3
    overlap_steps: float = 0.0
    gbps: float | None = None
    utilization: float | None = None
    rtt_ms: float = 0.0
    goodput_factor: float = 1.0
    backward_overlap: float = 2.0 / 3.0
    jitter_s: float = 0.0
    jitter_law: JitterLaw = "normal"
    uptime: float = 1.0
    pipeline: PipelineShape | None = None
    site_gbps: tuple[float, ...] = ()
    site_rtt_ms: tuple[float, ...] = ()
    site_step_s: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        self._require_ranges()
        self._require_schedule()
        require_site_links(sites=self.sites, gbps=self.site_gbps, rtt_ms=self.site_rtt_ms, every_rtt_ms=self.rtt_ms)
        require_site_steps(self.site_step_s, sites=self.sites, slowest_s=self.step_s, method=self.method)
        targets = [bool(self.site_gbps), self.gbps is not None, self.utilization is not None]
        require(
            sum(targets) == 1,
            field="gbps",
            value=self.gbps,
            limit="given if and only if neither utilization nor site_gbps is",
            remedy="give the bandwidth to learn the utilization, or the utilization to learn the bandwidth",
        )
        needs_shape = self.method == "pipeline"
        require(
            (self.pipeline is not None) == needs_shape,
            field="pipeline",
            value=self.pipeline,
            limit="given if and only if method is pipeline",
            remedy="give stages, micro-batches, hidden size and batch for a pipeline",
        )
        if self.pipeline is not None:
            require_number(self.pipeline.stages, field="pipeline.stages", at_least=self.sites)

    def _require_ranges(self) -> None:
        require_number(self.parameters, field="parameters", above=0, at_most=MOST_PARAMETERS)
        require_number(self.step_s, field="step_s", above=0, at_most=MOST_SECONDS)
        _require_count(self.sites, "sites", most=MOST_SITES, remedy="a job has at least one site")
        require_number(self.bits_per_element, field="bits_per_element", above=0, at_most=MOST_BITS)
        require_one_of(self.method, get_args(TrainingMethod), field="method")
        require_one_of(self.jitter_law, get_args(JitterLaw), field="jitter_law")
        if self.inner_steps is not None:
            _require_count(self.inner_steps, "inner_steps", most=MOST_STEPS)
        if self.layers is not None:
            _require_count(self.layers, "layers", most=MOST_LAYERS)
        _require_count(self.fragment_layers, "fragment_layers", most=MOST_LAYERS)
        if self.gbps is not None:
            require_number(
                self.gbps, field="gbps", above=0, at_most=MOST_GBPS, remedy="give Gbit/s of one site, one way"
            )
        if self.utilization is not None:
            require_number(
                self.utilization,
                field="utilization",
                above=0,
                at_most=1,
                remedy="it is the share of time spent computing, such as 0.95",
            )
        require_number(self.rtt_ms, field="rtt_ms", at_least=0, at_most=MOST_RTT_MS)
        for name in ("goodput_factor", "uptime"):
            require_number(getattr(self, name), field=name, above=0, at_most=1)
        require_number(self.backward_overlap, field="backward_overlap", at_least=0, at_most=1)
        require_number(self.jitter_s, field="jitter_s", at_least=0, at_most=MOST_SECONDS)

    def _require_schedule(self) -> None:
        steps = self.steps_between_exchanges
        if self.method == "data-parallel":
            require(
                steps == 1,
                field="inner_steps",
                value=steps,
                limit="1 for data-parallel",
                remedy="choose diloco to exchange less often",
            )
        if self.method in ("data-parallel", "pipeline"):
            require(
                self.overlap_steps == 0,
                field="overlap_steps",
                value=self.overlap_steps,
                limit=f"0 for {self.method}",
                remedy="a synchronous step needs its gradients; choose streaming or diloco to overlap",
            )
        require_number(
            self.overlap_steps,
            field="overlap_steps",
            at_least=0,
            at_most=steps,
            remedy="an exchange must have ended before the next of the same parameters, inner_steps later",
        )
        if self.method == "streaming":
            require(
                self.layers is not None,
                field="layers",
                value=self.layers,
                limit="given for streaming",
                remedy="give the model's layers, which fragments are made of",
            )
            require(
                self.fragments <= steps,
                field="fragment_layers",
                value=self.fragment_layers,
                limit=f"such that there are at most inner_steps, {steps}, fragments (there are {self.fragments})",
                remedy="give larger fragments or more inner steps",
            )

    @property
    def least_gbps(self) -> float | None:
        """Gbit/s of the slowest site's link; ``None`` where the bandwidth is asked for."""
        return min(self.site_gbps) if self.site_gbps else self.gbps

    @property
    def steps_between_exchanges(self) -> int:
        """H."""
        if self.inner_steps is not None:
            return self.inner_steps
        return 100 if self.method in ("diloco", "streaming", "asynchronous") else 1

    @property
    def fragments(self) -> int:
        """K: parts that the model is exchanged in."""
        if self.method != "streaming" or self.layers is None:
            return 1
        return -(-self.layers // self.fragment_layers)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSize:
    """What a request's ``parameters``, ``layers`` and ``step_s`` can be taken from.

    Parameters
    ----------
    model : str, optional
        Id in the catalogue; gives parameters, active parameters, layers, and the batch where none is given.
    accelerator : str
        Id in the catalogue.
    accelerators : int, optional
        In all sites together; with the batch they give ``step_s``.
    pod_accelerators : int, optional
        That one replica must fit; default: a site's share of ``accelerators``, where those are given.
    active_parameters : float, optional
        Of a mixture of experts; default all.
    batch_tokens : float, optional
        In one global step.
    in_site_utilization : float
        Share of the peak FLOP/s that training reaches within a site, in (0, 1].
    weight_bits : float
        Bits of one weight in memory.
    count_attention : bool
        Whether causal attention over the model's sequence adds to the FLOP of a step.
    checkpointing : Checkpointing, optional
        How the job recovers: the request's ``uptime`` then follows from how often ``accelerators`` fail, by the rates
        of the catalogue.
    """

    model: str | None = None
    accelerator: str = "h100-sxm"
    accelerators: int | None = None
    pod_accelerators: int | None = None
    active_parameters: float | None = None
    batch_tokens: float | None = None
    in_site_utilization: float = 0.40
    weight_bits: float = 16.0
    count_attention: bool = False
    checkpointing: Checkpointing | None = None

    def __post_init__(self) -> None:
        for name in ("accelerators", "pod_accelerators"):
            value = getattr(self, name)
            if value is not None:
                _require_count(value, name, most=MOST_ACCELERATORS)
        if self.active_parameters is not None:
            require_number(self.active_parameters, field="active_parameters", above=0, at_most=MOST_PARAMETERS)
        if self.batch_tokens is not None:
            require_number(self.batch_tokens, field="batch_tokens", above=0, at_most=MOST_TOKENS)
        require_number(self.in_site_utilization, field="in_site_utilization", above=0, at_most=1)
        require_number(self.weight_bits, field="weight_bits", above=0, at_most=64)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingEstimate:
    """What a job over sites achieves, and the bandwidth it takes.

    Parameters
    ----------
    method, sites
        As asked.
    step_s : float
        Computation of one step, T, without any waiting; of the slowest site where sites wait for each other, else the
        harmonic mean.
    sync_s : float
        One exchange from its first bit to its last, of a fragment when streaming, latency included; overlapped or not.
        For a pipeline: one micro-batch over one boundary.
    stall_s : float
        Standing still for exchanges, per step on average.
    straggler_s : float
        Waiting for the slowest site, per step on average.
    wall_step_s : float
        ``step_s + stall_s + straggler_s``.
    utilization : float
        ``step_s / wall_step_s``.
    highest_utilization : float
        What no bandwidth exceeds: latency and stragglers remain.
    gbps : float
        Gbit/s that each site is taken to have in each direction: as asked (the least of ``site_gbps``), or
        ``required_gbps``.
    required_gbps : float
        The least Gbit/s of each site in each direction that reaches ``utilization``; already divided by the goodput
        factor.
    average_gbps : float
        What leaves each site on average at that utilization.
    exchange_bits : float
        Bits that leave, and enter, each site for one exchange of the whole model (a pipeline: over one boundary, a
        step).
    goodput : float
        Share of time spent on computing that counts: ``utilization`` times ``uptime``.
    compute_penalty : float
        Factor of compute by which seldom synchronized replicas need more for the same loss; no part of utilization.
    assumptions : tuple of str
        What was taken for granted.
    failures : Goodput, optional
        Where the rest of the time goes, when ``uptime`` follows from failures: ``uptime`` is its ``useful``.
    """

    method: TrainingMethod
    sites: int
    step_s: float
    sync_s: float
    stall_s: float
    straggler_s: float
    wall_step_s: float
    utilization: float
    highest_utilization: float
    gbps: float
    required_gbps: float
    average_gbps: float
    exchange_bits: float
    goodput: float
    compute_penalty: float
    assumptions: tuple[str, ...]
    failures: Goodput | None = None


def _require_count(value: int, name: str, *, most: int, remedy: str = "give a whole number in that range") -> None:
    require_number(value, field=name, at_least=1, at_most=most, remedy=remedy)
    require(value == int(value), field=name, value=value, limit="a whole number", remedy="give a count")
