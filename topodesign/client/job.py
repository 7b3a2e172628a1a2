"""A plan that the service makes."""

import functools
from collections.abc import Callable

from topodesign.client.calls.operations import cancel_job, job_failure, job_status, wait_for_job
from topodesign.client.calls.plans import scenario_of_plan, watch_plan
from topodesign.client.connection import Connection
from topodesign.client.kept import JobStatus, SubmittedJob
from topodesign.client.watch import Watch
from topodesign.client.watching import HELD_S, Following, Waiting
from topodesign.domain.errors import TopoDesignError
from topodesign.domain.plan import Plan, PlanEvent
from topodesign.domain.scenario import Scenario


class Job:
    """A plan that is being made or was made; made by :meth:`Client.submit_plan` or :meth:`Client.job`.

    ``name`` is the operation's resource name, ``plan_name`` the one that the plan has once it is made.
    """

    def __init__(self, connection: Connection, job: SubmittedJob) -> None:
        self.name = job.name
        self.plan_name = job.plan_name
        self._connection = connection
        self._scenario = job.scenario

    def watch(self, *, after_sequence: int = 0) -> Watch[PlanEvent]:
        """Progress of the solve, in order, until the job has ended.

        When the server goes away, the stream is taken up again where it was, for as long as the client's timeout.

        Parameters
        ----------
        after_sequence : int
            :attr:`Watch.sequence` of an earlier stream, also of another process, to go on after it; 0: everything.

        Raises
        ------
        NotFound
            When there is no such job.
        ServiceUnavailable
            When the server stays away.
        """
        return self._watch(after_sequence, Waiting(self.name, None))

    def result(
        self, timeout_s: float | None = None, *, on_progress: Callable[[PlanEvent], object] | None = None
    ) -> Plan:
        """The plan, once it is made. Infeasible, limit reached and cancelled are plans that say so.

        Parameters
        ----------
        timeout_s : float, optional
            Seconds to wait; ``None``: until the job ends.
        on_progress : callable, optional
            Called with every event of the solve, from its beginning, in order.

        Raises
        ------
        ServiceUnavailable
            With reason ``DEADLINE_EXCEEDED`` when the job has not ended in time.
        TopoDesignError
            The error that the job ended with.
        """
        waiting = Waiting(self.name, timeout_s)
        if on_progress is not None:
            for event in self._watch(0, waiting):
                on_progress(event)
        while True:
            plan = self._connection.answer(wait_for_job(self.name, waiting.at_most_s(HELD_S)))
            if plan is not None:
                return plan.of(self.scenario())
            waiting.require_time()

    def scenario(self) -> Scenario:
        """The scenario that the plan is made from; known to the service once the plan is made."""
        if self._scenario is None:
            self._scenario = self._connection.answer(scenario_of_plan(self.plan_name))
        return self._scenario

    def status(self) -> JobStatus:
        """State and latest progress."""
        return self._connection.answer(job_status(self.name))

    def failure(self) -> TopoDesignError | None:
        """The error that the job ended with; ``None`` when it has not ended, or with a plan."""
        return self._connection.answer(job_failure(self.name))

    def cancel(self) -> None:
        """Ask the job to end. It keeps its best plan so far, which :meth:`result` then returns."""
        self._connection.answer(cancel_job(self.name))

    def _watch(self, after_sequence: int, waiting: Waiting) -> Watch[PlanEvent]:
        following = Following(
            functools.partial(watch_plan, self.plan_name),
            PlanEvent,
            after_sequence=after_sequence,
            options=self._connection.options,
            waiting=waiting,
        )
        return Watch(self._connection, following)
