"""``topodesign training``: estimates of a training job over several sites."""

from typing import TYPE_CHECKING, Annotated

import typer

from topodesign.cli.output import emit_json, say

if TYPE_CHECKING:
    from topodesign.domain.training import PipelineShape, TrainingEstimate
    from topodesign.domain.training_model import TrainingModel

ESTIMATE_EXAMPLE = (
    "Example: topodesign training estimate --parameters 405e9 --step-s 6.22 --sites 2 --layers 126 --utilization 0.95"
)
MODELS_EXAMPLE = "Example: topodesign training models --json"

training = typer.Typer(
    help="Estimate a training job over several sites.",
    epilog=ESTIMATE_EXAMPLE,
    no_args_is_help=True,
    rich_markup_mode=None,
)


@training.command("estimate", epilog=ESTIMATE_EXAMPLE)
def estimate(
    sites: Annotated[int, typer.Option("--sites", help="Sites that train together.")],
    parameters: Annotated[
        float | None, typer.Option("--parameters", help="Parameters in all; or name a --model.")
    ] = None,
    step_s: Annotated[
        float | None,
        typer.Option("--step-s", help="Seconds of computation in one step; or give --accelerators."),
    ] = None,
    bits: Annotated[float, typer.Option("--bits", help="Bits of an element that is exchanged.")] = 16.0,
    method: Annotated[
        str,
        typer.Option("--method", help="data-parallel, diloco, streaming, asynchronous or pipeline."),
    ] = "data-parallel",
    inner_steps: Annotated[
        int | None,
        typer.Option("--inner-steps", help="Steps between exchanges, H; default 1 for data-parallel, else 100."),
    ] = None,
    layers: Annotated[
        int | None, typer.Option("--layers", help="Layers; not given: nothing hides behind the backward pass.")
    ] = None,
    fragment_layers: Annotated[int, typer.Option("--fragment-layers", help="Layers of a streaming fragment.")] = 3,
    overlap_steps: Annotated[
        float, typer.Option("--overlap-steps", help="Steps that go on during an exchange, tau.")
    ] = 0.0,
    backward_overlap: Annotated[
        float,
        typer.Option("--backward-overlap", help="Share of a step during which gradients are released."),
    ] = 2.0 / 3.0,
    gbps: Annotated[
        float | None, typer.Option("--gbps", help="Gbit/s of each site in each direction: asks for the utilization.")
    ] = None,
    utilization: Annotated[
        float | None, typer.Option("--utilization", help="Share of time spent computing: asks for the Gbit/s.")
    ] = None,
    rtt_ms: Annotated[float, typer.Option("--rtt-ms", help="Round trip between neighboring sites, ms.")] = 0.0,
    goodput_factor: Annotated[float, typer.Option("--goodput-factor", help="Usable share of the line rate.")] = 1.0,
    jitter_s: Annotated[float, typer.Option("--jitter-s", help="Of one site's step time, seconds.")] = 0.0,
    jitter_law: Annotated[
        str, typer.Option("--jitter-law", help="normal (standard deviation) or exponential (mean delay).")
    ] = "normal",
    uptime: Annotated[float, typer.Option("--uptime", help="Share of time not lost to failures.")] = 1.0,
    model: Annotated[str | None, typer.Option("--model", help="Id from topodesign training models.")] = None,
    accelerator: Annotated[str, typer.Option("--accelerator", help="Id in the catalogue.")] = "h100-sxm",
    accelerators: Annotated[
        int | None, typer.Option("--accelerators", help="In all sites; computes the step's time.")
    ] = None,
    active_parameters: Annotated[
        float | None, typer.Option("--active-parameters", help="Of a mixture of experts; decide time.")
    ] = None,
    batch_tokens: Annotated[float | None, typer.Option("--batch-tokens", help="Of one global step.")] = None,
    in_site_utilization: Annotated[
        float, typer.Option("--in-site-utilization", help="Share of peak FLOP/s reached in a site.")
    ] = 0.40,
    pod_accelerators: Annotated[
        int | None, typer.Option("--pod-accelerators", help="Refuse a model that does not fit so many.")
    ] = None,
    stages: Annotated[int | None, typer.Option("--stages", help="Pipeline: stages in all sites.")] = None,
    micro_batches: Annotated[int, typer.Option("--micro-batches", help="Pipeline: of one step.")] = 64,
    hidden_size: Annotated[
        int | None, typer.Option("--hidden-size", help="Pipeline: elements of a token's activations.")
    ] = None,
    extra_in_flight: Annotated[
        int, typer.Option("--extra-in-flight", help="Pipeline: micro-batches begun ahead of 1F1B.")
    ] = 0,
    json_output: Annotated[
        bool,
        typer.Option(
            "--json", help="Print one JSON document: step_s, sync_s, stall_s, utilization, required_gbps, ..."
        ),
    ] = False,
) -> None:
    """Estimate a job over several sites: the bandwidth a utilization takes, or the utilization a bandwidth gives.

    step_s is computation only; stall_s is what exchanges add to it per step, on average. Formulas: docs/training.md.
    """
    from topodesign.api import estimate_training

    given: dict[str, object] = {
        "parameters": parameters,
        "step_s": step_s,
        "inner_steps": inner_steps,
        "layers": layers,
        "gbps": gbps,
        "utilization": utilization,
        "model": model,
        "accelerators": accelerators,
        "active_parameters": active_parameters,
        "batch_tokens": batch_tokens,
        "pod_accelerators": pod_accelerators,
    }
    if method == "pipeline":
        given["pipeline"] = _pipeline(model, stages, micro_batches, hidden_size, batch_tokens, extra_in_flight)
    found = estimate_training(
        sites=sites,
        bits_per_element=bits,
        method=method,
        fragment_layers=fragment_layers,
        overlap_steps=overlap_steps,
        backward_overlap=backward_overlap,
        rtt_ms=rtt_ms,
        goodput_factor=goodput_factor,
        jitter_s=jitter_s,
        jitter_law=jitter_law,
        uptime=uptime,
        accelerator=accelerator,
        in_site_utilization=in_site_utilization,
        **{name: value for name, value in given.items() if value is not None},
    )
    if json_output:
        emit_json(found)
    else:
        _show(found)


