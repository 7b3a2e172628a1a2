"""A sweep that the service runs."""

import functools
from collections.abc import Callable

from topodesign.client.calls.operations import cancel_job, job_failure, job_status
from topodesign.client.calls.sweeps import (
    plan_of_point,
    points_of_sweep,
    subject_of_sweep,
    wait_for_sweep,
    watch_sweep,
)
from topodesign.client.connection import Connection
from topodesign.client.kept import JobStatus, SubmittedSweep
from topodesign.client.watch import Watch
from topodesign.client.watching import HELD_S, Following, Waiting
from topodesign.domain.errors import TopoDesignError
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.domain.scenario_sweep import PointResult, SweepDefinition, SweepEvent, SweepOutcome
from topodesign.sweeps.fields import with_values


class SweepJob:
    """A sweep that runs or has ended; made by :meth:`Client.submit_sweep` or :meth:`Client.sweep`.

    ``name`` is the operation's resource name, ``sweep_name`` the sweep's own.
    """

    def __init__(self, connection: Connection, sweep: SubmittedSweep) -> None:
        self.name = sweep.name
        self.sweep_name = sweep.sweep_name
        self._connection = connection
        self._sweep = sweep

    def watch(self, *, after_sequence: int = 0) -> Watch[SweepEvent]:
        """Points as they are finished, until the sweep has ended.

        When the server goes away, the stream is taken up again where it was, for as long as the client's timeout.

        Parameters
        ----------
        after_sequence : int
            :attr:`Watch.sequence` of an earlier stream, also of another process, to go on after it; 0: everything.

        Raises
        ------
        NotFound
            When there is no such sweep.
        ServiceUnavailable
            When the server stays away.
        """
        return self._watch(after_sequence, Waiting(self.name, None))

    def result(
        self, timeout_s: float | None = None, *, on_progress: Callable[[SweepEvent], object] | None = None
    ) -> SweepOutcome:
        """What the sweep gave, once it has ended. One that was cancelled has what was finished until then.

        Parameters
        ----------
        timeout_s : float, optional
            Seconds to wait; ``None``: until the sweep ends.
        on_progress : callable, optional
            Called with every finished point, from the first, in order.

        Raises
        ------
        ServiceUnavailable
            With reason ``DEADLINE_EXCEEDED`` when the sweep has not ended in time.
        TopoDesignError
            The error that the sweep ended with; :meth:`points` has what was finished.
        """
        waiting = Waiting(self.name, timeout_s)
        if on_progress is not None:
            for event in self._watch(0, waiting):
                on_progress(event)
        while not self._connection.answer(wait_for_sweep(self.name, waiting.at_most_s(HELD_S))):
            waiting.require_time()
        definition, results = self.definition(), self.points()
        return SweepOutcome(definition=definition, results=results, is_complete=len(results) == definition.count)

    def points(self) -> tuple[PointResult, ...]:
        """What is finished, by number; also while the sweep runs, and after it was cancelled or has failed."""
        return self._connection.answer(points_of_sweep(self.sweep_name))

    def plan(self, number: int) -> Plan:
        """The plan of a point, with the scenario that it answers.

        Raises
        ------
        NotFound
            When the point is not finished or has no plan.
        """
        plan = self._connection.answer(plan_of_point(self.sweep_name, number))
        values = next(point.values for point in self.points() if point.number == number)
        return plan.of(with_values(self.scenario(), self.definition().axes, values))

    def scenario(self) -> Scenario:
        """The scenario whose figures are varied."""
        known = self._subject().scenario
        assert known is not None  # the service tells it with the definition
        return known

    def definition(self) -> SweepDefinition:
        """What is varied."""
        known = self._subject().definition
        assert known is not None  # the service tells it with the scenario
        return known

    def status(self) -> JobStatus:
        """State and counts."""
        return self._connection.answer(job_status(self.name))

    def failure(self) -> TopoDesignError | None:
        """The error that the sweep ended with; ``None`` when it has not ended, or has in order."""
        return self._connection.answer(job_failure(self.name))

    def cancel(self) -> None:
        """Ask the sweep to end. What is finished stays."""
        self._connection.answer(cancel_job(self.name))

    def _subject(self) -> SubmittedSweep:
        if self._sweep.scenario is None or self._sweep.definition is None:
            self._sweep = self._connection.answer(subject_of_sweep(self.sweep_name))
        return self._sweep

    def _watch(self, after_sequence: int, waiting: Waiting) -> Watch[SweepEvent]:
        following = Following(
            functools.partial(watch_sweep, self.sweep_name),
            SweepEvent,
            after_sequence=after_sequence,
            options=self._connection.options,
            waiting=waiting,
        )
        return Watch(self._connection, following)
