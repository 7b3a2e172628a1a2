"""Refusals at ten times capacity, with client and server on the same cores: promise 7 of the service.

Two overloads: ``CreatePlan`` with ten times as many requests as the queue holds, all at once and several times (all
that was accepted is cancelled before the next, but for the last), and ``GetPlan`` at several times the rate that the
server was just seen to serve. For the refusals of each: milliseconds from the moment at which the call
was made or due, and the share that carries a ``RetryInfo``; for what was accepted: whether it ended. What gRPC itself
ends without details (``CANCELLED``, when a thousand calls wait) counts as such. Requests are serialized beforehand.

Run: ``python -m benchmarks.service_overload [--callers 20] [--times 3] [--seconds 10]`` from the repository, with
``server`` on PYTHONPATH.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from google.longrunning import operations_pb2
from google.rpc.error_details_pb2 import RetryInfo
from grpc_status import rpc_status

import topodesign as td
from benchmarks.service_load import PLANNING, ROOT, LoadedServer, at_once, connected, unary
from topodesign.domain.plan import SolveLimits
from topodesign.v1 import planning_service_pb2 as pb
from topodesign.wire import to_proto

OPERATIONS = "/google.longrunning.Operations/"
CAPACITY = 10
ASKED = 10 * CAPACITY


@dataclass(slots=True)
class Told:
    """What calls were told, and when: ms by code, and how many refusals said when to come again."""

    took_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    with_retry: int = 0
    answers: list[bytes] = field(default_factory=list)

    async def one(self, call: Awaitable[bytes], *, due: float) -> None:
        """Wait for a call that was due at a time of the event loop's clock."""
        code = grpc.StatusCode.OK
        try:
            self.answers.append(await call)
        except grpc.aio.AioRpcError as error:
            code = error.code()
            self.with_retry += code is grpc.StatusCode.RESOURCE_EXHAUSTED and _says_when(error)
        self.took_ms[code.name].append(1e3 * (asyncio.get_running_loop().time() - due))

    def lines(self, what: str) -> str:
        """One line for each code."""
        text = f"{what}\n"
        for code, took_ms in sorted(self.took_ms.items()):
            took_ms.sort()
            p99 = took_ms[min(len(took_ms) - 1, int(0.99 * len(took_ms)))]
            text += f"  {code:<18} {len(took_ms):>6}  p50 {took_ms[len(took_ms) // 2]:7.1f} ms  p99 {p99:7.1f} ms  "
            text += f"max {took_ms[-1]:7.1f} ms"
            if code == "RESOURCE_EXHAUSTED":
                text += f"  with RetryInfo {100 * self.with_retry / len(took_ms):.1f} %"
            text += "\n"
        return text


def _says_when(error: grpc.aio.AioRpcError) -> bool:
    status = rpc_status.from_call(error)  # type: ignore[arg-type]  # it reads what calls of both kinds have
    return status is not None and any(detail.Is(RetryInfo.DESCRIPTOR) for detail in status.details)


async def creates(folder: Path, given: argparse.Namespace) -> None:
    """A busy worker, a queue of ten, a hundred requests; again and again."""
    server = LoadedServer(folder / "creates", f"queue_limit={CAPACITY}")
    try:
        scenario = td.load_scenario(given.scenario)
        message = to_proto(scenario)
        limits = to_proto(SolveLimits(time_limit_s=given.solve_s))
        request = pb.CreatePlanRequest(scenario=message, limits=limits).SerializeToString()
        async with connected(server.address) as channels:
            create = channels[0].unary_unary(PLANNING + "CreatePlan")
            told = Told()
            for number in range(given.bursts):
                first = operations_pb2.Operation.FromString(await create(request))
                begun = len(told.answers)
                await _at_once(lambda: create(request, timeout=120), told, callers=given.callers)
                made = [operations_pb2.Operation.FromString(answer) for answer in told.answers[begun:]]
                names = [operation.name for operation in (first, *made)]
                if number < given.bursts - 1:
                    await _cancelled(channels[0], names)
            size = len(request) / 1e3
            what = f"CreatePlan, {size:.0f} kB, {given.bursts} times {ASKED} calls of {given.callers} callers"
            sys.stdout.write(told.lines(what))
            sys.stdout.write(f"  accepted last {len(names)}, of which made {await _ended(channels[0], names)}\n")
    finally:
        server.stop()