@training.command("models", epilog=MODELS_EXAMPLE)
def models(
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: models, each figure with its origin.")
    ] = False,
) -> None:
    """List the catalogue's models to train: parameters, layers, batch, and where the figures come from."""
    from topodesign.api import training_models

    found = training_models()
    if json_output:
        emit_json({"models": list(found)})
        return
    for model in found:
        active = f", {model.active_parameters:.4g} active" if model.is_mixture else ""
        origin = model.origins.get("parameters") or model.origins["*"]
        say(
            f"{model.id:<18} {model.parameters:>9.4g} parameters{active}, {model.layers} layers of "
            f"{model.hidden_size:,}, {model.batch_tokens:,.0f} tokens a step "
            f"({origin.source}, {origin.date}, confidence {origin.confidence})"
        )


def _pipeline(
    model_id: str | None,
    stages: int | None,
    micro_batches: int,
    hidden_size: int | None,
    batch_tokens: float | None,
    extra_in_flight: int,
) -> "PipelineShape":
    from topodesign.catalog.training_models import training_model
    from topodesign.domain.errors import InvalidInput
    from topodesign.domain.training import PipelineShape

    model: TrainingModel | None = None if model_id is None else training_model(model_id)
    hidden = hidden_size if hidden_size is not None or model is None else model.hidden_size
    batch = batch_tokens if batch_tokens is not None or model is None else model.batch_tokens
    for name, value in (("stages", stages), ("hidden-size", hidden), ("batch-tokens", batch)):
        if value is None:
            raise InvalidInput(
                f"--{name} is not given, but a pipeline needs it; give it"
                + ("" if name == "stages" else ", or a --model"),
                field_path=f"pipeline.{name.replace('-', '_')}",
            )
    assert stages is not None and hidden is not None and batch is not None  # just looked at
    return PipelineShape(
        stages=stages,
        micro_batches=micro_batches,
        hidden_size=hidden,
        batch_tokens=batch,
        extra_in_flight=extra_in_flight,
    )


def _show(found: "TrainingEstimate") -> None:
    say(f"{found.method} over {found.sites} {'site' if found.sites == 1 else 'sites'}")
    say(
        f"utilization {found.utilization:.4f} at {found.gbps:,.4g} Gbit/s for each site in each direction "
        f"(least for that: {found.required_gbps:,.4g}; on average {found.average_gbps:,.4g})"
    )
    say(
        f"step {found.wall_step_s:,.4g} s: computing {found.step_s:,.4g}, stall {found.stall_s:,.4g}, "
        f"stragglers {found.straggler_s:,.4g}; one exchange takes {found.sync_s:,.4g} s"
    )
    say(f"no bandwidth gives more than {found.highest_utilization:.4f}; goodput {found.goodput:.4f}")
    if found.compute_penalty > 1:
        say(f"for the same loss it needs {found.compute_penalty:.2f} times the compute, apart from utilization")
    for line in found.assumptions:
        say(f"assumed: {line}")
