"""Tasks of a sweep in a child of the service's supervisor, one after the other."""

import collections
import contextlib
import time
from collections.abc import Callable

from google.rpc.status_pb2 import Status

from topodesign.domain.errors import InternalError, TopoDesignError
from topodesign.sweeps.engine import MOST_ATTEMPTS, EngineTask, OutcomeState, TaskOutcome
from topodesign.wire import error_from_status
from topodesign_server.children import MOST_PROCESSES, Child, ChildFactory, Excess
from topodesign_server.frames import Frame, FrameKind
from topodesign_server.memory import OUT_OF_MEMORY, SIGNALS, SOLVER_MEMORY, ended_by_signal, memory_exceeded
from topodesign_server.running_attempt import JOB_NICENESS
from topodesign_server.solver_faults import NEAR_LIMIT
from topodesign_server.warm_tasks import small_task

TASKS_EACH = 100
"""Tasks of one child: what its libraries may leak is not for later ones to pay for."""
OF_MEMORY = frozenset({SOLVER_MEMORY, OUT_OF_MEMORY})


class ChildEngine:
    """An :class:`~topodesign.sweeps.engine.Engine` whose functions are names of ``TASKS`` of the service's children.

    The child stays warm from task to task, as loading and first evaluations take longer than many a solve. It gives way
    to another where it died or met a limit, and after :data:`TASKS_EACH` tasks. The supervisor sees to it as to all
    others: kills it with all that it started past its seconds or memory, and lets none outlive the service. Calls come
    from one thread. After a cancelation the next task begins when results are asked for again, or a task is submitted:
    who cancels one after the other begins nothing.

    Parameters
    ----------
    children : ChildFactory
    tenant : str
        Whose tasks they are.
    on_start : callable
        Receives the task, and the id of the process that begins it.
    """

    workers = 1

    def __init__(self, children: ChildFactory, *, tenant: str, on_start: Callable[[EngineTask, int], None]) -> None:
        self._children = children
        self._tenant = tenant
        self._child: Child | None = None
        self._answered = 0
        self._on_start = on_start
        self._waiting: collections.deque[tuple[EngineTask, int]] = collections.deque()
        self._running: _Running | None = None
        self._outcomes: list[TaskOutcome] = []
        self._is_closed = False

    def submit(self, task: EngineTask) -> None:
        if self._is_closed:
            raise InternalError("the engine of a sweep is closed, and was given a task")
        self._waiting.append((task, 1))
        self._dispatch()

    def results(self, timeout_s: float) -> tuple[TaskOutcome, ...]:
        until_s = time.monotonic() + timeout_s
        self._dispatch()
        while not self._outcomes and self._running is not None:
            frame = self._running.child.receive(max(0.0, until_s - time.monotonic()))
            if frame is None:
                break
            if frame.kind in (FrameKind.RESULT, FrameKind.FAULT, FrameKind.END):
                self._take(self._running, frame)
                self._dispatch()
        told, self._outcomes = tuple(self._outcomes), []
        return told

    def cancel(self, task_id: str) -> None:
        for entry in list(self._waiting):
            if entry[0].task_id == task_id:
                self._waiting.remove(entry)
                self._outcomes.append(TaskOutcome(task_id=task_id, state="canceled", attempts=entry[1] - 1))
        running = self._running
        if running is not None and running.task.task_id == task_id:
            self._let_go()
            self._outcomes.append(TaskOutcome(task_id=task_id, state="canceled", attempts=running.attempt))

    def close(self) -> None:
        self._is_closed = True
        self._waiting.clear()
        self._let_go()

    def _dispatch(self) -> None:
        if self._running is not None or not self._waiting:
            return
        task, attempt = self._waiting.popleft()
        child = self._child or self._children.start_warm(memory_bytes=task.memory_bytes, niceness=JOB_NICENESS)
        self._child = child
        self._running = _Running(task, attempt, child)
        self._on_start(task, child.pid)
        with contextlib.suppress(OSError):  # a child that is gone is noticed when its answer is awaited
            child.ask(small_task(task.function, task.payload, tenant=self._tenant), within_s=task.wall_s)

    def _let_go(self) -> None:
        """End the child, and return when all of its processes are gone."""
        self._running = None
        if self._child is not None:
            child, self._child, self._answered = self._child, None, 0
            child.end()
            child.close()

    def _take(self, running: "_Running", frame: Frame) -> None:
        """The outcome of a task whose child has answered, or has ended without doing so."""
        content, reason, message = b"", "", ""
        state: OutcomeState = "done"
        exit_code = running.child.exit_code if frame.kind is FrameKind.END else None
        if frame.kind is FrameKind.RESULT:
            content = frame.content
        elif frame.kind is FrameKind.FAULT:
            error = error_from_status(Status.FromString(frame.content))
            state, reason, message = ("memory" if error.reason in OF_MEMORY else "fault"), error.reason, error.message
        else:
            state, reason, message = running.ending(exit_code)
        self._running = None
        self._answered += 1
        if frame.kind is FrameKind.END or state == "memory" or self._answered >= TASKS_EACH:
            self._let_go()
        else:
            running.child.rest()
        if state == "lost" and running.child.excess is None and running.attempt < MOST_ATTEMPTS:
            self._waiting.appendleft((running.task, running.attempt + 1))
            return
        self._outcomes.append(
            TaskOutcome(
                task_id=running.task.task_id,
                state=state,
                content=content,
                reason=reason,
                message=message,
                attempts=running.attempt,
                run_s=running.run_s,
            )
        )


class _Running:
    """A task in its child."""

    def __init__(self, task: EngineTask, attempt: int, child: Child) -> None:
        self.task = task
        self.attempt = attempt
        self.child = child
        self._began_s = time.monotonic()

    @property
    def run_s(self) -> float:
        return time.monotonic() - self._began_s

    def ending(self, exit_code: int | None) -> tuple[OutcomeState, str, str]:
        """State, reason and message of a child that ended without a last word, in the words of the local engine."""
        excess, limit, usage = self.child.excess, self.task.memory_bytes, self.child.usage
        if excess is Excess.TIME:
            message = f"it ran for more than the {self.task.wall_s:g} s that it may have"
            return "time", "TASK_TIME_EXCEEDED", message
        fault: TopoDesignError | None = None
        if excess is Excess.MEMORY:
            resident, processes = usage.resident_bytes, usage.processes
            fault = memory_exceeded(self.task.function, limit_bytes=limit, resident=resident, processes=processes)
        elif excess is None and exit_code is not None and -exit_code in SIGNALS and self._was_near_limit():
            fault = ended_by_signal(self.task.function, -exit_code, limit_bytes=limit)
        if fault is not None:
            return "memory", fault.reason, fault.message
        if excess is Excess.PROCESSES:
            how = f"for having started {usage.processes} processes of the {MOST_PROCESSES} it may have"
        else:
            how = f"with exit code {exit_code}"
        message = f"its process ended {self.attempt} times, the last time {how}; make the scenario smaller"
        return "lost", "WORKER_LOST", message

    def _was_near_limit(self) -> bool:
        return self.child.usage.mapped_bytes >= NEAR_LIMIT * self.task.memory_bytes
