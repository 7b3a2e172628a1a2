"""Cancel of a running solve: seconds until its processes are gone and until its operation says so, and what is kept.

Run: ``python -m benchmarks.service_cancel [SCENARIO_DIR] [--moments 0.5,2,5 | --random 20 --longest 20]`` (from the
repository, with ``server`` and ``tests`` on PYTHONPATH). Random moments are the same in every run; ``best`` is the
latest incumbent that the solver told of, ``kept`` the cost of the plan that the operation ends with.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from served.running_server import RunningServer

from topodesign.client import Client
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.processes.groups import group_usage
from topodesign.scenario import load_scenario

LOOK_S = 0.005
SEED = 2026


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """Seconds from the cancel to the end of the processes and of the operation; best cost told of, and the plan."""

    gone_s: float
    told_s: float
    best_usd: float | None
    plan: Plan


def measure(server: RunningServer, client: Client, scenario: Scenario, moment_s: float) -> Cancelled:
    job = client.submit_plan(scenario, time_limit_s=600, gap=0.0)
    child = server.wait_for_attempt(job.name)
    time.sleep(moment_s)
    begun_s = time.perf_counter()
    job.cancel()
    while group_usage((child,)):
        time.sleep(LOOK_S)
    gone_s = time.perf_counter() - begun_s
    plan = job.result(120)
    told_s = time.perf_counter() - begun_s
    costs = [event.incumbent_usd for event in job.watch() if event.incumbent_usd is not None]
    return Cancelled(gone_s=gone_s, told_s=told_s, best_usd=min(costs, default=None), plan=plan)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", type=Path, nargs="?", default=Path("sample_sites/us-multi-region"))
    parser.add_argument("--moments", default="0.1,0.5,1,2,4,8")
    parser.add_argument("--random", type=int, default=0, help="so many random moments in place of --moments")
    parser.add_argument("--longest", type=float, default=20.0, help="the latest random moment in seconds")
    given = parser.parse_args()
    moments = [float(word) for word in given.moments.split(",")]
    if given.random:
        draw = random.Random(SEED)
        moments = sorted(draw.uniform(0.0, given.longest) for _ in range(given.random))
    scenario = load_scenario(given.scenario)
    sys.stdout.write(f"{'after s':>8} {'gone s':>8} {'told s':>8} {'best MUSD':>10} {'kept MUSD':>10} gap      plan\n")
    gone: list[float] = []
    with tempfile.TemporaryDirectory() as data, RunningServer(Path(data)) as server, Client(server.address) as client:
        for moment_s in moments:
            found = measure(server, client, scenario, moment_s)
            gone.append(found.gone_s)
            sys.stdout.write(f"{moment_s:8.1f} {found.gone_s:8.3f} {found.told_s:8.3f} {_figures(found)}\n")
            sys.stdout.flush()
    sys.stdout.write(f"gone after {statistics.median(gone):.3f} s in the middle, {max(gone):.3f} s at most\n")


def _figures(found: Cancelled) -> str:
    plan = found.plan
    gap = "-" if plan.gap is None else f"{plan.gap:.2%}"
    verified = "verified" if plan.verified else "no plan"
    evaluated = ", evaluated" if plan.fabrics is not None else ""
    return f"{_million(found.best_usd)} {_million(plan.cost_usd)} {gap:8} {plan.status}, {verified}{evaluated}"


def _million(usd: float | None) -> str:
    return f"{'-' if usd is None else f'{usd / 1e6:.1f}':>10}"


if __name__ == "__main__":
    main()
