"""An attempt at a sweep: a thread hands its points to a child, one after the other, and the store keeps each.

The course of the sweep is worked out in the child too. It is killed when the attempt is to end, when it takes more than
a point may, and with the service; after a death or a limit another takes its place.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field

import msgspec
import structlog

from topodesign.domain.errors import CapacityError
from topodesign.domain.scenario_sweep import PointResult, SweepCounts, SweepDefinition, SweepEvent
from topodesign.sweeps.course import SweepCourse
from topodesign.sweeps.engine import EngineTask
from topodesign.sweeps.messages import definition_from_proto
from topodesign.sweeps.running import POLL_S, PointProcess, run_points
from topodesign.v1 import sweep_pb2
from topodesign.wire import from_proto, to_proto
from topodesign_server.child_engine import ChildEngine
from topodesign_server.children import ChildFactory
from topodesign_server.job_rows import ClaimedJob, PointRow
from topodesign_server.settings import ServerSettings
from topodesign_server.sweep_store import PointStore

log = structlog.get_logger("topodesign_server")

COURSE, POINT = "find_course", "solve_point"
"""Names of the children's tasks."""
LEAST_TURN_S = 2.0
"""A sweep keeps its worker for so long though others wait: the next one has libraries to load and a course to find."""
Persist = Callable[[Callable[[], bool]], bool]


class RunningSweep:
    """One attempt at a sweep.

    :meth:`run` belongs to one thread; what ends it (``cancel``, ``abandon``, ``lose``) may come from any, and is seen
    within :data:`~topodesign.sweeps.running.POLL_S` seconds.

    Parameters
    ----------
    persist : callable
        Makes a write to the store, again while that does not answer; tells whether the attempt still held its job.
    is_anothers_turn : callable
        Whether another job waits for this attempt's worker and comes before this sweep. Asked after a point, never in
        one: nothing that was solved is lost.
    """

    def __init__(
        self,
        job: ClaimedJob,
        *,
        children: ChildFactory,
        points: PointStore,
        settings: ServerSettings,
        persist: Persist,
        is_anothers_turn: Callable[[], bool],
    ) -> None:
        self.job = job
        self.is_cancelled = False
        self.is_abandoned = False
        self.is_lost = False
        self._children = children
        self._points = points
        self._settings = settings
        self._persist = persist
        self._is_anothers_turn = is_anothers_turn
        self._gives_way = False
        self._began_s = time.monotonic()

    def cancel(self, *, late_s: float = 0.0) -> None:  # noqa: ARG002  (nothing is waited for, however late this is)
        """End it; what is finished is kept."""
        self.is_cancelled = True

    def abandon(self) -> None:
        """End it because the server ends: the sweep is given back."""
        self.is_abandoned = True

    def lose(self) -> None:
        """End it because another server has the sweep now."""
        self.is_lost = True

    def run(self) -> bool:
        """Solve what is not finished yet; whether every point is. All children are gone when this returns.

        Raises
        ------
        TopoDesignError
            When the course cannot be worked out, or the store cannot be written to.
        """
        definition = definition_from_proto(sweep_pb2.SweepDefinition.FromString(self.job.definition))
        with closing(ChildEngine(self._children, tenant=self.job.tenant, on_start=self._note)) as engine:
            course = self._course(engine, definition)
            if course is None:
                return False
            records = _Records(self.job, self._points, self._keep, point_count=len(course.points))
            results = run_points(
                definition,
                course,
                process=self._process(definition),
                records=records,
                finished=records.results(),
                engine=engine,
                should_stop=self._is_to_end,
            )
        return len(results) == len(course.points)

    def _course(self, engine: ChildEngine, definition: SweepDefinition) -> SweepCourse | None:
        """The course of the sweep; ``None`` when the attempt is to end before it is there."""
        process = self._process(definition)
        engine.submit(
            EngineTask(
                task_id=COURSE,
                function=COURSE,
                payload=(self.job.scenario, self.job.definition),
                wall_s=self._settings.call_limit_s,
                memory_bytes=process.memory_bytes,
            )
        )
        while not self._is_to_end():
            for outcome in engine.results(POLL_S):
                if outcome.state != "done":
                    what = f"the points of sweeps/{self.job.id} cannot be worked out"
                    raise CapacityError(
                        f"{what}: {outcome.message}; vary fewer values",
                        reason=outcome.reason,
                        metadata={"id": self.job.id},
                    )
                return msgspec.msgpack.decode(outcome.content, type=SweepCourse)
        return None

    def _process(self, definition: SweepDefinition) -> PointProcess:
        return PointProcess(
            scenario=self.job.scenario,
            function=POINT,
            wall_s=definition.limits.time_limit_s + self._settings.overrun_s,
            memory_bytes=self._settings.plan_memory_bytes,
        )

    def _is_to_end(self) -> bool:
        return self.is_cancelled or self.is_abandoned or self.is_lost or self._gives_way

    def _keep(self, point: PointRow, event: bytes) -> None:
        if not self._persist(lambda: self._points.finish(self.job, point, event=event)):
            self.lose()
        elif time.monotonic() - self._began_s >= LEAST_TURN_S:
            self._gives_way = self._is_anothers_turn()

    def _note(self, task: EngineTask, pid: int) -> None:
        log.info("sweep_task", job=self.job.id, attempt=self.job.attempt, task=task.function, pid=pid)


@dataclass(slots=True)
class _Records:
    """The :class:`~topodesign.sweeps.records.SweepRecords` of one attempt."""

    job: ClaimedJob
    store: PointStore
    keep: Callable[[PointRow, bytes], None]
    point_count: int = field(kw_only=True)
    _results: dict[int, PointResult] | None = field(default=None, init=False)

    def results(self) -> Mapping[int, PointResult]:
        return dict(self._known())

    def _known(self) -> dict[int, PointResult]:
        if self._results is None:
            rows = self.store.finished(self.job)
            messages = [sweep_pb2.PointResult.FromString(row.result) for row in rows]
            found = [from_proto(message, PointResult, path="point") for message in messages]
            self._results = {result.number: result for result in found}
        return self._results

    def finish(self, result: PointResult, plan: bytes, *, attempts: int) -> None:  # noqa: ARG002  (no caller asks)
        known = self._known()
        known[result.number] = result
        counts = SweepCounts.of(self.point_count, (one.status for one in known.values()))
        event = to_proto(SweepEvent(point=result, counts=counts)).SerializeToString()
        content = to_proto(result).SerializeToString(deterministic=True)
        self.keep(PointRow(number=result.number, result=content, plan=plan), event)

    def plan_of(self, result: PointResult) -> bytes:
        return self.store.plan(self.job, result.number)
