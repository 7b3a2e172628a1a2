"""A plan that the service makes, for asynchronous programs."""

import functools
from collections.abc import Callable

from topodesign.client.async_connection import AsyncConnection
from topodesign.client.async_watch import AsyncWatch
from topodesign.client.calls.operations import cancel_job, job_failure, job_status, wait_for_job
from topodesign.client.calls.plans import scenario_of_plan, watch_plan
from topodesign.client.kept import JobStatus, SubmittedJob
from topodesign.client.watching import HELD_S, Following, Waiting
from topodesign.domain.errors import TopoDesignError
from topodesign.domain.plan import Plan, PlanEvent
from topodesign.domain.scenario import Scenario


class AsyncJob:
    """:class:`~topodesign.client.job.Job` with coroutines; made by ``AsyncClient.submit_plan`` or ``AsyncClient.job``.

    Leaving one of them, by cancellation too, never ends the job itself: that is what :meth:`cancel` is for.
    """

    def __init__(self, connection: AsyncConnection, job: SubmittedJob) -> None:
        self.name = job.name
        self.plan_name = job.plan_name
        self._connection = connection
        self._scenario = job.scenario

    def watch(self, *, after_sequence: int = 0) -> AsyncWatch[PlanEvent]:
        """Progress of the solve, for ``async for``; see :meth:`Job.watch`."""
        return self._watch(after_sequence, Waiting(self.name, None))

    async def result(
        self, timeout_s: float | None = None, *, on_progress: Callable[[PlanEvent], object] | None = None
    ) -> Plan:
        """The plan, once it is made; see :meth:`Job.result`. ``on_progress`` is called on the event loop."""
        waiting = Waiting(self.name, timeout_s)
        if on_progress is not None:
            async for event in self._watch(0, waiting):
                on_progress(event)
        while True:
            plan = await self._connection.answer(wait_for_job(self.name, waiting.at_most_s(HELD_S)))
            if plan is not None:
                return plan.of(await self.scenario())
            waiting.require_time()

    async def scenario(self) -> Scenario:
        """The scenario that the plan is made from; known to the service once the plan is made."""
        if self._scenario is None:
            self._scenario = await self._connection.answer(scenario_of_plan(self.plan_name))
        return self._scenario

    async def status(self) -> JobStatus:
        """State and latest progress."""
        return await self._connection.answer(job_status(self.name))

    async def failure(self) -> TopoDesignError | None:
        """The error that the job ended with; ``None`` when it has not ended, or with a plan."""
        return await self._connection.answer(job_failure(self.name))

    async def cancel(self) -> None:
        """Ask the job to end. It keeps its best plan so far, which :meth:`result` then returns."""
        await self._connection.answer(cancel_job(self.name))

    def _watch(self, after_sequence: int, waiting: Waiting) -> AsyncWatch[PlanEvent]:
        following = Following(
            functools.partial(watch_plan, self.plan_name),
            PlanEvent,
            after_sequence=after_sequence,
            options=self._connection.options,
            waiting=waiting,
        )
        return AsyncWatch(self._connection, following)
