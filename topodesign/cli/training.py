"""``topodesign training``: estimates of a training job over several sites."""

import inspect
from typing import TYPE_CHECKING, Annotated, Any

import typer

from topodesign.cli.output import emit_json, say
from topodesign.cli.training_goodput import GOODPUT_EXAMPLE, goodput
from topodesign.cli.training_options import job_options, job_parameters
from topodesign.cli.training_shard import SHARD_EXAMPLE, shard
from topodesign.cli.training_sweep import SWEEP_EXAMPLE, sweep

if TYPE_CHECKING:
    from topodesign.domain.training import TrainingEstimate

ESTIMATE_EXAMPLE = (
    "Example: topodesign training estimate --parameters 405e9 --step-s 6.22 --sites 2 --layers 126 --utilization 0.95"
)
MODELS_EXAMPLE = "Example: topodesign training models --json"

training = typer.Typer(
    help="Estimate a training job over several sites: bandwidth, utilization, goodput, sharding.",
    epilog=ESTIMATE_EXAMPLE,
    no_args_is_help=True,
    rich_markup_mode=None,
)


def estimate(
    json_output: Annotated[
        bool,
        typer.Option(
            "--json", help="Print one JSON document: step_s, sync_s, stall_s, utilization, required_gbps, ..."
        ),
    ] = False,
    **given: Any,
) -> None:
    """Estimate a job over several sites: the bandwidth a utilization takes, or the utilization a bandwidth gives.

    step_s is computation only; stall_s is what exchanges add to it per step, on average. Formulas: docs/training.md.
    """
    from topodesign.api import estimate_training

    found = estimate_training(**job_options(given))
    if json_output:
        emit_json(found)
    else:
        _show(found)


estimate.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # typer reads it
    [*job_parameters(), inspect.signature(estimate).parameters["json_output"]]
)
training.command("estimate", epilog=ESTIMATE_EXAMPLE)(estimate)
training.command("sweep", epilog=SWEEP_EXAMPLE)(sweep)
training.command("goodput", epilog=GOODPUT_EXAMPLE)(goodput)
training.command("shard", epilog=SHARD_EXAMPLE)(shard)


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
    if found.failures is not None:
        lost = found.failures
        say(
            f"interrupted every {lost.mtti_h:,.4g} h, a checkpoint every {lost.interval_s:,.4g} s of training; of the "
            f"time {lost.useful:.4f} is up, writing {lost.writing:.4f}, rework {lost.rework:.4f}, "
            f"restart {lost.restart:.4f}, waiting {lost.waiting:.4f}"
        )
    if found.compute_penalty > 1:
        say(f"for the same loss it needs {found.compute_penalty:.2f} times the compute, apart from utilization")
    for line in found.assumptions:
        say(f"assumed: {line}")
