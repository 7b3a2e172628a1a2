"""What clients of a cluster do that are killed meanwhile, each in a process of its own."""

from pathlib import Path

from sweeps.engine_calls import PATIENCE_S, task

from topodesign.domain.scenario import Scenario
from topodesign.sweeps.cluster_access import ClusterAccess
from topodesign.sweeps.dask_engine import DaskEngine
from topodesign.sweeps.engine import EngineTask


def sleeping(name: str, folder: Path, seconds: float) -> EngineTask:
    """A task that says in the file of its name that it has begun."""
    return task(name, "sleep", str(seconds).encode(), str(folder / name).encode())


def sleep_on(access: ClusterAccess, folder: Path) -> None:
    with DaskEngine(access) as engine:
        engine.submit(sleeping("left", folder, 60.0))
        engine.results(PATIENCE_S)


def sweep_on(access: ClusterAccess, folder: Path, scenario: Scenario) -> None:
    from sweeps.swept_campus import DEFINITION

    from topodesign.sweeps.running import run_sweep

    with DaskEngine(access) as engine:
        run_sweep(DEFINITION, scenario, folder=folder, engine=engine)
