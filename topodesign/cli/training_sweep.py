"""``topodesign training sweep``: a grid of estimates, as CSV or JSON."""

import csv
import dataclasses
import inspect
import io
import math
from typing import Annotated, Any

import typer

from topodesign.cli.output import emit_json, say
from topodesign.cli.training_options import (
    CHECKPOINT_OPTIONS,
    OF_EACH_SITE,
    PIPELINE_OPTIONS,
    job_options,
    job_parameters,
)
from topodesign.domain.errors import InvalidInput

SWEEP_EXAMPLE = (
    "Example: topodesign training sweep --model llama-3-405b --accelerators 16384 --sites 2,4,8 --gbps 100:10000:5"
)
MOST_VALUES = 100_000
SWEPT = ("sites", "inner_steps", "gbps", "utilization")


def sweep(
    sites: Annotated[str, typer.Option("--sites", help="Sites, with commas between: 2,4,8.")],
    gbps: Annotated[
        str | None,
        typer.Option(
            "--gbps",
            help="Gbit/s of each site in each direction: 100,400, or 100:10000:5, geometric: asks for utilization.",
        ),
    ] = None,
    utilization: Annotated[
        str | None, typer.Option("--utilization", help="Such as 0.8,0.95: asks for the least Gbit/s.")
    ] = None,
    inner_steps: Annotated[
        str | None, typer.Option("--inner-steps", help="Steps between exchanges, H: 1,10,100.")
    ] = None,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: points, each with sites, gbps, utilization, ...")
    ] = False,
    **given: Any,
) -> None:
    """Estimate a grid of jobs: every number of sites with every H and every bandwidth or utilization, as CSV.

    For data-parallel, diloco and streaming. gbps is empty where no bandwidth reaches the utilization, and utilization
    then what unlimited bandwidth gives.
    """
    from topodesign.catalog import load_catalog
    from topodesign.training.sweep_grid import sweep_grid

    if (gbps is None) == (utilization is None):
        raise InvalidInput("give exactly one of --gbps and --utilization to sweep over", field_path="gbps")
    points = sweep_grid(
        job_options(given),
        load_catalog(),
        sites=_counts("sites", sites),
        inner_steps=(None,) if inner_steps is None else _counts("inner_steps", inner_steps),
        target="gbps" if utilization is None else "utilization",
        values=_numbers("gbps", gbps) if gbps is not None else _numbers("utilization", utilization or ""),
    )
    rows = [dataclasses.asdict(point) for point in points]
    if json_output:
        emit_json({"points": rows})
        return
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    say(text.getvalue().rstrip("\n"))


def _counts(field: str, text: str) -> tuple[int, ...]:
    numbers = _numbers(field, text)
    if not all(number == math.floor(number) for number in numbers):
        raise _unread(field, text, "whole numbers with commas between them, such as 2,4,8")
    return tuple(int(number) for number in numbers)


def _numbers(field: str, text: str) -> tuple[float, ...]:
    """``1,2,5`` as it stands; ``1:100:3`` as three numbers from 1 to 100, each the same multiple of the one before."""
    first, colon, rest = text.partition(":")
    last, _, count = rest.partition(":")
    try:
        if colon:
            numbers = _geometric(float(first), float(last), int(count))
        else:
            numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if not numbers or not all(math.isfinite(number) for number in numbers):
        raise _unread(field, text, "numbers with commas between them, or from:to:count, such as 100:10000:5")
    return numbers


def _geometric(first: float, last: float, count: int) -> tuple[float, ...]:
    """None for ends or a count that make no such row."""
    if not (0 < first < last < math.inf and 2 <= count <= MOST_VALUES):
        return ()
    ratio = last / first
    return (*(first * ratio ** (step / (count - 1)) for step in range(count - 1)), last)


def _unread(field: str, text: str, wanted: str) -> InvalidInput:
    shown = text if len(text) <= 60 else f"{text[:60]}..."
    return InvalidInput(
        f"--{field.replace('_', '-')} is {shown!r}, but it must be {wanted}; give such a list",
        field_path=field,
        metadata={"value": shown},
    )


def _signature() -> inspect.Signature:
    """The signature of :func:`sweep` with the options of a job that are not swept; typer reads it."""
    own = [item for item in inspect.signature(sweep).parameters.values() if item.kind is not item.VAR_KEYWORD]
    without = (*SWEPT, *OF_EACH_SITE, *CHECKPOINT_OPTIONS, *PIPELINE_OPTIONS)
    return inspect.Signature([*own, *job_parameters(leave_out=without)])


sweep.__signature__ = _signature()  # type: ignore[attr-defined]
