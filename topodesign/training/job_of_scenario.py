"""A scenario's workload as the training room's job: which method, which step time, what is exchanged when."""

from topodesign.domain.equipment import Accelerator
from topodesign.domain.scenario import Scenario, Workload
from topodesign.domain.training import TrainingMethod, TrainingRequest
from topodesign.training.compute import compute_step_s


def request_of(
    scenario: Scenario,
    accelerator: Accelerator,
    *,
    sites: int,
    accelerators: int,
    gbps: float | None = None,
    utilization: float | None = None,
    rtt_ms: float = 0.0,
) -> TrainingRequest:
    """What the scenario's job asks of an estimate, with so many sites and accelerators.

    Parameters
    ----------
    scenario : Scenario
    accelerator : Accelerator
        That the pods are made of.
    sites : int
        N, at least 1.
    accelerators : int
        In all sites together, at least 1; with the batch they give the step time.
    gbps : float, optional
        Gbit/s of each site in each direction. Of a plan this is :func:`ring_gbps` of its strength, which makes an
        estimate's ring take as long as the all-reduce that the plan was made for. Exactly one of this and
        ``utilization``.
    utilization : float, optional
        Wanted share of time that is computing, in (0, 1].
    rtt_ms : float
        Round trip between neighbors in the order of the exchange, milliseconds.

    Raises
    ------
    InvalidInput
        When a figure is out of range.
    """
    workload = scenario.workload
    return TrainingRequest(
        parameters=workload.parameters,
        step_s=step_time_s(workload, accelerator, accelerators),
        sites=sites,
        bits_per_element=workload.bits_per_element,
        method=method_of(workload),
        inner_steps=workload.inner_steps,
        layers=workload.layers,
        fragment_layers=workload.fragment_layers,
        overlap_steps=workload.overlap_steps,
        gbps=gbps,
        utilization=utilization,
        rtt_ms=rtt_ms,
        goodput_factor=workload.wan_goodput_factor,
        backward_overlap=workload.backward_overlap,
    )


def method_of(workload: Workload) -> TrainingMethod:
    """The training room's name for a workload's method.

    A synchronous exchange every few steps is DiLoCo's schedule; streaming without layers has one fragment, as DiLoCo.
    """
    if workload.method == "asynchronous":
        return "asynchronous"
    if workload.method == "streaming" and workload.layers is not None:
        return "streaming"
    return "data-parallel" if workload.method == "synchronous" and workload.inner_steps == 1 else "diloco"


def step_time_s(workload: Workload, accelerator: Accelerator, accelerators: int) -> float:
    """Compute time of one step: 6 x active parameters x tokens over the FLOP/s that training reaches, in seconds."""
    return compute_step_s(
        active_parameters=workload.active_parameters or workload.parameters,
        batch_tokens=workload.global_batch_tokens,
        accelerators=accelerators,
        peak_tflops=accelerator.peak_tflops,
        flops_utilization=workload.flops_utilization,
    )


def ring_gbps(strength_gbps: float, sites: int) -> float:
    """Gbit/s of each site whose ring all-reduce takes as long as the best one over a graph of that strength.

    Formulation (3): the best takes V / (beta sigma), a ring 2 (N - 1) / N V / (beta B). Of one site, the strength.
    """
    return strength_gbps if sites == 1 else 2.0 * (sites - 1) / sites * strength_gbps


def assumptions_of_job(workload: Workload) -> tuple[str, ...]:
    """What a step time and a utilization take for granted, in words, defaults among it."""
    found = [
        f"{workload.flops_utilization:.3g} of peak FLOP/s are reached in-site (workload.flops_utilization; 0.38 to "
        "0.43 for Llama 3, arXiv:2407.21783)",
        _released(workload),
        "the bandwidth for a utilization counts transfers; the latency of an exchange is reported beside it",
    ]
    if workload.method == "asynchronous":
        found.append("asynchronous sites wait for nobody: utilization is lost only where the links are full")
    elif workload.method != "synchronous":
        found.append(f"exchanges overlap {workload.overlap_steps:g} further steps (workload.overlap_steps)")
    if workload.method == "synchronous" and workload.inner_steps > 1:
        found.append(f"a synchronous exchange every {workload.inner_steps} steps is that of DiLoCo without overlap")
    steps, fragments = workload.inner_steps, workload.fragments
    if fragments > 1:
        found.append(
            f"{fragments} fragments of {workload.fragment_layers} layers (workload.fragment_layers), evenly spaced "
            f"over {steps} steps"
            + ("" if steps % fragments == 0 else ", which they cannot be: utilization may be an eighth off")
        )
    return tuple(found)


def _released(workload: Workload) -> str:
    if workload.layers is None:
        whole = ", and streaming exchanges the model whole" if workload.method == "streaming" else ""
        return f"workload.layers is not given, so nothing is hidden behind the backward pass{whole}"
    return (
        f"gradients are released during the last {workload.backward_overlap:.3g} of a step "
        f"(workload.backward_overlap), over {workload.layers} layers"
    )
