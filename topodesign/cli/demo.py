"""``make demo``: the main job on a sample, through a real local server and the client library.

Run as ``python -m topodesign.cli.demo``; it is no command of its own because it only strings public calls together.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from topodesign.cli.output import ExitCode, note, report, report_interrupt, say
from topodesign.cli.plan_answer import describe_plan, report_infeasible
from topodesign.cli.progress import ProgressDisplay
from topodesign.domain.errors import ServiceUnavailable, TopoDesignError

if TYPE_CHECKING:
    from topodesign.domain.plan import Plan

START_S = 60.0
"""Seconds that the server may take to answer for the first time on a slow machine."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Plan a sample scenario through gRPC, print the result, say where the map is; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenario", type=Path, default=Path("sample_sites/us-multi-region"))
    parser.add_argument("--out", type=Path, default=Path("out/us-multi-region"))
    parser.add_argument("--time-limit", type=float, default=120.0)
    options = parser.parse_args(arguments)
    try:
        return _run(options.scenario, options.out, options.time_limit)
    except TopoDesignError as error:
        return report(error, as_json=False)
    except KeyboardInterrupt:
        return report_interrupt(as_json=False)


def _run(scenario_dir: Path, out: Path, time_limit_s: float) -> int:
    import topodesign
    from topodesign.outputs import require_usable_target

    require_usable_target(out)
    scenario = topodesign.load_scenario(scenario_dir)
    with local_server() as address, topodesign.Client(address) as client:
        say(f"gRPC server on {address}; planning {scenario.name} ({len(scenario.sites)} sites, "
            f"{len(scenario.segments)} fiber segments)")  # fmt: skip
        job = client.submit_plan(scenario, time_limit_s=time_limit_s)
        with ProgressDisplay(sys.stderr, title=scenario.name, time_limit_s=time_limit_s) as progress:
            for event in job.watch():
                progress.show(event)
        plan = job.result()
    return tell(plan, out)


def tell(plan: "Plan", out: Path) -> ExitCode:
    """Print and save a plan, or say why there is none; the exit code."""
    if plan.status == "infeasible":
        report_infeasible(plan, json_output=False)
        return ExitCode.INFEASIBLE
    if plan.cost_usd is None:
        note(f"no plan: {plan.status}")
        return ExitCode.LIMIT
    describe_plan(plan)
    plan.save(out)
    say("")
    say(f"map:      {out / 'report.html'}")
    say(f"GeoJSON:  {out / 'site-plan.geojson'}")
    say(f"all of it: {out}")
    return ExitCode.DONE


@contextmanager
def local_server() -> Iterator[str]:
    """A server process on a free loopback port with its own data folder; its address."""
    with tempfile.TemporaryDirectory(prefix="topodesign-demo-") as folder:
        address_file = Path(folder) / "address"
        log_path = Path(folder) / "server.log"
        command = [sys.executable, "-m", "topodesign.cli.app", "serve", "--port", "0"]
        command += ["--data", str(Path(folder) / "data"), "--address-file", str(address_file)]
        with log_path.open("wb") as log, subprocess.Popen(command, stderr=log, start_new_session=True) as process:
            try:
                yield _address(process, address_file, log_path)
            finally:
                process.terminate()


def _address(process: "subprocess.Popen[bytes]", address_file: Path, log_path: Path) -> str:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if address_file.exists() and (address := address_file.read_text().strip()):
            return address
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise ServiceUnavailable(f"the local server did not start:\n{log_path.read_text()}", reason="SERVER_NOT_STARTED")


if __name__ == "__main__":
    sys.exit(main())
