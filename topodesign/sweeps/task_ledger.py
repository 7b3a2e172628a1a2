"""The book of an engine's tasks: which wait, and how the others ended. Where they run is no part of it."""

import collections
from dataclasses import dataclass, replace

from topodesign.domain.errors import Conflict
from topodesign.sweeps.child_process import AttemptEnd
from topodesign.sweeps.engine import MOST_ATTEMPTS, EngineTask, TaskOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A task that runs or is to run; ``number`` counts from 1."""

    task: EngineTask
    number: int = 1


class TaskLedger:
    """Tasks in the order in which they were submitted, and outcomes that were not told yet."""

    def __init__(self) -> None:
        self._waiting: collections.deque[Attempt] = collections.deque()
        self._outcomes: list[TaskOutcome] = []
        self._known: set[str] = set()
        self._is_closed = False

    @property
    def is_waiting(self) -> bool:
        return bool(self._waiting)

    @property
    def has_outcomes(self) -> bool:
        return bool(self._outcomes)

    def submit(self, task: EngineTask) -> None:
        """Take a task.

        Raises
        ------
        Conflict
            When the engine is closed, or the task's id is that of an earlier one.
        """
        if self._is_closed:
            raise Conflict("the engine is closed; make another", reason="ENGINE_CLOSED")
        if task.task_id in self._known:
            raise Conflict(
                f"task {task.task_id!r} was submitted before; give every task an id of its own", reason="TASK_REPEATED"
            )
        self._known.add(task.task_id)
        self._waiting.append(Attempt(task=task))

    def next(self) -> Attempt:
        """Take the attempt that is first in line."""
        return self._waiting.popleft()

    def put_back(self, attempt: Attempt) -> None:
        """Have an attempt that never began run before what waits."""
        self._waiting.appendleft(attempt)

    def withdraw(self, task_id: str) -> None:
        """Cancel a task that waits; nothing happens when it does not."""
        for attempt in [item for item in self._waiting if item.task.task_id == task_id]:
            self._waiting.remove(attempt)
            self._tell(
                replace(attempt, number=attempt.number - 1),  # those that began
                AttemptEnd(state="canceled", reason="CANCELED", message="before it began"),
            )

    def end(self, attempt: Attempt, end: AttemptEnd) -> None:
        """Keep how an attempt ended; one whose process was lost comes once more, before what waits, or never again."""
        if end.state != "lost":
            self._tell(attempt, end)
        elif attempt.number < MOST_ATTEMPTS:
            self.put_back(replace(attempt, number=attempt.number + 1))
        else:
            message = (
                f"its process ended {attempt.number} times, the last time by {end.message}; most often that is for "
                "want of memory: run fewer at once, or make the scenario smaller"
            )
            self._tell(attempt, replace(end, reason="WORKER_LOST", message=message))

    def told(self) -> tuple[TaskOutcome, ...]:
        """Outcomes since the last call."""
        told, self._outcomes = tuple(self._outcomes), []
        return told

    def close(self) -> None:
        """Take nothing more, and let go of what waits."""
        self._is_closed = True
        self._waiting.clear()

    def _tell(self, attempt: Attempt, end: AttemptEnd) -> None:
        self._outcomes.append(
            TaskOutcome(
                task_id=attempt.task.task_id,
                state=end.state,
                content=end.content,
                reason=end.reason,
                message=end.message,
                attempts=attempt.number,
                run_s=end.run_s,
            )
        )
