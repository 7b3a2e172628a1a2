"""A process of an engine: it runs one task after the other, stays warm between them, and dies with its parent.

A fresh interpreter and no fork, since a program with threads cannot be forked safely; and a process group of its own,
so that Ctrl-C is the parent's to answer, and so that it can be killed with all that it starts.
"""

import importlib
import os
import queue
import resource
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection

import msgspec

from topodesign.processes.memory import lift_memory_limit, limit_memory, mapped_bytes
from topodesign.processes.parent_death import die_with


class Order(msgspec.Struct, frozen=True):
    """What a child is told to do."""

    function: str
    payload: tuple[bytes, ...]
    memory_bytes: int


class Answer(msgspec.Struct, frozen=True):
    """What it tells: ``state`` is ``done``, ``fault`` or ``memory``."""

    state: str
    content: bytes = b""
    reason: str = ""
    message: str = ""


def main(descriptor: int, parent: int) -> None:
    """Run orders from a socket until the parent is gone."""
    die_with(parent)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crashed solver's gigabytes are no help on a full disk
    connection: Connection = Connection(descriptor)
    orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(connection, orders), daemon=True).start()
    while True:
        connection.send_bytes(msgspec.msgpack.encode(run(orders.get())))


def run(order: Order) -> Answer:
    """Run one order, in at most so much address space."""
    from topodesign.domain.errors import InternalError, TopoDesignError

    limit_memory(order.memory_bytes)
    try:
        return Answer("done", _function(order.function)(order.payload))
    except MemoryError:
        mapped = mapped_bytes()
        lift_memory_limit()
        return Answer("memory", b"", "OUT_OF_MEMORY", f"it had {mapped / 2**30:.2f} GiB and asked for more")
    except TopoDesignError as error:
        return Answer("fault", b"", error.reason, error.message)
    except Exception as error:  # noqa: BLE001 - the process boundary: every error becomes an answer
        traceback.print_exc(file=sys.stderr)
        defect = InternalError(f"{order.function} failed through a defect of topodesign: {error!r}; please report it")
        return Answer("fault", b"", defect.reason, defect.message)
    finally:
        lift_memory_limit()


def _function(name: str) -> Callable[[tuple[bytes, ...]], bytes]:
    module, _, attribute = name.partition(":")
    function: Callable[[tuple[bytes, ...]], bytes] = getattr(importlib.import_module(module), attribute)
    return function


def _listen(connection: Connection, orders: "queue.SimpleQueue[Order]") -> None:
    """Take orders, and notice when the parent is gone where the kernel does not."""
    try:
        while True:
            orders.put(msgspec.msgpack.decode(connection.recv_bytes(), type=Order))
    except (EOFError, OSError):
        os.killpg(0, signal.SIGKILL)  # nobody is left to report to


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
