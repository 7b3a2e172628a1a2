"""What a sweep takes over its solve times, and what warm starts save: one run, all points twice.

    python -m benchmarks.sweep_scaling
    python -m benchmarks.sweep_scaling --vary policy.max_sites=4..6 --vary workload.sync_time_s=1,2
    python -m benchmarks.sweep_scaling --engine dask

The points are solved warm (each from the plan and the bound of another, as sweeps do), then cold, by the same number of
new processes each time. ``wall / share`` is the wall time over the sum of the solve times divided by the processes:
starting processes, waiting for points to begin from, and keeping results are what is above 1. With ``--engine dask``
the workers of a cluster on this machine start them, which run before the clock does. Solve times are wall times in the
processes: run it on a machine that does nothing else.
"""

import argparse
import contextlib
import dataclasses
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.tables import RESULTS, environment, markdown_table, write_json
from topodesign.domain.plan import SolveLimits
from topodesign.domain.scenario import Scenario
from topodesign.domain.scenario_sweep import SweepDefinition, SweepOutcome
from topodesign.scenario import load_scenario
from topodesign.sweeps.cluster_access import ClusterAccess
from topodesign.sweeps.engine import Engine
from topodesign.sweeps.grammar import axis_of
from topodesign.sweeps.local_engine import LocalEngine
from topodesign.sweeps.running import run_sweep

VARIED = ("policy.max_sites=4..8", "workload.sync_time_s=0.5..5:0.5", "policy.max_zone_share=0.45..0.6:0.05")
"""200 points of regional-nova, some of them infeasible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One run of all points."""

    starts: str
    points: int
    planned: int
    bounds_taken_over: int
    wall_s: float
    solve_s: float
    wall_over_share: float


@contextlib.contextmanager
def engines(name: str, workers: int) -> Iterator[Callable[[], AbstractContextManager[Engine]]]:
    """What makes a new engine of so many processes."""
    if name == "local":
        yield lambda: LocalEngine(workers)
        return
    from distributed import LocalCluster

    from topodesign.sweeps.dask_engine import DaskEngine

    with LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        access = ClusterAccess(scheduler=cluster.scheduler_address)
        yield lambda: DaskEngine(access)


def measure(
    definition: SweepDefinition, scenario: Scenario, make_engine: Callable[[], AbstractContextManager[Engine]]
) -> tuple[Measured, SweepOutcome]:
    """Run a sweep in a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        began_s = time.monotonic()
        with make_engine() as engine:
            workers = engine.workers
            done = run_sweep(definition, scenario, folder=Path(folder) / "sweep", engine=engine)
            wall_s = time.monotonic() - began_s
    solve_s = sum(result.solve_s for result in done.results)
    measured = Measured(
        starts="cold" if definition.begins_cold else "warm",
        points=len(done.results),
        planned=sum(result.figures is not None for result in done.results),
        bounds_taken_over=sum(result.bound_from is not None for result in done.results),
        wall_s=wall_s,
        solve_s=solve_s,
        wall_over_share=wall_s * workers / solve_s,
    )
    return measured, done


def saved_share(warm: SweepOutcome, cold: SweepOutcome) -> float:
    """Share of the cold solve times that warm starts save, over the points that have a plan both times."""
    pairs = [(a.solve_s, b.solve_s) for a, b in zip(warm.results, cold.results, strict=True) if a.figures and b.figures]
    return 1 - sum(a for a, _ in pairs) / sum(b for _, b in pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="sample_sites/regional-nova")
    parser.add_argument("--vary", action="append", help=f"default: {', '.join(VARIED)}")
    parser.add_argument("--engine", choices=("local", "dask"), default="local")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--gap", type=float, default=SolveLimits().gap)
    options = parser.parse_args()
    scenario = load_scenario(options.scenario)
    axes = tuple(axis_of(text) for text in options.vary or VARIED)
    warm = SweepDefinition(axes=axes, limits=SolveLimits(gap=options.gap, threads=1))
    with engines(options.engine, options.workers) as make_engine:
        runs = [
            measure(definition, scenario, make_engine)
            for definition in (warm, dataclasses.replace(warm, begins_cold=True))
        ]
    saved = saved_share(runs[0][1], runs[1][1])
    rows = [
        [
            run.starts, f"{run.points:,}", f"{run.planned:,}", f"{run.bounds_taken_over:,}", f"{run.wall_s:.1f}",
            f"{run.solve_s:.1f}", f"{run.wall_over_share:.3f}",
        ]
        for run, _ in runs
    ]  # fmt: skip
    header = ["starts", "points", "with a plan", "bounds taken over", "wall s", "sum of solves s", "wall / share"]
    sys.stdout.write(markdown_table(header, rows))
    sys.stdout.write(f"warm starts save {saved:.1%} of the solve times of points with a plan\n")
    document = {
        "environment": environment(),
        "options": vars(options),
        "measured": [dataclasses.asdict(run) for run, _ in runs],
        "saved_share": saved,
    }
    name = "sweep_scaling" if options.engine == "local" else f"sweep_scaling_{options.engine}"
    write_json(RESULTS / f"{name}.json", document)


if __name__ == "__main__":
    main()
