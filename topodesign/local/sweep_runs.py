"""Sweeps kept in memory: each point is solved in a process of an engine of the sweep's own."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from google.rpc.status_pb2 import Status

from topodesign.domain.codec import decode_json
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.domain.scenario_sweep import PointResult, SweepCounts, SweepEvent
from topodesign.local.timestamps import timestamp
from topodesign.sweeps.course import course_of
from topodesign.sweeps.local_engine import LocalEngine
from topodesign.sweeps.messages import definition_from_proto
from topodesign.sweeps.running import DEFAULT_MEMORY_GIB, KILL_FACTOR, KILL_MARGIN_S, PointProcess, run_points
from topodesign.sweeps.solving import SOLVE_POINT, encode_scenario
from topodesign.v1 import scenario_pb2, sweep_pb2
from topodesign.v1 import sweep_service_pb2 as pb
from topodesign.wire import from_proto, to_proto

FINAL = (pb.SWEEP_STATE_SUCCEEDED, pb.SWEEP_STATE_FAILED, pb.SWEEP_STATE_CANCELLED)


@dataclass(slots=True, kw_only=True)
class LocalSweep:
    """One sweep; altered and read under the lock of :class:`~topodesign.local.jobs.LocalJobs` only.

    ``scenario`` and ``definition`` are serialized messages; ``plans`` are in JSON, by the number of their point.
    """

    id: str
    scenario_name: str
    scenario: bytes
    definition: bytes
    point_count: int
    created: float = field(default_factory=time.time)
    entries: list[pb.WatchSweepResponse] = field(default_factory=list)
    attempts: int = 0
    results: dict[int, PointResult] = field(default_factory=dict)
    plans: dict[int, bytes] = field(default_factory=dict)
    error: Status | None = None
    is_deleted: bool = False

    @property
    def state(self) -> pb.SweepState.ValueType:
        return self.entries[-1].state

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    @property
    def counts(self) -> SweepCounts:
        return SweepCounts.of(self.point_count, (result.status for result in self.results.values()))

    def record(self, state: pb.SweepState.ValueType, point: PointResult | None = None) -> None:
        """Add an entry to the history."""
        entry = pb.WatchSweepResponse(sequence=len(self.entries) + 1, create_time=timestamp(time.time()), state=state)
        if point is not None:
            event = to_proto(SweepEvent(point=point, counts=self.counts))
            assert isinstance(event, sweep_pb2.SweepEvent)
            entry.event.CopyFrom(event)
        self.entries.append(entry)

    def plan(self, number: int) -> Plan | None:
        content = self.plans.get(number)
        return None if content is None else decode_json(content, Plan, what="plan of a point")


@dataclass(slots=True)
class _Records:
    """The :class:`~topodesign.sweeps.records.SweepRecords` of a sweep in memory."""

    sweep: LocalSweep
    keep: Callable[[PointResult, bytes], None]

    def results(self) -> Mapping[int, PointResult]:
        return dict(self.sweep.results)

    def finish(self, result: PointResult, plan: bytes, *, attempts: int) -> None:  # noqa: ARG002  (nobody asks)
        self.keep(result, plan)

    def plan_of(self, result: PointResult) -> bytes:
        return self.sweep.plans[result.number]


def run_local_sweep(
    sweep: LocalSweep, *, keep: Callable[[PointResult, bytes], None], should_stop: Callable[[], bool]
) -> bool:
    """Solve the points of a sweep; whether all are finished. No process is left when this returns."""
    definition = definition_from_proto(sweep_pb2.SweepDefinition.FromString(sweep.definition))
    scenario = from_proto(scenario_pb2.Scenario.FromString(sweep.scenario), Scenario, path="scenario")
    process = PointProcess(
        scenario=encode_scenario(scenario),
        function=SOLVE_POINT,
        wall_s=definition.limits.time_limit_s * KILL_FACTOR + KILL_MARGIN_S,
        memory_bytes=int(DEFAULT_MEMORY_GIB * 2**30),
    )
    with LocalEngine(workers=1) as engine:
        results = run_points(
            definition,
            course_of(definition, scenario),
            process=process,
            records=_Records(sweep, keep),
            finished={},
            engine=engine,
            should_stop=should_stop,
        )
    return len(results) == definition.count
