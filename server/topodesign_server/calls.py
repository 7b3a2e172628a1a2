"""Answers that take a computation: made in a child while the caller waits, ended when the caller leaves."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import structlog
from google.rpc.status_pb2 import Status

from topodesign.domain.errors import CapacityError, InternalError
from topodesign.wire import error_from_status
from topodesign_server.children import Child, ChildFactory
from topodesign_server.frames import FrameKind
from topodesign_server.memory import SIGNALS, ended_by_signal

log = structlog.get_logger("topodesign_server")


class Calls:
    """Runs tasks for waiting callers, ``slots`` at a time; ``queue_limit`` more may wait."""

    def __init__(self, children: ChildFactory, *, slots: int, queue_limit: int) -> None:
        self._children = children
        self._slots = asyncio.Semaphore(slots)
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix="call")
        self._waiting = 0
        self._queue_limit = queue_limit
        self._running: set[_Call] = set()

    def waiting(self) -> int:
        """How many callers wait for a slot."""
        return self._waiting

    async def run(
        self, task: str, *payload: bytes, limit_s: float | None = None, memory_bytes: int | None = None
    ) -> bytes:
        """The result of a task, which is ended when it takes longer than ``limit_s`` or more than ``memory_bytes``.

        Raises
        ------
        CapacityError
            When too many callers wait (``CALLS_FULL``), or the task takes too long (``CALL_TOO_LONG``) or too much
            memory (``OUT_OF_MEMORY``).
        TopoDesignError
            What the task raised.
        """
        if self._slots.locked() and self._waiting >= self._queue_limit:
            raise CapacityError(
                f"{self._waiting} calls wait, and at most {self._queue_limit} may; try again later",
                reason="CALLS_FULL",
                metadata={"waiting": str(self._waiting), "limit": str(self._queue_limit)},
            )
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        try:
            async with asyncio.timeout(limit_s):
                return await self._in_child(_Call(self._children, task, payload, memory_bytes))
        except TimeoutError:
            if limit_s is None:
                raise
            raise CapacityError(
                f"{task} takes longer than the {limit_s:g} s that this service gives it; ask for less or smaller, "
                "or use the library",
                reason="CALL_TOO_LONG",
                metadata={"task": task, "limit_s": f"{limit_s:g}"},
            ) from None
        finally:
            self._slots.release()

    def close(self) -> None:
        """End what still runs: callers that were cut off may not have had a turn to say that they left."""
        for call in tuple(self._running):
            call.cancel()
        self._threads.shutdown(wait=True, cancel_futures=True)

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


class _Call:
    """One task for one caller, who may leave at any time, also while the child is being started."""

    def __init__(self, children: ChildFactory, task: str, payload: tuple[bytes, ...], memory_bytes: int | None) -> None:
        self._children, self._task, self._payload = children, task, payload
        self._memory_bytes = memory_bytes
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._is_cancelled = False

    def outcome(self) -> bytes:
        with self._lock:
            if self._is_cancelled:
                return b""
            child = self._child = self._children.start(self._task, self._payload, memory_bytes=self._memory_bytes)
        log.info("call", task=self._task, pid=child.pid)
        try:
            frame = child.receive(None)
            exit_code = child.exit_code if frame is not None and frame.kind is FrameKind.END else None
        finally:
            with self._lock:
                self._child = None
            child.close()
        assert frame is not None, "a wait without a limit ends with a frame"
        if frame.kind is FrameKind.RESULT:
            return frame.content
        if frame.kind is FrameKind.FAULT:
            raise error_from_status(Status.FromString(frame.content))
        if self._memory_bytes is not None and exit_code is not None and -exit_code in SIGNALS:
            raise ended_by_signal(self._task, -exit_code, limit_bytes=self._memory_bytes)
        raise InternalError(
            f"{self._task} ended without an answer; try a smaller input",
            reason="CALL_CRASHED",
            metadata={"task": self._task},
        )

    def cancel(self) -> None:
        with self._lock:
            self._is_cancelled = True
            if self._child is not None:
                self._child.kill()