async def _at_once(call: Callable[[], Awaitable[bytes]], told: Told, *, callers: int) -> None:
    numbers, loop = iter(range(ASKED)), asyncio.get_running_loop()

    async def caller() -> None:
        for _ in numbers:
            await told.one(call(), due=loop.time())

    await asyncio.gather(*(caller() for _ in range(callers)))


async def _cancelled(channel: grpc.aio.Channel, names: Sequence[str]) -> None:
    """Cancel operations, the last first, so that none begins; returns when all have ended."""
    cancel = channel.unary_unary(OPERATIONS + "CancelOperation")
    for name in reversed(names):
        await cancel(operations_pb2.CancelOperationRequest(name=name).SerializeToString())
    await _ended(channel, names)


async def _ended(channel: grpc.aio.Channel, names: Sequence[str]) -> int:
    """How many operations end with a plan."""
    wait = channel.unary_unary(OPERATIONS + "WaitOperation")
    count = 0
    for name in names:
        operation = operations_pb2.Operation()
        while not operation.done:
            request = operations_pb2.WaitOperationRequest(name=name)
            request.timeout.FromSeconds(60)
            operation = operations_pb2.Operation.FromString(await wait(request.SerializeToString()))
        count += operation.HasField("response")
    return count


async def reads(folder: Path, given: argparse.Namespace) -> None:
    """GetPlan at several times the rate of 16 callers that ask one after the other."""
    server = LoadedServer(folder / "reads")
    try:
        with td.Client(server.address) as client:
            job = client.submit_plan(td.load_scenario(given.scenario), time_limit_s=20)
            job.result(300)
        requests = [pb.GetPlanRequest(name=job.plan_name).SerializeToString()]
        async with connected(server.address) as channels:
            send = unary(channels, PLANNING + "GetPlan", requests)
            await at_once(server, "warm up", send, callers=4, seconds=1)
            served = await at_once(server, "served", send, callers=16, seconds=3)
            per_s = given.times * served.per_s
            cpu_s, told = server.cpu_s(), Told()
            calls = [channel.unary_unary(PLANNING + "GetPlan") for channel in channels]
            await _at_rate(
                lambda number: calls[number % len(calls)](requests[0], timeout=60), told, per_s, given.seconds
            )
            cpu_ms = 1e3 * (server.cpu_s() - cpu_s) / sum(map(len, told.took_ms.values()))
            what = f"GetPlan at {per_s:.0f}/s, {given.times:g} times the {served.per_s:.0f}/s that 16 callers get"
            sys.stdout.write(told.lines(f"{what}; server CPU {cpu_ms:.2f} ms per call"))
    finally:
        server.stop()


async def _at_rate(call: Callable[[int], Awaitable[bytes]], told: Told, per_s: float, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    begin = loop.time() + 0.1
    tasks = []
    for number in range(round(per_s * seconds)):
        due = begin + number / per_s
        if due > loop.time():
            await asyncio.sleep(due - loop.time())
        tasks.append(asyncio.create_task(told.one(call(number), due=due)))
    await asyncio.gather(*tasks)


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service_overload", description=__doc__)
    parser.add_argument("--scenario", type=Path, default=ROOT / "sample_sites" / "two-campus")
    parser.add_argument("--callers", type=int, default=20, help="who call CreatePlan at a time")
    parser.add_argument("--bursts", type=int, default=10, help="how often they do")
    parser.add_argument("--solve-s", type=float, default=10.0, help="time limit of each plan")
    parser.add_argument("--times", type=float, default=3.0, help="GetPlan at so many times what is served")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of the GetPlan overload")
    parser.add_argument("--only", choices=("creates", "reads"), action="append")
    parser.add_argument("--cores", type=int, default=2, help="cores that client and server share")
    given = parser.parse_args(words)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.cores])
    measured = {"creates": creates, "reads": reads}
    with tempfile.TemporaryDirectory() as folder:
        for name in given.only or measured:
            asyncio.run(measured[name](Path(folder), given))


if __name__ == "__main__":
    main()
