"""What tests of engines share."""

from collections.abc import Iterator

import pytest
from sweeps.dask_cluster import Cluster, running_cluster
from sweeps.swept_campus import CAMPUS, DEFINITION, Done

import topodesign
from topodesign.sweeps.local_engine import LocalEngine
from topodesign.sweeps.running import run_sweep
from topodesign.sweeps.saving import save_sweep


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One worker of two threads, which no test kills."""
    with running_cluster(tmp_path_factory.mktemp("cluster"), workers=1, threads=2) as running:
        yield running


@pytest.fixture(scope="session")
def swept(tmp_path_factory: pytest.TempPathFactory, warm_engine: LocalEngine) -> Done:
    """The whole sweep by two processes, and its files."""
    folder = tmp_path_factory.mktemp("sweep")
    scenario = topodesign.load_scenario(CAMPUS)
    outcome = run_sweep(DEFINITION, scenario, folder=folder, engine=warm_engine)
    return Done(scenario, outcome, folder, save_sweep(folder, DEFINITION, scenario, outcome.results))
