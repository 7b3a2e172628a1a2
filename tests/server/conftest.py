"""The server of the session, and what is needed to start special ones; databases of both kinds."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from served.guarded_server import GuardedServer
from served.real_postgres import RealPostgres
from served.running_server import RunningServer
from served.store_place import StorePlace
from topodesign_server.children import ChildFactory
from topodesign_server.database import FILE_NAME, Database
from topodesign_server.tables import metadata

from topodesign.client import Client


@pytest.fixture(scope="session")
def server(shared_server: RunningServer) -> RunningServer:
    return shared_server


@pytest.fixture
def client(server: RunningServer) -> Iterator[Client]:
    with Client(server.address) as connected:
        yield connected


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedServer]:
    """A server that asks who calls, and lets each tenant have a few things only."""
    with GuardedServer(
        tmp_path_factory.mktemp("guarded"),
        workers=2,
        tenant_scenarios=3,
        tenant_calls_at_once=40,
        tenant_streams_at_once=40,
    ) as running:
        yield running


@pytest.fixture(scope="session")
def children() -> ChildFactory:
    """Starts real children of this very process."""
    return ChildFactory()


@pytest.fixture(scope="session")
def postgres() -> Iterator[RealPostgres]:
    with RealPostgres() as running:
        yield running


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at the present layout, for copying: making one takes longer than most tests."""
    directory = tmp_path_factory.mktemp("empty")
    with StorePlace(directory) as place:
        place.open()
    return directory / FILE_NAME


@pytest.fixture(scope="session")
def laid_out(postgres: RealPostgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of a PostgreSQL database at the present layout."""
    name = postgres.new_database()
    with StorePlace(tmp_path_factory.mktemp("laid-out"), postgres.url(name)) as place:
        place.open()
    return name


@pytest.fixture
def file_place(empty_file: Path, tmp_path: Path) -> Iterator[StorePlace]:
    """A new SQLite file."""
    shutil.copy(empty_file, tmp_path)
    with StorePlace(tmp_path) as made:
        yield made


@pytest.fixture
def shared_place(postgres: RealPostgres, laid_out: str, tmp_path: Path) -> Iterator[StorePlace]:
    """A PostgreSQL database without rows: several servers may use it at the same time."""
    with postgres.connect(laid_out) as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(f"DELETE FROM {table.name}")
    with StorePlace(tmp_path, postgres.url(laid_out)) as made:
        yield made


@pytest.fixture(params=["file_place", "shared_place"], ids=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> StorePlace:
    """A new database of each kind."""
    made: StorePlace = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def database(place: StorePlace) -> Database:
    return place.open()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB, half of it taken by the folder ``ballast``; needs the right to mount one."""
    mounted = tmp_path / "small"
    mounted.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(mounted)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("no right to mount a small file system: NOT tested on a full disk, only on a full file")
    try:
        (mounted / "ballast").mkdir()
        (mounted / "ballast" / "file").write_bytes(bytes(2 * 1024 * 1024))
        yield mounted
    finally:
        subprocess.run(["umount", "--lazy", str(mounted)], check=True)
