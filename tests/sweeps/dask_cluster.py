"""A Dask cluster on this machine: a scheduler and workers, each a process of its own that can be killed, over TLS."""

import asyncio
import contextlib
import multiprocessing
import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

from served.certificates import Authority, Pair

from topodesign.sweeps.cluster_access import ClusterAccess

PATIENCE_S = 60.0
PROCESSES = multiprocessing.get_context("forkserver")
"""One process loads Dask; scheduler and workers are copies of it."""
PROCESSES.set_forkserver_preload(["distributed", "topodesign.sweeps.dask_worker"])


@dataclass(frozen=True)
class Files:
    """The certificates of one cluster, and a folder."""

    folder: Path
    ca: Path
    pair: Pair


@dataclass
class Cluster:
    """Processes over loopback; a context manager."""

    files: Files
    threads: int = 1
    port: int = 0
    scheduler: BaseProcess | None = None
    workers: list[BaseProcess] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"tls://127.0.0.1:{self.port}"

    @property
    def access(self) -> ClusterAccess:
        pair = self.files.pair
        return ClusterAccess(scheduler=self.address, tls_ca=self.files.ca, tls_cert=pair.certificate, tls_key=pair.key)

    def start(self, workers: int) -> None:
        self.port = self.port or free_port()
        self.scheduler = started(run_scheduler, self.port, self.files)
        for _ in range(workers):
            self.add_worker()

    def add_worker(self) -> None:
        self.workers.append(started(run_worker, self.address, self.files, self.threads))

    def kill_worker(self, place: int) -> None:
        killed(self.workers.pop(place))

    def kill(self) -> None:
        """All at once, as a machine that loses its power."""
        everyone = [process for process in (self.scheduler, *self.workers) if process is not None]
        for process in everyone:
            killed(process)
        self.scheduler = None
        self.workers.clear()


@contextlib.contextmanager
def running_cluster(folder: Path, workers: int, threads: int = 1) -> Iterator[Cluster]:
    authority = Authority(folder, "cluster-ca")
    cluster = Cluster(Files(folder, authority.path, authority.pair("cluster", dns="localhost")), threads)
    cluster.start(workers)
    try:
        yield cluster
    finally:
        cluster.kill()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def started(target: object, *arguments: object) -> BaseProcess:
    process = PROCESSES.Process(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
    process.start()
    return process


def killed(process: BaseProcess) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid or 0, signal.SIGKILL)
    process.join(PATIENCE_S)


def run_scheduler(port: int, files: Files) -> None:
    from distributed import Scheduler

    async def run() -> None:
        address = f"tls://127.0.0.1:{port}"
        async with Scheduler(host=address, security=security(files), dashboard=False, idle_timeout="10 minutes") as it:
            await it.finished()

    asyncio.run(run())


def run_worker(scheduler: str, files: Files, threads: int) -> None:
    import dask
    from distributed import Worker

    async def run() -> None:
        async with Worker(
            scheduler,
            host="127.0.0.1",
            nthreads=threads,
            memory_limit=0,
            security=security(files),
            local_directory=str(files.folder),
        ) as it:
            await it.finished()

    with dask.config.set({"topodesign.task-packages": ["sweeps"]}):  # type: ignore[no-untyped-call]
        asyncio.run(run())


def security(files: Files) -> object:
    from distributed import Security

    certificate, key = str(files.pair.certificate), str(files.pair.key)
    return Security(  # type: ignore[no-untyped-call]
        require_encryption=True,
        tls_ca_file=str(files.ca),
        tls_scheduler_cert=certificate,
        tls_scheduler_key=key,
        tls_worker_cert=certificate,
        tls_worker_key=key,
        tls_client_cert=certificate,
        tls_client_key=key,
    )
