"""``topodesign submit``: has the service make a plan."""

from typing import Annotated

import typer

from topodesign.cli.client_options import DEFAULT_SERVER, Server, connected
from topodesign.cli.completion import scenario_folders
from topodesign.cli.given_paths import path
from topodesign.cli.output import emit_json, say
from topodesign.cli.solve_options import DEFAULTS, Gap, ObjectiveName, Seed, Threads, TimeLimit, require_in_range

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
    request_id: Annotated[
        str | None, typer.Option("--request-id", help="UUID; the same one again gives the same job.")
    ] = None,
    server: Server = DEFAULT_SERVER,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: name, plan_name, state.")
    ] = False,
) -> None:
    """Queue the making of a plan and print the job's name, which watch, cancel and fetch take."""
    from topodesign.scenario import load_scenario

    require_in_range(time_limit=time_limit, gap=gap, seed=seed, threads=threads)
    with connected(server) as client:
        job = client.submit_plan(
            scenario if scenario.startswith("scenarios/") else load_scenario(path(scenario)),
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
