"""A sweep that the service runs, for asynchronous programs."""

import functools
from collections.abc import Callable

from topodesign.client.async_connection import AsyncConnection
from topodesign.client.async_watch import AsyncWatch
from topodesign.client.calls.operations import cancel_job, job_failure, job_status
from topodesign.client.calls.sweeps import (
    plan_of_point,
    points_of_sweep,
    subject_of_sweep,
    wait_for_sweep,
    watch_sweep,
)
from topodesign.client.kept import JobStatus, SubmittedSweep
from topodesign.client.watching import HELD_S, Following, Waiting
from topodesign.domain.errors import TopoDesignError
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.domain.scenario_sweep import PointResult, SweepDefinition, SweepEvent, SweepOutcome
from topodesign.sweeps.fields import with_values


class AsyncSweepJob:
    """:class:`~topodesign.client.sweep_job.SweepJob` with coroutines, of ``AsyncClient.submit_sweep``.

    Leaving one of them, by cancellation too, never ends the sweep itself: that is what :meth:`cancel` is for.
    """

    def __init__(self, connection: AsyncConnection, sweep: SubmittedSweep) -> None:
        self.name = sweep.name
        self.sweep_name = sweep.sweep_name
        self._connection = connection
        self._sweep = sweep

    def watch(self, *, after_sequence: int = 0) -> AsyncWatch[SweepEvent]:
        """Points as they are finished, for ``async for``; see :meth:`SweepJob.watch`."""
        return self._watch(after_sequence, Waiting(self.name, None))

    async def result(
        self, timeout_s: float | None = None, *, on_progress: Callable[[SweepEvent], object] | None = None
    ) -> SweepOutcome:
        """What the sweep gave, see :meth:`SweepJob.result`. ``on_progress`` is called on the event loop."""
        waiting = Waiting(self.name, timeout_s)
        if on_progress is not None:
            async for event in self._watch(0, waiting):
                on_progress(event)
        while not await self._connection.answer(wait_for_sweep(self.name, waiting.at_most_s(HELD_S))):
            waiting.require_time()
        definition, results = await self.definition(), await self.points()
        return SweepOutcome(definition=definition, results=results, is_complete=len(results) == definition.count)

    async def points(self) -> tuple[PointResult, ...]:
        """What is finished, by number; also while the sweep runs, and after it was cancelled or has failed."""
        return await self._connection.answer(points_of_sweep(self.sweep_name))

    async def plan(self, number: int) -> Plan:
        """The plan of a point, with the scenario that it answers; see :meth:`SweepJob.plan`."""
        plan = await self._connection.answer(plan_of_point(self.sweep_name, number))
        values = next(point.values for point in await self.points() if point.number == number)
        return plan.of(with_values(await self.scenario(), (await self.definition()).axes, values))

    async def scenario(self) -> Scenario:
        """The scenario whose figures are varied."""
        known = (await self._subject()).scenario
        assert known is not None  # the service tells it with the definition
        return known

    async def definition(self) -> SweepDefinition:
        """What is varied."""
        known = (await self._subject()).definition
        assert known is not None  # the service tells it with the scenario
        return known

    async def status(self) -> JobStatus:
        """State and counts."""
        return await self._connection.answer(job_status(self.name))

    async def failure(self) -> TopoDesignError | None:
        """The error that the sweep ended with; ``None`` when it has not ended, or has in order."""
        return await self._connection.answer(job_failure(self.name))

    async def cancel(self) -> None:
        """Ask the sweep to end. What is finished stays."""
        await self._connection.answer(cancel_job(self.name))

    async def _subject(self) -> SubmittedSweep:
        if self._sweep.scenario is None or self._sweep.definition is None:
            self._sweep = await self._connection.answer(subject_of_sweep(self.sweep_name))
        return self._sweep

    def _watch(self, after_sequence: int, waiting: Waiting) -> AsyncWatch[SweepEvent]:
        following = Following(
            functools.partial(watch_sweep, self.sweep_name),
            SweepEvent,
            after_sequence=after_sequence,
            options=self._connection.options,
            waiting=waiting,
        )
        return AsyncWatch(self._connection, following)
