"""Options of a training job on the command line: they follow from the fields of a request and of the job's size.

A new field needs a line in :data:`OPTIONS`, by its name.
"""

import inspect
from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Annotated, Any, get_args, get_type_hints

import typer

from topodesign.cli.completion import Completer, equipment_ids, words_of
from topodesign.cli.number_lists import numbers_of
from topodesign.domain.errors import InvalidInput
from topodesign.domain.goodput import Checkpointing
from topodesign.domain.training import JitterLaw, JobSize, PipelineShape, TrainingMethod, TrainingRequest

OPTIONS: Mapping[str, str] = {
    "parameters": "Parameters in all; or name a --model.",
    "step_s": "Seconds of computation in one step; or give --accelerators.",
    "sites": "Sites that train together.",
    "bits_per_element": "Bits of an element that is exchanged; default 16.",
    "method": "data-parallel (default), diloco, streaming, asynchronous or pipeline.",
    "inner_steps": "Steps between exchanges, H; default 1 for data-parallel, else 100.",
    "layers": "Layers; not given, nor a --model: nothing hides behind the backward pass.",
    "fragment_layers": "Layers of a streaming fragment; default 3.",
    "overlap_steps": "Steps that go on during an exchange, tau; default 0.",
    "backward_overlap": "Share of a step during which gradients are released; default 2/3.",
    "gbps": "Gbit/s of each site in each direction: asks for the utilization.",
    "utilization": "Share of time spent computing: asks for the Gbit/s.",
    "rtt_ms": "Round trip between neighboring sites, ms; default 0.",
    "goodput_factor": "Usable share of the line rate; default 1.",
    "jitter_s": "Of one site's step time, seconds; default 0.",
    "jitter_law": "normal (standard deviation, default) or exponential (mean delay).",
    "site_gbps": "Where sites differ: Gbit/s of each, in the order of the exchange, such as 400,800.",
    "site_rtt_ms": "Where they differ: ms of round trip from each to the next, the last to the first.",
    "site_step_s": "Where they differ: seconds of computation of a step at each.",
    "uptime": "Share of time not lost to failures; default 1 (see training goodput).",
    "model": "Id from topodesign training models.",
    "accelerator": "Id from topodesign catalog list accelerator; default h100-sxm.",
    "accelerators": "In all sites; computes the step's time.",
    "active_parameters": "Of a mixture of experts; decide time.",
    "batch_tokens": "Of one global step.",
    "in_site_utilization": "Share of peak FLOP/s reached in a site; default 0.40.",
    "pod_accelerators": "Refuse a model that does not fit so many.",
    "weight_bits": "Bits of one weight in memory; default 16.",
    "count_attention": "Count the FLOP of causal attention over the model's sequence.",
}
PIPELINE_OPTIONS: Mapping[str, str] = {
    "stages": "Pipeline: stages in all sites.",
    "micro_batches": "Pipeline: of one step; default 64.",
    "hidden_size": "Pipeline: elements of a token's activations; or name a --model.",
    "replicas": "Pipeline: side by side over the same links; default 1.",
    "extra_in_flight": "Pipeline: micro-batches begun ahead of 1F1B; default 0.",
}
CHECKPOINT_OPTIONS: Mapping[str, str] = {
    "checkpoint_s": "Seconds to write a checkpoint: uptime then follows from failures of the --accelerators.",
    "restart_s": "Seconds to restart from one.",
    "checkpoint_interval_s": "Seconds of training between two; default: the best interval.",
}
COMPLETERS: Mapping[str, Completer] = {
    "model": equipment_ids("training_model"),
    "accelerator": equipment_ids("accelerator"),
    "method": words_of(get_args(TrainingMethod)),
    "jitter_law": words_of(get_args(JitterLaw)),
}
OF_EACH_SITE = ("site_gbps", "site_rtt_ms", "site_step_s")
FLAGS: Mapping[str, str] = {"bits_per_element": "--bits"}
DEFAULT_MICRO_BATCHES = 64


def job_parameters(*, leave_out: Collection[str] = ()) -> list[inspect.Parameter]:
    """The parameters of a command that takes a job, for its signature; ``None`` where an option is not given."""
    hints = {**get_type_hints(TrainingRequest), **get_type_hints(JobSize), **get_type_hints(PipelineShape)}
    hints |= dict.fromkeys(CHECKPOINT_OPTIONS, float)
    return [
        _parameter(name, hints[name], text)
        for name, text in {**OPTIONS, **PIPELINE_OPTIONS, **CHECKPOINT_OPTIONS}.items()
        if name not in leave_out
    ]


def job_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of :func:`topodesign.estimate_training` that were given on the command line.

    Raises
    ------
    InvalidInput
        For a pipeline without stages, width or batch, by a command that has the options for it.
    """
    options = {name: given[name] for name in OPTIONS if given.get(name) is not None}
    options |= {name: numbers_of(name, options[name]) for name in OF_EACH_SITE if name in options}
    times = {name: given[name] for name in CHECKPOINT_OPTIONS if given.get(name) is not None}
    if times:
        options["checkpointing"] = _checkpointing(times)
    if options.get("method") == "pipeline" and "stages" in given:
        options["pipeline"] = _pipeline(options, {name: given.get(name) for name in PIPELINE_OPTIONS})
    return options


def _parameter(name: str, hint: Any, text: str) -> inspect.Parameter:
    known = {str, int, float, bool}
    is_list = name in OF_EACH_SITE
    kind = str if is_list else next((item for item in (hint, *get_args(hint)) if item in known), str)
    flag = FLAGS.get(name, "--" + name.replace("_", "-"))
    option = typer.Option(flag, help=text, autocompletion=COMPLETERS.get(name))
    annotation: Any = Annotated[kind | None, option]
    return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=annotation)


def _checkpointing(times: Mapping[str, float]) -> Checkpointing:
    for name in ("checkpoint_s", "restart_s"):
        if name not in times:
            raise InvalidInput(
                f"--{name.replace('_', '-')} is not given, but uptime from failures needs it; give its seconds",
                field_path=name,
            )
    return Checkpointing(
        write_s=times["checkpoint_s"],
        restart_s=times["restart_s"],
        interval_s=times.get("checkpoint_interval_s"),
    )


def _pipeline(options: Mapping[str, Any], shape: Mapping[str, Any]) -> PipelineShape:
    """The shape that is given; width and batch may be the model's."""
    from topodesign.catalog.training_models import training_model

    model = None if options.get("model") is None else training_model(options["model"])
    figures = {name: value for name, value in shape.items() if value is not None}
    figures.setdefault("micro_batches", DEFAULT_MICRO_BATCHES)
    if "batch_tokens" in options:
        figures["batch_tokens"] = options["batch_tokens"]
    if model is not None:
        figures.setdefault("hidden_size", model.hidden_size)
        figures.setdefault("batch_tokens", model.batch_tokens)
    for item in fields(PipelineShape):
        if item.name in ("stages", "hidden_size", "batch_tokens") and item.name not in figures:
            raise InvalidInput(
                f"--{item.name.replace('_', '-')} is not given, but a pipeline needs it; give it"
                + ("" if item.name == "stages" else ", or a --model"),
                field_path=f"pipeline.{item.name}",
            )
    return PipelineShape(**figures)
