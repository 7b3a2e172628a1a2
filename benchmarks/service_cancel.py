"""Cancel of a running solve: seconds until its processes are gone and until its operation says so.

Run: ``python -m benchmarks.service_cancel [SCENARIO_DIR] [--moments 0.5,2,5]`` (from the repository, with ``server``
and ``tests`` on PYTHONPATH).
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from served.running_server import RunningServer

from topodesign.client import Client
from topodesign.processes.groups import group_usage
from topodesign.scenario import load_scenario

LOOK_S = 0.005


def measure(server: RunningServer, client: Client, folder: Path, moment_s: float) -> tuple[float, float, str]:
    """Seconds to the end of the processes and of the operation, and the state of the plan."""
    job = client.submit_plan(load_scenario(folder), time_limit_s=600, gap=0.0)
    child = server.wait_for_attempt(job.name)
    time.sleep(moment_s)
    begun_s = time.perf_counter()
    job.cancel()
    while group_usage((child,)):
        time.sleep(LOOK_S)
    gone_s = time.perf_counter() - begun_s
    plan = job.result(120)
    return gone_s, time.perf_counter() - begun_s, plan.status


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", type=Path, nargs="?", default=Path("sample_sites/us-multi-region"))
    parser.add_argument("--moments", default="0.1,0.5,1,2,4,8")
    given = parser.parse_args()
    sys.stdout.write(f"{'after s':>8} {'gone s':>8} {'told s':>8} plan\n")
    with tempfile.TemporaryDirectory() as data, RunningServer(Path(data)) as server, Client(server.address) as client:
        for moment_s in (float(word) for word in given.moments.split(",")):
            gone_s, told_s, status = measure(server, client, given.scenario, moment_s)
            sys.stdout.write(f"{moment_s:8.1f} {gone_s:8.3f} {told_s:8.3f} {status}\n")


if __name__ == "__main__":
    main()
