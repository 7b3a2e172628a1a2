"""Random work of many callers for a long time, while the server's memory, processes, descriptors and rows are watched.

Jobs of several callers are made, watched, cancelled and deleted, children and the fork server are killed, calls leave
early, and now and then a solver bombs, loops or crashes. Between the rounds everything is left to end, the history is
swept, and the server is looked at: what it takes must not grow. Run: ``make soak`` (``SOAK_MINUTES``, 30 unless said).
"""

import contextlib
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from served.running_server import RunningServer
from served.small_scenarios import two_sites, wide_grid
from topodesign_server.database import FILE_NAME

from topodesign.client import Client, Job
from topodesign.domain.errors import TopoDesignError
from topodesign.domain.fabric import Torus

CALLERS = 4
JOBS_A_ROUND = 4
SETTLED_S = 60.0
KEPT_DAYS = 15.0 / 86400  # long enough that each caller reads its end, short enough to see all of it forgotten
WARM_ROUNDS = 2  # caches, thread pools and the allocator's arenas have filled by then
MEMORY_SLACK = 1.15
SLACK_BYTES = 48 * 2**20
TABLES = ("jobs", "attempts", "events", "blobs", "requests")
WILD = ("memory bomb", "segmentation fault", "endless loop", "deaf sleeper", "fork bomb", "half a message", "flood")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a server takes while it has nothing to do."""

    resident_bytes: int
    descriptors: int
    threads: int
    processes: int
    rows: int

    def __str__(self) -> str:
        return (
            f"{self.resident_bytes / 2**20:7.1f} MiB {self.descriptors:4d} descriptors {self.threads:3d} threads "
            f"{self.processes:3d} processes {self.rows:4d} rows"
        )


def descendants(pid: int) -> list[int]:
    """Living processes below one."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
                if fields[0] != "Z":
                    children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, left = [], [pid]
    while left:
        below = children.get(left.pop(), [])
        found += below
        left += below
    return found


def look(server: RunningServer, data: Path) -> Look:
    process = Path(f"/proc/{server.process.pid}")
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    with contextlib.closing(sqlite3.connect(data / FILE_NAME)) as connection:
        rows = sum(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES)
    return Look(
        resident_bytes=1024 * int(status["VmRSS"].split()[0]),
        descriptors=len(list((process / "fd").iterdir())),
        threads=int(status["Threads"]),
        processes=len(descendants(server.process.pid)),
        rows=rows,
    )


class Caller:
    """One caller and what it does in a round."""

    def __init__(self, address: str, seed: int) -> None:
        self._address = address
        self._random = random.Random(seed)

    def round(self) -> int:
        """Make jobs, disturb them, see each to its end, and forget most; how many there were."""
        with Client(self._address) as client:
            for _ in range(JOBS_A_ROUND):
                self._one(client)
        return JOBS_A_ROUND

    def _one(self, client: Client) -> None:
        kind = self._random.choice(("quick", "quick", "long", "wild"))
        if kind == "quick":
            job = client.submit_plan(two_sites(), time_limit_s=60)
        elif kind == "long":
            job = client.submit_plan(wide_grid(), time_limit_s=600, gap=0.0)
        else:
            job = client.submit_plan(two_sites(name=self._random.choice(WILD)), time_limit_s=2)
        with contextlib.suppress(TopoDesignError):  # an evaluation may meet the end of the fork server
            client.evaluate_fabric(Torus(shape=(4, 4)))
        time.sleep(self._random.random())
        if kind == "long" or self._random.random() < 0.3:
            job.cancel()
        self._see_to_the_end(client, job)

    def _see_to_the_end(self, client: Client, job: Job) -> None:
        if self._random.random() < 0.5:
            for _event in job.watch():
                pass
        with contextlib.suppress(TopoDesignError):  # that a wild solver fails is what it is there for
            job.result(300)
            client.delete_plan(job.plan_name)
        assert job.status().state in ("succeeded", "failed", "cancelled")


def disturb(server: RunningServer, chance: random.Random) -> None:
    """Kill a process of the server, rarely the fork server that all of them come from."""
    below = descendants(server.process.pid)
    solvers = [pid for pid in below if _is_group_leader(pid)]
    if solvers and chance.random() < 0.3:
        with contextlib.suppress(ProcessLookupError):
            os.kill(chance.choice(solvers), signal.SIGKILL)
    elif below and chance.random() < 0.05:
        forks = [pid for pid in below if b"forkserver" in _command(pid) and pid not in solvers]
        for pid in forks[:1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _is_group_leader(pid: int) -> bool:
    try:
        return os.getpgid(pid) == pid
    except ProcessLookupError:
        return False


def _command(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def settled(server: RunningServer, data: Path, fewest_rows: int) -> Look:
    """A look once what is over was swept."""
    until_s = time.monotonic() + SETTLED_S
    while (seen := look(server, data)).rows > fewest_rows and time.monotonic() < until_s:
        time.sleep(0.5)
    return seen


def main() -> int:
    minutes = float(os.environ.get("SOAK_MINUTES", "30"))
    seed = int(os.environ.get("SOAK_SEED", "0"))
    chance, until_s = random.Random(seed), time.monotonic() + 60 * minutes
    looks: list[Look] = []
    made = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        RunningServer(
            Path(folder),
            tasks="chaos_tasks",
            workers=2,
            max_attempts=3,
            retry_pause_s=0.05,
            plan_memory_bytes=2**30,
            cancel_grace_s=0.5,
            overrun_s=1.0,
            sweep_s=1.0,
            keep_operations_days=KEPT_DAYS,
            keep_histories_days=KEPT_DAYS,
            keep_request_ids_days=KEPT_DAYS,
            keep_unnamed_plans_days=KEPT_DAYS,
        ) as server,
    ):
        data = Path(folder)
        callers = [Caller(server.address, 1000 * seed + number) for number in range(CALLERS)]
        fewest_rows = look(server, data).rows
        with ThreadPoolExecutor(CALLERS) as threads:
            while time.monotonic() < until_s or len(looks) <= WARM_ROUNDS + 1:
                rounds = [threads.submit(caller.round) for caller in callers]
                while not all(one.done() for one in rounds):
                    disturb(server, chance)
                    time.sleep(0.5)
                made += sum(one.result() for one in rounds)
                looks.append(settled(server, data, fewest_rows))
                sys.stdout.write(f"{made:6d} jobs: {looks[-1]}\n")
                sys.stdout.flush()
        assert server.terminate() == 0
        defects = [line for line in server.lines if '"event": "defect"' in line]
    faults = [*leaks(looks), *defects]
    sys.stdout.write("".join(f"FAULT {fault}\n" for fault in faults) or "no leak\n")
    return 1 if faults else 0


def leaks(looks: list[Look]) -> list[str]:
    """What is more at the end than when the server was warm."""
    warm, last = looks[WARM_ROUNDS], looks[-1]
    found = []
    if last.resident_bytes > MEMORY_SLACK * warm.resident_bytes + SLACK_BYTES:
        found.append(f"memory grew from {warm.resident_bytes} to {last.resident_bytes} bytes")
    for name in ("descriptors", "threads", "processes", "rows"):
        before, after = getattr(warm, name), getattr(last, name)
        # the client's last connection may not be closed yet when the server is looked at
        if after > before + CALLERS:
            found.append(f"{name} grew from {before} to {after}")
    return found


if __name__ == "__main__":
    sys.exit(main())
