"""``topodesign submit``: has the service make a plan."""

from pathlib import Path
from typing import Annotated

import typer

from topodesign.cli.output import emit_json, say
from topodesign.domain.plan import SolveLimits

DEFAULTS = SolveLimits()
EXAMPLE = "Example: topodesign submit sample_sites/two-campus --time-limit 60 --server localhost:50051"


def submit(
    scenario: Annotated[str, typer.Argument(help="Scenario folder, or the name of a kept scenario (scenarios/...).")],
    time_limit: Annotated[float, typer.Option("--time-limit", help="Seconds for the solve.")] = DEFAULTS.time_limit_s,
    gap: Annotated[float, typer.Option("--gap", help="Relative gap at which to stop.")] = DEFAULTS.gap,
    seed: Annotated[int, typer.Option("--seed", help="Seed of everything random.")] = DEFAULTS.seed,
    threads: Annotated[int, typer.Option("--threads", help="Threads of the solver.")] = DEFAULTS.threads,
    request_id: Annotated[
        str | None, typer.Option("--request-id", help="UUID; the same one again gives the same job.")
    ] = None,
    server: Annotated[
        str, typer.Option("--server", envvar="TOPODESIGN_SERVER", help="HOST:PORT of the service.")
    ] = "localhost:50051",
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: name, plan_name, state.")
    ] = False,
) -> None:
    """Queue the making of a plan and print the job's name, which watch, cancel and fetch take."""
    from topodesign.client import Client
    from topodesign.scenario import load_scenario

    with Client(server, retry_for_s=3.0) as client:
        job = client.submit_plan(
            scenario if scenario.startswith("scenarios/") else load_scenario(Path(scenario)),
            time_limit_s=time_limit,
            gap=gap,
            seed=seed,
            threads=threads,
            request_id=request_id,
        )
        if json_output:
            emit_json({"name": job.name, "plan_name": job.plan_name, "state": job.status().state})
        else:
            say(job.name)
