"""What a warm child does: one small task after the other, until nobody asks any more."""

import importlib
import os
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import cast

import msgspec

from topodesign.processes.memory import lift_memory_limit, limit_memory, mapped_bytes
from topodesign_server.frames import Frame, FrameKind
from topodesign_server.memory import memory_refused
from topodesign_server.tasks import isolate

QuietTask = Callable[[tuple[bytes, ...], object], bytes]
"""A task that says nothing on the way and is not asked to stop: whoever waits no longer has its child ended."""


def small_task(name: str, payload: tuple[bytes, ...], *, tenant: str) -> bytes:
    """What a warm child is told."""
    return msgspec.msgpack.encode((name, tenant, payload))


def answer_tasks(tasks: str, niceness: int, connection: Connection, told: Connection, memory_bytes: int) -> None:
    """Body of a warm child: a RESULT or FAULT frame for each task, in at most so much memory.

    What the engine remembers from one fabric to the next is forgotten when another tenant asks: how fast an answer
    comes tells nobody what others asked. After a task that ran out of memory the child ends: what it had to lift its
    limit for may have left little.

    Parameters
    ----------
    tasks : str
        Module that has the tasks in its ``TASKS``.
    niceness : int
        How much after the server it comes where cores are short.
    connection, told : Connection
        Where frames go, and where tasks come from.
    """
    isolate()
    os.nice(niceness)
    from topodesign.processes.remembered import forget_all
    from topodesign_server.incidents import status_of
    from topodesign_server.logs import configure_logs

    configure_logs()
    known = cast("Mapping[str, QuietTask]", importlib.import_module(tasks).TASKS)
    limit_memory(memory_bytes)
    has_memory, last_tenant = True, ""
    while has_memory:
        try:
            request = told.recv_bytes()
        except EOFError:
            return
        task, tenant, payload = msgspec.msgpack.decode(request, type=tuple[str, str, tuple[bytes, ...]])
        if tenant != last_tenant:
            forget_all()
            last_tenant = tenant
        try:
            frame = Frame(FrameKind.RESULT, known[task](payload, None))
        except MemoryError:
            mapped = mapped_bytes()
            lift_memory_limit()
            has_memory = False
            refused = memory_refused(task, limit_bytes=memory_bytes, mapped=mapped)
            frame = Frame(FrameKind.FAULT, status_of(refused, during=task).SerializeToString())
        except Exception as error:  # noqa: BLE001 - the process boundary: every error becomes a status
            frame = Frame(FrameKind.FAULT, status_of(error, during=task).SerializeToString())
        connection.send_bytes(frame.packed())
