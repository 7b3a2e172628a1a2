"""``topodesign training sweep``: a grid of estimates, as CSV or JSON."""

import dataclasses
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from topodesign.cli.given_paths import path
from topodesign.cli.number_lists import counts_of, numbers_of
from topodesign.cli.training_options import (
    CHECKPOINT_OPTIONS,
    OF_EACH_SITE,
    PIPELINE_OPTIONS,
    job_options,
    job_parameters,
)
from topodesign.domain.errors import InvalidInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from topodesign.training.sweep_grid import TrainingGrid

SWEEP_EXAMPLE = (
    "Example: topodesign training sweep --model llama-3-405b --accelerators 16384 --sites 2,4,8 --gbps 100:10000:5"
)
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
    out: Annotated[
        Path | None,
        typer.Option("--out", parser=path, help="File to write instead, .csv or .parquet: for a million points."),
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
    from topodesign.cli.column_output import require_column_file, write_columns
    from topodesign.training.sweep_grid import sweep_grid

    if (gbps is None) == (utilization is None):
        raise InvalidInput("give exactly one of --gbps and --utilization to sweep over", field_path="gbps")
    require_column_file(out)
    grid = sweep_grid(
        job_options(given),
        load_catalog(),
        sites=counts_of("sites", sites),
        inner_steps=(None,) if inner_steps is None else counts_of("inner_steps", inner_steps),
        target="gbps" if utilization is None else "utilization",
        values=numbers_of("gbps", gbps) if gbps is not None else numbers_of("utilization", utilization or ""),
    )
    write_columns(_columns(grid), out, rows_name="points", as_json=json_output)


def _columns(grid: "TrainingGrid") -> dict[str, "NDArray[np.generic]"]:
    """All columns by name; wanted_utilization is empty where bandwidths were asked about."""
    import numpy as np

    columns = {field.name: getattr(grid, field.name) for field in dataclasses.fields(grid)}
    if grid.wanted_utilization is None:
        columns["wanted_utilization"] = np.full(len(grid.sites), np.nan)
    return columns


def _signature() -> inspect.Signature:
    """The signature of :func:`sweep` with the options of a job that are not swept; typer reads it."""
    own = [item for item in inspect.signature(sweep).parameters.values() if item.kind is not item.VAR_KEYWORD]
    without = (*SWEPT, *OF_EACH_SITE, *CHECKPOINT_OPTIONS, *PIPELINE_OPTIONS)
    return inspect.Signature([*own, *job_parameters(leave_out=without)])


sweep.__signature__ = _signature()  # type: ignore[attr-defined]
