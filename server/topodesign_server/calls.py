"""Answers that take a computation: made in a child while the caller waits, ended when the caller leaves."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import structlog
from google.rpc.status_pb2 import Status

from topodesign.domain.errors import CapacityError, InternalError, TopoDesignError
from topodesign.wire import error_from_status
from topodesign_server.call_children import CallChildren
from topodesign_server.children import Child, Excess
from topodesign_server.fair_slots import FairSlots
from topodesign_server.frames import FrameKind
from topodesign_server.memory import SIGNALS, ended_by_signal, memory_exceeded

log = structlog.get_logger("topodesign_server")


class Calls:
    """Runs tasks for waiting callers, ``slots`` at a time; ``queue_limit`` more may wait. Tenants take turns.

    What is said nothing else of takes at most ``limit_s`` and ``memory_bytes``.
    """

    def __init__(
        self, children: CallChildren, *, slots: int, queue_limit: int, limit_s: float, memory_bytes: int
    ) -> None:
        self._children = children
        self._slots = FairSlots(slots=slots, queue_limit=queue_limit)
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix="call")
        self._limit_s = limit_s
        self._memory_bytes = memory_bytes
        self._running: set[_Call] = set()

    def waiting(self) -> int:
        """How many callers wait for a slot."""
        return self._slots.waiting()

    async def run(
        self,
        task: str,
        *payload: bytes,
        tenant: str,
        limit_s: float | None = None,
        memory_bytes: int | None = None,
    ) -> bytes:
        """The result of a task, which is ended when it takes more than ``memory_bytes``, or is not done ``limit_s``
        after it was asked for.

        ``tenant`` is who asks. Where children stay, they remember something for one tenant only.

        Raises
        ------
        CapacityError
            When too many callers wait, or its turn does not come in time (``CALLS_FULL``), or the task takes too long
            (``CALL_TOO_LONG``) or too much memory (``OUT_OF_MEMORY``).
        QuotaExceeded
            When too many calls of the tenant run or wait.
        TopoDesignError
            What the task raised.
        """
        limit_s = self._limit_s if limit_s is None else limit_s
        memory_bytes = self._memory_bytes if memory_bytes is None else memory_bytes
        has_begun = False
        try:
            async with asyncio.timeout(limit_s), self._slots.slot(tenant):
                has_begun = True
                return await self._in_child(
                    _Call(self._children, task, payload, tenant=tenant, memory_bytes=memory_bytes)
                )
        except TimeoutError:
            raise (_too_long if has_begun else _waited_too_long)(task, limit_s) from None

    def close(self) -> None:
        """End what still runs: callers that were cut off may not have had a turn to say that they left."""
        for call in tuple(self._running):
            call.cancel()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._children.close()

    async def _in_child(self, call: "_Call") -> bytes:
        outcome = asyncio.get_running_loop().run_in_executor(self._threads, call.outcome)
        self._running.add(call)
        try:
            return await asyncio.shield(outcome)
        except asyncio.CancelledError:
            call.cancel()
            # The thread that reads the pipe sees its end now; its error is nobody's any more.
            outcome.add_done_callback(lambda done: done.cancelled() or done.exception())
            raise
        finally:
            self._running.discard(call)


def _too_long(task: str, limit_s: float) -> CapacityError:
    return CapacityError(
        f"{task} takes longer than the {limit_s:g} s, waiting included, that this service gives it; ask for less or "
        "smaller, or use the library",
        reason="CALL_TOO_LONG",
        metadata={"task": task, "limit_s": f"{limit_s:g}"},
    )


def _waited_too_long(task: str, limit_s: float) -> CapacityError:
    return CapacityError(
        f"{task} was not begun in the {limit_s:g} s that this service gives it, others came first; try again later",
        reason="CALLS_FULL",
        metadata={"task": task, "limit_s": f"{limit_s:g}"},
    )


class _Call:
    """One task for one caller, who may leave at any time, also while the child is being started."""

    def __init__(
        self, children: CallChildren, task: str, payload: tuple[bytes, ...], *, tenant: str, memory_bytes: int
    ) -> None:
        self._children, self._task, self._payload = children, task, payload
        self._tenant, self._memory_bytes = tenant, memory_bytes
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._is_cancelled = False

    def outcome(self) -> bytes:
        """The result; when the child was lost through no fault of the task, that of a second one: it has no effects."""
        for is_again in (False, True):
            child = self._begin(is_again=is_again)
            if child is None:
                return b""
            has_answered = False
            try:
                frame = child.receive(None)
                assert frame is not None, "a wait without a limit ends with a frame"
                has_answered = frame.kind in (FrameKind.RESULT, FrameKind.FAULT)
                if frame.kind is FrameKind.RESULT:
                    return frame.content
                if has_answered:
                    raise error_from_status(Status.FromString(frame.content))
                if is_again or not self._children.is_lost(child):
                    raise self._crash(child)
            finally:
                with self._lock:
                    self._child = None
                self._children.end(child, has_answered=has_answered)
        raise AssertionError("the last of the tries returns or raises")

    def _begin(self, *, is_again: bool) -> Child | None:
        """A child at work, or ``None`` when nobody waits for it any more."""
        with self._lock:
            if self._is_cancelled:
                return None
        child = self._children.begin(
            self._task, self._payload, tenant=self._tenant, memory_bytes=self._memory_bytes, is_again=is_again
        )
        with self._lock:
            is_wanted = not self._is_cancelled
            if is_wanted:
                self._child = child
        if not is_wanted:
            self._children.end(child, has_answered=False)
            return None
        log.info("call", task=self._task, pid=child.pid)
        return child

    def _crash(self, child: Child) -> TopoDesignError:
        """The error of a task that ended without a last word."""
        code = child.exit_code
        if child.excess is Excess.MEMORY:
            usage = child.usage
            return memory_exceeded(
                self._task,
                limit_bytes=self._memory_bytes,
                resident=usage.resident_bytes,
                processes=usage.processes,
            )
        if child.excess is None and code is not None and -code in SIGNALS:
            return ended_by_signal(self._task, -code, limit_bytes=self._memory_bytes)
        return InternalError(
            f"{self._task} ended without an answer; try a smaller input",
            reason="CALL_CRASHED",
            metadata={"task": self._task},
        )

    def cancel(self) -> None:
        with self._lock:
            self._is_cancelled = True
            if self._child is not None:
                self._child.kill()
