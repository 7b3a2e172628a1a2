"""Refusals at ten times capacity: milliseconds to ``RESOURCE_EXHAUSTED``, with client and server on the same cores.

Run: ``python -m benchmarks.service_overload [SCENARIO_DIR] [--callers 20]`` (from the repository, with ``server`` and
``tests`` on PYTHONPATH). One worker is kept busy, the queue holds ten, and a hundred are asked for.
"""

import argparse
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from served.running_server import RunningServer

from topodesign.domain.plan import SolveLimits
from topodesign.scenario import load_scenario
from topodesign.v1 import planning_service_pb2 as pb
from topodesign.v1 import planning_service_pb2_grpc
from topodesign.wire import to_proto

CAPACITY = 10
ASKED = 10 * CAPACITY


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", type=Path, nargs="?", default=Path("sample_sites/us-multi-region"))
    parser.add_argument("--callers", type=int, default=20)
    given = parser.parse_args()
    scenario = to_proto(load_scenario(given.scenario))
    request = pb.CreatePlanRequest(scenario=scenario, limits=to_proto(SolveLimits(time_limit_s=600)))
    with (
        tempfile.TemporaryDirectory() as data,
        RunningServer(Path(data), queue_limit=CAPACITY) as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        stub = planning_service_pb2_grpc.PlanningServiceStub(channel)

        def ask(_: int) -> tuple[bool, float]:
            begun_s = time.perf_counter()
            try:
                stub.CreatePlan(request, timeout=60)
            except grpc.RpcError as error:
                assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED, error
                return False, time.perf_counter() - begun_s
            return True, time.perf_counter() - begun_s

        with ThreadPoolExecutor(given.callers) as callers:
            answers = list(callers.map(ask, range(ASKED)))
    took_ms = sorted(1e3 * took_s for is_accepted, took_s in answers if not is_accepted)
    sys.stdout.write(f"message {request.ByteSize() / 1e3:.0f} kB, {given.callers} callers\n")
    sys.stdout.write(f"accepted {sum(is_accepted for is_accepted, _ in answers)}, refused {len(took_ms)}\n")
    p99_ms = took_ms[int(0.99 * len(took_ms))]
    sys.stdout.write(f"refused in ms: median {statistics.median(took_ms):.1f}, p99 {p99_ms:.1f}\n")


if __name__ == "__main__":
    main()
