"""What tests of engines share."""

from collections.abc import Iterator

import pytest
from sweeps.dask_cluster import Cluster, running_cluster


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two workers that no test kills."""
    with running_cluster(tmp_path_factory.mktemp("cluster"), workers=2) as running:
        yield running
