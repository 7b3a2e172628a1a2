"""``topodesign fabric sweep``: the closed forms of many tori or meshes, as CSV, JSON or a file."""

import dataclasses
from pathlib import Path
from typing import Annotated, Literal

import typer

from topodesign.cli.given_paths import path
from topodesign.cli.number_lists import counts_of, numbers_of
from topodesign.domain.fabric import MAX_ACCELERATORS

EXAMPLE = "Example: topodesign fabric sweep --sides 1..64 --link-gbps 100:1600:23 --out tori.parquet"


def sweep(
    sides: Annotated[str, typer.Option("--sides", help="Sides that shapes may have: 4,8,16 or 1..64.")],
    link_gbps: Annotated[
        str, typer.Option("--link-gbps", help="Gbit/s of one link, one direction: 200,400, or 100:1600:5, geometric.")
    ] = "400",
    dimensions: Annotated[int, typer.Option("--dimensions", help="Axes of every shape; a side of 1 has no links.")] = 3,
    kind: Annotated[
        Literal["torus", "mesh"], typer.Option("--kind", help="All axes wrapped, or none of them.")
    ] = "torus",
    most_accelerators: Annotated[
        int, typer.Option("--most-accelerators", help="Larger shapes are left out.")
    ] = MAX_ACCELERATORS,
    out: Annotated[
        Path | None,
        typer.Option("--out", parser=path, help="File to write instead, .csv or .parquet: for a million points."),
    ] = None,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: fabrics, each with sides, bisection_gbps, ...")
    ] = False,
) -> None:
    """Work out every torus or mesh with the given sides at every rate: a million take seconds.

    Links, diameter, mean hops, bisection and uniform all-to-all, all exact, as fabric evaluate has them. Each shape is
    there once, with its sides in falling order.
    """
    from topodesign.cli.column_output import require_column_file, write_columns
    from topodesign.fabric.torus_grid import torus_grid

    require_column_file(out)
    grid = torus_grid(
        counts_of("sides", sides),
        link_gbps=numbers_of("link_gbps", link_gbps),
        dimensions=dimensions,
        kind=kind,
        most_accelerators=most_accelerators,
    )
    columns = {f"side_{axis + 1}": grid.sides[:, axis] for axis in range(dimensions)}
    figures = {field.name: getattr(grid, field.name) for field in dataclasses.fields(grid) if field.name != "sides"}
    write_columns({**columns, **figures}, out, rows_name="fabrics", as_json=json_output)
