"""Runs a sweep: hands points to an engine as soon as the points that they begin from are finished, and keeps results.

Which plan a point begins from is settled by the definition (:mod:`topodesign.sweeps.warm_starts`), so that engine,
number of processes, order of completion and interruptions change nothing in any plan. Only a time limit can: a search
that the clock ended says so in its result.
"""

import heapq
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from topodesign.domain.checks import require_number
from topodesign.domain.scenario import Scenario
from topodesign.domain.scenario_sweep import PointResult, SweepDefinition
from topodesign.sweeps.designs import DesignPoint, points_of
from topodesign.sweeps.engine import Engine, EngineTask, TaskOutcome
from topodesign.sweeps.fields import require_ids, with_values
from topodesign.sweeps.solving import SOLVE_POINT, PointOrder, SolvedPoint, encode_scenario
from topodesign.sweeps.store import SweepStore
from topodesign.sweeps.target import require_sweep_folder
from topodesign.sweeps.warm_starts import COLD, WarmStart, can_carry_bounds, warm_starts

POLL_S = 0.2
AHEAD = 2
"""Tasks for each process that the engine has at a time: one that runs and one that waits, so that none is ever idle."""
KILL_FACTOR, KILL_MARGIN_S = 2.0, 60.0
"""A point is killed after its time limit times this, and so many seconds more: explaining why there is no plan, and
loading libraries, are not counted by it."""
DEFAULT_MEMORY_GIB = 8.0
Progress = Callable[[int, int, PointResult], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepOutcome:
    """Results by number, finished ones only; ``is_complete``: all of them. ``resumed``: how many were there before.

    A point that failed (killed, out of memory) is finished in its run, and tried again by the next one.
    """

    definition: SweepDefinition
    results: tuple[PointResult, ...]
    is_complete: bool
    resumed: int


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
    require_ids(scenario, definition.axes)
    points = points_of(definition)
    if len(points) > 0:  # a catalogue figure that is unknown is told before anything is made
        _require_first(definition, scenario, points[0])
    require_sweep_folder(folder)
    starts = warm_starts(points, definition.axes)
    if definition.begins_cold:
        starts = tuple(COLD for _ in points)
    with SweepStore.create(folder, definition, scenario) as store:
        run = _Run(
            definition=definition,
            scenario=encode_scenario(scenario),
            points=points,
            starts=starts,
            carries_bounds=can_carry_bounds(scenario, definition),
            store=store,
            engine=engine,
            memory_bytes=int(memory_gib * 2**30),
            results={number: result for number, result in store.results().items() if result.status != "failed"},
        )
        resumed = len(run.results)
        run.until_done(on_progress or (lambda _done, _count, _result: None), should_stop)
        results = tuple(run.results[number] for number in sorted(run.results))
    return SweepOutcome(
        definition=definition, results=results, is_complete=len(results) == len(points), resumed=resumed
    )


def _require_first(definition: SweepDefinition, scenario: Scenario, point: DesignPoint) -> None:
    """Names of catalogue figures are checked by the catalogue."""
    from topodesign.catalog import load_catalog

    figures = [(a, v) for a, v in zip(definition.axes, point.values, strict=True) if a.path.startswith("catalog.")]
    if figures:
        load_catalog(with_values(scenario, *zip(*figures, strict=True)).catalog_overrides)


@dataclass(slots=True, kw_only=True)
class _Run:
    """One run of a sweep, perhaps not its first."""

    definition: SweepDefinition
    scenario: bytes
    points: tuple[DesignPoint, ...]
    starts: tuple[WarmStart, ...]
    carries_bounds: bool
    store: SweepStore
    engine: Engine
    memory_bytes: int
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
                        on_progress(len(self.results), len(self.points), self.results[number])
        finally:
            for task_id in self._running:
                self.engine.cancel(task_id)

    def _plant(self) -> None:
        """Who waits for whom, and how long a chain hangs on each point: the longest come first."""
        for number, start in enumerate(self.starts):
            if start.parent is not None:
                self._children.setdefault(start.parent, []).append(number)
        self._heights = [0] * len(self.points)
        for number in reversed(self._from_roots()):
            below = self._children.get(number, ())
            self._heights[number] = 1 + max((self._heights[child] for child in below), default=0)
        for number, start in enumerate(self.starts):
            if start.parent is None:
                self._release(number)

    def _from_roots(self) -> list[int]:
        order = [number for number, start in enumerate(self.starts) if start.parent is None]
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
            values=self.points[number].values,
            limits=self.definition.limits,
            started_from=started_from,
            bound_from=started_from if is_looser and self.carries_bounds else None,
        )
        start = b"" if started_from is None else self.store.plan_of(self.results[started_from])
        return EngineTask(
            task_id=f"{self._run_id}#{number}",
            function=SOLVE_POINT,
            payload=(self.scenario, msgspec.msgpack.encode(order), start),
            wall_s=self.definition.limits.time_limit_s * KILL_FACTOR + KILL_MARGIN_S,
            memory_bytes=self.memory_bytes,
        )

    def _start_of(self, number: int) -> tuple[int | None, bool]:
        """The nearest point up the tree that has a plan, and whether limits are nowhere tighter all the way there."""
        start = self.starts[number]
        is_looser = True
        while start.parent is not None:
            is_looser = is_looser and start.contains
            if self.results[start.parent].plan_digest:
                return start.parent, is_looser
            start = self.starts[start.parent]
        return None, False

    def _keep(self, number: int, outcome: TaskOutcome) -> None:
        result, plan = self._result(number, outcome)
        self.store.finish(result, plan, attempts=outcome.attempts)
        self.results[number] = result
        self._release(number)

    def _result(self, number: int, outcome: TaskOutcome) -> tuple[PointResult, bytes]:
        if outcome.state == "done":
            solved = msgspec.msgpack.decode(outcome.content, type=SolvedPoint)
            return solved.result, solved.plan
        message = f"{outcome.message} [{outcome.reason}]"
        values = self.points[number].values
        return PointResult(number=number, values=values, status="failed", message=message, solve_s=outcome.run_s), b""
