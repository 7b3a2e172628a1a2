"""Where the children of calls come from: a new one for each task, or warm ones that answer many small tasks."""

import contextlib
import threading
from typing import Protocol

from topodesign_server.children import FORK_SERVER_LOST, Child, ChildFactory
from topodesign_server.warm_tasks import small_task

CALL_NICENESS = 5
"""A computation that somebody waits for comes after the server itself and before jobs; only small fabrics, which take
milliseconds, come with the server."""
TASKS_EACH = 2000
"""Tasks of one warm child before another takes its place: what its libraries may leak stays little."""


class CallChildren(Protocol):
    """Gives tasks to children. Safe to use from any thread."""

    def begin(self, task: str, payload: tuple[bytes, ...], *, tenant: str, memory_bytes: int, is_again: bool) -> Child:
        """A child that works on a task; ``is_again``: the first one was lost.

        Raises
        ------
        ServiceUnavailable
            When no child can be started.
        """

    def is_lost(self, child: Child) -> bool:
        """Whether a child that ended without an answer may have done so through no fault of its task."""

    def end(self, child: Child, *, has_answered: bool) -> None:
        """Take a child back."""

    def close(self) -> None:
        """End those that wait for tasks; those that work are ended by their callers."""


class OneEach:
    """A new child for each task: whatever the task does to its process is gone with it."""

    def __init__(self, children: ChildFactory) -> None:
        self._children = children

    def begin(self, task: str, payload: tuple[bytes, ...], *, tenant: str, memory_bytes: int, is_again: bool) -> Child:
        del tenant, is_again  # each is a new one, for nobody else
        return self._children.start(task, payload, memory_bytes=memory_bytes, niceness=CALL_NICENESS)

    def is_lost(self, child: Child) -> bool:
        return child.exit_code == FORK_SERVER_LOST

    def end(self, child: Child, *, has_answered: bool) -> None:
        del has_answered
        child.close()

    def close(self) -> None:
        """None waits for tasks."""


class WarmChildren:
    """Children that stay for the next small task: what takes 5 ms need not wait 60 ms for a process to come and go.

    One that was killed, crashed, ran out of memory or has done its number of tasks is closed, and the next task that
    finds none at rest starts another.

    Parameters
    ----------
    children : ChildFactory
    tasks_each : int
        Tasks of one child.
    niceness : int
        How much after the server they come where cores are short.
    """

    def __init__(self, children: ChildFactory, *, tasks_each: int = TASKS_EACH, niceness: int = 0) -> None:
        self._children = children
        self._niceness = niceness
        self._tasks_each = tasks_each
        self._lock = threading.Lock()
        self._at_rest: list[Child] = []
        self._given: dict[Child, int] = {}
        self._tenant: dict[Child, str] = {}
        self._is_closed = False

    def begin(self, task: str, payload: tuple[bytes, ...], *, tenant: str, memory_bytes: int, is_again: bool) -> Child:
        request = small_task(task, payload, tenant=tenant)
        child = None if is_again else self._rested(tenant, memory_bytes)
        while child is not None:
            try:
                child.ask(request)
            except OSError:  # it was killed while it rested
                self.end(child, has_answered=False)
                child = self._rested(tenant, memory_bytes)
            else:
                return child
        child = self._children.start_warm(memory_bytes=memory_bytes, niceness=self._niceness)
        with self._lock:
            self._given[child] = 1
            self._tenant[child] = tenant
        with contextlib.suppress(OSError):  # when it is gone already, whoever reads its answer sees that
            child.ask(request)
        return child

    def is_lost(self, child: Child) -> bool:
        """One that has answered before may have been killed at rest, which is seen only now."""
        return child.excess is None and (self._given.get(child, 1) > 1 or child.exit_code == FORK_SERVER_LOST)

    def end(self, child: Child, *, has_answered: bool) -> None:
        with self._lock:
            may_stay = has_answered and not self._is_closed and self._given[child] < self._tasks_each
            if may_stay:
                child.rest()
                self._at_rest.append(child)
            else:
                del self._given[child], self._tenant[child]
        if not may_stay:
            child.close()

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            at_rest, self._at_rest = self._at_rest, []
        for child in at_rest:
            self.end(child, has_answered=False)

    def _rested(self, tenant: str, memory_bytes: int) -> Child | None:
        """The child that rested last, of those with this limit; rather one that worked for the tenant."""
        with self._lock:
            fit = [child for child in self._at_rest if child.memory_bytes == memory_bytes]
            if not fit:
                return None
            own = [child for child in fit if self._tenant[child] == tenant]
            child = (own or fit)[-1]
            self._at_rest.remove(child)
            self._given[child] += 1
            self._tenant[child] = tenant
            return child
