"""Load on a real server from a client that shares its two cores: watch streams, GetPlan, small fabric calls.

Calls are sent at a fixed rate whatever the answers do (an open loop), and each latency counts from the moment at which
the call was due: a server that falls behind cannot hide it. The client does not decode answers; it counts their bytes.
Prints a Markdown table; nothing here asserts on a clock.
"""

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import grpc
import psutil

import topodesign as td
from topodesign.v1 import fabric_service_pb2, planning_service_pb2, scenario_pb2
from topodesign.wire import fabric_to_proto, to_proto

ROOT = Path(__file__).resolve().parents[1]
ANNOUNCEMENT = "topodesign serves on "
PLANNING = "/topodesign.v1.PlanningService/"
EVALUATE = "/topodesign.v1.FabricService/EvaluateFabric"
CHANNELS = 8
STREAMS_PER_CHANNEL = 100  # what gRPC's C core opens on one connection by default

SETTLED_S = 0.02  # processor time in a second below which a server is at rest
OPENING = 32  # streams that are being opened at a time: a thousand at once are refused as an overload

Send = Callable[[int], Awaitable[int]]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measurement; latencies from the moment at which a call was due."""

    what: str
    calls: int
    failed: int
    per_s: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    answer_bytes: int
    server_cpu_ms_per_call: float
    server_rss_mb: float
    promised: str = ""
    """What the service is to do, where this measures it."""


class LoadedServer:
    """A server process with options, on a port of its own."""

    def __init__(self, data: Path, *options: str) -> None:
        command = [sys.executable, "-m", "topodesign.cli.app", "serve", "--port", "0", "--data", str(data)]
        for option in ("log_level=warning", *options):
            command += ["--set", option]
        path = os.pathsep.join([str(ROOT), str(ROOT / "server"), os.environ.get("PYTHONPATH", "")])
        self.process = subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
        )
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if line.startswith(ANNOUNCEMENT):
                self.address = line.removeprefix(ANNOUNCEMENT).strip()
                self._settle()
                return
            sys.stderr.write(line)
        raise RuntimeError("the server ended before it served")

    def cpu_s(self) -> float:
        """Processor time of the server and of what it started."""
        process = psutil.Process(self.process.pid)
        return sum(sum(one.cpu_times()[:4]) for one in (process, *process.children(recursive=True)))

    def rss_mb(self) -> float:
        return psutil.Process(self.process.pid).memory_info().rss / 1e6

    def _settle(self) -> None:
        """Wait for the process that children are forked from: it loads the libraries after the server serves."""
        before_s, now_s = -1.0, self.cpu_s()
        while now_s - before_s > SETTLED_S:
            time.sleep(1)
            before_s, now_s = now_s, self.cpu_s()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(120)


async def at_rate(server: LoadedServer, what: str, send: Send, *, per_s: float, seconds: float) -> Row:
    """Send calls at a rate for some time, then wait for the last answers."""
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    sizes: list[int] = []
    failed = 0

    async def one(number: int, due: float) -> None:
        nonlocal failed
        try:
            sizes.append(await send(number))
        except grpc.aio.AioRpcError as error:
            failed += 1
            _tell(error, failed)
        latencies.append(loop.time() - due)

    count = round(per_s * seconds)
    cpu_s, begin = server.cpu_s(), loop.time() + 0.1
    tasks = []
    for number in range(count):
        due = begin + number / per_s
        if due > loop.time():
            await asyncio.sleep(due - loop.time())
        tasks.append(asyncio.create_task(one(number, due)))
    await asyncio.gather(*tasks)
    return _row(server, what, latencies, sizes, failed=failed, elapsed_s=loop.time() - begin, cpu_s=cpu_s)


async def at_once(server: LoadedServer, what: str, send: Send, *, callers: int, seconds: float) -> Row:
    """Some callers send one call after the other for some time (a closed loop): the most that the server does."""
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    sizes: list[int] = []
    failed = 0
    numbers = iter(range(10**9))
    cpu_s, begin = server.cpu_s(), loop.time()

    async def caller() -> None:
        nonlocal failed
        while loop.time() < begin + seconds:
            start = loop.time()
            try:
                sizes.append(await send(next(numbers)))
            except grpc.aio.AioRpcError as error:
                failed += 1
                _tell(error, failed)
            latencies.append(loop.time() - start)

    await asyncio.gather(*(caller() for _ in range(callers)))
    return _row(server, what, latencies, sizes, failed=failed, elapsed_s=loop.time() - begin, cpu_s=cpu_s)


def _tell(error: grpc.aio.AioRpcError, failed: int) -> None:
    """Why calls fail: the first one tells."""
    if failed == 1:
        sys.stderr.write(f"{error.code().name}: {error.details()}\n")


def _row(
    server: LoadedServer,
    what: str,
    latencies: Sequence[float],
    sizes: Sequence[int],
    *,
    failed: int,
    elapsed_s: float,
    cpu_s: float,
) -> Row:
    ordered = sorted(latencies)
    return Row(
        what=what,
        calls=len(ordered),
        failed=failed,
        per_s=(len(ordered) - failed) / elapsed_s,
        p50_ms=1e3 * ordered[len(ordered) // 2],
        p99_ms=1e3 * ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))],
        max_ms=1e3 * ordered[-1],
        answer_bytes=max(sizes, default=0),
        server_cpu_ms_per_call=1e3 * (server.cpu_s() - cpu_s) / len(ordered),
        server_rss_mb=server.rss_mb(),
    )


async def plans(folder: Path, arguments: argparse.Namespace) -> list[Row]:
    """GetPlan at a rate, of a few plans that were made before."""
    server = LoadedServer(folder / "plans")
    try:
        scenario = td.load_scenario(arguments.scenario)
        with td.Client(server.address) as client:
            jobs = [client.submit_plan(scenario, time_limit_s=20, seed=seed) for seed in range(3)]
            for job in jobs:
                job.result(300)
        asked = [planning_service_pb2.GetPlanRequest(name=job.plan_name).SerializeToString() for job in jobs]
        async with connected(server.address) as channels:
            send = unary(channels, PLANNING + "GetPlan", asked)
            await at_once(server, "warm up", send, callers=4, seconds=1)
            what, per_s = f"GetPlan, {arguments.plans_per_s:g}/s", arguments.plans_per_s
            return [
                replace(
                    await at_rate(server, what, send, per_s=per_s, seconds=arguments.seconds),
                    promised="500/s, p99 under 50 ms",
                ),
                await at_once(server, "GetPlan, 16 callers", send, callers=16, seconds=arguments.seconds),
            ]
    finally:
        server.stop()


async def fabrics(folder: Path, arguments: argparse.Namespace) -> list[Row]:
    """EvaluateFabric of small fabrics: those that were asked before at a rate, and ever new ones as fast as they go."""
    server = LoadedServer(folder / "fabrics")
    try:
        async with connected(server.address) as channels:
            known = [_fabric_request(number) for number in range(20)]
            send = unary(channels, EVALUATE, known)
            for number in range(len(known)):
                await send(number)
            per_s = arguments.fabrics_per_s
            what = f"EvaluateFabric, asked before, {per_s:g}/s"
            known_row = await at_rate(server, what, send, per_s=per_s, seconds=arguments.seconds)
            rows = [replace(known_row, promised="300/s")]
            for what, requests in (
                ("4x4x4 tori", [_fabric_request(number) for number in range(1000, 21_000)]),
                ("tori and trees up to 512", _mixed_requests(20_000)),
            ):
                fresh, begun = unary(channels, EVALUATE, requests), len(requests) // 2
                label = f"EvaluateFabric, never asked, {what}"
                rows += [
                    replace(
                        await at_rate(server, f"{label}, {per_s:g}/s", fresh, per_s=per_s, seconds=arguments.seconds),
                        promised="300/s",
                    ),
                    await at_once(
                        server,
                        f"{label}, 8 callers",
                        lambda number, fresh=fresh, begun=begun: fresh(begun + number),
                        callers=8,
                        seconds=arguments.seconds,
                    ),
                ]
        return rows
    finally:
        server.stop()


def _fabric_request(number: int) -> bytes:
    """A torus of 64 accelerators whose link rate no other number has."""
    fabric = td.Torus(shape=(4, 4, 4), link_gbps=100.0 + number / 100)
    return fabric_service_pb2.EvaluateFabricRequest(fabric=fabric_to_proto(fabric)).SerializeToString()


def _mixed_requests(count: int) -> list[bytes]:
    """Tori of three sides from 2 to 8 and fat trees of 16 to 512 accelerators, in a fixed shuffled order."""
    sides = range(2, 9)
    fabrics: list[td.Torus | td.Clos] = [td.Torus(shape=(x, y, z)) for x in sides for y in sides for z in sides]
    fabrics += [td.Clos(accelerators=16 * number, radix=radix) for number in range(1, 33) for radix in (32, 64)]
    requests = []
    for number in range(count):
        fabric = replace(fabrics[number * 1237 % len(fabrics)], link_gbps=100.0 + number / 100)
        requests.append(fabric_service_pb2.EvaluateFabricRequest(fabric=fabric_to_proto(fabric)).SerializeToString())
    return requests


async def watches(folder: Path, arguments: argparse.Namespace) -> list[Row]:
    """Streams that wait for one queued job: opened, held while other calls are answered, ended all at once."""
    server = LoadedServer(folder / "watches", "workers=0")
    try:
        message = to_proto(td.load_scenario(arguments.scenario))
        assert isinstance(message, scenario_pb2.Scenario)
        with td.Client(server.address) as client:
            job = client.submit_plan(td.load_scenario(arguments.scenario), time_limit_s=20)
            count = arguments.streams
            async with connected(server.address, -(-count // STREAMS_PER_CHANNEL)) as channels:
                request = planning_service_pb2.WatchPlanRequest(name=job.plan_name).SerializeToString()
                return await _watch_all(server, channels, request, count, job.cancel, arguments.seconds)
    finally:
        server.stop()


async def _watch_all(
    server: LoadedServer,
    channels: Sequence[grpc.aio.Channel],
    request: bytes,
    count: int,
    cancel: Callable[[], None],
    seconds: float,
) -> list[Row]:
    loop = asyncio.get_running_loop()
    cpu_s, begin = server.cpu_s(), loop.time()
    opened: list[float] = []
    ended: list[float] = []
    all_open, opening = asyncio.Event(), asyncio.Semaphore(OPENING)
    failed = 0

    async def watch(number: int) -> None:
        nonlocal failed
        try:
            async with opening:
                stream = channels[number % len(channels)].unary_stream(PLANNING + "WatchPlan")(request)
                await stream.read()
            opened.append(loop.time() - begin)
            if len(opened) == count:
                all_open.set()
            while await stream.read() is not grpc.aio.EOF:
                pass
        except grpc.aio.AioRpcError as error:
            failed += 1
            _tell(error, failed)
        ended.append(loop.time())

    tasks = [asyncio.create_task(watch(number)) for number in range(count)]
    await asyncio.wait_for(all_open.wait(), 300)
    rows = [
        _row(server, f"{count} WatchPlan streams open", opened, [], failed=failed, elapsed_s=max(opened), cpu_s=cpu_s)
    ]
    rows[0] = replace(rows[0], promised=f"{count} at a time")
    held, idle_from = server.cpu_s(), time.perf_counter()
    await asyncio.sleep(seconds)
    idle = (server.cpu_s() - held) / (time.perf_counter() - idle_from)
    sys.stderr.write(f"{count} idle streams take {100 * idle:.1f} % of a core\n")
    cpu_s, begin = server.cpu_s(), loop.time()
    await asyncio.to_thread(cancel)
    await asyncio.gather(*tasks)
    lasted = [moment - begin for moment in ended]
    rows.append(
        _row(server, f"{count} streams told of the end", lasted, [], failed=failed, elapsed_s=max(lasted), cpu_s=cpu_s)
    )
    return rows


def unary(channels: Sequence[grpc.aio.Channel], method: str, requests: Sequence[bytes]) -> Send:
    calls = [channel.unary_unary(method) for channel in channels]

    async def send(number: int) -> int:
        return len(await calls[number % len(calls)](requests[number % len(requests)], timeout=60))

    return send


class _Channels:
    """Connections, so that one connection's limits are not what is measured."""

    def __init__(self, address: str, count: int) -> None:
        options = (("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1))
        self._channels = [grpc.aio.insecure_channel(address, options=options) for _ in range(count)]

    async def __aenter__(self) -> Sequence[grpc.aio.Channel]:
        return self._channels

    async def __aexit__(self, *_: object) -> None:
        for channel in self._channels:
            await channel.close()


def connected(address: str, count: int = CHANNELS) -> _Channels:
    return _Channels(address, count)


MEASURED = {"plans": plans, "fabrics": fabrics, "watches": watches}


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = [
        "| load | calls | failed | per s | p50 ms | p99 ms | max ms | answer bytes | server CPU ms "
        "per call | server RSS MB | promised |",
        "| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --- |",
    ]
    for row in rows:
        lines.append(
            f"| {row.what} | {row.calls} | {row.failed} | {row.per_s:.0f} | {row.p50_ms:.1f} | {row.p99_ms:.1f} | "
            f"{row.max_ms:.1f} | {row.answer_bytes} | {row.server_cpu_ms_per_call:.2f} | {row.server_rss_mb:.0f} | "
            f"{row.promised} |"
        )
    return "\n".join(lines)


def main(words: Sequence[str] | None = None) -> list[Row]:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service_load", description=__doc__)
    parser.add_argument("--only", choices=sorted(MEASURED), action="append", help="what to measure; default: all")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each measurement")
    parser.add_argument("--plans-per-s", type=float, default=500.0)
    parser.add_argument("--fabrics-per-s", type=float, default=300.0)
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--scenario", type=Path, default=ROOT / "sample_sites" / "two-campus")
    parser.add_argument("--cores", type=int, default=2, help="cores that client and server share")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "service_load.json")
    arguments = parser.parse_args(words)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.cores])
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if soft < hard else soft, hard))
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.only or MEASURED:
            rows += asyncio.run(MEASURED[name](Path(folder), arguments))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(table(rows) + "\n")
    return rows


if __name__ == "__main__":
    main()
