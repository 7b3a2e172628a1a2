"""The engine on this machine: as many warm processes as asked for, each of which can be killed."""

import time
from types import TracebackType
from typing import Self

from topodesign.domain.checks import require_number
from topodesign.sweeps.child_process import ChildProcess, Watch
from topodesign.sweeps.engine import EngineTask, TaskOutcome
from topodesign.sweeps.task_ledger import Attempt, TaskLedger

MOST_WORKERS = 256


class LocalEngine:
    """An :class:`~topodesign.sweeps.engine.Engine` of child processes of this one.

    Processes start with the first tasks and stay for the next ones: importing the solvers takes longer than many a
    solve. They are killed with this process, also by SIGKILL (on Linux), and when the thread ends that submits and
    takes results. A context manager: leaving it closes it.

    Parameters
    ----------
    workers : int
        Processes, 1 to 256.
    """

    def __init__(self, workers: int = 2) -> None:
        require_number(workers, field="workers", at_least=1, at_most=MOST_WORKERS)
        self._workers = workers
        self._ledger = TaskLedger()
        self._idle: list[ChildProcess] = []
        self._busy: dict[ChildProcess, Attempt] = {}
        self._watch = Watch()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def workers(self) -> int:
        return self._workers

    @property
    def pids(self) -> tuple[int, ...]:
        """Of the processes that there are now."""
        return tuple(child.pid for child in (*self._idle, *self._busy))

    def submit(self, task: EngineTask) -> None:
        self._ledger.submit(task)
        self._dispatch()

    def results(self, timeout_s: float) -> tuple[TaskOutcome, ...]:
        until_s = time.monotonic() + timeout_s
        self._dispatch()  # in place of what was canceled
        while not self._ledger.has_outcomes and self._busy:
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                break
            for child, end in self._watch.ended(tuple(self._busy), left_s):
                self._ledger.end(self._busy.pop(child), end)
                if not child.has_ended:
                    self._idle.append(child)
            self._dispatch()
        return self._ledger.told()

    def cancel(self, task_id: str) -> None:
        self._ledger.withdraw(task_id)
        for child in [child for child, attempt in self._busy.items() if attempt.task.task_id == task_id]:
            self._ledger.end(self._busy.pop(child), child.give_up("canceled", "CANCELED", "while it ran"))

    def close(self) -> None:
        self._ledger.close()
        children = [*self._idle, *self._busy]
        for child in children:  # all of them before any is waited for
            child.kill()
        for child in children:
            child.end()
        self._idle.clear()
        self._busy.clear()

    def _dispatch(self) -> None:
        """Give waiting tasks to idle processes, and start processes as long as there may be more."""
        while self._ledger.is_waiting and len(self._busy) < self._workers:
            child = self._idle.pop() if self._idle else ChildProcess()
            attempt = self._ledger.next()
            self._busy[child] = attempt
            child.begin(attempt.task)
