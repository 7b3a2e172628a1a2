"""``topodesign fetch``: writes the result of a job."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer

from topodesign.cli.client_options import DEFAULT_SERVER, JobName, Server, connected, leave
from topodesign.cli.completion import words_of
from topodesign.cli.given_paths import path
from topodesign.cli.interrupt import own_interrupt
from topodesign.cli.output import ExitCode, emit_json, note, say
from topodesign.cli.plan_answer import report_infeasible, report_limit, summary_document
from topodesign.cli.sweep_job import write_sweep
from topodesign.cli.usage import choice_of
from topodesign.domain.checks import require_number
from topodesign.domain.errors import InvalidInput

if TYPE_CHECKING:
    from topodesign.domain.plan import Plan

FileFormat = Literal["geojson", "plan-json", "bom-csv", "gpkg", "report-html", "geoparquet"]
FORMATS: tuple[FileFormat, ...] = get_args(FileFormat)
EXAMPLE = "Example: topodesign fetch plans/p-4f1c --out plan-out --server localhost:50051"


def fetch(
    name: JobName,
    out: Annotated[
        Path, typer.Option("--out", parser=path, help="Folder for the whole plan; with --format the file to write.")
    ],
    file_format: Annotated[
        FileFormat | None,
        typer.Option(
            "--format",
            parser=choice_of(FORMATS),
            metavar=f"[{'|'.join(FORMATS)}]",
            autocompletion=words_of(FORMATS),
            help="Fetch this one file only.",
        ),
    ] = None,
    point: Annotated[
        int | None, typer.Option("--point", min=0, help="Number of a point of a sweep: fetch that plan.")
    ] = None,
    timeout: Annotated[float | None, typer.Option("--timeout", help="Seconds to wait for the job to end.")] = None,
    server: Server = DEFAULT_SERVER,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: name, the summary that plan prints, files.")
    ] = False,
) -> None:
    """Wait for a job to end and write its plan: a folder as `topodesign plan` writes it, or a single file.

    Of a sweep, write tables, charts and page of its points as `topodesign sweep` does; with --point one of its plans.

    Exits as `topodesign plan` does, with nothing written: 3 when the scenario is infeasible (and says why), 4 when the
    plan failed verification, 5 when a limit was reached before there was a plan.
    """
    from topodesign.outputs.target import require_usable_file, require_usable_target
    from topodesign.scenario.whole_folders import write_whole_file
    from topodesign.sweeps.target import require_sweep_folder

    if timeout is not None:
        require_number(timeout, field="--timeout", at_least=0)
    if file_format is not None:
        require_usable_file(out)
    else:
        require_usable_target(out, ())  # which names are taken matters once the job has told its kind
    with connected(server) as client:
        job = client.job(name)
        status = job.status()
        is_sweep = status.kind == "sweep"
        _require_fitting(file_format, point, is_sweep=is_sweep)
        if is_sweep and point is None:
            require_sweep_folder(out)
        elif file_format is None:
            require_usable_target(out)
        try:
            with own_interrupt():
                if is_sweep and point is not None:
                    plan = client.sweep(name).plan(point)
                else:
                    if not status.is_done:
                        note(f"waiting for {job.name} to end; Ctrl-C leaves it running")
                    if is_sweep:
                        write_sweep(client.sweep(name), out, timeout_s=timeout, json_output=json_output)
                        return
                    plan = job.result(timeout)
        except KeyboardInterrupt:
            raise _left(job.name, server, json_output=json_output) from None
        _require_plan(plan, job.plan_name, json_output=json_output)
        if file_format is not None:
            exported = client.export_plan(job.plan_name, file_format)
            write_whole_file(out, lambda fresh: fresh.write_bytes(exported))
            files: tuple[Path, ...] = (out,)
        else:
            files = plan.save(out)
    told = job.plan_name if point is None else f"sweeps/{job.name.partition('/')[2]}/points/{point}"
    if json_output:
        emit_json({"name": told, **summary_document(plan, files)})
    else:
        say(f"{told}: {plan.status}; wrote {', '.join(str(file) for file in files)}")


def _require_fitting(file_format: FileFormat | None, point: int | None, *, is_sweep: bool) -> None:
    """What is of plans is not asked of a sweep, nor the other way round."""
    if is_sweep and file_format is not None:
        raise InvalidInput(
            "--format is of a plan; leave it out for a sweep, whose files come together", field_path="--format"
        )
    if point is not None and not is_sweep:
        raise InvalidInput("--point is of a sweep; leave it out for a plan", field_path="--point")


def _left(name: str, server: str, *, json_output: bool) -> typer.Exit:
    if json_output:
        emit_json(
            {
                "error": {
                    "reason": "INTERRUPTED",
                    "message": f"interrupted; {name} goes on, nothing was written",
                    "problems": [],
                }
            }
        )
    return leave(name, server)


def _require_plan(plan: "Plan", name: str, *, json_output: bool) -> None:
    """Say why there is no plan and end with that code, as ``topodesign plan`` does."""
    if plan.status == "infeasible":
        report_infeasible(plan, json_output=json_output)
        raise typer.Exit(ExitCode.INFEASIBLE)
    if plan.status == "limit":
        reason = "was cancelled" if plan.stopped_by == "cancelled" else "reached its time limit"
        text = f"{name} {reason} after {plan.wall_s:.1f} s; nothing was written. Submit it again with more time"
        report_limit(plan, text, json_output=json_output)
        raise typer.Exit(ExitCode.LIMIT)
