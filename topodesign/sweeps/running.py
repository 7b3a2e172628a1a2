"""Runs a sweep: hands points to an engine as soon as the points that they begin from are finished, and keeps results.

Which plan a point begins from is settled by the definition (:mod:`topodesign.sweeps.warm_starts`), so that engine,
number of processes, order of completion and interruptions change nothing in any plan. Only a time limit can: a search
that the clock ended says so in its result.
"""

import heapq
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from topodesign.domain.checks import require_number
from topodesign.domain.scenario import Scenario
from topodesign.domain.scenario_sweep import PointResult, SweepDefinition, SweepOutcome
from topodesign.sweeps.course import SweepCourse, course_of
from topodesign.sweeps.engine import Engine, EngineTask, TaskOutcome
from topodesign.sweeps.records import SweepRecords
from topodesign.sweeps.solving import SOLVE_POINT, PointOrder, SolvedPoint, encode_scenario
from topodesign.sweeps.store import SweepStore
from topodesign.sweeps.target import require_sweep_folder

POLL_S = 0.2
AHEAD = 2
"""Tasks for each process that the engine has at a time: one that runs and one that waits, so that none is ever idle."""
KILL_FACTOR, KILL_MARGIN_S = 2.0, 60.0
"""A point is killed after its time limit times this, and so many seconds more: explaining why there is no plan, and
loading libraries, are not counted by it."""
DEFAULT_MEMORY_GIB = 8.0
Progress = Callable[[int, int, PointResult], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class PointProcess:
    """What solves a point: the function that the engine calls, and what one point may take.

    Parameters
    ----------
    scenario : bytes
        As the function reads it.
    function : str
        Of scenario, :class:`~topodesign.sweeps.solving.PointOrder` and plan to begin from (or nothing), all as bytes;
        gives an encoded :class:`~topodesign.sweeps.solving.SolvedPoint`.
    wall_s : float
        Seconds after which it is killed.
    memory_bytes : int
    """

    scenario: bytes
    function: str
    wall_s: float
    memory_bytes: int


def run_sweep(
    definition: SweepDefinition,
    scenario: Scenario,
    *,
    folder: Path,
    engine: Engine,
    memory_gib: float = DEFAULT_MEMORY_GIB,
    on_progress: Progress | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> SweepOutcome:
    """Solve every point of a sweep that is not solved yet, and keep it in a folder. Failed points are tried again.

    Parameters
    ----------
    definition : SweepDefinition
    scenario : Scenario
    folder : Path
        Of this sweep: a new one, or one in which it was begun.
    engine : Engine
        Stays open; what it still runs of this sweep is canceled when the sweep is stopped.
    memory_gib : float
        GiB that one point may take.
    on_progress : callable, optional
        Receives how many points are finished, of how many, and the latest one.
    should_stop : callable, optional
        Asked several times a second; when true the sweep stops, and can be gone on with.

    Raises
    ------
    InvalidInput
        When an axis names what the scenario does not have.
    Conflict
        As :meth:`SweepStore.create` and :func:`~topodesign.sweeps.target.require_sweep_folder`.
    """
    require_number(memory_gib, field="memory_gib", above=0, at_most=1e6)
    course = course_of(definition, scenario)  # a figure that is unknown is told before anything is made
    require_sweep_folder(folder)
    process = PointProcess(
        scenario=encode_scenario(scenario),
        function=SOLVE_POINT,
        wall_s=definition.limits.time_limit_s * KILL_FACTOR + KILL_MARGIN_S,
        memory_bytes=int(memory_gib * 2**30),
    )
    with SweepStore.create(folder, definition, scenario) as store:
        finished = {number: result for number, result in store.results().items() if result.status != "failed"}
        results = run_points(
            definition,
            course,
            process=process,
            records=store,
            finished=finished,
            engine=engine,
            on_progress=on_progress,
            should_stop=should_stop,
        )
    is_complete = len(results) == len(course.points)
    return SweepOutcome(definition=definition, results=results, is_complete=is_complete, resumed=len(finished))


def run_points(
    definition: SweepDefinition,
    course: SweepCourse,
    *,
    process: PointProcess,
    records: SweepRecords,
    finished: Mapping[int, PointResult],
    engine: Engine,
    on_progress: Progress | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> tuple[PointResult, ...]:
    """Solve the points that are not finished, and keep each in the records as soon as it is.

    Parameters
    ----------
    course : SweepCourse
        Of this definition.
    process : PointProcess
    records : SweepRecords
        Gets what is finished here, and has the plans of what was finished before.
    finished : mapping of int to PointResult
        By number; these are not solved again.
    engine, on_progress, should_stop
        As of :func:`run_sweep`.

    Returns
    -------
    tuple of PointResult
        All finished points by number, those of before too; not every point of the course when it was stopped.
    """
    run = _Run(
        definition=definition,
        course=course,
        process=process,
        records=records,
        engine=engine,
        results=dict(finished),
    )
    run.until_done(on_progress or (lambda _done, _count, _result: None), should_stop)
    return tuple(run.results[number] for number in sorted(run.results))


@dataclass(slots=True, kw_only=True)
class _Run:
    """One run of a sweep, perhaps not its first."""

    definition: SweepDefinition
    course: SweepCourse
    process: PointProcess
    records: SweepRecords
    engine: Engine
    results: dict[int, PointResult]
    _children: dict[int, list[int]] = field(default_factory=dict, init=False)
    _heights: list[int] = field(default_factory=list, init=False)
    _ready: list[tuple[int, int]] = field(default_factory=list, init=False)
    _running: dict[str, int] = field(default_factory=dict, init=False)
    _run_id: str = field(default_factory=lambda: uuid.uuid4().hex, init=False)

    def until_done(self, on_progress: Progress, should_stop: Callable[[], bool]) -> None:
        self._plant()
        try:
            while (self._ready or self._running) and not should_stop():
                self._submit()
                for outcome in self.engine.results(POLL_S):
                    number = self._running.pop(outcome.task_id, None)
                    if number is not None and outcome.state != "canceled":
                        self._keep(number, outcome)
                        on_progress(len(self.results), len(self.course.points), self.results[number])
        finally:
            for task_id in reversed(self._running):  # what waits before what runs
                self.engine.cancel(task_id)

    def _plant(self) -> None:
        """Who waits for whom, and how long a chain hangs on each point: the longest come first."""
        for number, start in enumerate(self.course.starts):
            if start.parent is not None:
                self._children.setdefault(start.parent, []).append(number)
        self._heights = [0] * len(self.course.points)
        for number in reversed(self._from_roots()):
            below = self._children.get(number, ())
            self._heights[number] = 1 + max((self._heights[child] for child in below), default=0)
        for number, start in enumerate(self.course.starts):
            if start.parent is None:
                self._release(number)

    def _from_roots(self) -> list[int]:
        order = [number for number, start in enumerate(self.course.starts) if start.parent is None]
        for number in order:
            order.extend(self._children.get(number, ()))
        return order

    def _release(self, number: int) -> None:
        """Make a point ready, or where it is finished those that hang on it: all up the tree are finished then."""
        left = [number]
        while left:
            number = left.pop()
            if number in self.results:
                left.extend(self._children.get(number, ()))
            else:
                heapq.heappush(self._ready, (-self._heights[number], number))

    def _submit(self) -> None:
        while self._ready and len(self._running) < AHEAD * self.engine.workers:
            _, number = heapq.heappop(self._ready)
            task = self._task(number)
            self._running[task.task_id] = number
            self.engine.submit(task)

    def _task(self, number: int) -> EngineTask:
        started_from, is_looser = self._start_of(number)
        order = PointOrder(
            number=number,
            axes=self.definition.axes,
            values=self.course.points[number].values,
            limits=self.definition.limits,
            started_from=started_from,
            bound_from=started_from if is_looser and self.course.carries_bounds else None,
        )
        start = b"" if started_from is None else self.records.plan_of(self.results[started_from])
        return EngineTask(
            task_id=f"{self._run_id}#{number}",
            function=self.process.function,
            payload=(self.process.scenario, msgspec.msgpack.encode(order), start),
            wall_s=self.process.wall_s,
            memory_bytes=self.process.memory_bytes,
        )

    def _start_of(self, number: int) -> tuple[int | None, bool]:
        """The nearest point up the tree that has a plan, and whether limits are nowhere tighter all the way there."""
        start = self.course.starts[number]
        is_looser = True
        while start.parent is not None:
            is_looser = is_looser and start.contains
            if self.results[start.parent].plan_digest:
                return start.parent, is_looser
            start = self.course.starts[start.parent]
        return None, False

    def _keep(self, number: int, outcome: TaskOutcome) -> None:
        result, plan = self._result(number, outcome)
        self.records.finish(result, plan, attempts=outcome.attempts)
        self.results[number] = result
        self._release(number)

    def _result(self, number: int, outcome: TaskOutcome) -> tuple[PointResult, bytes]:
        if outcome.state == "done":
            solved = msgspec.msgpack.decode(outcome.content, type=SolvedPoint)
            return solved.result, solved.plan
        message = f"{outcome.message} [{outcome.reason}]"
        values = self.course.points[number].values
        return PointResult(number=number, values=values, status="failed", message=message, solve_s=outcome.run_s), b""
