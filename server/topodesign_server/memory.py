"""Memory of a child: limited by the kernel, so that what needs more ends there and not in the server."""

import resource
import signal
from pathlib import Path

from topodesign.domain.errors import CapacityError
from topodesign_server.settings import GIB

OUT_OF_MEMORY = "OUT_OF_MEMORY"
SIGNALS = frozenset({signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGKILL})
"""What ends a process whose compiled code gets no memory, or that the kernel picks when the machine has none left."""
SOLVER_MEMORY = "SOLVER_MEMORY"
REMEDY = "ask for smaller fabrics or fewer at once, use the library, or give the server a higher limit"
SOLVER_REMEDY = "make the scenario smaller or give the server a higher --plan-memory-gib"


def limit_memory(limit_bytes: int) -> None:
    """Let this process map at most so many bytes (``RLIMIT_AS``); what asks for more gets a ``MemoryError``."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    allowed = limit_bytes if most == resource.RLIM_INFINITY else min(limit_bytes, most)
    resource.setrlimit(resource.RLIMIT_AS, (allowed, most))


def lift_memory_limit() -> None:
    """Take the limit away again, so that the error itself has room to be written."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def mapped_bytes() -> int:
    """The most that this process has mapped so far; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    lines = (line.split() for line in status.read_text(encoding="ascii", errors="replace").splitlines())
    return next((1024 * int(words[1]) for words in lines if words[:1] == ["VmPeak:"]), 0)


def memory_refused(task: str, *, limit_bytes: int, mapped: int) -> CapacityError:
    """The error of a task that asked for more memory than it may have, when it had ``mapped`` bytes."""
    reason, remedy = _words(task)
    return CapacityError(
        f"{task} had {mapped / GIB:.2f} GiB of memory and asked for more than the {limit_bytes / GIB:.2f} GiB that "
        f"this service gives it; {remedy}",
        reason=reason,
        metadata={"task": task, "memory_bytes": str(mapped), "limit_bytes": str(limit_bytes)},
    )


def memory_exceeded(task: str, *, limit_bytes: int, resident: int, processes: int) -> CapacityError:
    """The error of a task whose processes together had ``resident`` bytes, more than they may have."""
    reason, remedy = _words(task)
    return CapacityError(
        f"{task} had {resident / GIB:.2f} GiB of memory in {processes} processes, more than the "
        f"{limit_bytes / GIB:.2f} GiB that this service gives it, and was ended; {remedy}",
        reason=reason,
        metadata={
            "task": task,
            "memory_bytes": str(resident),
            "limit_bytes": str(limit_bytes),
            "processes": str(processes),
        },
    )


def ended_by_signal(task: str, number: int, *, limit_bytes: int) -> CapacityError:
    """The error of a task under a memory limit that a signal ended: compiled code has no other way to run out."""
    reason, remedy = _words(task)
    name = signal.Signals(number).name
    return CapacityError(
        f"{task} was ended by {name}, most often for want of memory beyond the {limit_bytes / GIB:.2f} GiB that this "
        f"service gives it; {remedy}",
        reason=reason,
        metadata={"task": task, "signal": name, "limit_bytes": str(limit_bytes)},
    )


def _words(task: str) -> tuple[str, str]:
    return (SOLVER_MEMORY, SOLVER_REMEDY) if task == "make_plan" else (OUT_OF_MEMORY, REMEDY)
