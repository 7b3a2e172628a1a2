"""From a model, accelerators and options to an estimate."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from topodesign.catalog.training_models import training_model
from topodesign.domain.checks import require, require_number
from topodesign.domain.equipment import Accelerator, Catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.training import JobSize, TrainingEstimate, TrainingRequest
from topodesign.domain.training_model import TrainingModel
from topodesign.domain.training_options import REQUEST_FIELDS, SIZE_FIELDS, given_options
from topodesign.domain.training_sites import slowest_step_s
from topodesign.training.compute import attention_flops_per_token, compute_step_s, require_memory
from topodesign.training.estimating import estimate
from topodesign.training.uptime import ASSUMED, failures_of


def estimate_job(options: Mapping[str, Any], catalog: Catalog) -> TrainingEstimate:
    """Estimate of the fields of a :class:`TrainingRequest` and a :class:`JobSize`, by name.

    Raises
    ------
    InvalidInput, NotFound
        See :func:`topodesign.estimate_training`.
    """
    request, model = request_of(options, catalog)
    size = _size_of(given_options(options))
    failures = failures_of(request, size, catalog)
    if failures is None:
        return estimate(request, model)
    found = estimate(dataclasses.replace(request, uptime=failures.useful), model)
    return dataclasses.replace(found, failures=failures, assumptions=(*found.assumptions, ASSUMED))


def request_of(options: Mapping[str, Any], catalog: Catalog) -> tuple[TrainingRequest, TrainingModel | None]:
    """The request that options make, and the model of the catalogue that they name."""
    given = given_options(options)
    size = _size_of(given)
    figures = {name: value for name, value in given.items() if name in REQUEST_FIELDS}
    accelerator = catalog.accelerator(size.accelerator, field="accelerator")
    model = None if size.model is None else training_model(size.model)
    if model is not None:
        figures.setdefault("parameters", model.parameters)
        figures.setdefault("layers", model.layers)
    for name, instead in (("parameters", "model"), ("sites", None)):
        require(
            name in figures,
            field=name,
            value=None,
            limit="given",
            remedy=f"give it{f', or name a {instead} of the catalogue' if instead else ''}",
        )
    require_number(figures["parameters"], field="parameters", above=0)
    if figures.get("step_s") is None and figures.get("site_step_s"):
        figures["step_s"] = slowest_step_s(figures["site_step_s"], sites=figures["sites"])
    if figures.get("step_s") is None:
        figures["step_s"] = _step_s(size, model, figures["parameters"], accelerator)
    request = TrainingRequest(**figures)
    _require_memory(size, request, accelerator)
    return request, model


def _size_of(given: Mapping[str, Any]) -> JobSize:
    return JobSize(**{name: value for name, value in given.items() if name in SIZE_FIELDS})


def _require_memory(size: JobSize, request: TrainingRequest, accelerator: Accelerator) -> None:
    """One replica must fit a pod, or a site's share of the accelerators; a pipeline through all sites, all of them."""
    holding = size.pod_accelerators
    if holding is None:
        if size.accelerators is None:
            return  # nothing is known of where the replica lies
        require_number(
            size.accelerators, field="accelerators", at_least=request.sites, remedy="every site has at least one"
        )
        holding = size.accelerators // request.sites
    if request.method == "pipeline":
        holding *= request.sites
    require_memory(
        request.parameters,
        accelerator,
        pod_accelerators=holding,
        weight_bits=size.weight_bits,
        sites=request.sites,
    )


def _step_s(size: JobSize, model: TrainingModel | None, parameters: float, accelerator: Accelerator) -> float:
    batch = size.batch_tokens if size.batch_tokens is not None else None if model is None else model.batch_tokens
    require(
        size.accelerators is not None and batch is not None,
        field="step_s",
        value=None,
        limit="given, or accelerators and a batch",
        remedy="give the seconds of computation in a step, or accelerators and batch_tokens (or a model)",
    )
    assert size.accelerators is not None and batch is not None  # just required
    active = size.active_parameters or (parameters if model is None else min(parameters, model.active_parameters))
    require_number(active, field="active_parameters", above=0, at_most=parameters)
    return compute_step_s(
        active_parameters=active,
        batch_tokens=batch,
        accelerators=size.accelerators,
        peak_tflops=accelerator.peak_tflops,
        flops_utilization=size.in_site_utilization,
        attention_flops_per_token=_attention_flops(size, model),
    )


def _attention_flops(size: JobSize, model: TrainingModel | None) -> float:
    if not size.count_attention:
        return 0.0
    if model is None:
        raise InvalidInput(
            "count_attention is on, but without a model nothing is known of its width and sequence; name a model",
            field_path="count_attention",
        )
    return attention_flops_per_token(model)
