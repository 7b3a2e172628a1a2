"""``topodesign submit``: has the service make a plan."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from topodesign.cli.client_options import DEFAULT_SERVER, Server, connected
from topodesign.cli.completion import scenario_folders
from topodesign.cli.given_paths import path
from topodesign.cli.output import emit_json, say
from topodesign.cli.solve_options import (
    DEFAULTS,
    Gap,
    ObjectiveName,
    Seed,
    Threads,
    TimeLimit,
    require_default,
    require_in_range,
)

if TYPE_CHECKING:
    from topodesign.client import Client
    from topodesign.domain.scenario import Scenario

EXAMPLE = "Example: topodesign submit sample_sites/two-campus --time-limit 60 --server localhost:50051"


def submit(
    scenario: Annotated[
        str,
        typer.Argument(
            autocompletion=scenario_folders, help="Scenario folder, or the name of a kept scenario (scenarios/...)."
        ),
    ],
    time_limit: TimeLimit = DEFAULTS.time_limit_s,
    gap: Gap = DEFAULTS.gap,
    seed: Seed = DEFAULTS.seed,
    threads: Threads = DEFAULTS.threads,
    objective: ObjectiveName = None,
    start: Annotated[
        str | None,
        typer.Option("--start", help="Kept plan (plans/...) to begin from, of this or a like scenario."),
    ] = None,
    definition: Annotated[
        Path | None,
        typer.Option(
            "--definition", parser=path, help="TOML file of a sweep, as topodesign sweep takes it: submit that sweep."
        ),
    ] = None,
    request_id: Annotated[
        str | None, typer.Option("--request-id", help="UUID; the same one again gives the same job.")
    ] = None,
    server: Server = DEFAULT_SERVER,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: name, plan_name, state.")
    ] = False,
) -> None:
    """Queue the making of a plan, or a sweep, and print the job's name, which watch, cancel and fetch take."""
    from topodesign.scenario import load_scenario

    require_in_range(time_limit=time_limit, gap=gap, seed=seed, threads=threads)
    if definition is not None:
        given = {"time_limit": time_limit, "gap": gap, "seed": seed, "threads": threads}
        require_default(submit, "one plan", **given, objective=objective, start=start)
    subject = scenario if scenario.startswith("scenarios/") else load_scenario(path(scenario))
    with connected(server) as client:
        if definition is not None:
            _submit_sweep(client, subject, definition, request_id=request_id, json_output=json_output)
            return
        job = client.submit_plan(
            subject,
            time_limit_s=time_limit,
            gap=gap,
            seed=seed,
            threads=threads,
            objective=objective,
            start=start,
            request_id=request_id,
        )
        if json_output:
            emit_json({"name": job.name, "plan_name": job.plan_name, "state": job.status().state})
        else:
            say(job.name)


def _submit_sweep(
    client: "Client", scenario: "Scenario | str", definition: Path, *, request_id: str | None, json_output: bool
) -> None:
    from topodesign.sweeps.definition_file import definition_from_toml

    sweep = client.submit_sweep(scenario, definition_from_toml(definition), request_id=request_id)
    if json_output:
        emit_json({"name": sweep.name, "sweep_name": sweep.sweep_name, "state": sweep.status().state})
    else:
        say(sweep.name)
